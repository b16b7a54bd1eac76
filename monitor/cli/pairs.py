"""A table of pairs, compared row by row; every row is written as soon as it is judged."""

from __future__ import annotations

import csv
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

from monitor.cli.screen import Screen
from monitor.clock import SystemClock
from monitor.domain.errors import MonitorError
from monitor.domain.frame import Frame
from monitor.domain.ports import Encoder
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.sources.pictures import load_picture
from monitor.usecases.compare import Enrolled, as_reference, compare

T = TypeVar("T")

ADDED = ("verdict", "confidence", "dx", "dy", "roll", "zoom", "similarity", "ms", "complaint")
REQUIRED = ("reference", "frame")
REFERENCES_KEPT = 128
"""References are about a third of a megabyte each; tables mostly name them in runs."""
READ_AHEAD = 8
PROBLEMS_SHOWN = 5
STDOUT = Path("-")


class BadPairs(MonitorError):
    """A table of pairs cannot be used."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """A table of pairs.

    Attributes:
        folder: Where its relative paths start.
        columns: Its columns, in order.
        rows: Its rows, by column.
    """

    folder: Path
    columns: tuple[str, ...]
    rows: Sequence[Mapping[str, str]]


def read_pairs(path: Path, out: Path) -> Pairs:
    """Read the whole table, and refuse it before any work is done.

    Args:
        path: The CSV file.
        out: Where the verdicts will go.

    Raises:
        BadPairs: It cannot be read, lacks columns or rows, has columns twice or those that are added, or would be
            overwritten.
    """
    if out != STDOUT and out.exists() and path.exists() and out.samefile(path):
        raise BadPairs(f"{path} would be overwritten by its own verdicts.", "Name another file with --out.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            columns = tuple(name.strip() for name in next(reader, []))
            _check_columns(path, columns)
            rows = [dict(zip(columns, row, strict=True)) for row in _checked_rows(path, reader, columns)]
    except OSError as error:
        raise BadPairs(
            f"{path} cannot be read ({error.strerror or type(error).__name__}).", "Check its path and rights."
        ) from None
    except UnicodeDecodeError:
        raise BadPairs(f"{path} is not UTF-8 text.", "Save it as CSV in UTF-8.") from None
    except csv.Error as error:
        raise BadPairs(f"{path} is no proper CSV ({error}).", "Check its quotes.") from None
    if not rows:
        raise BadPairs(f"{path} has no rows.", "Give it one line for each pair below its header.")
    return Pairs(path.absolute().parent, columns, rows)


def compare_pairs(table: Pairs, out: Path, encoder: Encoder, thresholds: Thresholds, screen: Screen) -> None:
    """Judge every row, and write it at once: an interrupt loses nothing that is done.

    A reference that is named again is not encoded again while it is among the last few. What cannot be read is a
    row without numbers: `stream_fault` for a frame, `unsure` for a reference, as nothing can be said of the frame.

    Raises:
        BadPairs: The output cannot be written.
    """
    unreadable: list[str] = []
    references = _References(table.folder, encoder)
    clock = SystemClock()

    def judge(row: Mapping[str, str], frame: Callable[[], Frame]) -> dict[str, str]:
        try:
            enrolled = references.get(row["reference"])
        except MonitorError as error:
            unreadable.append(f"reference {error}")
            return {"verdict": VerdictKind.UNSURE.value}
        try:
            picture = frame()
        except MonitorError as error:
            unreadable.append(f"frame {error}")
            return {"verdict": VerdictKind.STREAM_FAULT.value}
        cells = _cells(*compare(enrolled, picture, encoder, clock, thresholds))
        return cells | {"complaint": picture.complaint or ""}

    with (
        _writer(out, (*table.columns, *ADDED)) as write,
        screen.progress("Comparing", len(table.rows)) as advance,
    ):
        frames = _read_ahead(
            [lambda row=row: load_picture(table.folder / row["frame"]) for row in table.rows]  # type: ignore[misc]
        )
        for row, frame in zip(table.rows, frames, strict=True):
            write({**row, **judge(row, frame)})
            advance()
    if out != STDOUT:
        screen.note(f"{len(table.rows)} verdicts are in {out}.")
    if unreadable:
        screen.note(f"{len(unreadable)} could not be read:", "doubt")
        for problem in unreadable[:PROBLEMS_SHOWN]:
            screen.note(f"  {problem}", "doubt")
        if len(unreadable) > PROBLEMS_SHOWN:
            screen.note(f"  … and {len(unreadable) - PROBLEMS_SHOWN} more.", "doubt")


class _References:
    """Encoded references by path, the last used ones kept; an unreadable one is remembered as such."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        self._folder = folder
        self._encoder = encoder
        self._kept: OrderedDict[str, Enrolled | MonitorError] = OrderedDict()

    def get(self, name: str) -> Enrolled:
        found = self._kept.pop(name, None) or self._encode(name)
        self._kept[name] = found
        if len(self._kept) > REFERENCES_KEPT:
            self._kept.popitem(last=False)
        if isinstance(found, MonitorError):
            raise found
        return found

    def _encode(self, name: str) -> Enrolled | MonitorError:
        try:
            return as_reference(load_picture(self._folder / name), self._encoder)
        except MonitorError as error:
            return error


def _read_ahead(readers: Sequence[Callable[[], T]]) -> Iterator[Callable[[], T]]:
    """Results of the readers in order, each read some places ahead on another thread."""
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as pool:
        waiting: list[Future[T]] = [pool.submit(reader) for reader in readers[:READ_AHEAD]]
        try:
            for place in range(len(readers)):
                yield waiting.pop(0).result
                if place + READ_AHEAD < len(readers):
                    waiting.append(pool.submit(readers[place + READ_AHEAD]))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _cells(verdict: Verdict, took_ms: float) -> dict[str, str]:
    cells = {
        "verdict": verdict.kind.value,
        "confidence": f"{verdict.confidence:.4f}",
        "similarity": "" if verdict.similarity is None else f"{verdict.similarity:.4f}",
        "ms": f"{took_ms:.2f}",
    }
    moved = verdict.displacement
    if moved is not None:
        cells |= {"dx": f"{moved.dx:.5f}", "dy": f"{moved.dy:.5f}"}
        cells |= {"roll": f"{moved.roll_deg:.3f}", "zoom": f"{moved.zoom:.5f}"}
    return cells


@contextmanager
def _writer(out: Path, columns: Sequence[str]) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Writes rows, each to the end before the next is judged."""
    try:
        file: IO[str] = sys.stdout if out == STDOUT else out.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise BadPairs(
            f"{out} cannot be written ({error.strerror or type(error).__name__}).", "Name another file."
        ) from None
    try:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")

        def write(row: Mapping[str, Any]) -> None:
            writer.writerow(row)
            file.flush()

        writer.writeheader()
        yield write
    except BrokenPipeError:
        raise
    except OSError as error:
        raise BadPairs(
            f"{out} cannot be written any further ({error.strerror}).", "Make room, and start again."
        ) from None
    finally:
        if out != STDOUT:
            file.close()


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    if not any(columns):
        raise BadPairs(
            f"{path} is empty.", "Its first line names the columns, `reference` and `frame` among them."
        )
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        hint = " It looks separated by semicolons: use commas." if ";" in "".join(columns) else ""
        raise BadPairs(
            f"{path} has no column {' and no column '.join(missing)}; it has {', '.join(columns)}.",
            f"Name the columns `reference` and `frame`.{hint}",
        )
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise BadPairs(f"{path} has the column {', '.join(map(repr, twice))} twice.", "Rename one of them.")
    clashing = [name for name in columns if name in ADDED]
    if clashing:
        raise BadPairs(
            f"{path} has columns that the verdicts would add: {', '.join(clashing)}.",
            "Rename or remove them; this may be a table of verdicts already.",
        )


def _checked_rows(path: Path, reader: Any, columns: Sequence[str]) -> Iterator[list[str]]:
    for row in reader:
        if not row:
            continue
        if len(row) != len(columns):
            raise BadPairs(
                f"Line {reader.line_num} of {path} has {len(row)} fields, the header {len(columns)}.",
                "Put fields that hold commas in quotes.",
            )
        yield row
