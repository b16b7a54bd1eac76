"""The pages of the documentation, and what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```.*?^```\s*$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")


def pages() -> list[Path]:
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def prose_of(page: Path) -> str:
    """The page without its code blocks."""
    return _FENCE.sub("", text_of(page))


def headings_of(page: Path) -> list[str]:
    return [line.lstrip("#").strip() for line in prose_of(page).splitlines() if re.match(r"#{1,6} ", line)]


def anchors_of(page: Path) -> set[str]:
    """Anchors as GitHub makes them from headings."""
    kept = [re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings_of(page)]
    return {heading.replace(" ", "-") for heading in kept}


def spans_of(page: Path) -> list[str]:
    """Everything between single backticks."""
    return _SPAN.findall(prose_of(page))


def code_lines_of(page: Path) -> Iterator[str]:
    """Lines of code blocks and everything between single backticks."""
    for block in _FENCE.findall(text_of(page)):
        yield from block.splitlines()[1:-1]
    yield from spans_of(page)


def rows_of(page: Path, heading: str) -> list[list[str]]:
    """Cells of the table rows under a heading, without the table's head."""
    under = prose_of(page).split(f"# {heading}\n", 1)[1]
    under = re.split(r"^#{1,6} ", under, maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line for line in under.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    heads = {index - 1 for index, row in enumerate(cells) if row and set(row[0]) <= set("-:")}
    return [row for index, row in enumerate(cells) if index not in heads and index - 1 not in heads]
