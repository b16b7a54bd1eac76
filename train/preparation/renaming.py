"""Carries out a plan of renames so that no file is ever lost, whenever the process is killed.

A journal in the directory says what is under way. Phase 1 moves every file to a hidden name made from its new one,
phase 2 from there to the new name: swaps and chains of names need no order, and in neither phase can a file land on
another. The journal is replaced in one piece between the phases, so a later run knows from the files alone what is left
to do: in phase 1 all files not yet moved still have their old names, in phase 2 none has.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from train.preparation.naming import Rename, check_plan
from train.preparation.pictures import write_bytes
from train.preparation.problems import PreparationError

JOURNAL_FILE = ".naming.json"
NAMES_FILE = "names.csv"
Move = Callable[[Path, Path], object]


@dataclass(frozen=True, slots=True)
class _Journal:
    phase: int
    renames: tuple[Rename, ...]
    history: tuple[Rename, ...]


def apply_renames(directory: Path, renames: Sequence[Rename], move: Move = Path.rename) -> None:
    """Rename files and note it in `names.csv` (old,new), composed with what it said before.

    Args:
        directory: What the paths are relative to.
        renames: The plan.
        move: Moves a file; tests make it fail.

    Raises:
        PreparationError: A file is missing or a name taken (nothing has changed then), or an earlier run was
            interrupted (`finish_interrupted` first).
    """
    _start(directory, renames, _compose(read_names(directory / NAMES_FILE, missing_ok=True), renames), move)


def undo_renames(directory: Path, names: Path, move: Move = Path.rename) -> list[Rename]:
    """Give files their old names again, as a `names.csv` says; returns what was done.

    Raises:
        PreparationError: As `apply_renames`, or the file is no list of names.
    """
    done = read_names(names)
    back = [Rename(old=rename.new, new=rename.old) for rename in done]
    undone = {rename.new for rename in done}
    noted = read_names(directory / NAMES_FILE, missing_ok=True)
    _start(directory, back, [rename for rename in noted if rename.new not in undone], move)
    return back


def finish_interrupted(directory: Path, move: Move = Path.rename) -> int:
    """Complete what a killed run left half done.

    Returns:
        How many files that run was to rename; 0 if there is nothing to complete.

    Raises:
        PreparationError: The journal is damaged, or a file in it is nowhere to be found.
    """
    journal = _read_journal(directory)
    if journal is None:
        return 0
    _carry_out(directory, journal, move)
    return len(journal.renames)


def read_names(path: Path, missing_ok: bool = False) -> list[Rename]:
    """Read `names.csv`.

    Raises:
        PreparationError: It is missing (unless that is allowed), or has other columns than old,new.
    """
    if missing_ok and not path.exists():
        return []
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        return [Rename(row["old"], row["new"]) for row in rows]
    except (OSError, UnicodeDecodeError, KeyError, csv.Error) as error:
        raise PreparationError(
            f"{path} is not a list of names with the columns old,new.", "Give the names.csv that was written."
        ) from error


def _start(directory: Path, renames: Sequence[Rename], history: Sequence[Rename], move: Move) -> None:
    if (directory / JOURNAL_FILE).exists():
        raise PreparationError(
            f"An earlier renaming in {directory} was interrupted.",
            "Run it again with --apply to complete it.",
        )
    check_plan(renames)
    leaving = {rename.old for rename in renames}
    for rename in renames:
        if not (directory / rename.old).is_file():
            raise PreparationError(f"There is no file {directory / rename.old}.", "Nothing was renamed.")
        taken = [_hidden(directory, rename)]
        taken += [] if rename.new in leaving else [directory / rename.new]
        for path in taken:
            if path.exists():
                raise PreparationError(f"{path} exists already.", "Nothing was renamed; move it away.")
    if renames:
        journal = _Journal(1, tuple(renames), tuple(history))
        _write_journal(directory, journal)
        _carry_out(directory, journal, move)


def _carry_out(directory: Path, journal: _Journal, move: Move) -> None:
    if journal.phase == 1:
        for rename in journal.renames:
            old, hidden = directory / rename.old, _hidden(directory, rename)
            if not hidden.exists():
                _move(old, hidden, move)
        journal = _Journal(2, journal.renames, journal.history)
        _sync_folders(directory, journal)
        _write_journal(directory, journal)
    for rename in journal.renames:
        hidden, new = _hidden(directory, rename), directory / rename.new
        if hidden.exists():
            if new.exists():
                raise PreparationError(
                    f"{new} appeared while files were renamed.", "Move it away, and run again with --apply."
                )
            _move(hidden, new, move)
        elif not new.exists():
            raise PreparationError(
                f"Neither {hidden} nor {new} exists.", f"Was it removed? It was {rename.old}."
            )
    _sync_folders(directory, journal)
    _write_names(directory, journal.history)
    (directory / JOURNAL_FILE).unlink()


def _move(source: Path, target: Path, move: Move) -> None:
    try:
        move(source, target)
    except OSError as error:
        raise PreparationError(
            f"Cannot rename {source}: {os.strerror(error.errno or 0)}.",
            "Nothing is lost: run again with --apply to complete it.",
        ) from error


def _hidden(directory: Path, rename: Rename) -> Path:
    new = PurePosixPath(rename.new)
    return directory / new.with_name(f".{new.name}.naming")


def _sync_folders(directory: Path, journal: _Journal) -> None:
    """Renames reach the disk before the journal says that they are done."""
    for folder in {(directory / rename.new).parent for rename in journal.renames}:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _compose(before: Sequence[Rename], now: Sequence[Rename]) -> list[Rename]:
    """One list as if all had been done at once: a→b and b→c is a→c."""
    first = {rename.new: rename.old for rename in before}
    renamed = {rename.old for rename in now}
    kept = [rename for rename in before if rename.new not in renamed]
    merged = [Rename(first.get(rename.old, rename.old), rename.new) for rename in now]
    return sorted((r for r in (*kept, *merged) if r.old != r.new), key=lambda rename: rename.new)


def _write_names(directory: Path, history: Sequence[Rename]) -> None:
    path = directory / NAMES_FILE
    if not history:
        path.unlink(missing_ok=True)
        return
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["old", "new"])
    writer.writerows((rename.old, rename.new) for rename in history)
    write_bytes(path, text.getvalue().encode(), durable=True)


def _write_journal(directory: Path, journal: _Journal) -> None:
    content: dict[str, Any] = {
        "phase": journal.phase,
        "renames": [[rename.old, rename.new] for rename in journal.renames],
        "history": [[rename.old, rename.new] for rename in journal.history],
    }
    text = json.dumps(content, ensure_ascii=False, indent=0)
    write_bytes(directory / JOURNAL_FILE, text.encode(), durable=True)


def _read_journal(directory: Path) -> _Journal | None:
    path = directory / JOURNAL_FILE
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        renames = tuple(Rename(str(old), str(new)) for old, new in content["renames"])
        history = tuple(Rename(str(old), str(new)) for old, new in content["history"])
        phase = int(content["phase"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PreparationError(
            f"The journal {path} is damaged.",
            "Files named .*.naming are pictures under way: rename them by hand, then remove the journal.",
        ) from error
    check_plan(renames)
    return _Journal(phase, renames, history)
