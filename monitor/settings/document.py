"""Reading YAML: plain data, the place of every key, and all that is wrong with the text.

Built on PyYAML's events and not on its loaders, for four reasons: the place of each key must survive;
duplicate keys must be refused; aliases must not multiply without bound; and YAML 1.1 surprises (`no` as
false, `1:30` as 90, `0123` as 83) have no place in a configuration. Plain scalars are read by the core schema
of YAML 1.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from monitor.domain.errors import MonitorError
from monitor.settings.problems import Problem, key_path

_MAX_BYTES = 32 * 1024 * 1024
_MAX_DEPTH = 40
# Aliases may repeat what is written, but not multiply it: at most this many nodes, and as many times what is
# written.
_FREE_NODES = 10_000
_MAX_GROWTH = 10

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONTROL = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\\ufffe\\uffff]")
_STRING_TAG = "tag:yaml.org,2002:str"

# The parser's own texts quote the file, and the quoted part may be a password that begins with `*`, `&` or
# `%`.
_EXPLANATIONS = (
    (r"undefined alias", "an alias (*name) names no anchor; put text that begins with * in quotes"),
    (
        r"cannot start any token",
        "a character that cannot stand here; put text that begins with @ ` or % in quotes",
    ),
    (
        r"mapping values are not allowed",
        "a colon cannot stand here: the indentation does not fit, or text that contains ': ' lacks quotes",
    ),
    (
        r"could not find expected ':'|expected ':'",
        "a colon is missing after a key, or the indentation is off",
    ),
    (r"expected <block end>|did not find expected (key|'-')", "the indentation does not fit the lines above"),
    (r"end of stream|unexpected end", "the file ends in the middle of a quoted text or a bracket"),
    (r"unknown escape", "in double quotes \\ begins an escape; write \\\\ or use single quotes"),
    (r"alphabetic or numeric", "text that begins with * or & must stand in quotes"),
    (r"expected ',' or", "a comma or closing bracket is missing"),
)


@dataclass(slots=True)
class Node:
    """A value in the file with its place.

    Attributes:
        line: Counted from 1; that of the key where there is one.
        column: Counted from 1.
        value: Of a scalar; None for mappings and sequences.
        entries: Of a mapping or sequence, by key or index; None for scalars.
        is_mapping: Whether `entries` has names.
    """

    line: int
    column: int
    value: str | int | float | bool | None = None
    entries: dict[str | int, Node] | None = None
    is_mapping: bool = False
    places: dict[str | int, tuple[int, int]] = field(default_factory=dict)


class Malformed(MonitorError):
    """The text is no YAML, or none that can be read safely; carries the one problem that ended the
    reading.
    """

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.problem_found = Problem(line, column, "", message)


@dataclass(frozen=True, slots=True)
class Document:
    """A file's content.

    Attributes:
        root: The tree with places.
        data: The same as plain dicts, lists and scalars.
        problems: Duplicate keys and the like, which do not hinder further checks.
    """

    root: Node
    data: Any
    problems: tuple[Problem, ...]

    def place_of(self, keys: Sequence[str | int]) -> tuple[int, int, tuple[str | int, ...]]:
        """Line and column of the deepest of these keys that is in the file, and the path as far as it is.

        Parts that the file does not know are passed over: validation inserts the kind of a source, for example.
        """
        node, place, path = self.root, (self.root.line, self.root.column), []
        for key in keys:
            entries = node.entries or {}
            if key in entries:
                path.append(key)
                place = node.places.get(key, (entries[key].line, entries[key].column))
                node = entries[key]
        return *place, tuple(path)


def parse_document(content: bytes) -> Document:
    """Read one YAML document.

    Raises:
        Malformed: It is too large, not UTF-8, not YAML, empty, or grows without bound.
    """
    if len(content) > _MAX_BYTES:
        raise Malformed(f"the file is larger than {_MAX_BYTES // 2**20} MiB, which no configuration is")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _position(content[: error.start].decode("utf-8-sig"), error.start)
        raise Malformed("the file is not UTF-8; save it in that encoding", line, column) from None
    if control := _CONTROL.search(text):
        line, column = _position(text, control.start())
        raise Malformed("a control character that YAML does not allow", line, column)
    composer = _Composer(text)
    root = composer.compose()
    return Document(
        root, _plain(root, _Budget(composer.count * _MAX_GROWTH + _FREE_NODES)), tuple(composer.problems)
    )


class _Composer:
    """Turns the parser's events into nodes."""

    def __init__(self, text: str) -> None:
        # The parser in C is ten times as fast; fifty thousand cameras make a file of ten megabytes.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._events: Iterator[yaml.Event] = iter(yaml.parse(text, Loader=loader))
        self._lines = text.split("\n")
        self._anchors: dict[str, Node] = {}
        self.problems: list[Problem] = []
        self.count = 0

    def compose(self) -> Node:
        """The only document's root.

        Raises:
            Malformed: The text is no YAML, or holds no document or several.
        """
        root: Node | None = None
        while not isinstance(event := self._next(), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise _malformed("a second document begins here (---); only one is read", event)
                root = self._node(self._next(), ())
        if root is None or (root.entries is None and root.value is None):
            raise Malformed("the file is empty; `monitor init` writes one to start from")
        return root

    def _next(self) -> yaml.Event:
        try:
            return next(self._events)
        except yaml.MarkedYAMLError as error:
            # For what is never closed, where it opens says more than where the file ends.
            unclosed = re.search(r"quoted|flow", error.context or "") is not None
            mark = (unclosed and error.context_mark) or error.problem_mark or error.context_mark
            if mark is None:
                raise Malformed(_explanation("")) from None
            at_tab = mark.line < len(self._lines) and self._lines[mark.line][mark.column :].startswith("\t")
            message = "a tab stands where YAML wants spaces" if at_tab else _explanation(error.problem or "")
            raise Malformed(message, mark.line + 1, mark.column + 1) from None
        except yaml.YAMLError:
            raise Malformed(_explanation("")) from None

    def _node(self, event: yaml.Event, keys: tuple[str | int, ...]) -> Node:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise _malformed(_explanation("undefined alias"), event)
            return self._anchors[event.anchor]
        self.count += 1
        if len(keys) > _MAX_DEPTH:
            raise _malformed(f"more than {_MAX_DEPTH} levels of nesting", event)
        node = Node(*_place(event))
        if isinstance(event, yaml.ScalarEvent):
            node.value = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node.entries = {}
            while not isinstance(inner := self._next(), yaml.SequenceEndEvent):
                index = len(node.entries)
                node.places[index] = _place(inner)
                node.entries[index] = self._node(inner, (*keys, index))
        else:
            node.is_mapping = True
            self._fill(node, keys)
        assert isinstance(event, yaml.NodeEvent), "documents consist of nodes"
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _fill(self, node: Node, keys: tuple[str | int, ...]) -> None:
        entries: dict[str | int, Node] = {}
        merged: dict[str | int, Node] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            place = _place(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise _malformed("a key must be plain text", event)
            self.count += 1
            name = event.value
            value = self._node(self._next(), (*keys, name))
            if name == "<<" and event.implicit[0]:
                merged = self._merged(value, keys, place) | merged
            elif name in entries:
                first = node.places[name][0]
                self.problems.append(
                    Problem(
                        *place, key_path((*keys, name)), f"this key stands here twice, first on line {first}"
                    )
                )
            else:
                entries[name] = value
                node.places[name] = place
        node.entries = merged | entries

    def _merged(
        self, value: Node, keys: tuple[str | int, ...], place: tuple[int, int]
    ) -> dict[str | int, Node]:
        sources = list((value.entries or {}).values()) if not value.is_mapping else [value]
        if not sources or not all(source.is_mapping for source in sources):
            self.problems.append(Problem(*place, key_path((*keys, "<<")), "expected an alias of a mapping"))
            return {}
        merged: dict[str | int, Node] = {}
        for source in reversed(sources):
            merged |= source.entries or {}
        return merged

    def _scalar(self, event: yaml.ScalarEvent) -> str | int | float | bool | None:
        if event.tag not in (None, "!", _STRING_TAG):
            raise _malformed("tags are not read here; put text that begins with ! in quotes", event)
        text: str = event.value
        if event.tag is not None or not event.implicit[0]:
            return text
        if text in _NULL:
            return None
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        if _INT.fullmatch(text) and len(text) < 20:
            return int(text)
        return float(text) if _FLOAT.fullmatch(text) and len(text) < 40 else text


def _position(text: str, index: int) -> tuple[int, int]:
    """Line and column, both from 1, of a place in a text."""
    before = text[:index]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


@dataclass(slots=True)
class _Budget:
    nodes: int


def _plain(node: Node, budget: _Budget) -> Any:
    budget.nodes -= 1
    if budget.nodes < 0:
        raise Malformed(
            "aliases repeat so much that the file would grow without bound", node.line, node.column
        )
    if node.entries is None:
        return node.value
    if node.is_mapping:
        return {key: _plain(inner, budget) for key, inner in node.entries.items()}
    return [_plain(inner, budget) for inner in node.entries.values()]


def _malformed(message: str, event: yaml.Event) -> Malformed:
    return Malformed(message, *_place(event))


def _place(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    assert mark is not None, "the parser marks every event"
    return mark.line + 1, mark.column + 1


def _explanation(problem: str) -> str:
    for pattern, text in _EXPLANATIONS:
        if re.search(pattern, problem):
            return text
    return "the text is not valid YAML here"
