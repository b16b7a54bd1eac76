"""Intervals resample cameras, not pairs, and exact bounds stand in where resampling has nothing to show."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from train.benchmark.bootstrap import interval_by_camera, share_by_camera
from train.metrics.errors import FigureError


def every_resample(hits: list[list[bool]]) -> np.ndarray:
    """The share in each of the equally likely ways to draw as many cameras as there are."""
    ways = product(range(len(hits)), repeat=len(hits))
    return np.array([np.mean(np.concatenate([hits[number] for number in way])) for way in ways])


CAMERAS = [[True] * 9 + [False], [False] * 4, [True, False], [True] * 3 + [False] * 3, [False] * 7 + [True]]
HITS = [hit for of_camera in CAMERAS for hit in of_camera]
NAMES = [str(number) for number, of_camera in enumerate(CAMERAS) for _ in of_camera]


def test_the_interval_is_that_of_all_ways_to_draw_the_cameras() -> None:
    low, high = np.quantile(every_resample(CAMERAS), [0.025, 0.975])
    found = share_by_camera(HITS, NAMES)
    assert found.value == pytest.approx(14 / 30)
    assert (found.hits, found.trials, found.cameras, found.exact) == (14, 30, 5, False)
    assert found.interval is not None
    assert found.interval == pytest.approx((low, high), abs=0.04)


def test_a_figure_of_picked_pairs_gets_the_same_interval_as_the_share() -> None:
    hits = np.array(HITS, dtype=float)
    found = interval_by_camera(lambda picked: float(hits[picked].mean()), NAMES, resamples=2000)
    assert found is not None
    assert found == pytest.approx(share_by_camera(HITS, NAMES).interval, abs=0.04)


def test_two_cameras_that_disagree_leave_everything_open_however_many_their_pairs() -> None:
    found = share_by_camera([True] * 500 + [False] * 500, ["a"] * 500 + ["b"] * 500)
    assert found.interval == (0.0, 1.0)


def test_the_same_seed_gives_the_same_interval_and_the_order_of_pairs_does_not_matter() -> None:
    hits = np.array(HITS, dtype=float)
    one, again, other = (
        interval_by_camera(lambda picked: float(hits[picked].mean()), NAMES, seed, resamples=30)
        for seed in (4, 4, 5)
    )
    assert one == again
    assert one != other
    assert share_by_camera(HITS[::-1], NAMES[::-1]) == share_by_camera(HITS, NAMES)


@pytest.mark.parametrize("pairs", [1, 40, 600])
def test_where_nothing_or_everything_was_hit_the_exact_bound_stands(pairs: int) -> None:
    bound = 1 - 0.05 ** (1 / pairs)
    none = share_by_camera([False] * pairs, ["a"] * pairs)
    assert none.exact
    assert none.interval == (0.0, pytest.approx(bound))
    assert share_by_camera([True] * pairs, ["a"] * pairs).interval == (pytest.approx(1 - bound), 1.0)


def test_one_camera_with_hits_and_misses_has_no_interval() -> None:
    assert share_by_camera([True, False], ["a", "a"]).interval is None
    assert interval_by_camera(lambda picked: 0.0, ["a", "a"]) is None


@pytest.mark.parametrize(("hits", "cameras"), [([], []), ([True], ["a", "b"])])
def test_a_share_of_nothing_is_refused(hits: list[bool], cameras: list[str]) -> None:
    with pytest.raises(FigureError, match="No share"):
        share_by_camera(hits, cameras)
