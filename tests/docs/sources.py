"""What the program's own source says: its error classes, the beginnings of its messages, its log events."""

from __future__ import annotations

import ast
import re
from functools import cache

from tests.docs.pages import ROOT

LOUD = {"warning", "error", "exception", "complain"}


@cache
def nodes() -> tuple[ast.AST, ...]:
    paths = sorted((ROOT / "monitor").rglob("*.py"))
    return tuple(node for path in paths for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def error_classes() -> set[str]:
    """Every class that derives from MonitorError, however far off."""
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for node in nodes()
        if isinstance(node, ast.ClassDef)
    }
    found = {"MonitorError"}
    while grown := {name for name, parents in bases.items() if parents & found} - found:
        found |= grown
    return found - {"MonitorError"}


def raised_names() -> set[str]:
    """Names that are called, or stand in a table as what is to be raised."""
    found = set()
    for node in nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found.add(node.func.id)
        if isinstance(node, ast.Dict):
            cells = [
                cell
                for value in node.values
                for cell in (value.elts if isinstance(value, ast.Tuple) else [value])
            ]
            found |= {cell.id for cell in cells if isinstance(cell, ast.Name)}
    return found


@cache
def messages() -> frozenset[str]:
    """Every text in the source, with … in place of what is filled in."""
    found = set()
    for node in nodes():
        if isinstance(node, ast.JoinedStr):
            parts = [str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values]
            found.add(re.sub("…+", "…", "".join(parts)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return frozenset(found)


def loud_events() -> set[str]:
    """Events that are logged as a warning or an error, where the source says which."""
    found = set()
    for node in nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOUD:
            for argument in node.args:
                if (
                    isinstance(argument, ast.Constant)
                    and isinstance(argument.value, str)
                    and "." in argument.value
                ):
                    found.add(argument.value)
    return {event for event in found if " " not in event}
