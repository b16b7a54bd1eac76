import re

from monitor import __version__
from tests.docs.pages import ROOT, headings_of

SECTIONS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_changelog_begins_with_the_version_in_the_making() -> None:
    versions = [h for h in headings_of(ROOT / "CHANGELOG.md") if h.startswith("[")]
    assert re.fullmatch(r"\[(Unreleased|\d+\.\d+\.\d+)\].*", versions[0])
    assert any(version.startswith(f"[{__version__}]") for version in versions)


def test_the_changelog_uses_the_six_kinds_of_change() -> None:
    rest = [h for h in headings_of(ROOT / "CHANGELOG.md")[1:] if not h.startswith("[")]
    assert set(rest) <= SECTIONS
