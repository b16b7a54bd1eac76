from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from monitor.store import open_store
from tests.cli.test_replay_history import EVER, _flipped, flipped
from tests.cli.workplace import Workplace

__all__ = ["_flipped", "flipped"]  # The fixtures.


def label_wrong(site: Workplace) -> None:
    folder = site.folder / "data"
    with open_store(f"sqlite:///{folder / 'monitor.db'}", folder / "images") as store:
        store.labels.add(right=False, author="ada", now=datetime.now(UTC), incident_id=1)


def test_a_short_history_shows_nothing_and_says_how_long_one_must_be(flipped: Workplace) -> None:
    shown = flipped.run("tune", "gate", "--budget", "1/year", *EVER).stdout
    assert "camera-months without a false episode" in shown
    assert "to show 1/year, 36 months without one are needed" in shown
    assert "The present rules are the proposal" in shown


def test_an_incident_that_was_wrong_is_counted_and_rules_without_it_are_proposed(flipped: Workplace) -> None:
    label_wrong(flipped)
    found = flipped.json("tune", "gate", "--budget", "1/year", *EVER)
    assert found["outcomes"][0]["changes"] == {}
    assert found["outcomes"][0]["false_episodes"] == 1
    assert found["proposal"]["changes"] == {"policy": {"open_checks": 3, "window": 4}}
    assert not found["is_shown"]
    assert found["proposal"]["at_most_a_year"] > 1


def test_the_curve_is_shown_with_bounds_and_the_smallest_move(flipped: Workplace) -> None:
    shown = flipped.run("tune", "gate", "--budget", "1/year", *EVER).stdout
    rows = [line for line in shown.splitlines() if "moved_excess" in line]
    moves = [float(row.split(" %")[0].split()[-1]) for row in rows]
    assert len(moves) >= 5
    assert moves == sorted(moves)
    assert "░" in rows[0]


def test_the_proposal_is_written_into_the_configuration_only_on_request(flipped: Workplace) -> None:
    label_wrong(flipped)
    before = flipped.config.read_bytes()
    flipped.run("tune", "gate", "--budget", "1/year", *EVER)
    assert flipped.config.read_bytes() == before
    flipped.run("tune", "gate", "--budget", "1/year", *EVER, "--apply")
    gate, yard = yaml.safe_load(flipped.config.read_text())["cameras"]
    assert gate["policy"] == {"open_checks": 3, "window": 4}
    assert "policy" not in yard
    assert len(flipped.config.read_text().splitlines()) == len(before.decode().splitlines())
    flipped.run("config", "validate")


def test_a_configuration_that_cannot_be_written_stays(flipped: Workplace) -> None:
    label_wrong(flipped)
    text = flipped.config.read_text().replace("{name: gate, source", "{name: gate, policy: &p {}, source")
    text = text.replace("{name: yard, source", "{name: yard, policy: *p, source")
    flipped.config.write_text(text)
    error = flipped.run("tune", "gate", "--budget", "1/year", *EVER, "--apply", code=2).stderr
    assert "cannot be written into the configuration" in error
    assert Path(flipped.config).read_text() == text


@pytest.mark.parametrize("budget", ["often", "0/year"])
def test_a_budget_that_says_nothing_is_refused(flipped: Workplace, budget: str) -> None:
    assert "is no budget" in flipped.run("tune", "gate", "--budget", budget, code=2).stderr


def test_a_camera_that_was_never_looked_at_shows_nothing(site: Workplace) -> None:
    shown = site.run("tune", "yard", "--budget", "1/year").stdout
    assert "Nothing is stored of this view that shows anything" in shown
