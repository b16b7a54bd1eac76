"""ROC figures equal a walk over every threshold, ties and infinities included."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from train.metrics.classification import confusion
from train.metrics.detection import average_precision, precision_recall, roc
from train.metrics.errors import FigureError

CASES = st.lists(
    st.tuples(st.booleans(), st.sampled_from([-math.inf, -2.0, 0.0, 0.5, 0.5000001, 3.0, math.inf])),
    min_size=2,
    max_size=25,
).filter(lambda cases: len({positive for positive, _ in cases}) == 2)


def walked(positive: list[bool], scores: list[float]) -> list[tuple[float, float, float]]:
    """(threshold, share of false positives, share of true positives), from the highest threshold down."""
    points = [(math.inf, 0.0, 0.0)]
    for threshold in sorted(set(scores), reverse=True):
        called = [score >= threshold for score in scores]
        true = sum(p and c for p, c in zip(positive, called, strict=True)) / sum(positive)
        false = sum(not p and c for p, c in zip(positive, called, strict=True)) / (
            len(positive) - sum(positive)
        )
        points.append((threshold, false, true))
    return points


@settings(max_examples=60, deadline=None)
@given(CASES, st.sampled_from([0.0, 0.001, 0.2, 0.5, 1.0]))
def test_every_point_and_rate_of_the_curve_is_that_of_a_walk_over_the_thresholds(
    cases: list[tuple[bool, float]], rate: float
) -> None:
    positive, scores = map(list, zip(*cases, strict=True))
    curve, points = roc(positive, scores), walked(positive, scores)
    assert list(curve.thresholds) == [threshold for threshold, _, _ in points]
    assert list(curve.false_positive_rate) == pytest.approx([false for _, false, _ in points])
    assert list(curve.true_positive_rate) == pytest.approx([true for _, _, true in points])
    assert curve.true_positive_rate_at(rate) == max(true for _, false, true in points if false <= rate)
    assert curve.false_positive_rate_at(rate) == min(false for _, false, true in points if true >= rate)
    assert curve.threshold_at(rate) == min(threshold for threshold, false, _ in points if false <= rate)


@settings(max_examples=60, deadline=None)
@given(CASES)
def test_the_area_is_how_often_a_positive_outscores_a_negative(cases: list[tuple[bool, float]]) -> None:
    positive, scores = map(list, zip(*cases, strict=True))
    wins = [
        1.0 if high > low else 0.5 if high == low else 0.0
        for is_high, high in cases
        if is_high
        for is_low, low in cases
        if not is_low
    ]
    assert roc(positive, scores).auc == pytest.approx(np.mean(wins))


@settings(max_examples=60, deadline=None)
@given(CASES)
def test_average_precision_weighs_the_precision_at_each_threshold_by_the_recall_it_adds(
    cases: list[tuple[bool, float]],
) -> None:
    positive, scores = map(list, zip(*cases, strict=True))
    total, before = 0.0, 0.0
    for threshold in sorted(set(scores), reverse=True):
        called = [p for p, score in cases if score >= threshold]
        recall = sum(called) / sum(positive)
        total, before = total + (recall - before) * sum(called) / len(called), recall
    assert average_precision(positive, scores) == pytest.approx(total)


@pytest.mark.parametrize(
    ("positive", "scores", "expected"),
    [
        ([0, 0, 1, 1], [1, 2, 3, 4], 0.0),
        ([1, 1, 0, 0], [1, 2, 3, 4], 1.0),
        ([0, 1, 0, 1], [1, 2, 3, 4], 0.5),
        ([0, 1], [7, 7], 0.5),  # one tie: the straight line between "nothing" and "everything"
        ([0, 0, 0, 0, 1, 1], [1, 1, 1, 5, 5, 9], 1 / 6),  # from (0, 1/2) to (1/4, 1): f = 1/2 - 2 f
        ([0, 0, 0, 1, 1], [1, 1, 5, 5, 9], 0.2),  # from (0, 1/2) to (1/3, 1): f = 1/2 - 3/2 f
    ],
)
def test_the_equal_error_rate_lies_where_misses_and_false_alarms_cross(
    positive: list[int], scores: list[int], expected: float
) -> None:
    assert roc(positive, scores).equal_error_rate == pytest.approx(expected)


@pytest.mark.parametrize(
    ("positive", "scores", "problem"),
    [
        ([], [], "nothing"),
        ([1, 0], [1.0], "one length"),
        ([1, 1], [1.0, 2.0], "All 2 cases are positive"),
        ([0, 0], [1.0, 2.0], "All 2 cases are negative"),
        ([0, 1], [1.0, math.nan], "1 of 2 scores are not a number"),
    ],
)
def test_scores_that_make_no_curve_are_refused_with_the_reason(
    positive: list[int], scores: list[float], problem: str
) -> None:
    with pytest.raises(FigureError, match=problem) as caught:
        roc(positive, scores)
    assert caught.value.remedy


def test_precision_and_recall_of_a_hand_counted_case() -> None:
    assert precision_recall([1, 1, 1, 0, 0], [1, 0, 0, 1, 0]) == (0.5, pytest.approx(1 / 3))
    assert precision_recall([0, 0], [0, 0]) == (0.0, 0.0)


def test_confusion_counts_rows_of_truth_and_columns_of_what_was_said() -> None:
    found = confusion(["ok", "ok", "moved", "ok"], ["ok", "moved", "moved", "ok"], ["moved", "ok", "dark"])
    assert found.counts.tolist() == [[1, 0, 0], [1, 2, 0], [0, 0, 0]]
    assert found.accuracy == 0.75
    assert found.recall == pytest.approx([1.0, 2 / 3, np.nan], nan_ok=True)
    assert found.precision == pytest.approx([0.5, 1.0, np.nan], nan_ok=True)
    assert found.shares[1] == pytest.approx([1 / 3, 2 / 3, 0])
    assert confusion(["b"], ["a"]).labels == ("a", "b")
    assert confusion(["ok"], ["ok"]).counts.tolist() == [[1]]


def test_confusion_equals_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    truth, said = (rng.choice([*"abcd"], 200).tolist() for _ in range(2))
    assert np.array_equal(confusion(truth, said).counts, confusion_matrix(truth, said))


def test_a_name_without_a_row_is_refused() -> None:
    with pytest.raises(FigureError, match="moved"):
        confusion(["ok"], ["moved"], ["ok"])
