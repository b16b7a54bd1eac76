"""Writing a camera into the text of a configuration, of which every other byte stays as it is.

The parser's events tell where the list of cameras stands in the text; what is new is written there in the list's own
style. Whether that came out right is not hoped for but checked: the text must read as before, with one camera more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from monitor.domain.errors import MonitorError
from monitor.settings.document import Malformed, parse_document

LIST_KEY = "cameras"
# Read as text by YAML 1.1 and 1.2 alike, and in nobody's editor coloured as something else.
_PLAIN = re.compile(
    r"[A-Za-z][A-Za-z0-9_./-]*|/[A-Za-z0-9_./-]+|[a-z]+://[A-Za-z0-9_.:/?&=%~+-]*[A-Za-z0-9_/=~+-]"
)
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_STEP = 2


class NotInsertable(MonitorError):
    """The configuration is written in a way that a camera cannot be put into; nothing was changed."""


@dataclass(slots=True)
class _Place:
    """Where the list of cameras stands in the text, as offsets.

    Attributes:
        start: Where its first sign stands.
        end: Behind its last sign.
        column: Of the dashes, or of the bracket.
        in_brackets: Whether it is written as `[…]`.
        key_column: Of the key `cameras`.
        items: Start and end of each of its items.
        within_braces: Whether all of the file stands in braces, as JSON does.
    """

    start: int
    end: int
    column: int
    in_brackets: bool
    key_column: int
    within_braces: bool
    items: list[tuple[int, int]] = field(default_factory=list)


def insert_camera(content: bytes, camera: Mapping[str, Any]) -> bytes:
    """The content with one more camera at the end of its list.

    Args:
        content: A configuration that can be read.
        camera: What to write, in plain data; nested mappings of one text, as `{file: …}`, take one line.

    Raises:
        NotInsertable: The list is written in a way that this cannot be done safely.
        Malformed: The content is no YAML.
    """
    before = parse_document(content)
    cameras = before.data.get(LIST_KEY) if isinstance(before.data, Mapping) else None
    if not isinstance(cameras, list):
        raise _not_insertable("it has no list of cameras")
    mark = "\ufeff" if content.startswith(b"\xef\xbb\xbf") else ""
    text = content.decode("utf-8-sig")
    place = _find(text)
    written = _in_brackets(text, place, camera) if place.in_brackets else _as_block(text, place, camera)
    result = (mark + written).encode()
    try:
        after = parse_document(result)
    except Malformed:
        raise _not_insertable("its list of cameras is written in an unusual way") from None
    if after.data != {**before.data, LIST_KEY: [*cameras, camera]} or len(after.problems) > len(
        before.problems
    ):
        raise _not_insertable("its list of cameras is written in an unusual way")
    return result


def _not_insertable(reason: str) -> NotInsertable:
    return NotInsertable(
        f"The camera cannot be written into the configuration: {reason}.",
        "Write it there by hand, or put the cameras into a list of the common form, each behind a dash.",
    )


def _find(text: str) -> _Place:
    """The list that belongs to the key `cameras` at the top of the document."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    events = [event for event in yaml.parse(text, Loader=loader) if isinstance(event, yaml.NodeEvent | _END)]
    root = events[0]
    depth = 0
    for index, event in enumerate(events):
        if depth == 1 and isinstance(event, yaml.ScalarEvent) and event.value == LIST_KEY:
            following = events[index + 1]
            # A value that happens to be this word is followed by a key or by the end, never by a list.
            if isinstance(following, yaml.SequenceStartEvent):
                return _place(text, events, index, in_braces=bool(getattr(root, "flow_style", False)))
        depth += _step(event)
    raise _not_insertable("its list of cameras stands elsewhere, behind an alias")


_END = yaml.MappingEndEvent | yaml.SequenceEndEvent


def _step(event: yaml.Event) -> int:
    if isinstance(event, yaml.CollectionStartEvent):
        return 1
    return -1 if isinstance(event, _END) else 0


def _place(text: str, events: Sequence[yaml.Event], key: int, *, in_braces: bool) -> _Place:
    opening = events[key + 1]
    assert isinstance(opening, yaml.SequenceStartEvent)
    items: list[tuple[int, int]] = []
    depth, started, last = 0, 0, _end(opening)
    for event in events[key + 2 :]:
        if depth == 0 and isinstance(event, yaml.SequenceEndEvent):
            in_brackets = bool(opening.flow_style)
            # An anchor counts as the beginning of what it names.
            named = _start(opening) + (len(opening.anchor) + 1 if opening.anchor else 0)
            begin = text.index("[" if in_brackets else "-", named)
            return _Place(
                start=begin,
                end=_end(event) if in_brackets else last,
                column=begin - text.rfind("\n", 0, begin) - 1,
                in_brackets=in_brackets,
                key_column=_column(events[key]),
                within_braces=in_braces,
                items=items,
            )
        if depth == 0:
            started = _start(event)
        depth += _step(event)
        # The end of a block is only noticed at what follows it, comments included: its last value counts.
        if not isinstance(event, _END) or _end(event) > _start(event):
            last = _end(event)
        if depth == 0:
            items.append((started, last))
    raise _not_insertable("its list of cameras does not end")


def _start(event: yaml.Event) -> int:
    assert event.start_mark is not None, "the parser marks every event"
    return int(event.start_mark.index)


def _end(event: yaml.Event) -> int:
    assert event.end_mark is not None, "the parser marks every event"
    return int(event.end_mark.index)


def _column(event: yaml.Event) -> int:
    assert event.start_mark is not None, "the parser marks every event"
    return int(event.start_mark.column)


def _as_block(text: str, place: _Place, camera: Mapping[str, Any]) -> str:
    """Behind the last item, with its comments: a dash in the column of the others."""
    newline = _newline(text)
    at = len(text[: place.end].rstrip())
    at = _line_end(text, at)
    # Commented-out lines of the last item's, deeper than its dash, belong to it.
    while (following := _line_at(text, at + len(newline))) is not None:
        stripped = following.lstrip(" ")
        if not (stripped.startswith("#") and len(following) - len(stripped) > place.column):
            break
        at = _line_end(text, at + len(newline))
    gap = newline if _has_gaps(text, place) else ""
    entry = newline.join(_block(camera, place.column))
    return f"{text[:at]}{newline}{gap}{entry}{text[at:] or newline}"


def _in_brackets(text: str, place: _Place, camera: Mapping[str, Any]) -> str:
    """Behind the last item in the brackets; an empty pair gives way to a block, unless there are braces around it."""
    inside = text[place.start + 1 : place.end - 1]
    if not place.items and not inside.strip() and not place.within_braces:
        newline = _newline(text)
        line_end = _line_end(text, place.end)
        rest = text[place.end : line_end]  # A comment.
        entry = newline.join(_block(camera, place.key_column + _STEP))
        return f"{text[: place.start].rstrip()}{rest}{newline}{entry}{text[line_end:] or newline}"
    entry = json.dumps(camera, ensure_ascii=False)
    if not place.items:
        return f"{text[: place.start + 1]}{entry}{text[place.start + 1 :]}"
    at = place.items[-1][1]
    return f"{text[:at]}, {entry}{text[at:]}"


def _has_gaps(text: str, place: _Place) -> bool:
    """Whether an empty line stands between the items, or would if there were several."""
    if len(place.items) == 1:
        start, end = place.items[0]
        return "\n" in text[start:end].strip()
    between = text[place.items[-2][1] : place.items[-1][0]]
    return re.search(r"\n[ \t]*\r?\n", between) is not None


def _block(value: Mapping[str, Any], column: int) -> list[str]:
    """The lines of an item of a list whose dashes stand in this column."""
    lines = _lines(value, column + _STEP)
    return [" " * column + "- " + lines[0].lstrip(" "), *lines[1:]]


def _lines(mapping: Mapping[str, Any], column: int) -> list[str]:
    found: list[str] = []
    for name, value in mapping.items():
        key = " " * column + name + ":"
        if not isinstance(value, Mapping):
            found.append(f"{key} {_scalar(value)}")
        elif len(value) == 1 and isinstance(next(iter(value.values())), str):
            ((inner, content),) = value.items()
            found.append(f"{key} {{{inner}: {_scalar(content)}}}")
        else:
            found += [key, *_lines(value, column + _STEP)]
    return found


def _scalar(value: object) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=False)


def _newline(text: str) -> str:
    first = text.find("\n")
    return "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"


def _line_end(text: str, index: int) -> int:
    """Where the line that holds this place ends, without its line break."""
    found = text.find("\n", index)
    end = len(text) if found < 0 else found
    return end - 1 if end > index and text[end - 1] == "\r" else end


def _line_at(text: str, index: int) -> str | None:
    """The line that begins here; None behind the text."""
    return text[index : _line_end(text, index)] if index < len(text) else None
