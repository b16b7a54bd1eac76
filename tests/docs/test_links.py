import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, anchors_of, pages, prose_of

LINK = re.compile(r"(?<!!)\[[^\]\n]+\]\(([^)\s]+)\)")


def broken_links(page: Path) -> list[str]:
    broken = []
    for target in LINK.findall(prose_of(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        found = (page.parent / name).resolve() if name else page
        if not found.exists() or (anchor and found.suffix == ".md" and anchor not in anchors_of(found)):
            broken.append(target)
    return broken


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    assert broken_links(page) == []


def test_a_link_to_nowhere_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One\n[a](page.md#one) [b](page.md#two) [c](gone.md) [d](https://a.example/b)\n")
    assert broken_links(page) == ["page.md#two", "gone.md"]


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or not page.exists():
            continue
        reached.add(page)
        for target in LINK.findall(prose_of(page)):
            found = (page.parent / target.partition("#")[0]).resolve()
            if found.suffix == ".md" and not re.match(r"[a-z]+:", target):
                waiting.append(found)
    assert [str(page.relative_to(ROOT)) for page in pages() if page not in reached] == []
