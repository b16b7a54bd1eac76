"""Which limits of the decision count: the configuration's, before those on the bundle's card, before the program's."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from typing import Any

import yaml

from monitor.domain.thresholds import Thresholds
from monitor.domain.view import ViewKey
from monitor.store import open_store
from monitor.vision.bundle import load_bundle, rewrite_card, shipped_bundle_path
from tests.cli.workplace import Recordings, Workplace

BUILT_IN = asdict(Thresholds())


def calibrate(site: Workplace, **limits: float) -> None:
    """Let the site use a copy of the shipped bundle that was calibrated to have these limits."""
    copy = site.folder / "calibrated.bundle"
    shutil.copyfile(shipped_bundle_path(), copy)
    rewrite_card(copy, operating_point={**load_bundle(copy).card.operating_point, **limits})
    configure(site, bundle=str(copy))


def forget_calibration(site: Workplace) -> None:
    """Let the site use a copy of the shipped bundle whose card sets no limit."""
    copy = site.folder / "old.bundle"
    shutil.copyfile(shipped_bundle_path(), copy)
    rewrite_card(copy, operating_point={"alarm_above": 0.5, "similarity_other": 0.52})
    configure(site, bundle=str(copy))


def configure(site: Workplace, **values: Any) -> None:
    settings = yaml.safe_load(site.config.read_text())
    site.config.write_text(yaml.safe_dump({**settings, **values}))


def shown(site: Workplace, camera: str) -> dict[str, float]:
    """The thresholds that `config show` gives for a camera."""
    (plan,) = site.json("config", "show", camera)
    thresholds: dict[str, float] = plan["views"][0]["thresholds"]
    return thresholds


def test_limits_come_from_the_program_then_the_bundle_then_the_configuration(site: Workplace) -> None:
    calibrate(site, confidence=0.75, moved_excess=1.8)
    configure(site, defaults={"thresholds": {"moved_excess": 3.0}})
    assert shown(site, "gate") == {**BUILT_IN, "confidence": 0.75, "moved_excess": 3.0}


def test_a_configured_limit_counts_even_if_it_is_the_built_in_one(site: Workplace) -> None:
    calibrate(site, confidence=0.75)
    configure(site, defaults={"thresholds": {"confidence": BUILT_IN["confidence"]}})
    assert shown(site, "gate") == BUILT_IN


def test_a_bundle_that_was_not_calibrated_changes_nothing(site: Workplace) -> None:
    forget_calibration(site)
    assert shown(site, "gate") == BUILT_IN


def test_checks_are_decided_by_the_limits_in_use_and_store_them(site: Workplace) -> None:
    calibrate(site, confidence=0.75, moved_excess=1.8)
    configure(site, defaults={"thresholds": {"moved_excess": 3.0}})
    site.run("check", "gate")
    with open_store(
        f"sqlite:///{site.folder / 'data' / 'monitor.db'}", site.folder / "data" / "images"
    ) as store:
        limits = store.load_watch(ViewKey("gate")).spec.thresholds
        seen = store.history.observations(ViewKey("gate"))[0].verdict.evidence
    assert (limits.confidence, limits.moved_excess) == (0.75, 3.0)
    assert (seen["threshold_confidence"], seen["threshold_moved_excess"]) == (0.75, 3.0)


def test_doctor_tells_where_the_limits_come_from(site: Workplace) -> None:
    forget_calibration(site)
    assert "The built-in limits count" in site.run("doctor", code=None).stdout
    calibrate(site, confidence=0.75)
    assert "Its card sets confidence 0.75" in site.run("doctor", code=None).stdout


def test_two_pictures_are_compared_under_the_limits_of_the_bundle_unless_told_otherwise(
    site: Workplace, recordings: Recordings
) -> None:
    # No move is ever beyond a thousand tolerances.
    calibrate(site, moved_excess=1000.0, unaligned_excess=1000.0)
    pictures = (recordings.good("yard"), recordings.bad("yard"))
    lenient = site.run(
        "compare", *pictures, "--bundle", site.folder / "calibrated.bundle", "--json", code=None
    )
    assert json.loads(lenient.stdout)["kind"] != "moved"
    told = site.run(
        "compare", *pictures, "--bundle", site.folder / "calibrated.bundle", "--json",
        "--threshold", "moved_excess=1.5", "--threshold", "unaligned_excess=2", code=1,
    )  # fmt: skip
    assert json.loads(told.stdout)["kind"] == "moved"


def test_a_replay_decides_as_the_service_would(site: Workplace, recordings: Recordings) -> None:
    folder = recordings.folder / "bad" / "yard"
    assert "moved" in site.run("replay", "yard", folder, code=1).stdout
    calibrate(site, moved_excess=1000.0, unaligned_excess=1000.0)
    assert "moved" not in site.run("replay", "yard", folder, code=None).stdout
