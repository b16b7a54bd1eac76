"""`python -m train fetch`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from train.cli.common import say


@click.command()
@click.argument("url")
@click.option("--sha256", help="What the file must have; without it, the digest is shown to be noted.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Directory to be made.")
@click.option("--largest-gb", type=click.FloatRange(0, min_open=True), default=50.0, show_default=True)
@click.option("--most-files", type=click.IntRange(1), default=2_000_000, show_default=True)
def fetch(url: str, sha256: str | None, out: Path, largest_gb: float, most_files: int) -> None:
    """Download a data set, check it, and unpack it safely.

    URL is http, https or file. A download that breaks off goes on when the command is run again; once the directory is
    there, it does nothing. Zip and tar archives are unpacked, anything else is put into the directory as it is.

    Example: python -m train fetch https://example.org/set.zip --sha256 <64 digits> --out data/set
    """
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    from train.preparation.archives import Bounds
    from train.preparation.fetch import fetch as fetch_data

    bounds = Bounds(total_bytes=int(largest_gb * 1e9), files=most_files)
    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task("", total=None)

        def report(done: int, total: int | None) -> None:
            progress.update(task, completed=done, total=total)

        # Whole lines: a digest that is broken in two cannot be copied.
        tell = partial(progress.console.print, soft_wrap=True, markup=False, highlight=False)
        fetched = fetch_data(url, out, sha256, bounds, report, tell)
    say(f"{out}: {fetched.files} files from {fetched.url}, SHA-256 {fetched.sha256}")
