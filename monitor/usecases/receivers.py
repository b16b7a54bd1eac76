"""Which receivers work, which are spared for a while, and which are switched off."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime

import structlog

from monitor.domain.alert import Outcome, Receipt
from monitor.domain.circuit import CircuitPolicy, ReceiverState
from monitor.domain.ports import Clock
from monitor.store.receivers import Receivers

_log = structlog.get_logger(__name__)

# An accepted delivery to a healthy receiver is put down this often: for people, not for the rules.
NOTE_EVERY_S = 60.0


class ReceiverHealth:
    """Follows how receivers fare, in the database, so that a restart forgets nothing.

    Args:
        receivers: Where states are kept.
        clock: Time.
        digests: Of every notifier's settings; one that was switched off begins anew with others.
        policy: When a failing receiver is spared.
    """

    def __init__(
        self,
        receivers: Receivers,
        clock: Clock,
        digests: Mapping[str, str] | None = None,
        policy: CircuitPolicy | None = None,
    ) -> None:
        self._receivers = receivers
        self._clock = clock
        self._policy = policy or CircuitPolicy()
        self._lock = threading.Lock()
        self._digests = dict(digests or {})
        self._states: dict[str, ReceiverState] = {}

    def use(self, digests: Mapping[str, str]) -> None:
        """Go on with other settings."""
        with self._lock:
            self._digests = dict(digests)

    def refresh(self) -> None:
        """Read what others have put down: a person may have switched a notifier on again.

        Raises:
            StoreError: The database cannot be read.
        """
        states = self._receivers.all()
        with self._lock:
            self._states = states

    def rooms(self, usual: int) -> dict[str, int]:
        """How many messages may be on their way to those receivers that are spared."""
        now = self._clock.now()
        with self._lock:
            spared = {name: state for name, state in self._states.items() if self._policy.is_open(state)}
        return {name: self._policy.room(state, usual, now) for name, state in spared.items()}

    def why_off(self, notifier: str) -> str | None:
        """Why a notifier is switched off, or None while it is not."""
        with self._lock:
            state = self._states.get(notifier)
            is_off = state is not None and state.is_disabled(self._digests.get(notifier, ""))
        return state.disabled_reason if state is not None and is_off else None

    @property
    def switched_off(self) -> Mapping[str, str]:
        """Notifiers whose receivers are gone, with the reason."""
        with self._lock:
            names = list(self._states)
        return {name: reason for name in names if (reason := self.why_off(name)) is not None}

    def note(self, notifier: str, receipt: Receipt) -> bool:
        """Learn from one attempt, and say what is news; whether a receiver that was spared works again.

        Raises:
            StoreError: It was not put down; the next attempt will tell the same.
        """
        now = self._clock.now()
        with self._lock:
            before = self._states.get(notifier, ReceiverState())
            digest = self._digests.get(notifier, "")
        if not self._is_worth_noting(before, receipt, now):
            return False
        after = self._receivers.note(notifier, receipt, now, digest)
        with self._lock:
            self._states[notifier] = after
        self._tell(notifier, before, after, receipt)
        return self._policy.is_open(before) and not self._policy.is_open(after)

    @staticmethod
    def _is_worth_noting(before: ReceiverState, receipt: Receipt, now: datetime) -> bool:
        if receipt.outcome is not Outcome.ACCEPTED or before.failures or before.last_delivered_at is None:
            return True
        return abs((now - before.last_delivered_at).total_seconds()) >= NOTE_EVERY_S

    def _tell(self, notifier: str, before: ReceiverState, after: ReceiverState, receipt: Receipt) -> None:
        """Say once that a receiver has begun to fail, is spared, is gone, works again."""
        if receipt.outcome is Outcome.GONE:
            remedy = (
                f"Correct its address and reload, or `monitor alerts enable {notifier}`; "
                "then replay what was given up."
            )
            _log.error("notifier.switched_off", notifier=notifier, reason=receipt.detail, remedy=remedy)
        elif after.failures == 1:
            _log.warning("notifier.failing", notifier=notifier, reason=receipt.detail)
        elif before.failures and not after.failures:
            _log.info("notifier.works_again", notifier=notifier)
        if self._policy.is_open(after) and not self._policy.is_open(before):
            _log.warning(
                "notifier.spared",
                notifier=notifier,
                failures=after.failures,
                reason=receipt.detail,
                meaning="One delivery at a time tries it, at most every few minutes; the others wait.",
            )
