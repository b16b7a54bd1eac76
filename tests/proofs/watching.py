"""Checks without cameras: a verdict is given, everything after it is the service's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.domain.addressee import Addressee, Addressing
from monitor.domain.announcement import announcement, announces
from monitor.domain.displacement import Displacement
from monitor.domain.incident import Observation
from monitor.domain.matcher import Matter
from monitor.domain.site_event import SiteEventPolicy
from monitor.domain.state import Change, StatePolicy, Transition
from monitor.domain.transitions import advance
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey, ViewSpec
from monitor.store import Recorded, Store
from monitor.store.recording import Announce

AT_ONCE = StatePolicy(
    open_checks=1, window=1, min_duration_s={}, default_duration_s=0.0, close_checks=1, close_after_s=0.0
)
"""Every verdict counts at once: what the debounce does is proven elsewhere, and here it would only thin histories."""
ALONE = SiteEventPolicy(at_least=0)
_CHANGES = frozenset({Change.OPENED, Change.CAUSE_CHANGED, Change.RECOVERED})


def watched(
    camera: str, site: str, site_event: SiteEventPolicy = ALONE, policy: StatePolicy = AT_ONCE
) -> ViewSpec:
    return ViewSpec(ViewKey(camera), site=site, policy=policy, site_event=site_event)


def verdict(kind: VerdictKind, looks_like: ViewKey | None = None) -> Verdict:
    displacement = Displacement(dx=0.06, dy=-0.01) if kind is VerdictKind.MOVED else None
    other = None if looks_like is None else str(looks_like)
    return Verdict(kind, 0.9, ("it says so",), displacement, looks_like=other)


@dataclass(frozen=True, slots=True)
class Looked:
    """What a check came to.

    Attributes:
        change: What it changed of the view's incident, or None; also where that was not recorded.
        recorded: What the store made of it.
        addressees: Who was to hear of it.
    """

    change: Change | None
    recorded: Recorded
    addressees: Sequence[Addressee]


def look(
    store: Store,
    key: ViewKey,
    judged: Verdict,
    now: datetime,
    addressing: Addressing,
    announce: Announce | None = None,
) -> Looked:
    """`monitor.usecases.observe.observe` from the verdict on, for the slot of that moment.

    Args:
        store: Where it is recorded.
        key: The view.
        judged: What is seen.
        now: When.
        addressing: Who is told.
        announce: Makes the alert; None for the service's own.
    """
    watch = store.load_watch(key)
    spec = watch.spec
    state, transition = advance(watch.state, judged, now, spec.policy)
    observation = Observation(
        key=key,
        slot=now,
        checked_at=now,
        captured_at=now,
        verdict=judged,
        frame_digest=None,
        state=state,
        transition=transition,
        next_due_at=now + timedelta(seconds=spec.interval_s),
    )
    addressees = _addressees(transition, spec, addressing)
    recorded = store.record(
        observation,
        addressees,
        announce or (lambda incident, seen, sequence: announcement(incident, seen, sequence, spec)),
        spec=spec,
        addressing=addressing,
    )
    change = None if transition is None or transition.change not in _CHANGES else transition.change
    return Looked(change, recorded, addressees)


def _addressees(transition: Transition | None, spec: ViewSpec, addressing: Addressing) -> Sequence[Addressee]:
    if transition is None or transition.cause is None or not announces(transition.change):
        return ()
    return addressing(Matter.of([spec], transition.cause))
