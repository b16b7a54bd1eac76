"""The formats, by the end of a file's name."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from monitor.domain.report import Report
from monitor.reports.compose import compose
from monitor.reports.errors import UnknownFormat

FORMATS = ("html", "pdf", "csv")


def format_of(path: Path) -> str:
    """The format that a file's name asks for.

    Raises:
        UnknownFormat: It ends like none of them.
    """
    ending = path.suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        raise UnknownFormat(
            f"'{path.name}' does not say in which format to write the report.",
            f"Let its name end in {', '.join(f'.{name}' for name in FORMATS[:-1])} or .{FORMATS[-1]}.",
        )
    return ending


def render(report: Report, form: str) -> bytes:
    """The report as a file of one of `FORMATS`.

    Raises:
        FormatMissing: A package that this format needs is not installed.
    """
    # Each is imported only where it is asked for: Jinja and fpdf2 take their time.
    content: bytes = import_module(f"monitor.reports.{form}").render(compose(report))
    return content
