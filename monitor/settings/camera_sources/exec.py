"""Programs that print a picture, as written in the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from monitor.settings.base import SettingsModel
from monitor.settings.reading import reading_of
from monitor.settings.values import AnchoredPath, Count, Secret, Size

# user:password@ of an address of any scheme, also behind --url=
_CREDENTIALS = re.compile(r"://[^/\s]*:[^/\s]*@")


def _no_shell(value: object) -> object:
    if isinstance(value, str):
        raise PydanticCustomError(
            "monitor_command",
            "expected a list such as [/usr/local/bin/grab, --port, '3']: there is no shell that would split a text",
        )
    return value


def _argument(value: object) -> object:
    if isinstance(value, Mapping):
        raise PydanticCustomError(
            "monitor_argument_secret",
            "every user of the machine can read a command line; hand secrets over in `environment`",
        )
    if isinstance(value, int | float):
        raise PydanticCustomError("monitor_argument", "expected text; write a number in quotes")
    if isinstance(value, str) and "\0" in value:
        raise PydanticCustomError("monitor_argument", "expected text without zero bytes")
    if isinstance(value, str) and _CREDENTIALS.search(value):
        raise PydanticCustomError(
            "monitor_argument_secret",
            "every user of the machine can read a command line; hand user and password over in `environment`",
        )
    return value


def _variable_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise PydanticCustomError("monitor_variable", "expected letters, digits and underscores in its name")
    return value


_Argument = Annotated[str, BeforeValidator(_argument)]
_VariableName = Annotated[str, AfterValidator(_variable_name)]


class ExecSource(SettingsModel):
    """A program that prints a picture, for cameras that speak no other way."""

    kind: Literal["exec"] = Field(examples=["exec"])
    """Frames are what a program prints."""
    command: Annotated[
        tuple[_Argument, ...],
        BeforeValidator(_no_shell),
        WithJsonSchema({"type": "array", "items": {"type": "string"}, "minItems": 1}),
    ] = Field(min_length=1, examples=[["/usr/local/bin/grab", "--channel", "3"]])
    """The program and its arguments, each an item of its own; no shell, and no secrets."""
    working_dir: AnchoredPath | None = Field(default=None, examples=["/srv/grab"])
    """Where it runs; the folder of the configuration file where it is not given."""
    environment: Mapping[_VariableName, Secret] = Field(
        default_factory=dict, examples=[{"CAMERA_PASSWORD": {"env": "GATE_PASSWORD"}}]
    )
    """What it gets besides PATH, HOME and LANG; all of it is treated as secret."""
    max_bytes: Size | None = Field(default=None, examples=["10MB"])
    """A program that prints more is ended."""
    max_pixels: Count | None = Field(default=None, examples=[50_000_000])
    """Pictures with more are refused."""

    @model_validator(mode="before")
    @classmethod
    def _beside_the_file(cls, data: Any, info: ValidationInfo) -> Any:
        """Relative paths start at the configuration file, so that of a program does as well."""
        if isinstance(data, Mapping) and data.get("working_dir") is None:
            return {**data, "working_dir": str(reading_of(info).base)}
        return data
