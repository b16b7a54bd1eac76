"""The documentation of every setting, made from the schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from monitor.settings.schema import json_schema

_OPENING = """# Configuration

<!-- Made by `monitor config schema --format markdown`; change the models in monitor/settings, not this file.
-->

`monitor init` writes a commented file to start from, `monitor config validate` lists all that is wrong with
one. The file is looked for in this order: `--config FILE`, the variable `MONITOR_CONFIG`, `monitor.yaml` in
the working folder, `/etc/monitor/monitor.yaml`.

- **Durations** are written `30s`, `5m`, `1h30m`, `90d`, or as a number of seconds. **Sizes** are `500KB`,
`10MB`, `2GiB`, or a number of bytes. Relative paths start at the folder of the configuration file.
- **Secrets** may be written as text, as `{env: NAME}` for an environment variable, or as `{file: /path}` for
the content of a file. They are never shown, neither in messages nor in logs.
- **Inheritance**: a view takes what it does not say from its camera, then the camera's site, then `defaults`,
then the built-in defaults. `tags` and `labels` of all levels add up; `thresholds` and `policy` are merged key
by key; for everything else the nearest level counts.
"""
_KINDS = {
    "FolderSource": "`source` with `kind: folder`",
    "HttpSource": "`source` with `kind: http`",
    "VideoSource": "`source` with `kind: video`",
    "LogNotifier": "an entry of `notifiers` with `kind: log`",
    "WebhookNotifier": "an entry of `notifiers` with `kind: webhook`",
    "Settings": "the file",
    "Camera": "an entry of `cameras`",
    "CameraRules": "`defaults` and an entry of `sites`",
    "View": "an entry of `views`",
    "Mask": "an entry of `masks`",
    "Route": "an entry of `routes`",
    "StatePolicy": "`policy`",
    "Tolerance": "`policy.tolerance`",
}
_ORDER = ("Camera", "View", "FolderSource", "HttpSource", "VideoSource", "CameraRules", "Mask", "Thresholds")


def markdown() -> str:
    """The text of docs/configuration.md."""
    schema = json_schema()
    definitions = {name: node for name, node in schema["$defs"].items() if "properties" in node}
    names = [*_ORDER, *sorted(definitions.keys() - set(_ORDER))]
    sections = [_section("Settings", schema), *(_section(name, definitions[name]) for name in names)]
    return _OPENING + "".join(sections)


def _section(name: str, node: Mapping[str, Any]) -> str:
    lines = [f"\n## {_heading(name)}\n", f"\n{node['description']}\n", "\n"] if "description" in node else []
    lines += ["| key | type | default | meaning | example |\n", "|---|---|---|---|---|\n"]
    required = node.get("required", ())
    for key, setting in node["properties"].items():
        default = "required" if key in required else _code(setting["default"]) if "default" in setting else ""
        cells = (f"`{key}`", _type(setting), default, setting["description"], _code(setting["examples"][0]))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    return "".join(lines)


def _heading(name: str) -> str:
    what = _KINDS.get(name, f"`{name.lower()}`")
    return what[0].upper() + what[1:]


def _type(node: Mapping[str, Any]) -> str:
    return " or ".join(dict.fromkeys(_types(node)))


def _types(node: Mapping[str, Any]) -> Iterator[str]:
    if "title" in node and node["title"] in ("duration", "size", "secret", "address", "path", "time zone"):
        yield node["title"]
    elif "enum" in node or "const" in node:
        yield from (f"`{choice}`" for choice in node.get("enum", [node.get("const")]))
    elif "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        yield "verdict" if name == "VerdictKind" else f"see {_heading(name)[0].lower()}{_heading(name)[1:]}"
    elif "oneOf" in node or "anyOf" in node:
        for choice in node.get("oneOf", node.get("anyOf", ())):
            yield from _types(choice)
    elif node.get("type") == "array":
        yield f"list of {_type(node.get('items', {}))}"
    elif node.get("type") == "object":
        yield f"names with {_type(node.get('additionalProperties', {}))}"
    else:
        words = {"boolean": "true or false", "integer": "whole number", "string": "text", "number": "number"}
        yield words.get(str(node.get("type")), "text") + _bounds(node)


def _bounds(node: Mapping[str, Any]) -> str:
    signs = {"exclusiveMinimum": ">", "minimum": "≥", "maximum": "≤"}
    bounds = ", ".join(f"{sign} {node[key]:g}" for key, sign in signs.items() if key in node)
    return f" ({bounds})" if bounds else ""


def _code(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"`{text}`" if text else ""
