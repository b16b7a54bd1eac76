"""Random histories against a model that is as simple as the promise."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from monitor.domain.incident import Incident, Observation, Scope
from monitor.domain.matcher import Matcher
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey
from monitor.store import upgrade
from monitor.usecases.incidents import resolve_by_hand, take_note
from tests.postgres import PostgresServer
from tests.proofs.arrivals import complaints_about_arrivals
from tests.proofs.books import EVERYTHING, complaints_about_deliveries, complaints_about_incidents
from tests.proofs.city import BY_CAUSE, KEYS, NOTIFIERS, POLICY, City, Crash, Death, Mood
from tests.proofs.watching import Looked, look, verdict

WRONG = (VerdictKind.MOVED, VerdictKind.FLIPPED_180, VerdictKind.OFFLINE)
keys = st.sampled_from(KEYS)
kinds = st.sampled_from((VerdictKind.OK, VerdictKind.OK, *WRONG))
forward_s = st.sampled_from([1, 12, 45, 130, 700, 18_000])
back_s = st.sampled_from([3, 100, 900, 7200])


class Histories(RuleBasedStateMachine):
    """One history. The model knows of each view what is wrong, and which alerts were promised."""

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="monitor-model-")))
        self.city = City(self.database(), self._folder)
        self._stack.callback(self.city.close)
        self.wrong: dict[ViewKey, VerdictKind] = {}
        self.promised: set[str] = set()

    def database(self) -> str:
        """The URL of a new, migrated database."""
        raise NotImplementedError

    @rule(key=keys, kind=kinds)
    def check(self, key: ViewKey, kind: VerdictKind) -> None:
        self._see(key, kind)

    @rule(kind=st.sampled_from(WRONG), seconds=st.integers(1, 20))
    def storm(self, kind: VerdictKind, seconds: int) -> None:
        for key in KEYS[:4]:
            self._see(key, kind)
            self.city.move_clock(timedelta(seconds=seconds))

    @rule(key=keys, kind=kinds)
    def die_in_a_check(self, key: ViewKey, kind: VerdictKind) -> None:
        """Everything is written, nothing is committed: it must be as if it had not been."""

        def die(_incident: Incident, _seen: Observation, _sequence: int) -> NoReturn:
            raise Crash("killed")

        try:
            looked = look(self.city.store, key, verdict(kind), self.city.clock.now(), self.city.routing, die)
        except Crash:
            self.city.restart()
            return
        self._note(key, kind, looked)

    @rule(one=keys, other=keys)
    def swap(self, one: ViewKey, other: ViewKey) -> None:
        if one != other:
            self._see(one, VerdictKind.DIFFERENT_SCENE, other)
            self._see(other, VerdictKind.DIFFERENT_SCENE, one)

    @rule(seconds=forward_s)
    def time_passes(self, seconds: int) -> None:
        self.city.move_clock(timedelta(seconds=seconds))

    @rule(seconds=back_s)
    def clock_is_set_back(self, seconds: int) -> None:
        self.city.move_clock(timedelta(seconds=-seconds))

    @rule(death=st.sampled_from(Death))
    def deliver(self, death: Death) -> None:
        self.city.deliver(death)

    @rule(dies=st.booleans())
    def tend(self, dies: bool) -> None:
        self.city.tend(dies=dies)

    @rule()
    def restart(self) -> None:
        self.city.restart()

    @rule(name=st.sampled_from(NOTIFIERS), mood=st.sampled_from(Mood))
    def receiver_changes(self, name: str, mood: Mood) -> None:
        self.city.receivers[name].mood = mood
        if mood is Mood.WORKS:
            self.city.store.receivers.enable(name)

    @rule(camera=st.sampled_from(["*", "near-*", "near-1", "far-0"]), minutes=st.sampled_from([1, 20, 600]))
    def silence(self, camera: str, minutes: int) -> None:
        self.city.silence(Matcher(cameras=[camera]), minutes)

    @rule()
    def unsilence(self) -> None:
        for silence in self.city.store.silences.list(1):
            self.city.store.silences.expire(silence.id, "ann", self.city.clock.now())

    @precondition(lambda self: self.wrong)
    @rule(number=st.integers(0, 9), is_first=st.booleans())
    def take_note(self, number: int, is_first: bool) -> None:
        incidents = self.city.store.incidents.open()
        incident = incidents[number % len(incidents)]
        city = self.city
        if is_first:
            take_note(incident.id, city.store, city.clock, author="bob", comment="", addressing=city.routing)
        else:
            city.store.incidents.unacknowledge(incident.id, "bob", "not me", city.clock.now())

    @precondition(lambda self: self.wrong)
    @rule(number=st.integers(0, 9))
    def end_by_hand(self, number: int) -> None:
        city = self.city
        incidents = city.store.incidents.open()
        incident = incidents[number % len(incidents)]
        resolve_by_hand(
            incident.id, city.store, city.clock, author="bob", comment="", addressing=city.routing
        )
        if incident.scope is Scope.VIEW:
            del self.wrong[incident.key]

    @invariant()
    def what_is_open_is_what_is_wrong(self) -> None:
        open_ones = [one for one in self.city.store.incidents.open() if one.scope is Scope.VIEW]
        assert len({one.key for one in open_ones}) == len(open_ones)
        assert {one.key: one.cause for one in open_ones} == self.wrong

    @invariant()
    def what_arrived_is_in_order_and_under_one_key(self) -> None:
        assert complaints_about_arrivals(self.city.arrivals.all) == []

    def teardown(self) -> None:
        try:
            city = self.city
            city.come_to_rest()
            # Whatever is still wrong is told by now, by itself or by the incident that stands for it.
            assert city.waiting() == []
            for key in KEYS:
                self._see(key, VerdictKind.OK)
            city.come_to_rest()
            assert city.store.incidents.open() == []
            assert complaints_about_incidents(city.store) == []
            told = complaints_about_deliveries(city.store, city.arrivals, POLICY.attempts, BY_CAUSE)
            assert told == []
            assert complaints_about_arrivals(city.arrivals.all) == []
            assert self.promised <= {row.id for row in city.store.deliveries.list(limit=EVERYTHING)}
        finally:
            self._stack.close()

    def _see(self, key: ViewKey, kind: VerdictKind, looks_like: ViewKey | None = None) -> None:
        city = self.city
        judged = verdict(kind, looks_like)
        self._note(key, kind, look(city.store, key, judged, city.clock.now(), city.routing))

    def _note(self, key: ViewKey, kind: VerdictKind, looked: Looked) -> None:
        """What a check that was recorded means, in words as plain as can be: wrong is what was last seen to be."""
        if looked.recorded.duplicate or looked.recorded.superseded:
            return
        before = self.wrong.get(key)
        if kind is VerdictKind.OK:
            self.wrong.pop(key, None)
        else:
            self.wrong[key] = kind
        is_news = before != self.wrong.get(key)
        assert is_news == (looked.change is not None)
        if is_news:
            self._promise(key, looked)

    def _promise(self, key: ViewKey, looked: Looked) -> None:
        incident, now = looked.recorded.incident, self.city.clock.now()
        assert incident is not None
        found = {
            row.notifier: row.id
            for row in self.city.store.deliveries.list(limit=EVERYTHING)
            if row.alert.incident_id == incident.id and row.alert.key == key and row.created_at == now
        }
        missing = {one.notifier for one in looked.addressees} - found.keys()
        assert not missing, f"{looked.change} of {key} is promised to {missing}, and not even queued"
        self.promised |= set(found.values())


def histories_on_sqlite(folder: Path) -> type[Histories]:
    """Histories on SQLite, each in a database of its own."""
    template = folder / "template.db"
    upgrade(f"sqlite:///{template}")

    class OnSqlite(Histories):
        def database(self) -> str:
            shutil.copy(template, self._folder / "monitor.db")
            return f"sqlite:///{self._folder / 'monitor.db'}"

    return OnSqlite


def histories_on_postgres(server: PostgresServer) -> type[Histories]:
    """The same on PostgreSQL."""
    template = f"template_{uuid.uuid4().hex[:12]}"
    server.execute(f"CREATE DATABASE {template}")
    upgrade(server.url(template))

    class OnPostgres(Histories):
        def database(self) -> str:
            return self._stack.enter_context(server.database(template))

    return OnPostgres
