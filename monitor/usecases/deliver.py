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
from monitor.store.rows import LeasedDelivery

_log = structlog.get_logger(__name__)

# While something is being sent, more may become due: look again this often.
LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """Bounds of sending.

    Attributes:
        concurrency: Deliveries on their way at the same time …
        per_notifier: … and of these to one notifier.
        lease_s: For how long a delivery is ours; must exceed the time limit of every notifier, or a slow
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

    A delivery stays leased while it is sent; a crash lets the lease run out, and it is sent again under the
    same idempotency key. A notifier whose receiver answers "gone" is switched off: what is due to it is given
    up with that reason, until `use_notifiers` is called (a reload of the configuration) or the process is
    started again. What was given up can be replayed.

    Args:
        deliveries: The queue.
        notifiers: By the names under which deliveries were queued.
        clock: Time.
        policy: When a failed delivery is tried again.
        random: Jitter of that.
        owner: Names this process in leases, for people who look.
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
        options: DeliveryOptions | None = None,
    ) -> None:
        self._deliveries = deliveries
        self._notifiers = dict(notifiers)
        self._clock = clock
        self._policy = policy
        self._random = random
        self._owner = owner
        self._options = options or DeliveryOptions()
        self._changed = threading.Condition()
        self._sending: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._switched_off: dict[str, str] = {}
        self._failing: set[str] = set()
        self._ended = 0
        self._closed = False

    @property
    def switched_off(self) -> Mapping[str, str]:
        """Notifiers whose receivers are gone, with the reason."""
        with self._changed:
            return dict(self._switched_off)

    def use_notifiers(self, notifiers: Mapping[str, Notifier]) -> None:
        """Send through these from now on, switched-off ones included; what is on its way still arrives."""
        with self._changed:
            self._notifiers = dict(notifiers)
            self._switched_off.clear()
            self._failing.intersection_update(notifiers)

    def deliver_due(self) -> DeliveryReport:
        """Send what is due until nothing is, but no longer than a turn.

        Returns:
            What came to an end since the last call.

        Raises:
            StoreError: The queue cannot be read; nothing is lost by it.
        """
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
            self._clock.now(), self._owner, self._options.lease_s, room, self._options.per_notifier
        )
        for delivery in leased:
            self._start(delivery)
        return len(leased)

    def _wait_for_end(self, ended: int, timeout_s: float) -> bool:
        """Wait until more than `ended` sendings have ended; False when there is none to wait for."""
        with self._changed:
            if not self._sending.total():
                return False
            self._changed.wait_for(lambda: self._closed or self._ended > ended, timeout_s)
            return not self._closed

    def _start(self, delivery: LeasedDelivery) -> None:
        name = delivery.notifier
        with self._changed:
            notifier, reason = self._notifiers.get(name), self._switched_off.get(name)
            # The leases of senders that hang beyond all limits run out: do not feed them more threads.
            is_free = not self._closed and self._sending[name] < self._options.per_notifier
            if notifier is not None and reason is None and is_free:
                self._sending[name] += 1
                # A thread each: one that hangs must block neither a pool nor the end of the process.
                threading.Thread(
                    target=self._send, args=(delivery, notifier), name=f"send-{delivery.id}", daemon=True
                ).start()
                return
        if notifier is None:
            remedy = "configure it again and replay this delivery"
            self._finish(delivery, Receipt(Outcome.REJECTED, f"no notifier {name!r} is configured; {remedy}"))
        elif reason is not None:
            self._finish(delivery, Receipt(Outcome.GONE, f"not sent, the notifier is switched off: {reason}"))
        else:
            self._hand_back(delivery)

    def _hand_back(self, delivery: LeasedDelivery) -> None:
        """Put a delivery back unsent: we are stopping, or every sender of its notifier hangs."""
        now = self._clock.now()
        again_at = now + timedelta(seconds=self._policy.first_s)
        receipt = Receipt(Outcome.RETRY, "not sent: stopping, or no sender is free")
        self._deliveries.finish(delivery.id, delivery.fence, receipt, again_at, now)

    def _send(self, delivery: LeasedDelivery, notifier: Notifier) -> None:
        name = delivery.notifier
        try:
            receipt = self._attempt(delivery, notifier)
            if receipt.outcome is Outcome.GONE:
                self._switch_off(name, notifier, receipt.detail)
            self._note_health(name, receipt)
            self._finish(delivery, receipt)
        except MonitorError as error:
            # The lease runs out and it is sent once more: at least once is the promise.
            _log.error("delivery.not_recorded", delivery=delivery.id, reason=str(error))
        finally:
            with self._changed:
                self._sending[name] -= 1
                self._ended += 1
                self._changed.notify_all()

    def _attempt(self, delivery: LeasedDelivery, notifier: Notifier) -> Receipt:
        try:
            return notifier.send(Message.of(delivery.alert), delivery.attempt)
        except Exception as error:  # noqa: BLE001 - a bug in a notifier must not lose the alert nor stop the others
            # Only the type: the text of a foreign error may hold an address or a key.
            kind = type(error).__name__
            _log.error(
                "notifier.broke_down", notifier=delivery.notifier, error=kind, attempt=delivery.attempt
            )
            return Receipt(Outcome.RETRY, f"the notifier broke down ({kind})")

    def _switch_off(self, name: str, notifier: Notifier, reason: str) -> None:
        with self._changed:
            # Not if it has been replaced while this was on its way.
            is_news = self._notifiers.get(name) is notifier and name not in self._switched_off
            if is_news:
                self._switched_off[name] = reason
        if is_news:
            remedy = "Correct its address and reload, or restart; then replay what was given up."
            _log.error("notifier.switched_off", notifier=name, reason=reason, remedy=remedy)

    def _note_health(self, name: str, receipt: Receipt) -> None:
        """Say once that a notifier has begun to fail, and once that it works again."""
        with self._changed:
            was_failing = name in self._failing
            if receipt.outcome is Outcome.RETRY:
                self._failing.add(name)
            elif receipt.outcome is Outcome.ACCEPTED:
                self._failing.discard(name)
        if receipt.outcome is Outcome.RETRY and not was_failing:
            _log.warning("notifier.failing", notifier=name, reason=receipt.detail)
        elif receipt.outcome is Outcome.ACCEPTED and was_failing:
            _log.info("notifier.works_again", notifier=name)

    def _finish(self, delivery: LeasedDelivery, receipt: Receipt) -> None:
        now = self._clock.now()
        next_attempt_at = self._policy.next_attempt(now, delivery.attempt, receipt, self._random)
        if not self._deliveries.finish(delivery.id, delivery.fence, receipt, next_attempt_at, now):
            self._count("lost")
        elif receipt.outcome is Outcome.ACCEPTED:
            self._count("sent")
        elif next_attempt_at is not None:
            self._count("rescheduled")
        else:
            self._count("dead")
            _log.error(
                "delivery.dead", delivery=delivery.id, attempts=delivery.attempt, reason=receipt.detail
            )

    def _count(self, name: str) -> None:
        with self._changed:
            self._counts[name] += 1
