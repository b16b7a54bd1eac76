"""A report laid out: sections of tables and charts, the same for every format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

Cell = str | int | float | None
"""A number is shown in its column's unit; None is "not known"."""


class Unit(StrEnum):
    """How the numbers of a column are written."""

    PLAIN = ""
    PERCENT = "%"
    HOURS = "h"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; those with numbers stand to the right."""

    name: str
    unit: Unit = Unit.PLAIN


@dataclass(frozen=True, slots=True)
class Table:
    """Rows, the first column of which names what each is about."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar for each label, upright."""

    title: str
    labels: tuple[str, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """Values over days, with lines at the limits and, if given, where it goes on to.

    Attributes:
        title: What is shown, with its unit.
        labels: Of the first and the last day shown.
        points: Day since the first, and value.
        limits: Values with a line of their own.
    """

    title: str
    labels: tuple[str, str]
    points: tuple[tuple[float, float], ...]
    limits: tuple[float, ...]


Chart = Bars | Line


@dataclass(frozen=True, slots=True)
class Section:
    """One part: a heading, sentences, charts, a table."""

    heading: str
    sentences: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A report laid out.

    Attributes:
        title: Its heading.
        subtitle: Sites, and when it was made.
        figures: A few numbers first, each with its words.
        sections: The parts.
    """

    title: str
    subtitle: str
    figures: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]


def shown(cell: Cell, unit: Unit) -> str:
    """A cell as text."""
    if cell is None:
        return "–"
    if isinstance(cell, str):
        return cell
    if unit is Unit.PERCENT:
        return f"{cell * 100:.1f} %"
    if unit is Unit.HOURS:
        return f"{cell:.1f} h"
    return f"{cell:,}" if isinstance(cell, int) else f"{cell:.2f}"


def is_numeric(table: Table, column: int) -> bool:
    """Whether a column holds numbers."""
    return any(isinstance(row[column], int | float) for row in table.rows)


def span_text(seconds: float | None) -> str:
    """A length of time for people."""
    if seconds is None:
        return "–"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} days"


def bars(title: str, pairs: Sequence[tuple[str, float]]) -> Bars:
    """Bars from pairs of label and value."""
    return Bars(title, tuple(label for label, _ in pairs), tuple(float(value) for _, value in pairs))
