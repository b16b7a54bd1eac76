"""What all settings models have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


def key_of(field_name: str) -> str:
    """The key in the file of a field in the code: `timeout_s` is written `timeout: 10s`, its unit in the
    value.
    """
    return field_name.removesuffix("_s")


class SettingsModel(BaseModel):
    """Immutable, refuses unknown keys, takes its descriptions from the strings below the fields."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=key_of,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
        validate_default=True,
    )
