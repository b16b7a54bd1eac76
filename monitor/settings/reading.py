"""What turning one file into settings needs besides the file, and what it learns on the way."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import LiteralString

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

_MAX_SECRET_BYTES = 64 * 1024


@dataclass(slots=True)
class Reading:
    """The context of one validation.

    Attributes:
        environ: Environment variables that `{env: NAME}` may name.
        base: Folder that relative paths start from: that of the configuration file.
        referenced: Every value that came from the environment, from a file or out of a URL; all of them
            secret.
        secret_files: Files that `{file: PATH}` named, in the order met; templates are among them.
        warnings: Things to tell the operator that do not make the file unusable, without secrets.
    """

    environ: Mapping[str, str] = field(default_factory=dict)
    base: Path = field(default_factory=Path)
    referenced: set[str] = field(default_factory=set)
    secret_files: dict[Path, None] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def anchored(self, path: str) -> Path:
        """The path with `~` expanded; relative ones start at `base`."""
        return self.base / Path(path).expanduser()

    def warn(self, text: str) -> None:
        """Note something once."""
        if text not in self.warnings:
            self.warnings.append(text)


def reading_of(info: ValidationInfo) -> Reading:
    """The context that the loader passed; one without environment where a model is validated on its own."""
    return info.context if isinstance(info.context, Reading) else Reading()


def dereference(value: object, reading: Reading) -> object:
    """Replace `{env: NAME}` and `{file: PATH}` by what they name; anything else passes through.

    Raises:
        PydanticCustomError: The variable or file is missing, unreadable or empty.
    """
    if not isinstance(value, Mapping):
        return value
    if (
        len(value) != 1
        or not (value.keys() <= {"env", "file"})
        or not isinstance(next(iter(value.values())), str)
    ):
        raise PydanticCustomError(
            "monitor_reference", "expected text, {env: NAME} or {file: /path/to/secret}"
        )
    ((kind, name),) = value.items()
    found = _from_environment(name, reading) if kind == "env" else _from_file(name, reading)
    reading.referenced.add(found)
    return found


def _from_environment(name: str, reading: Reading) -> str:
    value = reading.environ.get(name)
    if value is None:
        raise PydanticCustomError(
            "monitor_env_missing", "the environment variable {name} is not set", {"name": name}
        )
    if not value:
        raise PydanticCustomError(
            "monitor_env_empty", "the environment variable {name} is empty", {"name": name}
        )
    return value


def _from_file(name: str, reading: Reading) -> str:
    value, mode = read_file(name, reading, "secret file")
    value = value.rstrip("\r\n")
    path = reading.anchored(name)
    if not value:
        raise PydanticCustomError(
            "monitor_file_empty", "the secret file {path} is empty", {"path": str(path)}
        )
    if mode & 0o004:
        reading.warn(
            f"The secret file {path} can be read by every user of this machine; run: chmod o-r {path}"
        )
    return value


def read_file(name: str, reading: Reading, what: LiteralString) -> tuple[str, int]:
    """A small text file and its mode; a change of it is a change of the configuration.

    Args:
        name: Its path.
        reading: The context.
        what: What the file is, for messages.

    Raises:
        PydanticCustomError: It is missing, unreadable, too large or no text.
    """
    path = reading.anchored(name)
    details = {"path": str(path), "what": what}
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_MAX_SECRET_BYTES + 1)
    except OSError as error:
        raise PydanticCustomError(
            "monitor_file_unreadable",
            "the {what} {path} cannot be read ({reason})",
            details | {"reason": error.strerror or type(error).__name__},
        ) from None
    if len(content) > _MAX_SECRET_BYTES:
        raise PydanticCustomError("monitor_file_large", "the {what} {path} is larger than 64 KiB", details)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise PydanticCustomError(
            "monitor_file_text", "the {what} {path} is not UTF-8 text", details
        ) from None
    reading.secret_files[path] = None
    return text, mode
