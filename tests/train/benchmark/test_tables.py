"""Every table against rows that were counted by hand."""

from __future__ import annotations

import math

import pytest

from monitor.domain.displacement import Displacement
from tests.train.benchmark.answers import DARK, FLIPPED, MOVED, OBSTRUCTED, OK, OTHER, UNSURE, answer, shifted
from train.benchmark import cameras, geometry, scores, tables
from train.benchmark.bootstrap import Share
from train.benchmark.tables import NothingMeasured, Table, gather
from train.benchmark.targets import Measure, Target
from train.metrics.bounds import Interval
from train.metrics.errors import FigureError


def column(table: Table, name: str) -> dict[str, str]:
    """First column to the named one."""
    index = table.columns.index(name)
    return {str(row[0]): str(row[index]) for row in table.rows}


def test_the_method_in_question_comes_first_and_kinds_keep_the_order_asked_for() -> None:
    rows = [answer(OK, method="theirs", kind="flip"), answer(OK, method="ours")]
    assert gather(rows, "ours").methods == ("ours", "theirs")
    assert gather(rows).methods == ("theirs", "ours")
    assert gather(rows, kinds=["same", "mixed"]).kinds == ("same", "mixed", "flip")


def test_no_answers_at_all_and_an_unknown_method_are_refused_with_what_to_do() -> None:
    with pytest.raises(NothingMeasured, match="at least one pair"):
        gather([])
    with pytest.raises(NothingMeasured, match=r"theirs.*ours"):
        gather([answer(OK)], "theirs")


def test_shares_of_a_kind_are_counted_with_abstentions_beside_and_held_against_their_target() -> None:
    rows = [
        *(
            answer(said, camera=f"c{n % 2}", pair=str(n))
            for n, said in enumerate([OK] * 6 + [MOVED, UNSURE, DARK, OK])
        ),
        *(answer(FLIPPED, FLIPPED, kind="flip", pair=f"f{n}") for n in range(4)),
        answer(OK, kind="same", method="theirs"),
    ]
    results = gather(rows, kinds=["same", "flip", "mixed"])
    right, alarm, abstained = (tables.kind_table(results, measure) for measure in Measure)
    assert column(right, "ours")["same"].startswith("70.0 % (")
    assert column(alarm, "ours")["same"].startswith("10.0 % (")
    assert column(abstained, "ours")["same"].startswith("20.0 % (")
    assert column(right, "ours")["flip"] == "**100.0 % (47.3–100.0†)**"  # 0.05 ** (1 / 4)
    assert column(right, "met by ours") == {"same": "–", "flip": "yes, not surely", "mixed": "–"}
    assert column(alarm, "met by ours")["same"] == "no"
    assert column(alarm, "target")["same"] == "≤ 0.5 %"
    assert column(right, "pairs") == {"same": "10", "flip": "4", "mixed": "0"}
    assert column(right, "cameras")["same"] == "2"
    assert column(right, "theirs") == {"same": "100.0 % (5.0–100.0†)", "flip": "–", "mixed": "–"}
    assert "target" not in abstained.columns


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (None, "–"),
        (Share(98, 100, 3, Interval(0.97, 1.0), exact=False), "no"),
        (Share(995, 1000, 3, Interval(0.99, 1.0), exact=False), "yes, not surely"),
        (Share(999, 1000, 3, Interval(0.995, 1.0), exact=False), "yes"),
        (Share(999, 1000, 1, None, exact=False), "yes, not surely"),
    ],
)
def test_a_target_is_surely_met_only_where_the_whole_interval_keeps_to_it(
    found: Share | None, verdict: str
) -> None:
    assert Target(0.995, at_least=True).judge(found) == verdict


def test_the_summary_of_targets_names_the_best_of_the_others() -> None:
    rows = [answer(MOVED, camera=c, pair=c) for c in "ab"]
    rows += [answer(s, method="bank", camera=c, pair=c) for c, s in zip("ab", (OK, MOVED), strict=True)]
    rows += [answer(MOVED, method="hash", camera=c, pair=c) for c in "ab"]
    found = tables.target_table(gather(rows))
    assert column(found, "best of the others")["same"] == "50.0 % (bank)"
    assert column(found, "met")["same"] == "no"
    assert column(found, "met")["flip"] == "–"
    assert column(found, "ours")["same, day-day"] == "0.0 % (0.0–77.6†)"


def test_the_same_view_by_light_shows_alarms_and_abstentions_beside_each_other() -> None:
    rows = [
        *(answer(said, light="day-night", pair=f"n{n}") for n, said in enumerate([OK, UNSURE, DARK, MOVED])),
        answer(OK, light="any"),
        answer(MOVED, MOVED, kind="shift 5 %", light="fog"),
        answer(OK, kind="same, noise", light="fog-snow"),
    ]
    found = tables.light_table(gather(rows))
    assert [row[:3] for row in found.rows] == [
        ("same", "day-night", 4),
        ("same", "any", 1),
        ("same, noise", "fog-snow", 1),
    ]
    assert found.rows[0][3:] == ("≤ 15 %", "no", "25.0 % / 50.0 %")


def test_rounding_never_turns_a_few_into_none_or_nearly_all_into_all() -> None:
    assert [tables.percent(value) for value in (0, 0.0002, 0.9998, 1, 0.123)] == [
        "0.0",
        "0.02",
        "99.98",
        "100.0",
        "12.3",
    ]


def test_errors_of_displacement_are_those_of_measured_pairs_with_their_share() -> None:
    known = Displacement(dx=0.05)
    measured = [Displacement(0.05 + n / 1000, 0.002, -0.1 * n, 1.0 + n / 100) for n in range(5)]
    rows = [
        answer(MOVED, MOVED, kind="shift 5 %", known=known, measured=each, pair=str(n))
        for n, each in enumerate([*measured, None, None, None])
    ]
    rows += [answer(OK, kind="same", method="blind", known=Displacement())]
    results = gather(rows)
    found = geometry.error_table(results)
    assert [row[:2] for row in found.rows] == [("shift", "ours"), ("all moved", "ours")]
    assert found.rows[0][2:] == (8, "62.5 %", "0.20 / 0.36", "0.20 / 0.20", "0.20 / 0.36", "2.00 / 3.60")
    assert geometry.target_table(results).rows == (("ours", "5 of 8", "0.20", "0.20", "yes"),)
    by_component = {row[2]: row[3:] for row in geometry.error_list(results).rows if row[0] == "ours"}
    assert by_component["dx"] == (8, 5, pytest.approx(0.2), pytest.approx(0.36))
    blind = [row for row in geometry.error_list(results).rows if row[0] == "blind"]
    assert [row[3:] for row in blind] == [(1, 0, None, None)] * 4


def test_the_error_of_zoom_is_relative_to_the_true_zoom() -> None:
    off = geometry.error_of(
        answer(MOVED, MOVED, known=Displacement(zoom=0.8), measured=Displacement(zoom=1.0))
    )
    assert off is not None
    assert off.zoom == pytest.approx(25)


@pytest.mark.parametrize(
    ("curve", "smallest"),
    [
        ([], "–"),
        ([(0, 0.99)], "–"),  # false alarms are no step
        ([(0, 0.0), (1, 0.2), (2, 0.9), (3, 1.0)], "2.5"),
        ([(1, 0.96), (2, 0.96)], "≤ 1"),
        ([(1, 0.1), (15, 0.949)], "> 15"),
        ([(1, 0.97), (2, 0.85), (4, 0.95)], "4.0"),  # found at 1, lost at 2: not found from 1 on
    ],
)
def test_the_smallest_displacement_is_interpolated_between_steps_and_never_beyond(
    curve: list[tuple[float, float]], smallest: str
) -> None:
    assert geometry.smallest_found(curve) == smallest


def test_a_curve_has_the_steps_of_its_axis_and_only_pairs_with_the_whole_displacement() -> None:
    still = Displacement()
    rows = [
        *(answer(said, known=still, pair=str(n)) for n, said in enumerate([OK, OK, OK, MOVED])),
        *shifted([OK, MOVED], 0.02, "shift 2 %"),
        *shifted([MOVED, UNSURE, OTHER], 0.15, "shift 15 %"),
        *shifted([OK] * 5, 0.12, "shift 15 %", camera="narrow"),  # shrunk to fit its pictures
        answer(OK, MOVED, kind="mixed", known=Displacement(0.05, 0, 2)),
        answer(MOVED, MOVED, kind="zoom 1.1", known=Displacement(zoom=1 / 1.1)),
        answer(MOVED, MOVED, kind="real moved"),
        answer(OBSTRUCTED, OBSTRUCTED, kind="defocused", known=still),
    ]
    results = gather(rows)
    shift, roll, zoom = (geometry.detection_curve(results, "ours", axis) for axis in geometry.AXES)
    assert shift == [(0.0, 0.25), (2.0, 0.5), (15.0, pytest.approx(2 / 3))]
    assert roll == [(0.0, 0.25)]
    assert zoom == [(0.0, 0.25), (pytest.approx(10.0), 1.0)]
    assert geometry.smallest_table(results).rows == (("ours", "> 15", "–", "≤ 10"),)


def test_headlines_without_doubtful_cameras_never_stand_alone() -> None:
    rows = [
        *(answer(MOVED, camera="bad", pair=f"b{n}") for n in range(3)),
        *(answer(OK, camera="good", pair=f"g{n}") for n in range(9)),
        answer(OTHER, MOVED, kind="mixed", camera="good"),
        answer(OK, DARK, OBSTRUCTED, kind="black", camera="good"),  # no change that has to be reported
        answer(OK, MOVED, OK, kind="shift 1 %", camera="good"),  # nor is that one
    ]
    results = gather(rows)
    found = cameras.headline_table(results, {"bad": "re-aimed"})
    assert [row[:4] for row in found.rows[:2]] == [
        ("same view: false alarms", "all", 2, 12),
        ("same view: false alarms", "without ‡", 1, 9),
    ]
    assert found.rows[0][4] == "25.0 % (0.0–100.0)"
    assert found.rows[1][4] == "0.0 % (0.0–28.3†)"
    assert found.rows[4][3:] == (1, "0.0 % (0.0–95.0†)")  # named right
    assert found.rows[6][3:] == (1, "100.0 % (5.0–100.0†)")  # reported under any name
    assert {row[1] for row in cameras.headline_table(results, {"absent": "?"}).rows} == {"all"}


def test_the_worst_camera_comes_first_and_abstentions_on_the_same_view_are_not_wrong() -> None:
    rows = [
        *(answer(UNSURE, camera="dim", pair=f"d{n}") for n in range(4)),
        *(answer(said, camera="shaky", pair=f"s{n}") for n, said in enumerate([MOVED, OK, OK, OK])),
        answer(UNSURE, FLIPPED, kind="flip", camera="dim"),
    ]
    found = cameras.worst_cameras(gather(rows), {"dim": "?"}, count=2)
    assert [(row[0], row[2]) for row in found.rows] == [("shaky", "25.0 %"), ("dim ‡", "20.0 %")]
    assert found.rows[1][3:] == ("0.0 % of 4", "100.0 % of 4", "0.0 % of 1", "0.0 % of 1")


def test_the_roc_weighs_same_views_against_changes_and_leaves_the_tolerance_and_black_out() -> None:
    rows = [
        *(answer(OK, change=c, pair=f"s{c}") for c in (0.0, 1.0, 2.0, 3.0)),
        *(answer(MOVED, MOVED, kind="mixed", change=c, pair=f"m{c}") for c in (2.5, 4.0, math.inf)),
        answer(OK, MOVED, OK, kind="shift 1 %", change=-9.0),
        answer(OK, DARK, OBSTRUCTED, kind="black", change=-9.0),
        answer(OK, method="only same", change=1.0),
    ]
    results = gather(rows)
    curves = scores.roc_curves(results)
    assert list(curves) == ["ours"]
    assert scores.roc_table(results, curves).rows[0] == ("ours", 4, 3, "0.9167", "25.0 %", "66.7 %", "66.7 %")


def test_a_score_that_is_not_a_number_is_reported_with_its_method() -> None:
    rows = [answer(OK, change=math.nan), answer(MOVED, MOVED, kind="mixed")]
    with pytest.raises(FigureError, match=r"^ours: 1 of 2 scores"):
        scores.roc_curves(gather(rows))
    with pytest.raises(FigureError, match=r"^ours: .*0 to 1"):
        scores.reliabilities(gather([answer(OK, confidence=1.5)]))


def test_confusion_counts_truth_against_verdict_without_the_tolerance() -> None:
    rows = [
        answer(OK),
        answer(MOVED, pair="2"),
        answer(OK, MOVED, OK, kind="shift 1 %"),
        answer(DARK, OBSTRUCTED),
    ]
    found = scores.confusions(gather(rows))["ours"]
    assert found.labels == ("ok", "moved", "obstructed", "dark")
    assert found.counts.tolist() == [[1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    listed = [row for row in scores.confusion_list({"ours": found}).rows if row[3]]
    assert ("ours", "obstructed", "dark", 1) in listed


def test_confidence_is_compared_with_being_right_for_verdicts_alone() -> None:
    rows = [
        answer(OK, confidence=0.8),
        answer(MOVED, confidence=0.8, pair="2"),
        answer(UNSURE, confidence=0.1, pair="3"),
        answer(OK, method="mute"),
    ]
    found = scores.reliabilities(gather(rows))
    assert list(found) == ["ours"]
    assert scores.reliability_table(found).rows == (("ours", 2, "0.300", "0.300"),)


def test_cost_is_median_and_ninetieth_percentile_of_the_cpu_time() -> None:
    rows = [answer(OK, judge_ms=float(n), pair=str(n)) for n in range(11)]
    rows += [answer(OK, judge_ms=16.0, method="slow")]
    assert scores.cost_table(gather(rows)).rows == (
        ("ours", 11, "5.0", "9.0", "yes"),
        ("slow", 1, "16.0", "16.0", "no"),
    )
