"""Retrieval figures equal naive loops over rankings, and no figure is flattered by ties."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from train.metrics.errors import FigureError
from train.metrics.oneshot import draw_contests, n_way_accuracy
from train.metrics.retrieval import retrieval_figures


def rankings(row: np.ndarray, right: list[bool]) -> list[list[bool]]:
    """Whether each place of the ranking is right, for every order in which ties may be broken."""
    found = []
    for order in permutations(range(len(row))):
        values = [row[index] for index in order]
        if values == sorted(values, reverse=True):
            found.append([right[index] for index in order])
    return found


def test_ranks_and_r_precision_are_those_of_the_worst_way_to_break_ties() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        similarity = rng.integers(0, 4, (3, 6)) / 4  # many ties
        query, gallery = rng.integers(0, 3, 3).tolist(), [0, 1, 2, *rng.integers(0, 3, 3).tolist()]
        found = retrieval_figures(similarity, query, gallery, ranks=(1, 2, 5))
        orders = [
            rankings(row, [label == other for other in gallery])
            for row, label in zip(similarity, query, strict=True)
        ]
        for k in (1, 2, 5):
            worst = [min(any(order[:k]) for order in of_query) for of_query in orders]
            assert found.rank[k] == pytest.approx(np.mean(worst))
        worst_r = [min(sum(order[: sum(order)]) / sum(order) for order in of_query) for of_query in orders]
        assert found.r_precision == pytest.approx(np.mean(worst_r))


def test_mean_average_precision_equals_a_loop_over_the_places_of_each_ranking() -> None:
    rng = np.random.default_rng(7)
    similarity = rng.normal(size=(8, 30))
    query, gallery = [f"v{n}" for n in rng.integers(0, 4, 8)], [f"v{n}" for n in rng.integers(0, 4, 30)]
    precisions = []
    for row, label in zip(similarity, query, strict=True):
        hits, total = 0, 0.0
        for place, index in enumerate(np.argsort(-row), start=1):
            if gallery[index] == label:
                hits += 1
                total += hits / place
        precisions.append(total / hits)
    found = retrieval_figures(similarity, query, gallery)
    assert found.mean_average_precision == pytest.approx(np.mean(precisions))
    assert found.queries == 8


def test_what_a_query_may_not_find_changes_its_ranking_and_can_leave_it_unanswerable() -> None:
    similarity = [[0.9, 0.8, 0.7], [0.1, 0.9, 0.2]]
    labels = ["a", "b", "a"]
    assert retrieval_figures(similarity, ["a", "b"], labels, ranks=(1,)).rank == {1: 1.0}
    allowed = [[False, True, True], [True, False, True]]
    found = retrieval_figures(similarity, ["a", "b"], labels, allowed, ranks=(1, 2))
    assert found.rank == {1: 0.0, 2: 1.0}
    assert (found.queries, found.unanswerable) == (1, 1)


def test_an_embedding_that_puts_everything_in_one_place_finds_nothing_first() -> None:
    found = retrieval_figures(np.ones((2, 10)), [0, 1], [0, 1] * 5, ranks=(1, 5, 6))
    assert found.rank == {1: 0.0, 5: 0.0, 6: 1.0}
    assert found.mean_average_precision == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("similarity", "gallery", "problem"),
    [
        (np.zeros((1, 2)), ["a"], "do not fit"),
        (np.array([[np.nan]]), ["a"], "not a number"),
        (np.zeros((1, 1)), ["b"], "No query has a right entry"),
    ],
)
def test_what_cannot_be_ranked_is_refused_with_the_reason(
    similarity: np.ndarray, gallery: list[str], problem: str
) -> None:
    with pytest.raises(FigureError, match=problem):
        retrieval_figures(similarity, ["a"], gallery)


def test_n_way_accuracy_counts_contests_won_and_ties_as_lost() -> None:
    assert n_way_accuracy([[3, 1, 2], [2, 2, 0], [0, 1, -1], [5, 4, 4]]) == 0.5


def test_contests_show_the_own_class_in_another_picture_and_each_other_class_once() -> None:
    labels = [*"aabbbccd"]
    found = draw_contests(labels, ways=4, trials=200, rng=np.random.default_rng(1))
    for query, support in zip(found.query, found.support, strict=True):
        assert labels[query] == labels[support[0]]
        assert query != support[0]
        assert sorted(labels[index] for index in support) == ["a", "b", "c", "d"]
    queried = {labels[index] for index in found.query}
    assert queried == {"a", "b", "c"}  # "d" has one picture, and nothing to be found in
    again = draw_contests(labels, ways=4, trials=200, rng=np.random.default_rng(1))
    assert np.array_equal(found.support, again.support)


@pytest.mark.parametrize(("labels", "ways"), [("aab", 3), ("abc", 2), ("aab", 1)])
def test_contests_that_cannot_be_held_are_refused(labels: str, ways: int) -> None:
    with pytest.raises(FigureError, match="cannot be drawn"):
        draw_contests([*labels], ways, 1, np.random.default_rng(0))


def test_a_contest_needs_an_opponent() -> None:
    with pytest.raises(FigureError, match="no winner"):
        n_way_accuracy([[1.0]])
