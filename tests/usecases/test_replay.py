"""What would have been reported over recorded frames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from monitor.domain.errors import MonitorError, SourceUnreachable
from monitor.domain.frame import Frame
from monitor.domain.orientation import Orientation
from monitor.domain.state import Change
from monitor.domain.verdict import VerdictKind
from monitor.usecases.replay import Moment, RecordedFrame, replay, set_apart
from tests.usecases.doubles import GATE, Bench, at, turned, view_of

FLIP = turned(1, Orientation.ROTATED_180)


def recorded(seconds: float, read: Frame | Callable[[], Frame]) -> RecordedFrame:
    return RecordedFrame(at(seconds), f"{seconds:05.0f}.jpg", read if callable(read) else lambda: read)


def good(seconds: float) -> RecordedFrame:
    return recorded(seconds, view_of(1, noise=int(seconds) % 250))


def unreadable(error: MonitorError) -> Callable[[], Frame]:
    def read() -> Frame:
        raise error

    return read


def play(bench: Bench, *frames: RecordedFrame, when_due: bool = False) -> list[Moment]:
    bench.routes = ()
    equipment = bench.equipment
    return list(replay(GATE, frames, equipment, bench.clock.set, when_due=when_due))


def test_a_flip_is_reported_at_the_time_of_its_frame(watched: Bench):
    moments = play(watched, good(60), good(120), recorded(180, FLIP), recorded(240, FLIP))
    assert [moment.verdict.kind for moment in moments] == [
        *[VerdictKind.OK] * 2, *[VerdictKind.FLIPPED_180] * 2
    ]  # fmt: skip
    assert [moment.status for moment in moments] == ["ok", "ok", "suspect", "alert"]
    opened = moments[-1].transition
    assert opened is not None
    assert (opened.change, moments[-1].at, moments[-1].name) == (Change.OPENED, at(240), "00240.jpg")
    (incident,) = watched.store.incidents.open()
    assert incident.opened_at == at(240)


def test_frames_count_as_captured_when_they_were_taken_whatever_they_say(watched: Bench):
    play(watched, recorded(60, replace(view_of(1, noise=1), captured_at=at(-1e6))))
    (seen,) = watched.store.history.observations(GATE)
    assert seen.captured_at == at(60)


def test_nobody_is_told(watched: Bench):
    play(watched, recorded(60, FLIP), recorded(120, FLIP))
    assert watched.store.incidents.open()
    assert watched.store.deliveries.list() == []


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (MonitorError("It is no picture."), VerdictKind.STREAM_FAULT),
        (SourceUnreachable("The file is gone."), VerdictKind.OFFLINE),
    ],
)
def test_an_unreadable_file_is_a_moment_like_any_other(
    watched: Bench, error: MonitorError, kind: VerdictKind
):
    moments = play(watched, good(60), recorded(120, unreadable(error)), good(180))
    assert [moment.verdict.kind for moment in moments] == [VerdictKind.OK, kind, VerdictKind.OK]
    assert str(error) in moments[1].verdict.reasons


def test_when_due_only_the_frames_are_looked_at_that_a_service_would_have_seen(watched: Bench):
    frames = [good(seconds) for seconds in range(60, 301, 10)]
    assert [moment.at for moment in play(watched, *frames, when_due=True)] == [
        at(seconds) for seconds in (60, 120, 180, 240, 300)
    ]


def test_when_due_a_suspect_view_is_looked_at_sooner(watched: Bench):
    frames = [recorded(seconds, turned(1, Orientation.ROTATED_180)) for seconds in range(60, 301, 10)]
    moments = play(watched, *frames, when_due=True)
    assert [moment.at for moment in moments[:2]] == [at(60), at(90)]


def test_when_due_a_frame_a_little_early_is_the_one_a_check_would_have_seen(watched: Bench):
    moments = play(watched, good(60), good(115), good(170), when_due=True)
    assert [moment.at for moment in moments] == [at(60), at(115), at(170)]


def test_moments_come_one_by_one_as_frames_do(watched: Bench):
    """A recording may be longer than memory, and its progress is shown."""
    read = []

    def frames():
        for seconds in (60, 120):
            read.append(seconds)
            yield good(seconds)

    moments = replay(GATE, frames(), watched.equipment, watched.clock.set)
    next(moments)
    assert read == [60]


def test_frames_that_share_a_time_are_set_apart():
    frames = [recorded(seconds, FLIP) for seconds in (0, 0, 0, 1, 10)]
    assert [frame.taken_at for frame in set_apart(frames)] == [at(seconds) for seconds in (0, 1, 2, 3, 10)]
    assert [frame.name for frame in set_apart(frames)] == [frame.name for frame in frames]


def test_a_frame_at_the_time_of_the_last_brings_no_moment_as_it_tells_nothing_new(watched: Bench):
    assert [moment.at for moment in play(watched, good(60), good(60), good(120))] == [at(60), at(120)]


def test_no_frames_are_no_moments(watched: Bench):
    assert play(watched) == []
