"""The runner: every answer kept as it comes, none asked for twice, whole after a kill."""

from __future__ import annotations

import csv
import functools
import itertools
import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from monitor.domain.displacement import Displacement
from monitor.domain.verdict import VerdictKind
from train.benchmark.method import Answer, Pair, Truth
from train.benchmark.row_file import RowFile, UnfitRowFile, read_rows
from train.benchmark.rows import Row
from train.benchmark.run import by_reference, run


class Brightness:
    """Tells views apart by their mean grey level; keeps count of what it was asked."""

    def __init__(self, name: str = "brightness", pause_s: float = 0.0) -> None:
        self.name = name
        self.enrolled = self.judged = 0
        self._pause_s = pause_s

    def enroll(self, reference: np.ndarray) -> float:
        self.enrolled += 1
        return float(reference.mean())

    def judge(self, enrolled: float, frame: np.ndarray) -> Answer:
        self.judged += 1
        time.sleep(self._pause_s)
        change = abs(float(frame.mean()) - enrolled)
        if change < 1:
            return Answer(VerdictKind.OK, change)
        return Answer(VerdictKind.MOVED, change, 0.9, Displacement(change / 255, 0.0, -1.5, 1.25))


def drawn(references: int = 3) -> Iterator[Pair]:
    """Two pairs a reference: the same grey, and a lighter one."""
    for number in range(references):
        reference = np.full((8, 8, 3), 10 * number, np.uint8)
        for kind, lift, truth in (
            ("same", 0, Truth((VerdictKind.OK,), Displacement())),
            ("lighter", 50, Truth((VerdictKind.MOVED, VerdictKind.DIFFERENT_SCENE))),
        ):
            frame = np.full((8, 8, 3), 10 * number + lift, np.uint8)
            yield Pair(f"cam/{number}/{kind}", kind, "cam, 1", "day-night", reference, frame, truth)


def silent(_: str) -> None:
    pass


def test_every_answer_stands_beside_its_truth(tmp_path: Path) -> None:
    out = tmp_path / "made" / "rows.csv"
    assert run([Brightness], drawn(), out, silent) == 6
    rows = read_rows(out)
    assert [row.pair for row in rows] == [pair.id for pair in drawn()]
    same, lighter = rows[:2]
    assert same.right
    assert not same.alarm
    assert (same.true_dx, same.dx, same.confidence) == (0.0, None, None)
    assert (same.camera, same.light) == ("cam, 1", "day-night")
    assert lighter.right
    assert lighter.alarm
    assert lighter.accepted == (VerdictKind.MOVED, VerdictKind.DIFFERENT_SCENE)
    assert lighter.truth is VerdictKind.MOVED
    assert (lighter.change, lighter.confidence, lighter.dx) == (50.0, 0.9, 50 / 255)
    assert (lighter.roll_deg, lighter.zoom, lighter.true_zoom) == (-1.5, 1.25, None)


def test_a_reference_is_enrolled_once_for_all_its_frames(tmp_path: Path) -> None:
    method = Brightness()
    run([lambda: method], drawn(), tmp_path / "rows.csv", silent)
    assert (method.enrolled, method.judged) == (3, 6)


def test_a_run_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"

    def killed() -> Iterator[Pair]:
        # The fifth pair begins the third reference: the second one's answers are kept by then.
        yield from itertools.islice(drawn(), 5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run([Brightness], killed(), out, silent)
    assert len(read_rows(out)) == 4
    method = Brightness()
    said: list[str] = []
    assert run([lambda: method], drawn(), out, said.append) == 2
    assert method.judged == 2
    assert sorted(row.pair for row in read_rows(out)) == sorted(pair.id for pair in drawn())
    assert "4 known before" in said[-1]


def test_a_further_method_joins_without_asking_the_first_again(tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    run([Brightness], drawn(), out, silent)
    first = Brightness()
    assert run([lambda: first, functools.partial(Brightness, "second")], drawn(), out, silent) == 6
    assert first.judged == 0
    assert {row.method for row in read_rows(out)} == {"brightness", "second"}


def test_a_line_torn_by_a_kill_is_cut_off_and_asked_for_again(tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    run([Brightness], drawn(), out, silent)
    whole = out.read_bytes()
    out.write_bytes(whole[:-20])
    assert len(read_rows(out)) == 5
    assert run([Brightness], drawn(), out, silent) == 1
    assert len(out.read_bytes().splitlines()) == len(whole.splitlines())


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "no rows at all", "method,pair\n"])
def test_a_file_of_something_else_is_left_alone(tmp_path: Path, content: str) -> None:
    out = tmp_path / "rows.csv"
    out.write_text(content)
    with pytest.raises(UnfitRowFile, match="another file"):
        run([Brightness], drawn(), out, silent)
    assert out.read_text() == content


def test_a_row_of_an_unknown_verdict_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    run([Brightness], drawn(1), out, silent)
    out.write_text(out.read_text().replace("moved", "wobbled"))
    with pytest.raises(UnfitRowFile, match="no row"):
        read_rows(out)


def test_missing_rows_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UnfitRowFile, match="Run the benchmark"):
        read_rows(tmp_path / "rows.csv")


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    row = Row(
        method='odd, "quoted"',
        pair="a/0.1/roll 3°",
        kind="roll 3°",
        camera="a",
        light="any",
        truth=VerdictKind.MOVED,
        accepted=(VerdictKind.MOVED,),
        verdict=VerdictKind.UNSURE,
        change=1 / 3,
        confidence=None,
        true_dx=0.0,
        true_dy=-1e-9,
        true_roll_deg=3.0,
        true_zoom=1.0,
        dx=None,
        dy=None,
        roll_deg=None,
        zoom=math.inf,
        judge_ms=0.1,
    )
    file = RowFile(tmp_path / "rows.csv")
    file.append([row])
    assert read_rows(file.path) == [row]
    assert (row.method, row.pair) in RowFile(file.path)
    with file.path.open(newline="") as lines:
        assert next(csv.DictReader(lines))["pair"] == row.pair


def test_two_methods_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="name of its own"):
        run([Brightness, Brightness], drawn(), tmp_path / "rows.csv", silent)


def test_the_time_of_a_judgement_is_work_and_not_waiting(tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    run([functools.partial(Brightness, "slow", 0.06)], drawn(1), out, silent)
    assert all(row.judge_ms < 30 for row in read_rows(out))


def test_two_processes_give_the_same_answers(tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    methods = [Brightness, functools.partial(Brightness, "second")]
    run(methods, drawn(8), one, silent)
    run(methods, drawn(8), two, silent, workers=2)

    def told(path: Path) -> list[tuple[object, ...]]:
        return sorted((row.method, row.pair, row.verdict, row.change) for row in read_rows(path))

    assert told(one) == told(two)


def test_progress_tells_the_time_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.benchmark.run.SAY_EVERY_S", 0.0)
    said: list[str] = []
    run([Brightness], drawn(2), tmp_path / "rows.csv", said.append, total=4)
    assert said[0].startswith("2 of 4 pairs  50%")
    assert "left" in said[0]
    assert "4 pairs judged" in said[-1]


def test_pairs_are_grouped_by_the_array_and_not_by_what_it_shows() -> None:
    pairs = list(drawn(2))
    twin = [
        Pair(p.id, p.kind, p.camera, p.light, pairs[0].reference.copy(), p.frame, p.truth) for p in pairs[:1]
    ]
    assert [len(group) for group in by_reference([*pairs, *twin])] == [2, 2, 1]
