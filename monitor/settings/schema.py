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
from monitor.settings.values import format_duration

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
    _tidy(schema)
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


def _tidy(node: Any) -> None:
    """Drop empty defaults and generated titles, and write durations as people do."""
    if isinstance(node, list):
        for inner in node:
            _tidy(inner)
    if not isinstance(node, dict):
        return
    for inner in node.values():
        _tidy(inner)
    if "default" in node and node["default"] in (None, {}, []):
        del node["default"]
    for name, inner in node.get("properties", {}).items():
        if _is_generated_title(inner.get("title"), name):
            del inner["title"]
        if inner.get("title") == "duration":
            _spell_durations(inner)
    if node.get("title") == "duration":
        _spell_durations(node)


def _is_generated_title(title: object, name: str) -> bool:
    return isinstance(title, str) and title.casefold().replace(" ", "_") in (name, f"{name}_s")


def _spell_durations(node: dict[str, Any]) -> None:
    if isinstance(node.get("default"), int | float):
        node["default"] = format_duration(node["default"])
    node["examples"] = [
        format_duration(example) if isinstance(example, int | float) else example
        for example in node.get("examples", [])
    ]
