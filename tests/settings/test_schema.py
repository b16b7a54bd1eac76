import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from monitor.settings import example_text, json_schema, markdown
from monitor.settings.schema import known_keys

ROOT = Path(__file__).parents[2]


def properties(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, list):
        for inner in node:
            yield from properties(inner, path)
    if isinstance(node, dict):
        for name, inner in node.get("properties", {}).items():
            yield f"{path}/{name}", inner
        for name, inner in node.items():
            if name not in ("examples", "default"):
                yield from properties(inner, f"{path}/{name}")


def test_every_setting_has_a_description_and_an_example() -> None:
    found = list(properties(json_schema()))
    assert len(found) > 100
    for path, node in found:
        assert node.get("description", "").strip(), path
        assert "examples" in node, path


def test_every_object_in_the_schema_refuses_unknown_keys() -> None:
    for name, node in json_schema()["$defs"].items():
        if "properties" in node:
            assert node["additionalProperties"] is False, name


def test_keys_have_no_units_as_values_carry_them() -> None:
    assert [path for path, _ in properties(json_schema()) if path.endswith("_s")] == []


def test_known_keys_are_found_through_lists_names_kinds_and_derived_models() -> None:
    assert "max_bytes" in known_keys(("cameras", 0, "source", "http"))
    assert "interval" in known_keys(("sites", "north"))
    assert "zoom" in known_keys(("defaults", "policy", "tolerance"))
    assert "tags" in known_keys(("notifiers", 0, "log", "routes", 1))
    assert known_keys(("nowhere", "at", "all")) == []


def test_the_documentation_of_the_settings_is_current() -> None:
    written = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    hint = "run: monitor config schema --format markdown > docs/configuration.md"
    assert written == markdown(), hint


def test_every_setting_is_in_the_documentation_on_one_line() -> None:
    lines = markdown().splitlines()
    for path, _ in properties(json_schema()):
        key = path.rpartition("/")[2]
        if key not in ("env", "file"):
            assert any(line.startswith(f"| `{key}` |") and line.endswith(" |") for line in lines), path


def test_the_example_tells_editors_where_the_schema_is() -> None:
    assert re.match(r"# yaml-language-server: \$schema=\S+\n", example_text())


def test_the_example_is_one_text_in_the_checkout_and_in_the_package() -> None:
    assert example_text() == (ROOT / "config/monitor.yaml").read_text(encoding="utf-8")
    assert set(yaml.safe_load(example_text())) <= set(json_schema()["properties"])
