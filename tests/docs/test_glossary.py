from enum import StrEnum

import pytest

from monitor.domain.state import Change, Status
from monitor.domain.verdict import VerdictKind
from tests.docs.pages import ROOT, rows_of

GLOSSARY = ROOT / "docs/glossary.md"


@pytest.mark.parametrize(
    ("heading", "kinds"),
    [("Verdicts", VerdictKind), ("States of a view", Status), ("Changes of state", Change)],
)
def test_every_value_has_one_line_in_the_glossary(heading: str, kinds: type[StrEnum]) -> None:
    rows = rows_of(GLOSSARY, heading)
    assert [row[0].strip("`") for row in rows] == [kind.value for kind in kinds]
    assert all(len(row[1].split()) > 1 for row in rows)


def test_the_readme_says_what_to_do_about_every_verdict() -> None:
    named = {
        cell.strip("` ")
        for row in rows_of(ROOT / "README.md", "What it reports")
        for cell in row[0].split(",")
    }
    assert named == {kind.value for kind in VerdictKind}
