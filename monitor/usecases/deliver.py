"""Sending what is due, at least once, in the order of each incident, no receiver in the way of another."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import Random

import structlog

from monitor.domain.alert import Outcome, Receipt, RetryPolicy
from monitor.domain.errors import MonitorError
from monitor.domain.message import Message
from monitor.domain.ports import Clock, Notifier
from monitor.store.deliveries import Deliveries
from monitor.store.rows import LeasedBatch
from monitor.usecases.receivers import ReceiverHealth

_log = structlog.get_logger(__name__)

# While something is being sent, more may become due: look again this often.
LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """Bounds of sending.

    Attributes:
        concurrency: Messages on their way at the same time …
        per_notifier: … and of these to one notifier.
        lease_s: For how long a message is ours; must exceed the time limit of every notifier, or a slow
            receiver is sent the same twice.
        turn_s: After how long `deliver_due` returns even though something is still on its way.
    """

    concurrency: int = 16
    per_notifier: int = 4
    lease_s: float = 60.0
    turn_s: float = 5.0


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What became of deliveries.

    Attributes:
        sent: Accepted by their receivers.
        rescheduled: Failed, and to be tried again.
        dead: Given up: rejected, gone, out of attempts, or their notifier is not configured any more.
        lost: Attempted by us while their lease had passed to somebody else, whose word counts.
    """

    sent: int = 0
    rescheduled: int = 0
    dead: int = 0
    lost: int = 0


class Deliverer:
    """Sends due deliveries on threads of its own.

    What goes out together as one message stays leased while it is sent; a crash lets the lease run out, and the same
    is sent again under the same idempotency key. A notifier whose receiver answers "gone" is switched off: what is due
    to it is given up with that reason, until its settings are others or a person switches it on again. What was given
    up can be replayed. A receiver that fails again and again is spared, see `monitor.domain.circuit`.

    Args:
        deliveries: The queue.
        notifiers: By the names under which deliveries were queued.
        clock: Time.
        policy: When a failed delivery is tried again.
        random: Jitter of that.
        owner: Names this process in leases, for people who look.
        health: Of the receivers.
        options: Bounds.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        notifiers: Mapping[str, Notifier],
        clock: Clock,
        policy: RetryPolicy,
        random: Random,
        owner: str,
        health: ReceiverHealth,
        options: DeliveryOptions | None = None,
    ) -> None:
        self._deliveries = deliveries
        self._notifiers = dict(notifiers)
        self._clock = clock
        self._policy = policy
        self._random = random
        self._owner = owner
        self._health = health
        self._options = options or DeliveryOptions()
        self._changed = threading.Condition()
        self._sending: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._ended = 0
        self._closed = False

    @property
    def switched_off(self) -> Mapping[str, str]:
        """Notifiers whose receivers are gone, with the reason."""
        return self._health.switched_off

    def use_notifiers(self, notifiers: Mapping[str, Notifier], digests: Mapping[str, str]) -> None:
        """Send through these from now on; what is on its way still arrives.

        Args:
            notifiers: By name.
            digests: Of their settings; one that was switched off begins anew with others.
        """
        self._health.use(digests)
        with self._changed:
            self._notifiers = dict(notifiers)

    def deliver_due(self) -> DeliveryReport:
        """Send what is due until nothing is, but no longer than a turn.

        Returns:
            What came to an end since the last call.

        Raises:
            StoreError: The queue cannot be read; nothing is lost by it.
        """
        self._health.refresh()
        deadline_s = self._clock.monotonic_s() + self._options.turn_s
        while True:
            ended = self._ended
            taken = self._take_up()
            left_s = deadline_s - self._clock.monotonic_s()
            if left_s <= 0 or not (taken or self._wait_for_end(ended, min(left_s, LOOK_S))):
                break
        with self._changed:
            counts, self._counts = self._counts, Counter()
        return DeliveryReport(**counts)

    def close(self, timeout_s: float) -> int:
        """Take up nothing more and wait for what is on its way; how many did not arrive in time."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._sending.total(), timeout_s)
            return self._sending.total()

    def _take_up(self) -> int:
        """Lease as much as there is room for and start it; how many."""
        with self._changed:
            room = 0 if self._closed else self._options.concurrency - self._sending.total()
        if room <= 0:
            return 0
        leased = self._deliveries.lease(
            self._clock.now(),
            self._owner,
            self._options.lease_s,
            room,
            self._options.per_notifier,
            rooms=self._health.rooms(self._options.per_notifier),
        )
        for batch in leased:
            self._start(batch)
        return len(leased)

    def _wait_for_end(self, ended: int, timeout_s: float) -> bool:
        """Wait until more than `ended` sendings have ended; False when there is none to wait for."""
        with self._changed:
            if not self._sending.total():
                return False
            self._changed.wait_for(lambda: self._closed or self._ended > ended, timeout_s)
            return not self._closed

    def _start(self, batch: LeasedBatch) -> None:
        name = batch.notifier
        reason = self._health.why_off(name)
        with self._changed:
            notifier = self._notifiers.get(name)
            # The leases of senders that hang beyond all limits run out: do not feed them more threads.
            is_free = not self._closed and self._sending[name] < self._options.per_notifier
            if notifier is not None and reason is None and is_free:
                self._sending[name] += 1
                # A thread each: one that hangs must block neither a pool nor the end of the process.
                threading.Thread(
                    target=self._send, args=(batch, notifier), name=f"send-{name}:{batch.id}", daemon=True
                ).start()
                return
        if notifier is None:
            remedy = "configure it again and replay this delivery"
            self._finish(batch, Receipt(Outcome.REJECTED, f"no notifier {name!r} is configured; {remedy}"))
        elif reason is not None:
            self._finish(batch, Receipt(Outcome.GONE, f"not sent, the notifier is switched off: {reason}"))
        else:
            self._hand_back(batch)

    def _hand_back(self, batch: LeasedBatch) -> None:
        """Put a message back unsent: we are stopping, or every sender of its notifier hangs."""
        now = self._clock.now()
        again_at = now + timedelta(seconds=self._policy.first_s)
        receipt = Receipt(Outcome.RETRY, "not sent: stopping, or no sender is free")
        self._deliveries.finish(batch, receipt, again_at, now)

    def _send(self, batch: LeasedBatch, notifier: Notifier) -> None:
        name = batch.notifier
        try:
            receipt = self._attempt(batch, notifier)
            works_again = self._learn(batch, notifier, receipt)
            self._finish(batch, receipt)
            if works_again:
                self._deliveries.hurry(name, self._clock.now())
        except MonitorError as error:
            # The lease runs out and it is sent once more: at least once is the promise.
            _log.error("delivery.not_recorded", message=batch.id, notifier=name, reason=str(error))
        finally:
            with self._changed:
                self._sending[name] -= 1
                self._ended += 1
                self._changed.notify_all()

    def _attempt(self, batch: LeasedBatch, notifier: Notifier) -> Receipt:
        try:
            return notifier.send(Message(batch.id, batch.alerts), batch.attempt)
        except Exception as error:  # noqa: BLE001 - a bug in a notifier must not lose the alert nor stop the others
            # Only the type: the text of a foreign error may hold an address or a key.
            kind = type(error).__name__
            _log.error("notifier.broke_down", notifier=batch.notifier, error=kind, attempt=batch.attempt)
            return Receipt(Outcome.RETRY, f"the notifier broke down ({kind})")

    def _learn(self, batch: LeasedBatch, notifier: Notifier, receipt: Receipt) -> bool:
        """Let the receiver's health know; whether it was spared, and works again."""
        with self._changed:
            # What one says that was replaced while this was on its way does not count.
            is_current = self._notifiers.get(batch.notifier) is notifier
        return is_current and self._health.note(batch.notifier, receipt)

    def _finish(self, batch: LeasedBatch, receipt: Receipt) -> None:
        now = self._clock.now()
        next_attempt_at = self._policy.next_attempt(now, batch.attempt, receipt, self._random)
        number = len(batch.deliveries)
        if not self._deliveries.finish(batch, receipt, next_attempt_at, now):
            self._count("lost", number)
        elif receipt.outcome is Outcome.ACCEPTED:
            self._count("sent", number)
        elif next_attempt_at is not None:
            self._count("rescheduled", number)
        else:
            self._count("dead", number)
            _log.error(
                "delivery.dead",
                delivery=batch.deliveries[0],
                alerts=number,
                attempts=batch.attempt,
                reason=receipt.detail,
            )

    def _count(self, name: str, number: int) -> None:
        with self._changed:
            self._counts[name] += number
