"""Hosts: limits, the breaker's bookkeeping, and the fast return; with a held clock and doubles for the world."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from monitor.domain.incident import Incident, Observation, Scope
from monitor.domain.inhibition import Inhibition
from monitor.domain.state import ViewState
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey
from monitor.service.doors import Endpoint
from monitor.service.host import Entry, HostPlan
from monitor.service.hosts import Hosts
from monitor.store.errors import StoreUnavailable
from tests.service.doubles import T0, HeldClock

NVR = "10.0.0.5"
DOOR = (NVR, 80)
CHANNELS = tuple(ViewKey(f"channel{number}") for number in range(6))
ALONE = ViewKey("alone")


@dataclass
class FakeReports:
    """Incidents in memory; can be told to fail."""

    told: list[tuple[str, str]] = field(default_factory=list)
    begun: list[tuple[str, tuple[ViewKey, ...], float]] = field(default_factory=list)
    known: list[Incident] = field(default_factory=list)
    is_away: bool = False

    def begin(self, host: str, views: Sequence[ViewKey], down_s: float, reason: str) -> int:
        self._work()
        self.told.append(("begin", host))
        self.begun.append((host, tuple(views), down_s))
        return 7

    def end(self, host: str, views: Sequence[ViewKey], reason: str) -> None:
        self._work()
        self.told.append(("end", host))

    def open(self) -> Sequence[Incident]:
        return self.known

    def _work(self) -> None:
        if self.is_away:
            raise StoreUnavailable("The database cannot be reached.")


class Bench:
    """Hosts, and all that they call."""

    def __init__(self, *plans: HostPlan, known: Sequence[Incident] = ()) -> None:
        self.clock = HeldClock()
        self.reports = FakeReports(known=list(known))
        self.answering: set[Endpoint] = set()
        self.knocked: list[Collection[Endpoint]] = []
        self.brought: dict[ViewKey, datetime] = {}
        self.sat_out: list[tuple[ViewKey, Inhibition]] = []
        self.hosts = Hosts(
            plans,
            self.reports,
            self._knock,
            self._bring_forward,
            lambda key, _slot, inhibition: self.sat_out.append((key, inhibition)),
            self.clock,
        )
        self.hosts.resume()

    def _knock(self, endpoints: Collection[Endpoint]) -> Collection[Endpoint]:
        self.knocked.append(endpoints)
        return self.answering & set(endpoints)

    def _bring_forward(self, times: Mapping[ViewKey, datetime]) -> None:
        self.brought.update(times)

    def admit(self, key: ViewKey, *, is_troubled: bool = False) -> Entry:
        return self.hosts.admit(key, is_troubled=is_troubled)

    def check(self, key: ViewKey, fault: str | None = None, kind: VerdictKind = VerdictKind.OFFLINE) -> None:
        """A check that was let in, made, and ended so."""
        assert self.admit(key) is Entry.GO
        verdict = (
            Verdict(VerdictKind.OK, 1.0) if fault is None else Verdict(kind, 1.0, evidence={"fault": fault})
        )
        now = self.clock.now()
        self.hosts.note(key, Observation(key, now, now, None, verdict, None, ViewState(), None, now))
        self.hosts.release(key)

    def knock(self, after_s: float = 10.0) -> None:
        self.clock.advance(after_s)
        self.hosts.knock()

    def trip(self) -> None:
        """The recorder works, and then is gone."""
        self.answering.discard(DOOR)
        for key in CHANNELS[:3]:
            self.check(key, "SourceUnreachable")
        assert self.admit(CHANNELS[5]) is Entry.SIT_OUT


def recorder(**changes: object) -> HostPlan:
    plan = HostPlan(NVR, CHANNELS, endpoints=dict.fromkeys(CHANNELS, DOOR))
    return replace(plan, **changes)  # type: ignore[arg-type]


def incident(subject: str = NVR) -> Incident:
    return Incident(
        7, CHANNELS[0], VerdictKind.OFFLINE, T0, T0, T0, scope=Scope.HOST, subject=subject, members=CHANNELS
    )


@pytest.fixture
def bench() -> Bench:
    running = Bench(recorder())
    for key in CHANNELS:
        running.check(key)
    return running


# Limits


def test_a_host_bears_so_many_grabs_at_a_time_and_the_next_when_one_is_over(bench: Bench):
    assert [bench.admit(key) for key in CHANNELS] == [Entry.GO] * 4 + [Entry.WAIT] * 2
    bench.hosts.release(CHANNELS[0])
    assert bench.admit(CHANNELS[4]) is Entry.GO
    assert bench.admit(CHANNELS[5]) is Entry.WAIT


def test_releasing_what_was_not_let_in_frees_nothing(bench: Bench):
    for key in CHANNELS[:4]:
        bench.admit(key)
    bench.hosts.release(CHANNELS[5])
    assert bench.admit(CHANNELS[5]) is Entry.WAIT


def test_troubled_cameras_leave_half_of_the_places_to_the_others(bench: Bench):
    entries = [bench.admit(key, is_troubled=True) for key in CHANNELS[:3]]
    assert entries == [Entry.GO, Entry.GO, Entry.WAIT]
    assert [bench.admit(key) for key in CHANNELS[3:]] == [Entry.GO, Entry.GO, Entry.WAIT]


def test_a_host_that_bears_one_grab_bears_one_of_a_troubled_camera():
    bench = Bench(recorder(limit=1))
    assert bench.admit(CHANNELS[0], is_troubled=True) is Entry.GO
    assert bench.admit(CHANNELS[1]) is Entry.WAIT


def test_a_view_without_a_host_is_always_let_in(bench: Bench):
    assert [bench.admit(ALONE) for _ in range(100)] == [Entry.GO] * 100
    bench.check(ALONE, "SourceTimeout")
    assert bench.hosts.inhibition(ALONE) is None


def test_another_plan_counts_what_is_on_its_way(bench: Bench):
    for key in CHANNELS[:4]:
        bench.admit(key)
    bench.hosts.use([recorder(limit=5)])
    assert [bench.admit(key) for key in CHANNELS[4:]] == [Entry.GO, Entry.WAIT]
    for key in CHANNELS[:5]:
        bench.hosts.release(key)
    assert [bench.admit(key) for key in CHANNELS] == [Entry.GO] * 5 + [Entry.WAIT]


# The breaker


def test_cameras_of_a_host_that_is_down_sit_out_and_are_inhibited(bench: Bench):
    bench.trip()
    bench.hosts.sit_out(CHANNELS[5], T0)
    assert bench.sat_out == [(CHANNELS[5], Inhibition(f"recorder {NVR} is unreachable"))]
    assert bench.hosts.inhibition(CHANNELS[0]) == Inhibition(f"recorder {NVR} is unreachable")


def test_its_incident_opens_when_it_has_lasted_and_names_all_of_its_views(bench: Bench):
    bench.trip()
    for _ in range(11):
        bench.knock()
    assert bench.reports.told == []
    bench.knock()
    bench.knock()
    assert bench.reports.begun == [(NVR, CHANNELS, pytest.approx(120.0))]
    assert bench.hosts.inhibition(CHANNELS[0]) == Inhibition(f"recorder {NVR} is unreachable", 7)


def test_when_its_port_answers_one_camera_is_looked_at_and_closes_it_for_all(bench: Bench):
    bench.trip()
    bench.knock(120.0)
    bench.knock(120.0)
    assert bench.reports.told == [("begin", NVR)]
    assert bench.brought == {}
    bench.answering.add(DOOR)
    bench.knock()
    (trial,) = bench.brought
    assert [key for key in CHANNELS if bench.admit(key) is Entry.GO] == [trial]
    bench.hosts.release(trial)
    bench.check(trial)
    assert bench.reports.told == [("begin", NVR), ("end", NVR)]
    assert bench.hosts.inhibition(trial) is None
    # All are looked at soon, and not in the same instant.
    assert set(bench.brought) == set(CHANNELS)
    times = sorted(bench.brought.values())
    assert times[-1] <= bench.clock.now() + timedelta(seconds=30)
    assert len(set(times)) == len(CHANNELS)


def test_a_host_that_accepts_connections_and_stays_silent_gets_one_trial_at_a_time_ever_rarer(bench: Bench):
    bench.answering.add(DOOR)
    bench.hosts.knock()
    for key in CHANNELS[:3]:
        bench.check(key, "SourceTimeout")
    trials: list[tuple[float, ViewKey]] = []
    for _ in range(90):
        bench.knock()
        for key in CHANNELS:
            if bench.admit(key) is Entry.GO:
                bench.hosts.release(key)
                trials.append((bench.clock.elapsed_s - 1000.0, key))
                bench.check(key, "SourceTimeout")
    assert bench.reports.told == [("begin", NVR)]
    assert {key for _, key in trials} == set(CHANNELS), "each has its turn"
    waits_s = [later[0] - earlier[0] for earlier, later in pairwise(trials)]
    assert waits_s[0] == 20.0
    assert waits_s == sorted(waits_s)
    assert waits_s[-1] == 120.0


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("SourceDenied", VerdictKind.OFFLINE),
        ("SourceStale", VerdictKind.OFFLINE),
        ("FrameFault", VerdictKind.STREAM_FAULT),
    ],
)
def test_a_camera_that_answers_with_something_else_shows_that_its_host_is_up(
    bench: Bench, fault: str, kind: VerdictKind
):
    for key in CHANNELS:
        bench.check(key, fault, kind)
    assert bench.admit(CHANNELS[0]) is Entry.GO
    bench.hosts.release(CHANNELS[0])
    bench.check(CHANNELS[0], "SourceTimeout")
    bench.check(CHANNELS[1], "SourceTimeout")
    bench.check(CHANNELS[2], fault, kind)
    bench.check(CHANNELS[3], "SourceTimeout")
    assert bench.admit(CHANNELS[4]) is Entry.GO


def test_a_trial_that_tells_nothing_gives_its_turn_to_the_next_at_once(bench: Bench):
    bench.trip()
    bench.answering.add(DOOR)
    bench.knock()
    (first,) = bench.brought
    bench.brought.clear()
    assert bench.admit(first) is Entry.GO
    bench.hosts.note(first, None)
    bench.hosts.release(first)
    bench.knock(1.0)
    (second,) = bench.brought
    assert second != first


def test_without_a_breaker_each_camera_fails_for_itself():
    bench = Bench(recorder(has_breaker=False))
    for key in CHANNELS:
        bench.check(key, "SourceUnreachable")
        assert bench.hosts.inhibition(key) is None
    assert bench.admit(CHANNELS[0]) is Entry.GO


# Starts and restarts


def test_after_a_start_failures_are_in_doubt_until_a_camera_works_or_time_has_passed():
    bench = Bench(recorder())
    doubt = bench.hosts.inhibition(CHANNELS[0])
    assert doubt is not None
    assert not doubt.certain
    bench.check(CHANNELS[1])
    assert bench.hosts.inhibition(CHANNELS[0]) is None
    late = Bench(recorder())
    late.clock.advance(90.0)
    assert late.hosts.inhibition(CHANNELS[0]) is None


def test_two_cameras_of_one_host_are_never_in_doubt():
    bench = Bench(recorder(views=CHANNELS[:2]))
    assert bench.hosts.inhibition(CHANNELS[0]) is None


def test_an_incident_from_before_the_start_goes_on_and_is_not_told_again():
    bench = Bench(recorder(), known=[incident()])
    assert bench.admit(CHANNELS[0]) is Entry.SIT_OUT
    assert bench.hosts.inhibition(CHANNELS[0]) == Inhibition(f"recorder {NVR} is unreachable", 7)
    bench.knock(200.0)
    assert bench.reports.told == []
    bench.answering.add(DOOR)
    bench.knock()
    (trial,) = bench.brought
    bench.check(trial)
    assert bench.reports.told == [("end", NVR)]


def test_the_incident_of_a_host_that_left_the_configuration_ends():
    bench = Bench(recorder(), known=[incident("10.0.0.6")])
    assert bench.reports.told == [("end", "10.0.0.6")]


@pytest.mark.parametrize("plans", [[], [recorder(has_breaker=False)]])
def test_a_reload_that_takes_the_host_or_its_breaker_away_ends_its_incident(plans: list[HostPlan]):
    bench = Bench(recorder(), known=[incident()])
    bench.hosts.use(plans)
    assert bench.reports.told == [("end", NVR)]
    assert bench.admit(CHANNELS[0]) is Entry.GO
    assert bench.hosts.inhibition(CHANNELS[0]) is None


# When the database is away


def test_an_incident_that_cannot_be_recorded_is_recorded_later_and_the_fault_is_said_once(bench: Bench):
    bench.trip()
    bench.reports.is_away = True
    with capture_logs() as lines:
        for _ in range(20):
            bench.knock()
    assert [line["event"] for line in lines] == ["host.not_recorded"]
    bench.reports.is_away = False
    bench.knock()
    assert bench.reports.told == [("begin", NVR)]


def test_an_end_that_cannot_be_recorded_keeps_the_host_spared_until_it_can():
    bench = Bench(recorder(), known=[incident()])
    bench.answering.add(DOOR)
    bench.knock()
    (trial,) = bench.brought
    bench.reports.is_away = True
    bench.check(trial)
    assert bench.admit(CHANNELS[5]) is Entry.SIT_OUT
    bench.reports.is_away = False
    bench.brought.clear()
    bench.knock(20.0)
    (trial,) = bench.brought
    bench.check(trial)
    assert bench.reports.told == [("end", NVR)]


def test_cameras_that_answer_with_something_else_than_a_picture_are_no_sign_of_a_host_that_is_down(
    bench: Bench,
):
    for key in CHANNELS * 2:
        bench.check(key, "SourceUnwilling")
        bench.clock.advance(60.0)
    assert bench.reports.told == []
    assert bench.admit(CHANNELS[0]) is Entry.GO


# The fast return


def test_a_single_camera_whose_port_answers_again_is_looked_at_at_once(bench: Bench):
    bench.check(CHANNELS[0], "SourceUnreachable")
    bench.knock()
    assert bench.brought == {}
    bench.answering.add(DOOR)
    bench.knock()
    assert set(bench.brought) == {CHANNELS[0]}
    assert bench.brought[CHANNELS[0]] <= bench.clock.now() + timedelta(seconds=0.1)


def test_a_port_that_is_back_before_the_first_knock_is_noticed_once(bench: Bench):
    bench.check(CHANNELS[0], "SourceUnreachable")
    bench.answering.add(DOOR)
    bench.knock()
    assert set(bench.brought) == {CHANNELS[0]}
    bench.brought.clear()
    bench.check(CHANNELS[0], "SourceUnreachable")  # it accepts connections, and still gives nothing
    for _ in range(10):
        bench.knock()
    assert bench.brought == {}


def test_a_camera_that_accepts_and_stays_silent_waits_for_its_turn(bench: Bench):
    bench.answering.add(DOOR)
    bench.check(CHANNELS[0], "SourceTimeout")
    for _ in range(10):
        bench.knock()
    assert bench.brought == {}


def test_nobody_knocks_where_all_is_well(bench: Bench):
    bench.knock()
    assert bench.knocked == []
    bench.check(CHANNELS[0], "SourceTimeout")
    bench.knock()
    assert bench.knocked == [{DOOR}]
    bench.check(CHANNELS[0])
    bench.knock()
    assert len(bench.knocked) == 1
