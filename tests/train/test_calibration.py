"""Calibrating a bundle from pictures to card, and reading it back as the service does."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import VerdictKind
from monitor.vision.bundle import load_bundle, rewrite_card, shipped_bundle_path
from monitor.vision.encoder import NetworkEncoder
from monitor.vision.network import Network
from tests.train.drawn import draw_data
from train.calibration.calibrate import calibrate_bundle
from train.calibration.evidence import SERIES, gather_series
from train.calibration.plan import CalibrationError, CalibrationOptions, cameras_of
from train.calibration.report import needed_days
from train.data.manifest import read_manifest
from train.data.sampling import PairingRules
from train.data.splits import Pool, Splits, split

FEW = CalibrationOptions(per_camera=1, references_per_camera=1, frames_per_reference=2, simulated_checks=1000)


@pytest.fixture
def splits(tmp_path: Path) -> Splits:
    return split(read_manifest(draw_data(tmp_path)), ["kept"], [])


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Path(shutil.copy(shipped_bundle_path(), tmp_path / "copy.bundle"))


def test_a_calibrated_bundle_carries_its_limits_and_how_sure_they_are(splits: Splits, bundle: Path) -> None:
    before = load_bundle(bundle)
    cameras = cameras_of(splits.validation, splits.train, PairingRules(), ["steady"])
    said: list[str] = []
    made = calibrate_bundle(bundle, cameras, FEW, said.append)
    card = load_bundle(bundle).card
    assert made.bundle == load_bundle(bundle)
    assert made.bundle.id == before.id
    assert card.limits == {
        name: card.operating_point[name] for name in ("confidence", "moved_excess", "unaligned_excess")
    }
    assert card.thresholds == made.findings.choice.point.thresholds
    found = card.calibration
    assert found["cameras"] == {"held_out": ["kept"], "trained_on": ["steady"]}
    assert found["debounce"]["window"] == FEW.policy.window
    assert found["chosen"]["kinds"][SERIES]["frames"] == 4
    alarms = found["chosen"]["alarms_per_camera_year"]
    assert alarms["lower_95"] <= alarms["estimate"] <= alarms["upper_95"]
    assert not found["budget_is_shown"]
    assert "cannot be shown with these cameras" in made.text
    assert f"{needed_days(1.0):.0f} camera-days without a false alarm" in found["verdict"]
    assert json.loads(json.dumps(found)) == found
    assert said[0].endswith("comparisons on 2 cameras")


def test_what_an_earlier_calibration_wrote_does_not_change_the_evidence_of_the_next(
    splits: Splits, bundle: Path
) -> None:
    cameras = cameras_of(splits.validation, splits.train, PairingRules())
    first = calibrate_bundle(bundle, cameras, FEW)
    rewrite_card(bundle, operating_point={"confidence": 0.99, "relation_temperature": 3.0})
    assert calibrate_bundle(bundle, cameras, FEW).bundle.card == first.bundle.card


def test_the_limit_of_a_similarity_that_export_found_stays(splits: Splits, bundle: Path) -> None:
    found = {"changed_below": 0.25, "changed_scale": 0.125}
    rewrite_card(bundle, operating_point=found)
    cameras = cameras_of(splits.validation, splits.train, PairingRules())
    calibrated = calibrate_bundle(bundle, cameras, FEW).bundle.card.operating_point
    assert {name: calibrated.get(name) for name in found} == found


def test_three_camera_years_without_an_alarm_show_one_a_year() -> None:
    assert needed_days(1.0) == pytest.approx(3.0 * 365.25, rel=0.01)
    assert needed_days(10.0) == pytest.approx(needed_days(1.0) / 10)


def test_without_a_camera_held_out_or_with_an_unknown_one_it_is_said_what_to_do(splits: Splits) -> None:
    with pytest.raises(CalibrationError, match="validation_cameras"):
        cameras_of(Pool((), {}), splits.train, PairingRules())
    with pytest.raises(CalibrationError, match="There are steady"):
        cameras_of(splits.validation, splits.train, PairingRules(), ["nowhere"])


def test_series_are_in_time_order_and_leave_out_the_reference(splits: Splits) -> None:
    encoder = NetworkEncoder(Network(load_bundle(shipped_bundle_path())))
    evidence = list(
        gather_series(
            encoder, splits.validation, PairingRules(), references_per_camera=2, frames_per_reference=9
        )
    )
    assert [(one.camera, one.reference) for one in evidence] == [
        ("kept", "kept0.png"), ("kept", "kept0.png"), ("kept", "kept2.png"), ("kept", "kept2.png"),
    ]  # fmt: skip
    assert {one.judge(Thresholds()).kind for one in evidence} == {VerdictKind.OK}
    assert all(one.relation is not None for one in evidence)
