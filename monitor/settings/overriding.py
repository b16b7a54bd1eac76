"""Writing rules of one view into the text of a configuration, of which every other byte stays as it is.

As in `insertion`: the parser tells where things stand, and whether it came out right is checked, not hoped for.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import yaml

from monitor.domain.errors import MonitorError
from monitor.domain.view import ViewKey
from monitor.settings.document import Malformed, parse_document

RuleSections = Mapping[str, Mapping[str, float]]
_STEP = 2


class RulesNotWritten(MonitorError):
    """The configuration is written in a way that rules cannot be put into; nothing was changed."""


def override_rules(content: bytes, key: ViewKey, rules: RuleSections) -> bytes:
    """The content with other values in `thresholds` and `policy` of one view.

    They are written to the view where the camera lists it, else to the camera.

    Args:
        content: A configuration that can be read.
        key: The view.
        rules: Values by section and key.

    Raises:
        RulesNotWritten: It is written in a way that this cannot be done safely.
        Malformed: The content is no YAML.
    """
    before = parse_document(content)
    path = _path(before.data, key)
    mark = "\ufeff" if content.startswith(b"\xef\xbb\xbf") else ""
    text = content.decode("utf-8-sig")
    node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    for step in path:
        node = _child(node, step)
    edits = [edit for section, values in rules.items() for edit in _edits(text, node, section, values)]
    # From the back, so that places further up stay where they are; what goes to one place keeps its order.
    edits.reverse()
    for start, end, written in sorted(edits, key=lambda edit: edit[0], reverse=True):
        text = text[:start] + written + text[end:]
    result = (mark + text).encode()
    try:
        after = parse_document(result)
    except Malformed:
        raise _unusual(key) from None
    if after.data != _expected(before.data, path, rules) or len(after.problems) > len(before.problems):
        raise _unusual(key)
    return result


def as_text(key: ViewKey, rules: RuleSections) -> str:
    """The same to be pasted by hand, below the view or the camera."""
    lines = [f"# {key}"]
    for section, values in rules.items():
        lines += [f"{section}:", *(f"  {name}: {value:g}" for name, value in values.items())]
    return "\n".join(lines)


def _path(data: Any, key: ViewKey) -> list[str | int]:
    cameras = data.get("cameras") if isinstance(data, Mapping) else None
    for place, camera in enumerate(cameras if isinstance(cameras, list) else ()):
        if not isinstance(camera, Mapping) or camera.get("name") != key.camera:
            continue
        for inner, view in enumerate(camera.get("views") or ()):
            if isinstance(view, Mapping) and view.get("name") == key.view:
                return ["cameras", place, "views", inner]
        return ["cameras", place]
    raise _unusual(key)


def _child(node: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return node.value[step]
    return next((value for name, value in node.value if name.value == step), None)


def _edits(text: str, owner: Any, section: str, values: Mapping[str, float]) -> list[tuple[int, int, str]]:
    """Start, end and new text of each place that changes."""
    found = _child(owner, section)
    if found is None:
        return [_new_section(text, owner, section, values)]
    if not isinstance(found, yaml.MappingNode):
        return [(found.start_mark.index, found.end_mark.index, f" {_flow(values)}")]
    edits = []
    for name, value in values.items():
        known = _child(found, name)
        if known is not None:
            edits.append((known.start_mark.index, known.end_mark.index, f"{value:g}"))
        elif found.flow_style:
            at = found.start_mark.index + 1
            edits.append((at, at, f"{name}: {value:g}" + (", " if found.value else "")))
        else:
            first = found.value[0][0].start_mark
            at = first.index
            edits.append((at, at, f"{name}: {value:g}{_newline(text)}{' ' * first.column}"))
    return edits


def _new_section(text: str, owner: Any, section: str, values: Mapping[str, float]) -> tuple[int, int, str]:
    """Behind the name, which every camera and view has, and on a line of its own."""
    name = _child(owner, "name")
    if owner.flow_style:
        return name.end_mark.index, name.end_mark.index, f", {section}: {_flow(values)}"
    column, newline = owner.value[0][0].start_mark.column, _newline(text)
    lines = [" " * column + f"{section}:"]
    lines += [" " * (column + _STEP) + f"{key}: {value:g}" for key, value in values.items()]
    end = text.find("\n", name.end_mark.index)
    at = len(text) if end < 0 else end
    at -= at > 0 and text[at - 1] == "\r"
    return at, at, newline + newline.join(lines)


def _flow(values: Mapping[str, float]) -> str:
    return "{" + ", ".join(f"{name}: {value:g}" for name, value in values.items()) + "}"


def _newline(text: str) -> str:
    first = text.find("\n")
    return "\r\n" if first > 0 and text[first - 1] == "\r" else "\n"


def _expected(data: Any, path: list[str | int], rules: RuleSections) -> Any:
    expected = copy.deepcopy(data)
    owner = expected
    for step in path:
        owner = owner[step]
    for section, values in rules.items():
        owner[section] = {
            **(owner.get(section) or {}),
            **{name: _plain(value) for name, value in values.items()},
        }
    return expected


def _plain(value: float) -> float:
    return float(f"{value:g}")


def _unusual(key: ViewKey) -> RulesNotWritten:
    return RulesNotWritten(
        f"The rules of {key} cannot be written into the configuration: it is written in an unusual way there.",
        "Run the command without --apply, and paste what it proposes.",
    )
