"""Files, functions and constants that the documentation names must be there, and constants have the value given."""

import ast
import re
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import ROOT, pages, rows_of, spans_of

PLACES = "monitor|train|tests|docs|config|deploy|migrations"
FILE = re.compile(rf"(?:{PLACES})/[\w./-]+")
FUNCTION = re.compile(rf"((?:{PLACES})/[\w/]+\.py):(\w+(?:\.\w+)?)")
DECISION = ROOT / "docs/design/decision.md"


@cache
def names_in(path: Path) -> frozenset[str]:
    """Names that a module defines, with the methods of its classes as `Class.method`."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}.{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef)
            }
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return frozenset(found)


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    named = {span.partition(":")[0] for span in spans_of(page) if FILE.fullmatch(span.partition(":")[0])}
    # Folders that the reader is about to make, as `deploy/etc`, are described in code blocks.
    assert (
        sorted(name for name in named if not (ROOT / name).exists() and not name.startswith("deploy/etc"))
        == []
    )


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_function_that_a_page_names_exists(page: Path) -> None:
    named = [match for span in spans_of(page) if (match := FUNCTION.fullmatch(span))]
    assert [match[0] for match in named if match[2] not in names_in(ROOT / match[1])] == []


def value_of(dotted: str) -> Any:
    """The value of `package.module.NAME`, or the default of `package.module.Dataclass.field`."""
    module, _, name = dotted.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except ModuleNotFoundError:
        owner = value_of(module)
        assert is_dataclass(owner), dotted
        return next(field.default for field in fields(owner) if field.name == name)


@pytest.mark.parametrize(("dotted", "value", "why"), rows_of(DECISION, "Constants, and where they come from"))
def test_every_constant_of_the_decision_has_the_value_that_is_written(
    dotted: str, value: str, why: str
) -> None:
    assert float(value.replace(" ", "")) == value_of("monitor." + dotted.strip("`"))
    assert why
