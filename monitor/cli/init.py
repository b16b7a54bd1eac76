"""`monitor init`: write a configuration to start from."""

from __future__ import annotations

from pathlib import Path

import click

from monitor.domain.errors import MonitorError


class ConfigNotWritten(MonitorError):
    """The configuration could not be written; nothing was changed."""


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path("monitor.yaml"))
def init(path: Path) -> None:
    """Write a commented configuration to PATH, a file or a folder; ./monitor.yaml if not given.

    An existing file is never overwritten.
    """
    from monitor.settings import FILE_NAME, example_text

    target = path / FILE_NAME if path.is_dir() else path
    _write_new(target, example_text())
    click.echo(f"Wrote {target}. Put your cameras into it, then run:")
    # In the working folder and under its usual name the file is found by itself.
    option = "" if target == Path(FILE_NAME) else f"--config {target} "
    for command, purpose in (
        ("config validate", "check the file"),
        ("doctor", "test it all"),
        ("run", "watch"),
    ):
        click.echo(f"  monitor {option}{command:<16} # {purpose}")


def _write_new(target: Path, text: str) -> None:
    """Write a file that does not exist yet.

    Raises:
        ConfigNotWritten: It exists, or cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(target, error) from None
    try:
        # Readable by its owner alone: sooner or later somebody writes a password into it.
        with target.open("x", encoding="utf-8") as file:
            target.chmod(0o600)
            file.write(text)
    except FileExistsError:
        raise ConfigNotWritten(
            f"{target} exists already and was left as it is.",
            "Name another file, or move this one away first.",
        ) from None
    except OSError as error:
        raise _unwritable(target, error) from None


def _unwritable(target: Path, error: OSError) -> ConfigNotWritten:
    return ConfigNotWritten(
        f"{target} cannot be written ({error.strerror or type(error).__name__}).",
        "Name a file in a folder that you may write to: `monitor init PATH`.",
    )
