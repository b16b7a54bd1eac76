"""Recordings replayed with faults: what counts as found, what as false; the service would have said the same."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from scipy import stats

from monitor.domain.frame import Frame
from monitor.domain.state import StatePolicy
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey, ViewSpec
from monitor.usecases.enroll import enroll
from monitor.usecases.replay import RecordedFrame, replay
from monitor.vision.bundle import load_bundle, shipped_bundle_path
from monitor.vision.encoder import NetworkEncoder
from monitor.vision.network import Network
from monitor.wiring.rehearsal import open_rehearsal
from tests.train.benchmark.footage import Differ, record, two_cameras
from train.benchmark.event_cases import FAULTS, EventRules, Events, Fault, FaultCase
from train.benchmark.event_tables import (
    as_markdown,
    case_rows,
    false_episodes,
    faults_found,
    most_events,
    untouched_rows,
)
from train.benchmark.events import replay_events
from train.benchmark.series import Spacing, UnfitSeries, check_times, divide, shown, taken_at
from train.benchmark.watching import Enrolled, MethodEye, ServiceEye, Sight, Watch, look_on
from train.data.manifest import read_manifest
from train.data.splits import Pool, split

DATA = Path(__file__).parents[4] / "shared" / "data"
FLIP, COVER, OTHER = FAULTS[0], FAULTS[3], FAULTS[4]
PLAIN = EventRules(spacings=(Spacing.FIXED,), faults=(FLIP, COVER, OTHER))


class CountingEye(MethodEye):
    """Counts what it is asked to see."""

    def __init__(self) -> None:
        super().__init__(Differ())
        self.seen: Counter[bytes] = Counter()

    def see(self, frame: Frame) -> Frame:
        self.seen[frame.pixels.tobytes()] += 1
        return super().see(frame)


def case(events: Events, camera: str, fault: str, taken_back: bool) -> FaultCase:
    (found,) = (
        one for one in events.cases if (one.camera, one.fault, one.taken_back) == (camera, fault, taken_back)
    )
    return found


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Events:
    return replay_events(two_cameras(tmp_path_factory.mktemp("steady")), MethodEye(Differ()), PLAIN)


def test_a_steady_view_opens_no_incident_and_its_reference_is_not_checked(steady: Events) -> None:
    for one in steady.untouched:
        assert (one.incidents, one.alert_checks, one.references, one.checks) == ((), 0, 1, 12)
        assert one.exposure_days == pytest.approx(12 * 60 / 86400)


@pytest.mark.parametrize(
    ("fault", "check", "seconds"), [(FLIP, 2, 60.0), (COVER, 3, 120.0), (OTHER, 2, 60.0)]
)
def test_a_fault_is_found_as_soon_as_the_policy_allows(
    steady: Events, fault: Fault, check: int, seconds: float
) -> None:
    for camera in ("gate", "yard"):
        lasting = case(steady, camera, fault.name, False)
        assert (lasting.checks, lasting.found_at, lasting.found_after_s) == (6, check, seconds)
        ended = case(steady, camera, fault.name, True)
        assert (ended.checks, ended.found_at) == (3, check)
        assert (ended.open_at_end, ended.recovered_at, ended.checks_after) == (True, 2, 3)


def test_an_incident_that_was_open_before_finds_nothing(tmp_path: Path) -> None:
    astray = record(tmp_path, "astray", [100] * 4 + [300] * 9)
    pool = Pool((), {"astray": astray, "yard": record(tmp_path, "yard", [200] * 13)})
    events = replay_events(pool, MethodEye(Differ()), PLAIN)
    (series,) = (one for one in events.untouched if one.camera == "astray")
    assert series.incidents == ((4, VerdictKind.DIFFERENT_SCENE),)
    assert series.alert_checks == 8
    swapped = case(events, "astray", OTHER.name, False)
    assert (swapped.open_before, swapped.found_at) == (VerdictKind.DIFFERENT_SCENE, None)
    covered = case(events, "astray", COVER.name, False)
    assert covered.found_at == 3


def test_a_fault_reported_under_another_name_is_not_found(tmp_path: Path) -> None:
    misnamed = replace(FLIP, expected=VerdictKind.MIRRORED)
    events = replay_events(two_cameras(tmp_path), MethodEye(Differ()), replace(PLAIN, faults=(misnamed,)))
    assert {one.found_at for one in events.cases} == {None}
    assert {one.other_causes for one in events.cases} == {(VerdictKind.FLIPPED_180,)}
    assert "reported as flipped_180" in as_markdown(events)


def test_each_picture_is_seen_once_and_judged_once_whatever_the_spacings(tmp_path: Path) -> None:
    pool = two_cameras(tmp_path)
    times = [f"202601{day:02d}0800" for day in range(1, 14)]
    timed = {
        camera: tuple(replace(p, timestamp=t) for p, t in zip(pictures, times, strict=True))
        for camera, pictures in pool.cameras.items()
    }
    counts = []
    for spacings in ((Spacing.FIXED,), (Spacing.FIXED, Spacing.RECORDED)):
        differ = Differ()
        eye = CountingEye()
        eye._method = differ
        events = replay_events(Pool((), timed), eye, replace(PLAIN, spacings=spacings))
        assert len(events.cases) == 2 * 3 * 2 * len(spacings)
        counts.append((sum(eye.seen.values()), differ.judged))
    assert counts[0] == counts[1]
    # 12 of each, the last camera's once more as the first one's stranger, and the later half with two faults.
    assert counts[0][0] == 3 * 12 + 2 * 2 * 6
    assert counts[0][1] == 2 * (12 + 3 * 6)


def test_cameras_without_times_are_replayed_at_the_fixed_spacing_only(tmp_path: Path) -> None:
    rules = replace(PLAIN, spacings=(Spacing.FIXED, Spacing.RECORDED))
    events = replay_events(two_cameras(tmp_path), MethodEye(Differ()), rules)
    assert {one.spacing for one in events.untouched} == {Spacing.FIXED}
    assert set(events.left_out) == {"gate", "yard"}


def test_short_recordings_are_left_out_and_nothing_else_is_an_error(tmp_path: Path) -> None:
    pool = two_cameras(tmp_path)
    short = Pool((), {**pool.cameras, "short": pool.cameras["gate"][:4]})
    assert "3 pictures" in replay_events(short, MethodEye(Differ()), PLAIN).left_out["short"]
    with pytest.raises(UnfitSeries, match="No camera"):
        replay_events(Pool((), {"short": pool.cameras["gate"][:4]}), MethodEye(Differ()), PLAIN)


def test_references_are_fit_pictures_and_one_of_each_further_light(tmp_path: Path) -> None:
    pictures = record(
        tmp_path,
        "gate",
        [100] * 6,
        conditions=["night", "night", "day", "day", "night", "weather"],
        gains=[0.01, 0.9, 1.0, 1.0, 0.9, 1.0],
    )
    series = divide("gate", pictures)
    assert [picture.path.name for picture in series.references] == ["gate_001.png", "gate_002.png"]
    assert [picture.path.name for picture in series.checked] == [f"gate_{n:03d}.png" for n in (3, 4, 5)]
    assert len(divide("gate", pictures, other_lights=False).references) == 1
    with pytest.raises(UnfitSeries, match="only 5"):
        divide("gate", pictures, first=6)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1660114800", datetime(2022, 8, 10, 7, tzinfo=UTC)),
        ("20151101_230938", datetime(2015, 11, 1, 23, 9, 38, tzinfo=UTC)),
        ("2023-06-13T03_11_46", datetime(2023, 6, 13, 3, 11, 46, tzinfo=UTC)),
        ("201707211410", datetime(2017, 7, 21, 14, 10, tzinfo=UTC)),
        ("2020-02-01-08-00", datetime(2020, 2, 1, 8, tzinfo=UTC)),
        ("", None),
        ("20209901_080000", None),
        ("frame 12", None),
    ],
)
def test_times_are_read_as_the_manifest_writes_them(text: str, time: datetime | None) -> None:
    assert taken_at(text) == time


def test_frames_of_one_time_are_a_second_apart(tmp_path: Path) -> None:
    pictures = record(tmp_path, "clip", [100] * 3, timestamps=["201707211410"] * 3)
    times = check_times(pictures, Spacing.RECORDED)
    assert times is not None
    assert [(time - times[0]).total_seconds() for time in times] == [0, 1, 2]


@pytest.mark.parametrize("events", [0, 1, 7])
def test_the_bound_of_a_rate_is_exact(events: int) -> None:
    assert stats.poisson.cdf(events, most_events(events)) == pytest.approx(0.05)
    assert most_events(0) == pytest.approx(-math.log(0.05))


def test_the_tables_count_doubtful_cameras_beside(tmp_path: Path) -> None:
    astray = record(tmp_path, "astray", [100] * 4 + [300] * 9)
    pool = Pool((), {"astray": astray, "yard": record(tmp_path, "yard", [200] * 13)})
    rules = replace(PLAIN, doubtful={"astray": "looks elsewhere from the fifth picture on"})
    events = replay_events(pool, MethodEye(Differ()), rules)
    everything, sure = false_episodes(events).rows
    assert everything[1:4] == ("all", 2, 24)
    assert everything[5] == 1
    assert sure[1:4] == ("without the doubtful", 1, 12)
    assert sure[5] == 0
    # No event in 12 minutes: at most 2.996 in 1/120 of a day, or 10,785 in a month.
    assert sure[6:8] == ("0", "≤ 10785")
    of_other = [row for row in faults_found(events).rows if row[1] == OTHER.name]
    assert [row[3] for row in of_other] == ["1 of 2", "1 of 1"]
    text = as_markdown(events)
    assert "- `astray`, check 5 of 12: different_scene" in text
    assert "an incident (different_scene) was open before" in text
    assert len(untouched_rows(events).rows) == 2
    assert len(case_rows(events).rows) == len(events.cases)
    assert all(len(row) == len(case_rows(events).columns) for row in case_rows(events).rows)


def test_a_watch_goes_as_the_services_own_replay_does(tmp_path: Path) -> None:
    """The same verdicts, states and transitions as `monitor.usecases.replay`, store and all."""
    encoder = NetworkEncoder(Network(load_bundle(shipped_bundle_path())))
    pictures = record(tmp_path, "gate", [100] * 14)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    # 40 minutes apart: every good check teaches what stays constant.
    times = [start + timedelta(minutes=40 * number) for number in range(len(pictures))]
    faults = [FLIP.injection("gate") if 6 <= n < 9 else None for n in range(len(pictures))]
    frames = [
        replace(shown(p, fault) if fault else shown(p), captured_at=at, digest=f"{number}")
        for number, (p, fault, at) in enumerate(zip(pictures, faults, times, strict=True))
    ]
    with open_rehearsal(ViewSpec(ViewKey("gate")), encoder, times[0]) as stage:
        enroll(ViewKey("gate"), frames[:1], stage.enrolment_tools, author="test", force=True)
        recorded = [
            RecordedFrame(at, frame.digest, lambda frame=frame: frame)
            for at, frame in zip(times[1:], frames[1:], strict=True)
        ]
        moments = list(replay(ViewKey("gate"), recorded, stage.equipment, stage.clock.set))
        learned = stage.store.load_watch(ViewKey("gate")).constancy
    eye = ServiceEye(encoder)
    sights = [
        (Sight(eye.see(frame), frame.digest), at) for frame, at in zip(frames[1:], times[1:], strict=True)
    ]
    enrolled = Enrolled("gate", [eye.enroll(frames[0])])
    watch, watched = look_on(Watch.begin(times[0]), eye, enrolled, sights, StatePolicy())
    assert [(one.at, one.kind, one.transition) for one in watched] == [
        (one.at, one.verdict.kind, one.transition) for one in moments
    ]
    assert VerdictKind.FLIPPED_180 in {one.kind for one in watched}
    assert learned is not None
    assert watch.constancy == learned


def test_on_real_recordings_a_flip_is_found_at_the_second_check() -> None:
    if not (DATA / "manifest.csv").is_file():
        pytest.skip(f"needs recordings: no manifest.csv in {DATA}")
    cameras = split(read_manifest(DATA), [], []).dev.cameras
    pool = Pool((), {name: cameras[name][:12] for name in ("crowd_beach", "sbi_CAVIAR1")})
    eye = ServiceEye(NetworkEncoder(Network(load_bundle(shipped_bundle_path()))))
    events = replay_events(pool, eye, replace(PLAIN, faults=(FLIP,)))
    assert [one.incidents for one in events.untouched] == [(), ()]
    assert {one.found_at for one in events.cases} == {2}
