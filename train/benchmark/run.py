"""Runs methods over pairs and keeps every answer at once, so that a run can be killed and gone on with."""

from __future__ import annotations

import functools
import multiprocessing
import pickle
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from pathlib import Path

from monitor.domain.displacement import Displacement
from train.benchmark.method import Answer, Method, Pair
from train.benchmark.one_thread import one_thread
from train.benchmark.row_file import RowFile
from train.benchmark.rows import Row

Build = Callable[[], Method]
"""Makes a method, once in each process; with workers it must be picklable, such as a class or a `partial` of one."""

SAY_EVERY_S = 20.0
MOST_WORKERS = 2
WAITING_PER_WORKER = 2


def run(
    methods: Sequence[Build],
    pairs: Iterable[Pair],
    out_csv: Path,
    say: Callable[[str], None],
    workers: int = 1,
    total: int | None = None,
) -> int:
    """Ask every method about every pair, and append the answers to a file as they come.

    Answers that the file holds already are not asked for again: the same call goes on after a kill.

    Args:
        methods: One builder a method; their names must differ.
        pairs: Those of one reference together, see `train.benchmark.pairs.pairs`.
        out_csv: Where the rows are kept, see `train.benchmark.row_file`.
        say: Told of the progress every `SAY_EVERY_S` seconds.
        workers: Processes that judge; 1 judges in this one, and more than `MOST_WORKERS` are not started.
        total: How many pairs there are, for the time left; None where that is unknown.

    Returns:
        How many rows were added.

    Raises:
        UnfitRowFile: The file holds something else, or rows of another version.
        ValueError: Two methods have one name.
    """
    workers = min(workers, MOST_WORKERS)
    built = [build() for build in methods]
    names = [method.name for method in built]
    if len(set(names)) < len(names):
        raise ValueError(f"every method needs a name of its own, not {names}")
    rows, progress = RowFile(out_csv), _Progress(say, total)
    tasks = _tasks(names, pairs, rows, progress)
    added = 0
    judged = _judged_here(built, tasks) if workers <= 1 else _judged_by_workers(methods, tasks, workers)
    for group, answered in judged:
        rows.append(answered)
        added += len(answered)
        progress.judged(len(group))
    progress.end(added)
    return added


Task = tuple[list[Pair], list[set[str]]]
"""The pairs of one reference, and for each method the ids of those that it is to judge."""


def by_reference(pairs: Iterable[Pair]) -> Iterator[list[Pair]]:
    """Consecutive pairs that share the array of their reference."""
    group: list[Pair] = []
    for pair in pairs:
        if group and pair.reference is not group[0].reference:
            yield group
            group = []
        group.append(pair)
    if group:
        yield group


def _tasks(names: Sequence[str], pairs: Iterable[Pair], rows: RowFile, progress: _Progress) -> Iterator[Task]:
    for group in by_reference(pairs):
        asked = [{pair.id for pair in group if (name, pair.id) not in rows} for name in names]
        if any(asked):
            yield group, asked
        else:
            progress.skipped(len(group))


def _judged_here(methods: Sequence[Method], tasks: Iterable[Task]) -> Iterator[tuple[list[Pair], list[Row]]]:
    for task in tasks:
        yield task[0], _judge(methods, task)


def _judged_by_workers(
    methods: Sequence[Build], tasks: Iterator[Task], workers: int
) -> Iterator[tuple[list[Pair], list[Row]]]:
    pickled = pickle.dumps(tuple(methods))
    # Not forked: the libraries' threads would not come along.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context) as pool:
        waiting: dict[Future[list[Row]], list[Pair]] = {}
        try:
            for task in tasks:
                waiting[pool.submit(_judge_in_worker, pickled, task)] = task[0]
                if len(waiting) >= workers * WAITING_PER_WORKER:
                    yield from _ended(waiting)
            while waiting:
                yield from _ended(waiting)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _ended(waiting: dict[Future[list[Row]], list[Pair]]) -> Iterator[tuple[list[Pair], list[Row]]]:
    ended, _ = wait(waiting, return_when=FIRST_COMPLETED)
    for future in ended:
        yield waiting.pop(future), future.result()


def _judge_in_worker(methods: bytes, task: Task) -> list[Row]:
    return _judge(_built(methods), task)


@functools.cache
def _built(methods: bytes) -> tuple[Method, ...]:
    """A worker's methods, made when its first task comes."""
    return tuple(build() for build in pickle.loads(methods))  # noqa: S301 - from the process that started this one


def _judge(methods: Sequence[Method], task: Task) -> list[Row]:
    group, asked = task
    rows = []
    with one_thread():
        for method, ids in zip(methods, asked, strict=True):
            chosen = [pair for pair in group if pair.id in ids]
            enrolled = method.enroll(group[0].reference) if chosen else None
            for pair in chosen:
                start_s = time.process_time()
                answer = method.judge(enrolled, pair.frame)
                rows.append(_row(method.name, pair, answer, (time.process_time() - start_s) * 1e3))
    return rows


def _row(method: str, pair: Pair, answer: Answer, judge_ms: float) -> Row:
    true, measured = (_numbers(d) for d in (pair.truth.displacement, answer.displacement))
    return Row(
        method=method,
        pair=pair.id,
        kind=pair.kind,
        camera=pair.camera,
        light=pair.light,
        truth=pair.truth.verdicts[0],
        accepted=pair.truth.verdicts,
        verdict=answer.verdict,
        change=float(answer.change),
        confidence=None if answer.confidence is None else float(answer.confidence),
        true_dx=true[0],
        true_dy=true[1],
        true_roll_deg=true[2],
        true_zoom=true[3],
        dx=measured[0],
        dy=measured[1],
        roll_deg=measured[2],
        zoom=measured[3],
        judge_ms=judge_ms,
    )


Numbers = tuple[float, float, float, float] | tuple[None, None, None, None]


def _numbers(displacement: Displacement | None) -> Numbers:
    if displacement is None:
        return None, None, None, None
    return displacement.dx, displacement.dy, displacement.roll_deg, displacement.zoom


class _Progress:
    """Says how far a run is and how long it will take, now and then."""

    def __init__(self, say: Callable[[str], None], total: int | None) -> None:
        self._say, self._total = say, total
        self._start_s = self._said_s = time.monotonic()
        self._seen = self._judged = 0

    def skipped(self, count: int) -> None:
        self._seen += count

    def judged(self, count: int) -> None:
        self._seen += count
        self._judged += count
        now_s = time.monotonic()
        if now_s - self._said_s >= SAY_EVERY_S:
            self._said_s = now_s
            self._say(self._line(now_s - self._start_s))

    def end(self, rows: int) -> None:
        elapsed_s = time.monotonic() - self._start_s
        known = self._seen - self._judged
        self._say(
            f"{self._judged} pairs judged in {elapsed_s / 60:.1f} min, {known} known before, {rows} rows added"
        )

    def _line(self, elapsed_s: float) -> str:
        rate = self._judged / elapsed_s
        if self._total is None:
            return f"{self._seen} pairs  {rate:.1f}/s"
        left_s = max(self._total - self._seen, 0) / rate
        share = self._seen / self._total
        return f"{self._seen} of {self._total} pairs  {share:.0%}  {rate:.1f}/s  left {left_s / 60:.1f} min"
