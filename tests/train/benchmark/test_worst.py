"""The worst pairs are the worst, and not twelve times the same."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from monitor.domain.displacement import Displacement
from tests.train.benchmark.answers import FLIPPED, MOVED, OK, OTHER, UNSURE, answer
from train.benchmark.method import Pair, Truth
from train.benchmark.worst import describe, draw_worst, rank_wrong


def test_false_alarms_and_missed_changes_come_before_wrong_names_and_abstentions_last() -> None:
    rows = [
        answer(UNSURE, pair="abstained", confidence=0.99),
        answer(OTHER, FLIPPED, kind="flip", pair="misnamed", confidence=0.9),
        answer(OK, FLIPPED, kind="flip", camera="b", pair="missed", confidence=0.5),
        answer(MOVED, camera="b", pair="false alarm", confidence=0.7),
        answer(OK, camera="c", pair="right", confidence=1.0),
    ]
    assert [row.pair for row in rank_wrong(rows, 9)] == ["false alarm", "missed", "misnamed", "abstained"]


def test_without_a_confidence_the_change_score_says_how_sure_a_method_was() -> None:
    rows = [
        answer(MOVED, camera="a", pair="alarm, sure", change=90.0),
        answer(MOVED, camera="b", pair="alarm, hardly", change=4.0),
        answer(OK, MOVED, kind="mixed", camera="a", pair="miss, sure", change=-7.0),
        answer(OK, MOVED, kind="mixed", camera="b", pair="miss, hardly", change=3.0),
        answer(OK, camera="c", pair="right", change=0.0),
    ]
    order = [row.pair for row in rank_wrong(rows, 4)]
    assert set(order[:2]) == {"alarm, sure", "miss, sure"}
    assert set(order[2:]) == {"alarm, hardly", "miss, hardly"}


def test_each_kind_and_camera_shows_one_before_any_shows_two() -> None:
    rows = [answer(MOVED, camera="leaves", pair=f"leaves {n}", confidence=0.9) for n in range(5)]
    rows.append(answer(MOVED, camera="harbour", pair="harbour", confidence=0.1))
    assert [row.pair for row in rank_wrong(rows, 3)] == ["leaves 0", "harbour", "leaves 1"]


def test_the_caption_says_what_was_said_and_what_was_right_with_displacements() -> None:
    row = answer(
        OK,
        MOVED,
        OK,
        kind="shift 1 %",
        camera="harbour",
        light="day-fog",
        confidence=0.625,
        known=Displacement(0.01),
        measured=Displacement(),
    )
    assert describe(row) == (
        "shift 1 %, camera harbour, light day-fog; said ok (confidence 0.62), displacement measured: none; "
        "right moved or ok, displacement known: 1.0 % right"
    )
    assert "displacement measured: –; right ok, displacement known: –" in describe(answer(UNSURE))


def test_pictures_show_reference_and_frame_side_by_side(tmp_path: Path) -> None:
    red, blue = (np.full((60, 80, 3), colour, np.uint8) for colour in ((200, 0, 0), (0, 0, 200)))

    def find(pair: str) -> Pair:
        return Pair(pair, "same", "a", "any", red, blue, Truth((OK,)))

    found = draw_worst([answer(MOVED), answer(OK, pair="right")], 5, find, tmp_path)
    assert [(worst.row.verdict, worst.picture.name) for worst in found] == [(MOVED, "01.png")]
    drawn = cv2.imread(str(found[0].picture))
    height, width = drawn.shape[:2]
    middle = height // 2
    assert drawn[middle, width // 4].tolist() == [0, 0, 200]  # OpenCV reads BGR
    assert drawn[middle, 3 * width // 4].tolist() == [200, 0, 0]
