from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.workplace import FLIP_AFTER, MINUTES, Recordings, Workplace

EVER = ("--since", "3650d")


@pytest.fixture(scope="session")
def _flipped(tmp_path_factory: pytest.TempPathFactory, _enrolled: Path, recordings: Recordings) -> Path:
    """A site whose gate was good once, then flipped and reported, and was good again; only for copies."""
    folder = tmp_path_factory.mktemp("flipped") / "site"
    shutil.copytree(_enrolled, folder)
    site = Workplace(folder, recordings)
    site.run("check", "gate")
    site.raise_incident()
    for minute in range(FLIP_AFTER + 2, MINUTES):
        site.upload("gate", site.recordings.good("gate", minute), minute)
        site.run("check", "gate", code=None)
    return folder


@pytest.fixture
def flipped(tmp_path: Path, _flipped: Path, recordings: Recordings) -> Workplace:
    """A copy of it."""
    shutil.copytree(_flipped, tmp_path / "site")
    return Workplace(tmp_path / "site", recordings)


def test_by_the_present_rules_history_is_as_it_was(flipped: Workplace) -> None:
    (gate,) = flipped.json("replay", "--history", "gate", *EVER)
    assert (gate["checks"], gate["changed"], gate["without_evidence"]) == (7, 0, 0)
    (same,) = gate["same"]
    assert same["then"]["incident"] == 1
    assert same["then"]["cause"] == same["now"]["cause"] == "flipped_180"
    assert (same["then"]["opened_at"], same["later_s"]) == (same["now"]["opened_at"], 0.0)
    assert (gate["gone"], gate["new"]) == ([], [])


def test_other_rules_say_what_would_be_gone_in_a_table(flipped: Workplace) -> None:
    shown = flipped.run("replay", "--history", "gate", *EVER, "--set", "policy.open_checks=3").stdout
    assert "gone" in shown
    assert "0 incidents would have been reported as well, 1 not any more" in shown
    assert "No incident is labelled" in shown


def test_all_views_are_judged_where_none_is_named_and_unknown_ones_are_refused(flipped: Workplace) -> None:
    assert [view["camera"] for view in flipped.json("replay", "--history", *EVER)] == ["gate", "yard"]
    assert "Configured: gate, yard." in flipped.run("replay", "--history", "gaet", code=2).stderr


def test_under_a_mask_it_says_how_many_pictures_could_be_compared_anew(flipped: Workplace) -> None:
    shown = flipped.run("replay", "--history", "gate", *EVER, "--mask", "0,0,0.3,0.1").stdout
    assert "Of 7 checks the pictures of 3 are kept" in shown


def test_the_live_state_stays(flipped: Workplace) -> None:
    before = (
        flipped.run("status", "--json", code=None).stdout,
        flipped.run("history", "gate", "--json").stdout,
    )
    flipped.run("replay", "--history", *EVER, "--set", "policy.open_checks=3", "--mask", "0,0,0.3,0.1")
    assert (
        flipped.run("status", "--json", code=None).stdout,
        flipped.run("history", "gate", "--json").stdout,
    ) == before


@pytest.mark.parametrize(
    ("arguments", "objection"),
    [
        (("--set", "policy.open_cheks=3"), "There is no policy.open_cheks"),
        (("--mask", "0,0,1"), "is no mask"),
        (("--mask", "0,0,2,2"), "is no mask"),
        (("--since", "yesterday"), "expected a duration"),
    ],
)
def test_what_makes_no_sense_is_refused(
    flipped: Workplace, arguments: tuple[str, ...], objection: str
) -> None:
    assert objection in flipped.run("replay", "--history", "gate", *arguments, code=2).stderr


def test_nothing_recorded_says_so(site: Workplace) -> None:
    assert "Nothing was recorded in the last 30d" in site.run("replay", "--history").stdout


def test_it_has_help_and_options_of_its_own(site: Workplace) -> None:
    assert "--set" in site.run("replay", "--history", "--help").stdout
    assert "--history" in site.run("replay", "--help").stdout
    assert "--set" not in site.run("replay", "--help").stdout.replace("--history", "")
