"""Which limits are chosen, and what false alarms are said of them, on evidence with known truth."""

from __future__ import annotations

import numpy as np
import pytest

from monitor.domain.comparison import Relation
from monitor.domain.state import StatePolicy
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import VerdictKind
from tests.train.planted import TOLD_RIGHT, TOLD_WRONG, planted
from train.calibration.alarms import AlarmEstimator
from train.calibration.debounce import Debounce
from train.calibration.evidence import SERIES, Evidence
from train.calibration.limits import Choice, Demands, Point, candidates, choose, measure
from train.calibration.persistence import becomes_wrong
from train.calibration.similarities import similarity_limits
from train.calibration.temperature import fit_temperature

POLICY = StatePolicy()


def debounce() -> Debounce:
    return Debounce(POLICY, 60.0, checks=4000)


def doubtful(probability: float) -> Relation:
    """The head prefers another scene, this surely."""
    return Relation(1 - probability - 0.02, 0.01, probability, 0.01)


def choose_on(evidence: list[Evidence], demands: Demands, budget: float, upper: float) -> Choice:
    points = [measure(evidence, thresholds) for thresholds in candidates(Thresholds())]
    return choose(points, (SERIES,), demands, budget, lambda _point: upper)


FLIPS = [planted(doubtful(0.9), kind="flip", accepted=VerdictKind.DIFFERENT_SCENE) for _ in range(20)]
FLIPS_ONLY = Demands(guarded=("flip",), kept=("flip",))


def test_every_candidate_keeps_the_limits_that_calibration_leaves_alone() -> None:
    base = Thresholds(shift_tolerance=0.02, blur_ratio=0.3)
    tried = candidates(base)
    assert len({(one.confidence, one.moved_excess) for one in tried}) == len(tried)
    assert {(one.shift_tolerance, one.blur_ratio) for one in tried} == {(0.02, 0.3)}


def test_stricter_limits_never_report_more_on_an_untouched_view() -> None:
    rng = np.random.default_rng(0)
    evidence = [planted(Relation(*rng.dirichlet([4, 1, 1, 1]))) for _ in range(300)]
    reports = [measure(evidence, Thresholds(confidence=c)).reports[SERIES] for c in (0.5, 0.6, 0.7, 0.8, 0.9)]
    assert reports == sorted(reports, reverse=True)
    assert reports[0] > reports[-1]


def test_doubtful_false_reports_are_silenced_as_far_as_real_changes_stay_found() -> None:
    evidence = [*FLIPS, *[planted() for _ in range(50)], planted(doubtful(0.7))]
    choice = choose_on(evidence, Demands(guarded=("flip",), kept=("flip",), largest_loss=0.05), 1.0, 1e4)
    assert not choice.is_shown
    assert choice.point.reports[SERIES] == 0
    assert choice.point.right["flip"] == 20
    assert choice.point.thresholds.confidence > 0.7


def test_nothing_false_takes_the_strictest_limits_that_find_what_is_demanded() -> None:
    choice = choose_on([*FLIPS, *[planted() for _ in range(50)]], FLIPS_ONLY, 1.0, 1e4)
    stricter = measure([*FLIPS], Thresholds(confidence=choice.point.thresholds.confidence + 0.05))
    assert choice.point.right["flip"] == 20
    assert stricter.right["flip"] == 0


def test_a_budget_that_is_shown_takes_the_loosest_limits() -> None:
    choice = choose_on([*FLIPS, *[planted() for _ in range(50)]], FLIPS_ONLY, 1.0, 0.5)
    assert choice.is_shown
    assert choice.point.thresholds.confidence == candidates(Thresholds())[0].confidence


def test_limits_that_would_leave_untouched_views_untold_are_not_taken() -> None:
    hazy = [planted(Relation(0.7, 0.1, 0.1, 0.1)) for _ in range(50)]
    choice = choose_on([*FLIPS, *hazy], FLIPS_ONLY, 1.0, 1e4)
    assert choice.point.silent[SERIES] == 0
    assert choice.point.thresholds.confidence < 0.75


def test_a_floor_out_of_reach_is_said() -> None:
    blind = [planted(kind="flip", accepted=VerdictKind.FLIPPED_180) for _ in range(20)]
    choice = choose_on([*blind, planted()], FLIPS_ONLY, 1.0, 1e4)
    assert not choice.is_shown
    assert choice.reason.startswith("No limits have 95% of flip named right")


def watched(share: float, persistence_s: float, cameras: int, frames: int, gap_min: float) -> list[Evidence]:
    """Cameras told wrong by a planted process."""
    evidence = []
    for camera in range(cameras):
        rng = np.random.default_rng(camera)
        wrong = bool(rng.random() < share)
        for number in range(frames):
            relation = TOLD_WRONG if wrong else TOLD_RIGHT
            evidence.append(planted(relation, camera=f"c{camera}", minutes=number * gap_min))
            wrong = bool(rng.random() < becomes_wrong(share, persistence_s, gap_min * 60, was_wrong=wrong))
    return evidence


def test_the_alarms_of_a_planted_process_are_recovered() -> None:
    share, persistence_s = 0.05, 900.0
    evidence = watched(share, persistence_s, cameras=12, frames=400, gap_min=5)
    rate = AlarmEstimator(evidence, debounce(), Thresholds()).estimate(measure(evidence, Thresholds()))
    # What the same cameras would have given, had each shown its share for ever.
    true = debounce().watch(rate.false_reports / rate.frames, persistence_s).alarms_per_year
    assert rate.false_reports / rate.frames == pytest.approx(share, rel=0.25)
    assert rate.persistence.estimate_s == persistence_s
    assert rate.estimate == pytest.approx(true, rel=0.25)
    assert rate.lower <= true <= rate.upper


def test_nothing_false_on_few_cameras_has_an_upper_bound_far_from_nothing() -> None:
    evidence = [planted(camera=f"c{n % 3}", minutes=n) for n in range(300)]
    estimator = AlarmEstimator(evidence, debounce(), Thresholds())
    rate = estimator.estimate(measure(evidence, Thresholds()))
    assert (rate.estimate, rate.false_reports) == (0.0, 0)
    # Equal frames tell nothing of their correlation, so each camera counts once: 0 of 3.
    assert rate.effective_frames == 3
    assert rate.share_upper == pytest.approx(1 - 0.05 ** (1 / 3))
    assert rate.upper > 1000


def test_more_cameras_without_a_false_report_lower_the_bound() -> None:
    def upper(cameras: int) -> float:
        evidence = [planted(camera=f"c{n % cameras}") for n in range(600)]
        return AlarmEstimator(evidence, debounce(), Thresholds()).upper(measure(evidence, Thresholds()))

    assert upper(300) < upper(30)


def test_pairs_made_harder_on_purpose_do_not_stand_for_shares_of_time() -> None:
    evidence = [planted(), planted(camera="b"), planted(TOLD_WRONG, kind="same, noise")]
    rate = AlarmEstimator(evidence, debounce(), Thresholds()).estimate(measure(evidence, Thresholds()))
    assert (rate.frames, rate.false_reports) == (2, 0)


def test_an_overconfident_head_is_cooled_and_a_true_one_is_left_alone() -> None:
    rng = np.random.default_rng(1)
    kinds = (VerdictKind.OK, VerdictKind.MOVED, VerdictKind.DIFFERENT_SCENE, VerdictKind.OBSTRUCTED)

    def heads(sharpness: float) -> list[Evidence]:
        evidence = []
        for number in range(1600):
            truth = number % 4
            logits = rng.normal(0.0, 1.0, 4)
            logits[truth] += 1.0
            # Logits of unit noise about a mean one higher for the truth: softmax of them is the posterior.
            said = np.exp(sharpness * logits)
            relation = Relation(*(said / said.sum()))
            evidence.append(planted(relation, camera=f"c{number // 4 % 4}", accepted=kinds[truth]))
        return evidence

    cooled = fit_temperature(heads(3.0))
    assert cooled is not None
    assert cooled.helps
    assert cooled.value == pytest.approx(3.0, rel=0.15)
    fine = fit_temperature(heads(1.0))
    assert fine is not None
    assert fine.value == pytest.approx(1.0, rel=0.15)


def test_one_camera_alone_has_no_temperature() -> None:
    assert fit_temperature([planted(), planted()]) is None


def test_the_networks_own_limits_lie_between_what_is_alike_and_what_is_not() -> None:
    evidence = [
        *(planted() for _ in range(50)),
        planted(kind="other scene", accepted=VerdictKind.DIFFERENT_SCENE),
    ]
    limits = similarity_limits(evidence)
    assert limits["similarity_same"] == pytest.approx(0.9)
    assert limits["similarity_other"] == pytest.approx(0.2)
    assert limits["orientation_margin"] == pytest.approx(0.6)
    assert limits["alarm_above"] == 0.5


def test_a_kind_without_frames_has_no_share() -> None:
    assert Point(Thresholds()).share(Point(Thresholds()).right, ["flip"]) == 0.0
