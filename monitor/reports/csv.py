"""A report as CSV in long form: one figure a line, so that sections of any shape fit into one file."""

from __future__ import annotations

import csv
import io

from monitor.reports.document import Cell, Document

HEADER = ("section", "subject", "figure", "value")
# A spreadsheet takes what begins so for a formula.
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def render(document: Document) -> bytes:
    """The file, in UTF-8; shares are fractions, times hours."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(HEADER)
    for value, words in document.figures:
        writer.writerow(("Summary", "all", words, _safe(value)))
    for section in document.sections:
        for number, sentence in enumerate(section.sentences, start=1):
            writer.writerow((section.heading, "all", f"sentence {number}", _safe(sentence)))
        if section.table is None:
            continue
        names = [column.name for column in section.table.columns]
        for subject, *cells in section.table.rows:
            for name, cell in zip(names[1:], cells, strict=True):
                writer.writerow((section.heading, _safe(subject), name, _safe(cell)))
    return buffer.getvalue().encode()


def _safe(cell: Cell) -> Cell:
    """Names and texts come from people and cameras; none of them is to run in a spreadsheet."""
    if isinstance(cell, str) and cell.startswith(_FORMULA_SIGNS):
        return f"'{cell}"
    return cell
