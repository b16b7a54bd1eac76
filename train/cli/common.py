"""What several commands share: options, and how they speak."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

DATA = click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=Path("../shared/data"),
    show_default=True,
    help="Directory that holds manifest.csv.",
)
BUNDLE = click.option(
    "--bundle", type=click.Path(path_type=Path), help="Bundle file [default: the shipped one]."
)
PER_CAMERA = click.option(
    "--per-camera", type=click.IntRange(1), default=24, show_default=True, help="References a camera."
)
RECIPE = click.argument("recipe", type=click.Path(path_type=Path))


def say(line: str) -> None:
    """One line with the time before it."""
    click.echo(f"{datetime.now(UTC):%H:%M:%S} {line}")
