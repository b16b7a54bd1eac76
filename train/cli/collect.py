"""`python -m train collect`."""

from __future__ import annotations

from pathlib import Path

import click

from train.cli.common import say


@click.command()
@click.option(
    "--source", required=True, help="Folder, video file, camera number, rtsp:// or http:// address."
)
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Gets anchor/, positive/, negative/."
)
@click.option(
    "--role", type=click.Choice(["anchor", "positive", "negative"]), help="What the timer's pictures are."
)
@click.option(
    "--every", type=click.FloatRange(0), default=2.0, show_default=True, help="Seconds between two."
)
@click.option("--count", type=click.IntRange(1), default=50, show_default=True, help="Pictures to keep.")
@click.option(
    "--key", is_flag=True, help="Keep by key press: a anchor, p positive, n negative, s skip, q quit."
)
@click.option("--names", type=click.Choice(["running", "uuid"]), default="running", show_default=True)
@click.option(
    "--alike",
    type=click.IntRange(0, 64),
    help="Skip pictures whose perceptual hash differs in so many bits or fewer [default: only equal ones].",
)
@click.option("--retries", type=click.IntRange(0), default=5, show_default=True, help="For a lost camera.")
@click.option("--strict", is_flag=True, help="Refuse instead of skipping files that cannot be read.")
def collect(
    source: str,
    out: Path,
    role: str | None,
    every: float,
    count: int,
    key: bool,
    names: str,
    alike: int | None,
    retries: int,
    strict: bool,
) -> None:
    """Gather anchors, positives and negatives from a camera, a film or a folder.

    By a timer with --role, by key presses in the terminal with --key (from a pipe: one line a key). Equal pictures are
    kept once; a second run goes on. Ctrl-C ends it and keeps what is there.

    Example: python -m train collect --source rtsp://camera/stream --out views/gate --role anchor --every 2 --count 50

    Example: python -m train collect --source 0 --out views/gate --key
    """
    from train.interrupts import stop_requested
    from train.preparation.capture import open_source
    from train.preparation.collecting import (
        HELP_LINE,
        Collection,
        CollectSettings,
        check_found,
        collect_by_keys,
        collect_by_timer,
    )
    from train.preparation.keys import keys_of
    from train.preparation.problems import Problems

    if key == (role is not None):
        raise click.UsageError("Give either --role with the timer, or --key.")
    problems = Problems(strict)
    collection = Collection(out, CollectSettings(every, count, names, alike), say)
    try:
        with stop_requested() as stopped, open_source(source, retries, stopped, problems) as opened:
            if role is not None:
                collect_by_timer(opened, collection, role, every, stopped)
            else:
                with keys_of() as poll:
                    # Only now: switching the terminal over drops what was pressed before.
                    say(HELP_LINE)
                    collect_by_keys(opened, collection, poll, every, stopped)
            interrupted = stopped()
    finally:
        problems.tell(say)
        kept = ", ".join(f"{number} {name}" for name, number in collection.kept.items()) or "nothing"
        say(f"kept {kept}; {collection.skipped} duplicates skipped")
    if not key and not interrupted:
        check_found(collection)
