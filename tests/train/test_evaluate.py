"""Bundles of all makes are measured: as the service uses them, and their networks alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.domain.verdict import VerdictKind
from monitor.vision.bundle import Bundle, rewrite_card
from tests.vision.foreign import headless, in_other_light, picture, with_head
from train.benchmark.method import Pair, Truth
from train.evaluate import Figures, evaluate

CHANGES = ("ok", "different_scene")
HERE = picture("coffee")
PAIRS = [
    Pair("1", "same", "cup", "any", HERE, in_other_light(HERE), Truth((VerdictKind.OK,))),
    Pair("2", "other scene", "cup", "any", HERE, picture("rocket"), Truth((VerdictKind.DIFFERENT_SCENE,))),
]


def measure(bundle: Path) -> Figures:
    return evaluate(bundle, PAIRS, lambda _: None, len(PAIRS))


@pytest.mark.parametrize(
    "make",
    [
        lambda path: headless(path, *CHANGES),
        lambda path: with_head(path, *CHANGES, relations=("same", "changed")),
    ],
)
def test_comparator_and_network_are_both_measured(tmp_path: Path, make: Callable[[Path], Bundle]) -> None:
    make(tmp_path / "a.bundle")
    figures = measure(tmp_path / "a.bundle")
    assert set(figures) == {"comparator", "network"}
    for kinds in figures.values():
        assert {kind: found.right for kind, found in kinds.items()} == {"same": 1.0, "other scene": 1.0}


def test_a_network_that_has_nothing_to_judge_by_is_measured_in_the_service_alone(tmp_path: Path) -> None:
    headless(tmp_path / "a.bundle", *CHANGES)
    rewrite_card(tmp_path / "a.bundle", operating_point={})
    assert set(measure(tmp_path / "a.bundle")) == {"comparator"}
