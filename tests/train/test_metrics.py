"""Figures: bounds agree with the textbook, and trials are what they claim."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monitor.domain.orientation import Orientation
from tests.train.drawn import draw_data
from train.calibrate import operating_point
from train.data.manifest import read_manifest
from train.data.sampling import PairingRules
from train.data.splits import split
from train.evaluate import Findings, alarm, as_text, figures
from train.metrics.bounds import largest_alarm_share
from train.metrics.reliability import softmax
from train.protocol import KINDS, trials


@pytest.mark.parametrize(
    ("alarms", "trials_", "bound"), [(0, 598, 0.005), (0, 299, 0.00997), (5, 100, 0.1022)]
)
def test_the_upper_bound_of_a_share_is_that_of_clopper_and_pearson(
    alarms: int, trials_: int, bound: float
) -> None:
    assert largest_alarm_share(alarms, trials_) == pytest.approx(bound, rel=0.01)


def test_no_trials_or_nothing_but_alarms_bound_nothing() -> None:
    assert largest_alarm_share(0, 0) == largest_alarm_share(7, 7) == 1.0


def test_softmax_stays_finite_for_large_logits() -> None:
    assert softmax(np.array([[1000.0, 0.0, 0.0, 0.0]]))[0] == pytest.approx([1, 0, 0, 0])


@pytest.fixture(scope="module")
def findings() -> Findings:
    """Fifty trials: the same view passes but for the last, moves are seen, the bank is always right."""
    rng = np.random.default_rng(0)
    found = Findings(camera=["a", "b"] * 25, light=["day-night"] * 50)
    for kind in KINDS:
        same = kind.startswith("same")
        logits = np.tile([3.0, 0, 0, 0] if same else [0, 3.0, 0, 0], (50, 1)) + rng.normal(0, 0.1, (50, 4))
        if same:
            logits[-1] = [-3, 3, 0, 0]
        found.relation[kind] = softmax(logits)
        found.similarity[kind] = np.full((50, 1), 0.9 if kind != "other scene" else 0.1)
        if kind not in ("other scene", "covered 65-100 %"):
            found.error[kind] = np.tile([0.01, 0.2, 0.03], (50, 1))
    for index, orientation in enumerate(Orientation):
        cosines = np.full((50, 5), 0.2)
        cosines[:, index] = 0.8
        found.bank[orientation] = cosines
    return found


def test_figures_count_alarms_names_and_errors(findings: Findings) -> None:
    found = figures(findings, 0.5)
    assert found["kinds"]["same"]["alarms"] == pytest.approx(0.02)
    assert found["kinds"]["shift 5 %"]["named"] == 1.0
    assert found["kinds"]["other scene"]["named"] == 0.0
    assert found["kinds"]["roll 3°"]["roll_deg_median"] == pytest.approx(0.2)
    assert set(found["orientation_by_bank"].values()) == {1.0}
    assert found["same_view_alarms_by_camera"] == {"a": 0.0, "b": pytest.approx(0.04)}
    assert "shift 5 %" in as_text(found)


def test_the_operating_point_keeps_the_budget_it_was_given(findings: Findings) -> None:
    point, calibration = operating_point(findings, 0.05)
    kinds = ("same", "same, jitter", "same, occluder 10-30 %")
    same = np.concatenate([alarm(findings.relation[kind]) for kind in kinds])
    assert (same > point["alarm_above"]).mean() <= 0.05
    assert point["orientation_margin"] == pytest.approx(0.6)
    assert calibration["cameras"] == ["a", "b"]
    assert calibration["same_view_alarm_share_upper_95"] > calibration["same_view_alarms"] / 150


def test_trials_repeat_and_hold_every_kind_and_orientation(tmp_path: Path) -> None:
    pool = split(read_manifest(draw_data(tmp_path)), ["kept"], []).train
    one, other = (list(trials(pool, PairingRules(), 2)) for _ in range(2))
    assert len(one) == 2
    assert set(one[0].frames) == set(KINDS)
    assert set(one[0].turned) == set(Orientation)
    assert np.array_equal(one[1].frames["mixed"], other[1].frames["mixed"])
    assert one[0].warps["shift 5 %"].dx ** 2 + one[0].warps["shift 5 %"].dy ** 2 == pytest.approx(0.0025)
