"""The documentation of every setting, made from the schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from monitor.settings.schema import json_schema
from monitor.settings.values import KIND_KEY

_OPENING = """# Configuration

<!-- Made by `monitor config schema --format markdown`. Change monitor/settings, not this file. -->

`monitor init` writes a commented file to start from, `monitor config validate` lists all that is wrong
with one. The file is looked for in this order: `--config FILE`, the variable `MONITOR_CONFIG`,
`monitor.yaml` in the working folder, `/etc/monitor/monitor.yaml`.

- **Durations** are written `30s`, `5m`, `1h30m`, `90d`, or as a number of seconds. **Sizes** are `500KB`,
  `10MB`, `2GiB`, or a number of bytes. Relative paths start at the folder of the configuration file.
- **Secrets** may be written as text, as `{env: NAME}` for an environment variable, or as `{file: /path}` for
  the content of a file. They are never shown, neither in messages nor in logs.
- **Inheritance**: a view takes what it does not say from its camera, then the camera's site, then `defaults`,
  then the built-in defaults. `tags` and `labels` of all levels add up; `thresholds` and `policy` are merged
  key by key; for everything else the nearest level counts.
- Where a default is left out, nothing is set, or the part that uses the value chooses.
"""
# Models in reading order: heading, and where such a thing stands in the file. Others follow by name.
_SECTIONS = {
    "Settings": ("file", "The file itself."),
    "Camera": ("camera", "An entry of `cameras`."),
    "View": ("view", "An entry of `cameras[].views`."),
    "ExecSource": ("exec source", "`source` with `kind: exec`."),
    "FolderSource": ("folder source", "`source` with `kind: folder`."),
    "HttpSource": ("http source", "`source` with `kind: http`."),
    "MjpegSource": ("mjpeg source", "`source` with `kind: mjpeg`."),
    "RtspSource": ("rtsp source", "`source` with `kind: rtsp`."),
    "UsbSource": ("usb source", "`source` with `kind: usb`."),
    "VideoSource": ("video source", "`source` with `kind: video`."),
    "Mask": ("mask", "An entry of `masks`, and `clock`."),
    "FieldOfView": ("field of view", "`field_of_view`, at any level."),
    "SiteRules": ("rules", "`defaults`, and each entry of `sites`."),
    "SiteEventPolicy": ("site event", "`site_event`, of `defaults` and of each entry of `sites`."),
    "StatePolicy": ("policy", "`policy`, at any level."),
    "Tolerance": ("tolerance", "`policy.tolerance`."),
    "Thresholds": ("thresholds", "`thresholds`, at any level."),
    "WebhookNotifier": ("webhook notifier", "An entry of `notifiers` with `kind: webhook`."),
    "LogNotifier": ("log notifier", "An entry of `notifiers` with `kind: log`."),
    "AppriseNotifier": ("apprise notifier", "An entry of `notifiers` with `kind: apprise`."),
    "Route": ("route", "An entry of `notifiers[].routes`."),
    "Group": ("group", "`notifiers[].group`."),
    "Remind": ("remind", "`notifiers[].remind`."),
    "Maintenance": ("maintenance", "An entry of `maintenance`."),
    "Reporting": ("report", "`report`."),
    "ScheduledReport": ("scheduled report", "An entry of `reports`."),
}
# Choices that stand in many places, in a word or two.
_CHOICES = {"VerdictKind": "verdict", "Severity": "`info`, `warning` or `critical`"}
_WORDS = {"boolean": "true or false", "integer": "whole number", "string": "text", "number": "number"}


def markdown() -> str:
    """The text of docs/configuration.md."""
    schema = json_schema()
    definitions = {name: node for name, node in schema["$defs"].items() if "properties" in node}
    ordered = [name for name in _SECTIONS if name in definitions]
    names = [*ordered, *sorted(definitions.keys() - set(ordered))]
    return _OPENING + "".join(_section(name, definitions.get(name, schema)) for name in ["Settings", *names])


def _section(name: str, node: Mapping[str, Any]) -> str:
    heading, place = _SECTIONS.get(name, (name.lower(), f"`{name.lower()}`."))
    lines = [f"\n## {heading}\n\n{place} {node['description']}\n\n"]
    lines += ["| key | type | default | meaning | example |\n", "|---|---|---|---|---|\n"]
    required = node.get("required", ())
    for key, setting in node["properties"].items():
        default = "required" if key in required else _code(setting["default"]) if "default" in setting else ""
        cells = (f"`{key}`", _type(setting), default, setting["description"], _code(setting["examples"][0]))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n")
    return "".join(lines)


def _type(node: Mapping[str, Any]) -> str:
    return " or ".join(dict.fromkeys(_types(node)))


def _types(node: Mapping[str, Any]) -> Iterator[str]:
    if KIND_KEY in node:
        yield node[KIND_KEY]
    elif "enum" in node or "const" in node:
        yield from (f"`{choice}`" for choice in node.get("enum", [node.get("const")]))
    elif "$ref" in node:
        yield _reference(node["$ref"].rpartition("/")[2])
    elif "oneOf" in node:
        for choice in node["oneOf"]:
            yield from _types(choice)
    elif node.get("type") == "array":
        yield f"list of {_type(node['items'])}"
    elif node.get("type") == "object":
        yield f"names, each with {_type(node['additionalProperties'])}"
    else:
        yield _WORDS[node["type"]] + _bounds(node)


def _reference(name: str) -> str:
    if name in _CHOICES:
        return _CHOICES[name]
    heading = _SECTIONS.get(name, (name.lower(), ""))[0]
    return f"[{heading}](#{heading.replace(' ', '-')})"


def _bounds(node: Mapping[str, Any]) -> str:
    signs = {"exclusiveMinimum": ">", "minimum": "≥", "maximum": "≤"}
    bounds = ", ".join(f"{sign} {node[key]:g}" for key, sign in signs.items() if key in node)
    return f" ({bounds})" if bounds else ""


def _code(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"`{text}`" if text else ""
