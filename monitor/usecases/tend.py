"""Looking after open incidents between checks: what is held, what needs a reminder, what is over.

Done again and again; each step is a transaction of its own that looks again before it changes anything, so that a
crash, or a second process, does nothing twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from monitor.domain.addressee import Addressee, Addressing
from monitor.domain.incident import Incident
from monitor.domain.matcher import Matter
from monitor.domain.ports import Clock
from monitor.domain.reminders import ReminderPolicy, reminder
from monitor.domain.telling import OVER_UNTOLD
from monitor.domain.view import ViewKey, ViewSpec
from monitor.store import Store

_log = structlog.get_logger(__name__)

NO_LONGER_ROUTED = "no route leads to this notifier any more"


@dataclass(frozen=True, slots=True)
class Tended:
    """What was done.

    Attributes:
        released: Alerts that were held and are told now.
        dropped: Alerts that were held and are not told any more.
        reminded: Reminders queued.
    """

    released: int = 0
    dropped: int = 0
    reminded: int = 0


@dataclass(frozen=True, slots=True)
class Tending:
    """What tending needs.

    Attributes:
        store: Where everything is.
        addressing: Who is told of an incident, and whether now.
        reminders: How insistent each notifier is, for those that want reminders; asked each time, as it may change.
        clock: Time.
        end_events: Ends incidents that stand for others and are over; called first.
    """

    store: Store
    addressing: Addressing
    reminders: Callable[[], Mapping[str, ReminderPolicy]]
    clock: Clock
    end_events: Callable[[], object] = lambda: None


def tend(tending: Tending) -> Tended:
    """Do whatever is due.

    1. End incidents that stand for others and are over.
    2. Of what is held: tell it when nothing holds it any more, drop it when its incident is over.
    3. Remind of what is open and has been taken note of by nobody.

    Raises:
        StoreError: The rest was not done; the next time it is.
    """
    tending.end_events()
    dropped = tending.store.held.drop_told_by_parents(tending.clock.now())
    specs = _Specs(tending.store)
    released, more_dropped = _look_at_held(tending, specs)
    done = Tended(released, dropped + more_dropped, _remind(tending, specs))
    if any((done.released, done.dropped, done.reminded)):
        _log.info("alerts.tended", released=done.released, dropped=done.dropped, reminded=done.reminded)
    return done


class _Specs:
    """The views of incidents; read only when there is something to look at."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._specs: dict[ViewKey, ViewSpec] | None = None

    def matter(self, incident: Incident) -> Matter:
        if self._specs is None:
            self._specs = {row.spec.key: row.spec for row in self._store.views.all()}
        members = incident.members or (incident.key,)
        return Matter.of([self._specs[key] for key in members], incident.cause)


def _look_at_held(tending: Tending, specs: _Specs) -> tuple[int, int]:
    """How many alerts are released, how many dropped; those of many incidents together, as they are held together."""
    store, now = tending.store, tending.clock.now()
    release: dict[tuple[str, datetime], list[int]] = defaultdict(list)
    drop: dict[tuple[str, str], list[int]] = defaultdict(list)
    keep: dict[tuple[str, str], list[int]] = defaultdict(list)
    for held in store.held.all():
        incident = held.incident
        is_over = incident.resolved_at is not None
        addressees = () if is_over else tending.addressing(specs.matter(incident))
        known = {one.notifier: one for one in addressees}
        for notifier, reason in held.reasons.items():
            addressee = known.get(notifier)
            if addressee is None:
                drop[notifier, OVER_UNTOLD if is_over else NO_LONGER_ROUTED].append(incident.id)
            elif not addressee.held:
                # The others of the group have the same time, and so are told together.
                due_at = now + timedelta(seconds=addressee.wait_s if addressee.group else 0.0)
                release[notifier, due_at].append(incident.id)
            elif addressee.held != reason:
                keep[notifier, addressee.held].append(incident.id)
    for (notifier, reason), ids in keep.items():
        store.held.keep(ids, notifier, reason)
    return (
        sum(store.held.release(ids, notifier, due_at, now) for (notifier, due_at), ids in release.items()),
        sum(store.held.drop(ids, notifier, reason, now) for (notifier, reason), ids in drop.items()),
    )


def _remind(tending: Tending, specs: _Specs) -> int:
    policies = tending.reminders()
    if not policies:
        return 0
    store, now = tending.store, tending.clock.now()
    shortest = timedelta(seconds=min(policy.every_s for policy in policies.values()))
    reminded = 0
    for untended in store.reminders.untended(now - shortest):
        due = [
            name
            for name, told_at in untended.told_at.items()
            if name in policies and policies[name].is_due(told_at, untended.reminded.get(name, 0), now)
        ]
        if not due:
            continue
        incident = untended.incident
        addressees: Sequence[Addressee] = [
            one for one in tending.addressing(specs.matter(incident)) if one.notifier in due and not one.held
        ]
        if addressees:
            reminded += store.reminders.remind(
                incident.id,
                addressees,
                untended.reminded,
                lambda about, last, number: reminder(last, about.opened_at, now, number),
                now,
            )
    return reminded
