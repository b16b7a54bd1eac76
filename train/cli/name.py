"""`python -m train name`."""

from __future__ import annotations

from pathlib import Path

import click

from train.cli.common import say

SHOWN_RENAMES = 10


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--apply", "apply_", is_flag=True, help="Rename; without it, only show what would be done.")
@click.option("--undo", type=click.Path(path_type=Path), help="A names.csv whose renames are taken back.")
@click.option("--pattern", help="Regular expression with a group `id` [default: the folder is the id].")
def name(directory: Path, apply_: bool, undo: Path | None, pattern: str | None) -> None:
    """Give pictures unique names that sort: <id>_<image>.jpg, as 0007_0003.jpg.

    The id is the picture's folder (its number, if the folder's name is one), or what --pattern finds in its path; the
    image is a running number. Pictures named so already keep their names. names.csv says what was called how; a run
    that was killed is completed by the next one.

    Example: python -m train name crops --apply

    Example: python -m train name crops --undo crops/names.csv --apply
    """
    from train.preparation.naming import Rename, plan_names
    from train.preparation.pictures import find_pictures
    from train.preparation.renaming import (
        JOURNAL_FILE,
        NAMES_FILE,
        apply_renames,
        finish_interrupted,
        read_names,
        undo_renames,
    )

    if (directory / JOURNAL_FILE).exists():
        if not apply_:
            say("an earlier renaming was interrupted: --apply completes it")
            return
        say(f"completed an interrupted renaming of {finish_interrupted(directory)} files")
        if undo is not None and not undo.exists():
            return
    if undo is not None:
        renames = [Rename(old=one.new, new=one.old) for one in read_names(undo)]
    else:
        renames = plan_names(directory, find_pictures(directory), pattern)
    for rename in renames[:SHOWN_RENAMES]:
        say(f"{rename.old} -> {rename.new}")
    if len(renames) > SHOWN_RENAMES:
        say(f"… and {len(renames) - SHOWN_RENAMES} more")
    if not renames:
        say("every picture has its name already")
    elif not apply_:
        say(f"{len(renames)} files would be renamed; --apply does it")
    elif undo is not None:
        undo_renames(directory, undo)
        say(f"{len(renames)} files have their old names again")
    else:
        apply_renames(directory, renames)
        say(f"renamed {len(renames)} files, see {directory / NAMES_FILE}")
