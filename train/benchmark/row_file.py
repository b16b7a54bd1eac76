"""Rows on disk: a CSV that only grows, is whole after a kill, and can be gone on with."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from pydantic import TypeAdapter

from monitor.domain.errors import MonitorError
from train.benchmark.rows import Row

COLUMNS = [field.name for field in fields(Row)]
HEADER = (",".join(COLUMNS) + "\n").encode()
BETWEEN_VERDICTS = "|"
REMEDY = "Move it away, or name another file."
_ROW = TypeAdapter(Row)


class UnfitRowFile(MonitorError):
    """A file of rows cannot be read or gone on with."""


class RowFile:
    """A CSV of rows that is appended to; rows that were there before are kept.

    A line torn by a kill is cut off when the file is opened.

    Args:
        path: The file; made with its directory if it is not there.

    Raises:
        UnfitRowFile: The file holds something else, or rows of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_bytes() if path.exists() else b""
        self._answered: set[tuple[str, str]] = set()
        # A prefix of the header is a file whose very first write was torn.
        if HEADER.startswith(content):
            path.write_bytes(HEADER)
            return
        self._answered = {(row.method, row.pair) for row in _parse(path, content)}
        with path.open("r+b") as file:
            file.truncate(content.rfind(b"\n") + 1)

    def __contains__(self, answer: tuple[str, str]) -> bool:
        """Whether there is a row for (method, id of the pair)."""
        return answer in self._answered

    def append(self, rows: Iterable[Row]) -> None:
        """Add rows; they survive the end of this process from here on."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        for row in rows:
            writer.writerow([_as_text(getattr(row, column)) for column in COLUMNS])
            self._answered.add((row.method, row.pair))
        with self.path.open("ab") as file:
            file.write(text.getvalue().encode())


def read_rows(path: Path) -> list[Row]:
    """All rows of a file, in the order in which they came; a torn last line is left out.

    Raises:
        UnfitRowFile: There is no such file, it holds something else, or rows of another version.
    """
    if not path.is_file():
        raise UnfitRowFile(f"There are no rows at {path}.", "Run the benchmark first.")
    return _parse(path, path.read_bytes())


def _parse(path: Path, content: bytes) -> list[Row]:
    whole = content[: content.rfind(b"\n") + 1]
    try:
        lines = csv.reader(whole.decode("utf-8").splitlines())
        columns = next(lines, [])
        rows = [_row(dict(zip(COLUMNS, line, strict=True))) for line in lines] if columns == COLUMNS else None
    except ValueError as error:
        raise UnfitRowFile(f"{path} holds a line that is no row: {error}.", REMEDY) from error
    if rows is None:
        raise UnfitRowFile(f"{path} has other columns than rows of this version.", REMEDY)
    return rows


def _as_text(value: object) -> str:
    if isinstance(value, tuple):
        return BETWEEN_VERDICTS.join(value)
    if isinstance(value, float):
        return repr(float(value))
    return "" if value is None else str(value)


def _row(cells: dict[str, str]) -> Row:
    accepted = cells["accepted"].split(BETWEEN_VERDICTS)
    return _ROW.validate_python({name: cell or None for name, cell in cells.items()} | {"accepted": accepted})
