"""All rows, and the part of docs/sources.md that they make.

`python -m tests.hostile.table` writes that part anew.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from monitor.domain.errors import SourceError
from tests.hostile import (
    exec_cases,
    files_cases,
    folder_cases,
    http_cases,
    mjpeg_cases,
    rtsp_cases,
    usb_cases,
)
from tests.hostile.case import HostileCase

PAGE = Path(__file__).parents[2] / "docs" / "sources.md"
_BEGIN = "<!-- hostile peers: made by python -m tests.hostile.table -->\n"
_END = "<!-- end of hostile peers -->\n"

CASES: tuple[HostileCase, ...] = (
    *http_cases.CASES,
    *mjpeg_cases.CASES,
    *rtsp_cases.CASES,
    *exec_cases.CASES,
    *usb_cases.CASES,
    *folder_cases.CASES,
    *files_cases.CASES,
)


def outcome(case: HostileCase) -> str:
    """What comes of it, in the words of the documentation."""
    if case.expected is None:
        return "a frame"
    assert issubclass(case.expected, SourceError)
    return f"`{case.expected.__name__}`: `{case.expected.verdict}`"


def markdown() -> str:
    """The rows as a table, those of one kind with one outcome together."""
    lines = ["| kind | what comes of it | when the peer, or what is found there … |\n|---|---|---|\n"]
    for kind, of_kind in groupby(CASES, lambda case: case.kind):
        ordered = sorted(of_kind, key=outcome)
        for came, rows in groupby(ordered, outcome):
            lines.append(f"| `{kind}` | {came} | {'; '.join(row.name for row in rows)} |\n")
    return "".join(lines)


def split_page(text: str) -> tuple[str, str, str]:
    """The page before, in, and behind the part that is made here."""
    before, begin, rest = text.partition(_BEGIN)
    made, end, behind = rest.partition(_END)
    assert begin, f"docs/sources.md lacks the line {_BEGIN}"
    assert end, f"docs/sources.md lacks the line {_END}"
    return before + begin, made, end + behind


if __name__ == "__main__":
    before, _, behind = split_page(PAGE.read_text(encoding="utf-8"))
    PAGE.write_text(before + markdown() + behind, encoding="utf-8")
