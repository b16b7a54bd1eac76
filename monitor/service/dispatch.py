"""Handing due views to the lanes.

What is due, and when, is written in the database, so that a restart loses nothing. Kept here, and cheap to
lose, is only what paces the work: which views are troubled, resting or spread out after the start.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Protocol

import structlog

from monitor.domain.errors import MonitorError
from monitor.domain.incident import Observation
from monitor.domain.ports import Clock
from monitor.domain.verdict import PICTURELESS
from monitor.domain.view import ViewKey
from monitor.service.counters import Tally
from monitor.service.faults import Faults
from monitor.service.host import Entry
from monitor.service.lanes import Lane, Lanes
from monitor.service.options import ServiceOptions

_log = structlog.get_logger(__name__)


class DueView(Protocol):
    """A view that is due, as the store lists it."""

    @property
    def key(self) -> ViewKey:
        """The view."""
        ...

    @property
    def due_at(self) -> datetime:
        """Since when it is due, aware UTC."""
        ...


# Up to so many views that are due at a time, those due longest first.
DueViews = Callable[[datetime, int], Sequence[DueView]]
# Checks one view for one due time; None when there was nothing to do (the view is gone, the slot was served).
Observe = Callable[[ViewKey, datetime], Observation | None]


class Gate(Protocol):
    """Decides whether a due view is looked at; `monitor.service.hosts.Hosts` is one."""

    def admit(self, key: ViewKey, *, is_troubled: bool) -> Entry:
        """Whether the view may be looked at now; after `GO`, `release` must follow."""
        ...

    def release(self, key: ViewKey) -> None:
        """The look at a view that was let in is over, or was not taken."""
        ...

    def sit_out(self, key: ViewKey, slot: datetime) -> None:
        """Record that the view is not looked at for this due time."""
        ...

    def note(self, key: ViewKey, observation: Observation | None) -> None:
        """Learn from a check that was made."""
        ...


class OpenGate:
    """Lets everybody in; for a service that knows nothing of hosts."""

    def admit(self, key: ViewKey, *, is_troubled: bool) -> Entry:
        """Always."""
        del key, is_troubled
        return Entry.GO

    def release(self, key: ViewKey) -> None:
        """Nothing is kept."""

    def sit_out(self, key: ViewKey, slot: datetime) -> None:
        """Never asked for."""

    def note(self, key: ViewKey, observation: Observation | None) -> None:
        """Nothing is learnt."""


@dataclass(slots=True)
class _Pace:
    """What is remembered of one view; times are monotonic seconds."""

    troubled: bool = False
    not_before_s: float = float("-inf")
    breakdowns: int = 0
    finished_s: float = float("-inf")
    refused_slot: datetime | None = None


class Dispatcher:
    """Turns the due list into checks, each view at most once at a time.

    Args:
        due: Reads the due list.
        observe: Checks one view.
        lanes: Where checks run.
        clock: Time.
        options: Pace and bounds.
        tally: Where checks are counted.
        random: Spreads the first checks after a start.
        known_troubled: Views without a usable frame when last checked, before the start.
        gate: Asked before a view takes a place.
    """

    def __init__(
        self,
        due: DueViews,
        observe: Observe,
        lanes: Lanes,
        clock: Clock,
        options: ServiceOptions,
        tally: Tally,
        random: Random,
        known_troubled: Iterable[ViewKey] = (),
        gate: Gate | None = None,
    ) -> None:
        self._gate = gate or OpenGate()
        self._due = due
        self._observe = observe
        self._lanes = lanes
        self._clock = clock
        self._options = options
        self._tally = tally
        self._random = random
        self._faults: Faults[ViewKey] = Faults()
        self._lock = threading.Lock()
        self._pace: dict[ViewKey, _Pace] = {}
        self._known_troubled = frozenset(known_troubled)
        self._refused = 0
        self._sat_out = 0
        self._started_at = clock.now()

    def tick(self) -> int:
        """Hand out what is due; how many checks were handed out.

        Raises:
            Exception: Whatever reading the due list raises; nothing is lost by it.
        """
        self._tally.add(demoted=self._lanes.demote_slow())
        read_s = self._clock.monotonic_s()
        # Views that run, wait or rest stay due and stand at the head of the list: read past all of them, or a
        # thousand dead cameras would hide the living.
        load = self._lanes.load()
        waiting = load.running + load.queued + self._refused + self.held()
        rows = self._due(self._clock.now(), self._options.batch + waiting)
        self._refused = self._sat_out = 0
        return sum(self._hand_out(row, read_s, len(rows)) for row in rows)

    def held(self) -> int:
        """How many views are resting or wait for their turn after the start."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            return sum(pace.not_before_s > now_s for pace in self._pace.values())

    def troubled(self) -> int:
        """How many views failed or were slow when last checked."""
        with self._lock:
            return sum(pace.troubled for pace in self._pace.values())

    def _hand_out(self, row: DueView, read_s: float, due_count: int) -> bool:
        key, slot = row.key, row.due_at
        if self._lanes.holds(key):
            return False
        now_s = self._clock.monotonic_s()
        with self._lock:
            pace = self._pace.get(key)
            if pace is None:
                pace = self._pace[key] = self._first_pace(row, now_s, due_count)
            # A check that ended after the list was read may have served the slot that the list still shows.
            if pace.not_before_s > now_s or pace.finished_s >= read_s:
                return False
            lane = Lane.TROUBLED if pace.troubled else Lane.STEADY
        entry = self._gate.admit(key, is_troubled=lane is Lane.TROUBLED)
        if entry is Entry.SIT_OUT:
            self._let_sit_out(key, slot, pace)
            return False
        if entry is Entry.GO:
            if self._lanes.offer(key, lane, lambda: self._check(key, slot)):
                return True
            self._gate.release(key)
        self._refused += 1
        if pace.refused_slot != slot:
            pace.refused_slot = slot
            self._tally.add(**{"skipped_busy" if entry is Entry.GO else "skipped_host": 1})
        return False

    def _let_sit_out(self, key: ViewKey, slot: datetime, pace: _Pace) -> None:
        """Record that the view is not looked at, here and now: that takes milliseconds, and no place of others."""
        if self._sat_out >= self._options.sit_outs:
            # A great recorder's cameras must not hold up the turn: the others have theirs in the next one.
            self._refused += 1
            return
        self._sat_out += 1
        try:
            self._gate.sit_out(key, slot)
        except Exception as error:  # noqa: BLE001 - as of a check: the daemon goes on, and the view rests
            self._broke_down(key, error)
            return
        with self._lock:
            pace.finished_s = self._clock.monotonic_s()
        self._tally.add(sat_out=1)

    def _first_pace(self, row: DueView, now_s: float, due_count: int) -> _Pace:
        pace = _Pace(troubled=row.key in self._known_troubled)
        if row.due_at < self._started_at:
            # Everything is overdue after a downtime: not all cameras, and the whole network, in one second.
            window_s = min(self._options.start_spread_s, due_count / self._options.start_rate_per_s)
            pace.not_before_s = now_s + self._random.uniform(0.0, window_s)
        return pace

    def _check(self, key: ViewKey, slot: datetime) -> None:
        began_s = self._clock.monotonic_s()
        self._tally.late((self._clock.now() - max(slot, self._started_at)).total_seconds())
        try:
            observation = self._observe(key, slot)
            self._gate.note(key, observation)
        except Exception as error:  # noqa: BLE001 - one bad row must not take the daemon down
            self._broke_down(key, error)
            return
        finally:
            self._gate.release(key)
        slow = self._clock.monotonic_s() - began_s > self._options.slow_after_s
        failed = observation is not None and observation.verdict.kind in PICTURELESS
        with self._lock:
            pace = self._pace[key]
            pace.finished_s = self._clock.monotonic_s()
            pace.troubled = failed or slow
            pace.breakdowns = 0
            if observation is None:
                # Whoever saw nothing to do may have left the view due: not again in the next turn.
                pace.not_before_s = pace.finished_s + self._options.idle_s
        self._tally.add(checks=observation is not None, failures=failed)
        self._release(key)

    def _broke_down(self, key: ViewKey, error: Exception) -> None:
        with self._lock:
            pace = self._pace[key]
            pace.breakdowns += 1
            pace.finished_s = self._clock.monotonic_s()
            rest_s = min(self._options.longest_hold_s, self._options.hold_s * 2.0 ** (pace.breakdowns - 1))
            pace.not_before_s = pace.finished_s + rest_s
        self._tally.add(breakdowns=1)
        if self._faults.report(key, error):
            _log.error(
                "check.broke_down",
                view=str(key),
                reason=str(error) or type(error).__name__,
                retry_s=round(rest_s),
                # What we raise ourselves says what to do; anything else needs the place where it happened.
                exc_info=not isinstance(error, MonitorError),
            )

    def _release(self, key: ViewKey) -> None:
        """After a check that went well: what had failed for the same cause need not wait out its rest."""
        if not self._faults.failing(key):
            return
        others = self._faults.clear(key)
        if not others:
            _log.info("check.works_again", view=str(key))
        with self._lock:
            for other in others:
                self._pace[other].not_before_s = float("-inf")
