"""Changing the configuration file, and writing secrets beside it: whole, at once, and for the right eyes."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from monitor.domain.errors import MonitorError
from monitor.settings.loading import load_settings
from monitor.settings.problems import SettingsError

SECRETS_FOLDER = "secrets"


class ConfigNotReplaced(MonitorError):
    """A file could not be written; the configuration is as it was."""


def replace_config(path: Path, before: bytes, after: bytes, environ: Mapping[str, str]) -> None:
    """Put new content into a configuration file, if it can be used and nobody else changed the file meanwhile.

    The file is replaced in one step, with owner and permissions kept; who reads it sees the old or the new one.

    Args:
        path: The file; a link is followed.
        before: The content that the new one was made of.
        after: The new content.
        environ: Environment variables.

    Raises:
        SettingsError: The new content cannot be used; the file is as it was.
        ConfigNotReplaced: It cannot be written; the file is as it was.
    """
    target = path.resolve()
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise _not_written(target, error) from None
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        try:
            load_settings(draft, environ)
        except SettingsError as error:
            raise SettingsError(path, error.problems) from None
        known = target.stat()
        draft.chmod(stat.S_IMODE(known.st_mode))
        if (known.st_uid, known.st_gid) != (draft.stat().st_uid, draft.stat().st_gid):
            os.chown(draft, known.st_uid, known.st_gid)
        if target.read_bytes() != before:
            raise ConfigNotReplaced(
                f"{path} was changed by somebody else in the meantime, and left as it is.",
                "Run the command again.",
            )
        draft.replace(target)
    except OSError as error:
        raise _not_written(target, error) from None
    finally:
        with suppress(FileNotFoundError):
            draft.unlink()


def store_secret(folder: Path, name: str, value: str) -> Path:
    """Write a secret into a file of its own, which only its owner can read.

    Args:
        folder: Made where it does not exist, for its owner alone.
        name: Of the file. One that holds the same secret already is left alone.
        value: The secret.

    Raises:
        ConfigNotReplaced: It cannot be written, or a file of that name holds something else.
    """
    path = folder / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if path.is_file() and not path.is_symlink() and path.read_bytes() == value.encode() + b"\n":
            return path
        raise ConfigNotReplaced(
            f"{path} exists already, with another secret, and was left as it is.",
            "Choose another --name, remove the file if it is no longer needed, or use --password-file.",
        ) from None
    except OSError as error:
        raise _not_written(path, error) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(value.encode() + b"\n")
    return path


def reference_to(path: Path, config: Path) -> str:
    """How a configuration names a file: relative to its own folder where the file lies inside, else in full."""
    base, full = config.absolute().parent, path.absolute()
    return str(full.relative_to(base)) if full.is_relative_to(base) else str(full)


def _not_written(path: Path, error: OSError) -> ConfigNotReplaced:
    return ConfigNotReplaced(
        f"{path} cannot be written ({error.strerror or type(error).__name__}).",
        "Run the command as the owner of the configuration; a file that is mounted by itself into a container can "
        "only be changed outside.",
    )
