"""What is recorded of hosts: the incident about one that is down, and checks of its views that are not made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from monitor.domain.addressee import Addressee, Addressing
from monitor.domain.announcement import host_announcement
from monitor.domain.grounds import Grounds
from monitor.domain.incident import Incident, Observation, Scope
from monitor.domain.inhibition import Inhibition
from monitor.domain.matcher import Matter
from monitor.domain.ports import Clock
from monitor.domain.transitions import advance
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey, ViewSpec
from monitor.store import Store
from monitor.usecases.observe import Check, wait_after


@dataclass(frozen=True, slots=True)
class HostIncidents:
    """Opens and ends the incidents about hosts.

    Attributes:
        store: Where they are.
        addressing: Who is told of an incident.
        clock: Time.
    """

    store: Store
    addressing: Addressing
    clock: Clock

    def begin(self, host: str, views: Sequence[ViewKey], down_s: float, reason: str) -> int:
        """Put down that a host has been down for so long, and tell whoever hears of any of its views; the number.

        One that was down a short while ago is down again: the same incident goes on.

        Raises:
            UnknownView: A view is not in the store.
            StoreError: Nothing was recorded; the same call may be made again.
        """
        now = self.clock.now()
        specs = self._specs(views)
        policies = [spec.policy for spec in specs]
        # Cameras of one host may be configured each in its own way: the most patient one counts.
        window_s = max(policy.flap_window_s for policy in policies)
        since = now - timedelta(seconds=window_s)
        before = self.store.group_incidents.beginnings(Scope.HOST, host, since)
        is_flapping = before + 1 >= max(policy.flap_changes for policy in policies)
        incident = self.store.group_incidents.begin(
            Scope.HOST,
            host,
            [spec.key for spec in specs],
            VerdictKind.OFFLINE,
            first_seen_at=now - timedelta(seconds=down_s),
            now=now,
            addressees=self._addressees(specs),
            announce=lambda opened, sequence: host_announcement(
                opened, specs, reason, now, sequence, is_flapping=is_flapping
            ),
            severity=Matter.of(specs, VerdictKind.OFFLINE).severity,
            reason=reason,
            reopen_within_s=max(policy.reopen_within_s for policy in policies),
        )
        return incident.id

    def end(self, host: str, views: Sequence[ViewKey], reason: str) -> None:
        """Put down that a host is back.

        Args:
            host: Which.
            views: Its views now; where it has none any more, those that the incident named are meant.
            reason: How that was seen, one sentence.

        Raises:
            StoreError: Nothing was recorded; the same call may be made again.
        """
        now = self.clock.now()
        known = next((one for one in self.open() if one.subject == host), None)
        if known is None:
            return
        specs = self._specs(views or known.members)
        self.store.group_incidents.end(
            Scope.HOST,
            host,
            now=now,
            addressees=self._addressees(specs),
            announce=lambda ended, sequence: host_announcement(ended, specs, reason, now, sequence),
            reason=reason,
        )

    def open(self) -> list[Incident]:
        """The open incidents about hosts.

        Raises:
            StoreError: The database cannot be read.
        """
        return self.store.group_incidents.open(Scope.HOST)

    def inhibition(self, key: ViewKey) -> Inhibition | None:
        """What stands for an incident of a view's own, for those who look at it without the daemon's memory.

        Raises:
            StoreError: The database cannot be read.
        """
        for incident in self.open():
            if key in incident.members:
                return Inhibition(f"{incident.name} is unreachable", incident.id)
        return None

    def _specs(self, views: Sequence[ViewKey]) -> list[ViewSpec]:
        return [self.store.views.get(key).spec for key in sorted(views)]

    def _addressees(self, specs: Sequence[ViewSpec]) -> Sequence[Addressee]:
        """Whoever hears that one of the views is offline hears of all of them, once."""
        return self.addressing(Matter.of(specs, VerdictKind.OFFLINE))


def sit_out(key: ViewKey, slot: datetime, inhibition: Inhibition, store: Store, clock: Clock) -> Check:
    """Record that a view was not looked at, because what it depends on is known to have failed.

    Costs two transactions and no connection. The view's state goes on: after a long time it is `unknown`.

    Args:
        key: The view.
        slot: The due time that is served by this.
        inhibition: Why.
        store: Where the view is known.
        clock: Time.

    Raises:
        UnknownView: The view is not in the store.
        StoreError: Nothing was recorded, and the view stays due.
    """
    row, now = store.views.get(key), clock.now()
    if row.reference_count == 0:
        store.views.schedule(key, now + timedelta(seconds=row.spec.interval_s))
        return Check(None, None, "not enrolled")
    verdict = Verdict(
        VerdictKind.OFFLINE,
        1.0,
        (f"Not asked: {inhibition.reason}.",),
        evidence={"fault": "Inhibited", "incident": inhibition.incident_id},
    )
    state, transition = advance(row.state, verdict, now, row.spec.policy, inhibition)
    wait_s = wait_after(state, row.spec, slot, is_inhibited=True)
    observation = Observation(
        key=key,
        slot=slot,
        checked_at=now,
        captured_at=None,
        verdict=verdict,
        frame_digest=None,
        state=state,
        transition=transition,
        next_due_at=now + timedelta(seconds=wait_s),
        grounds=Grounds(inhibition=inhibition),
    )
    return Check(observation, store.record(observation, (), _tells_nobody, spec=row.spec))


def _tells_nobody(incident: Incident, observation: Observation, sequence: int) -> NoReturn:
    raise AssertionError("without addressees there is no alert to make")
