"""The JSON Schema of the configuration, for editors, for documentation and for finding the nearest known
key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from monitor.settings.models import Settings
from monitor.settings.values import KIND_KEY, format_duration

SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Generator(GenerateJsonSchema):
    """Leaves out `null`: a key with nothing after it is inherited, which is not worth a choice in every
    editor.
    """

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def json_schema() -> dict[str, Any]:
    """The schema of a configuration file, with a description and an example for each property."""
    schema = Settings.model_json_schema(by_alias=True, schema_generator=_Generator)
    _tidy(schema, schema)
    return {"$schema": SCHEMA_DIALECT, **schema}


def known_keys(keys: Sequence[str | int]) -> list[str]:
    """The keys that may stand under this path, which may contain the kinds that validation inserts."""
    schema = _cached_schema()
    node: Mapping[str, Any] = schema
    for key in keys:
        node = _resolved(node, schema)
        variants = node.get("discriminator", {}).get("mapping", {})
        if key in variants:
            node = {"$ref": variants[key]}
        elif key in node.get("properties", {}):
            node = node["properties"][key]
        elif isinstance(key, int):
            node = node.get("items", {})
        else:
            extra = node.get("additionalProperties")
            node = extra if isinstance(extra, Mapping) else {}
    return list(_resolved(node, schema).get("properties", {}))


@cache
def _cached_schema() -> dict[str, Any]:
    return json_schema()


def _resolved(node: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return node


def _tidy(node: Any, schema: Mapping[str, Any]) -> None:
    """Drop empty defaults and generated titles, and write durations as people do."""
    if isinstance(node, list):
        for inner in node:
            _tidy(inner, schema)
    if not isinstance(node, dict):
        return
    for inner in node.values():
        _tidy(inner, schema)
    if "default" in node and node["default"] in (None, {}, []):
        del node["default"]
    for inner in node.get("properties", {}).values():
        inner.pop("title", None)  # made from the key, says nothing new
        # The generator leaves out what the thing referred to says in the same words.
        text = inner.get("description") or _resolved(inner, schema)["description"]
        inner["description"] = text.replace("\n", " ")
        for setting in ("default", "examples"):
            if setting in inner and _is_duration(inner):
                inner[setting] = _spelled(inner[setting])


def _is_duration(node: Mapping[str, Any]) -> bool:
    extra = node.get("additionalProperties")
    return node.get(KIND_KEY) == "duration" or (isinstance(extra, Mapping) and _is_duration(extra))


def _spelled(value: Any) -> Any:
    """Seconds in any depth as durations."""
    if isinstance(value, list):
        return [_spelled(inner) for inner in value]
    if isinstance(value, Mapping):
        return {key: _spelled(inner) for key, inner in value.items()}
    return format_duration(value) if isinstance(value, int | float) else value
