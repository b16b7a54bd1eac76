"""Delivery over a real store, through real webhooks, to a real receiver that misbehaves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from monitor.domain.addressee import Addressee
from monitor.domain.alert import Alert, Outcome, Receipt, RetryPolicy
from monitor.domain.circuit import CircuitPolicy
from monitor.domain.message import Message
from monitor.domain.ports import Notifier
from monitor.domain.view import ViewKey
from monitor.notifiers.webhook import WebhookNotifier, WebhookOptions
from monitor.store import Store, open_store
from monitor.store.errors import StoreUnavailable
from monitor.store.rows import DeliveryStatus
from monitor.usecases.deliver import Deliverer, DeliveryOptions, DeliveryReport
from monitor.usecases.receivers import ReceiverHealth
from tests.notifiers.receiver import KEY, Answer, Received, Receiver, running_receiver, until
from tests.notifiers.samples import RunningClock
from tests.store import builders

QUICK = RetryPolicy(first_s=0.01, factor=1.5, longest_s=0.2, attempts=40)
NEVER_SPARED = CircuitPolicy(opens_after=10**9)
# Real time for signatures, but well past everything that the builders date.
CLOCK = RunningClock()


class RecordingNotifier:
    """Answers as told, and remembers what it was asked to send."""

    def __init__(self, answer: Callable[[Alert], Receipt] = lambda _alert: Receipt(Outcome.ACCEPTED)) -> None:
        self.answer = answer
        self.sent: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self.lock = threading.Lock()

    def send(self, message: Message, attempt: int) -> Receipt:
        with self.lock:
            self.sent.append(message.id)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            return self.answer(message.alerts[0])
        finally:
            with self.lock:
                self.at_once -= 1


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'monitor.db'}", tmp_path / "images") as opened:
        yield opened


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver


def queue_incidents(
    store: Store, count: int, routes: tuple[str, ...], *, resolved: bool = False
) -> list[str]:
    """Open incidents, each on a view of its own; returns the ids of their alerts."""
    keys = [ViewKey(f"cam-{number:03}") for number in range(count)]
    store.views.sync([builders.spec(key) for key in keys], builders.NOW)
    told = builders.told(*routes)
    ids = []
    for key in keys:
        incident = store.record(builders.opened(0.0, key=key), told, builders.announce).incident
        assert incident is not None
        ids.append(f"{incident.id}-1")
        if resolved:
            store.record(builders.recovered(60.0, key=key), told, builders.announce)
            ids.append(f"{incident.id}-2")
    return ids


def deliverer(
    store: Store,
    notifiers: Mapping[str, Notifier],
    policy: RetryPolicy = QUICK,
    circuit: CircuitPolicy = NEVER_SPARED,
    **options: float,
) -> Deliverer:
    return Deliverer(
        store.deliveries,
        notifiers,
        CLOCK,
        policy,
        Random(3),
        "test",
        ReceiverHealth(store.receivers, CLOCK, dict.fromkeys(notifiers, "first"), circuit),
        DeliveryOptions(**options),  # type: ignore[arg-type]
    )


def webhook(receiver: Receiver, timeout_s: float = 5.0) -> WebhookNotifier:
    options = WebhookOptions(SecretStr(receiver.url), (SecretStr(KEY),), timeout_s, allow_private=True)
    return WebhookNotifier.open(options, CLOCK)


def deliver_all(sender: Deliverer, store: Store, timeout_s: float = 30.0) -> DeliveryReport:
    """Take turns until nothing is pending; the reports added up."""
    total = DeliveryReport()
    deadline_s = time.monotonic() + timeout_s
    while store.deliveries.counts()[DeliveryStatus.PENDING]:
        assert time.monotonic() < deadline_s, "deliveries are still pending"
        report = sender.deliver_due()
        total = DeliveryReport(
            total.sent + report.sent,
            total.rescheduled + report.rescheduled,
            total.dead + report.dead,
            total.lost + report.lost,
        )
        time.sleep(0.01)
    return total


def test_every_notifier_is_told_once(store: Store):
    ids = queue_incidents(store, 3, ("a", "b"))
    first, second = RecordingNotifier(), RecordingNotifier()
    sender = deliverer(store, {"a": first, "b": second})
    assert sender.deliver_due() == DeliveryReport(sent=6)
    assert sorted(first.sent) == sorted(second.sent) == ids
    assert sender.deliver_due() == DeliveryReport()
    assert store.deliveries.counts()[DeliveryStatus.DELIVERED] == 6


def test_a_receiver_that_fails_a_third_of_the_time_gets_everything_signed_and_in_order(
    store: Store, receiver: Receiver
):
    ids = queue_incidents(store, 20, ("ops",), resolved=True)
    dice = Random(5)
    receiver.respond = lambda _request: Answer(503 if dice.random() < 0.3 else 204)
    report = deliver_all(deliverer(store, {"ops": webhook(receiver)}), store)
    assert report.sent == 40
    assert report.rescheduled == len(receiver.requests) - 40 > 0
    assert sorted(receiver.accepted) == sorted(ids)
    for request in receiver.requests:
        assert request.verified()["data"]["alert"] == request.webhook_id
    for incident in {accepted.partition("-")[0] for accepted in ids}:
        assert [got for got in receiver.accepted if got.startswith(f"{incident}-")] == [
            f"{incident}-1",
            f"{incident}-2",
        ]


def test_a_stuck_receiver_delays_nobody_else(store: Store, receiver: Receiver):
    queue_incidents(store, 12, ("stuck", "fine"))
    receiver.respond = lambda _request: Answer(after_s=60.0)
    fine = RecordingNotifier()
    sender = deliverer(
        store,
        {"stuck": webhook(receiver, timeout_s=3.0), "fine": fine},
        concurrency=6,
        per_notifier=2,
        turn_s=1.0,
    )
    began_s = time.monotonic()
    report = sender.deliver_due()
    assert report.sent == len(fine.sent) == 12
    assert time.monotonic() - began_s < 2.5
    assert len(receiver.requests) <= 2
    receiver.released.set()
    assert sender.close(10.0) == 0


def test_one_notifier_never_gets_more_at_once_than_allowed(store: Store):
    queue_incidents(store, 12, ("a",))

    def answer(_alert: Alert) -> Receipt:
        time.sleep(0.02)
        return Receipt(Outcome.ACCEPTED)

    notifier = RecordingNotifier(answer)
    assert deliverer(store, {"a": notifier}, per_notifier=3).deliver_due().sent == 12
    assert notifier.most_at_once == 3


def test_senders_that_hang_beyond_their_leases_get_no_further_threads(store: Store):
    queue_incidents(store, 8, ("hangs", "fine"))
    gate = threading.Event()
    hanging = RecordingNotifier(lambda _alert: gate.wait() and Receipt(Outcome.ACCEPTED))
    fine = RecordingNotifier()
    sender = deliverer(store, {"hangs": hanging, "fine": fine}, per_notifier=2, lease_s=0.5, turn_s=0.2)

    def has_been_leased_again() -> bool:
        sender.deliver_due()
        pending = store.deliveries.list(DeliveryStatus.PENDING)
        return len(set(fine.sent)) == 8 and sum(row.attempts for row in pending) >= 6

    until(has_been_leased_again, timeout_s=20.0)
    assert len(hanging.sent) == hanging.most_at_once == 2
    gate.set()
    assert sender.close(5.0) == 0
    # Their leases had passed on, so their word does not count.
    assert sender.deliver_due().lost >= 2


def test_a_receiver_that_is_gone_is_switched_off_until_its_settings_are_others(
    store: Store, receiver: Receiver
):
    queue_incidents(store, 10, ("ops",))
    receiver.respond = lambda _request: Answer(410)
    sender = deliverer(store, {"ops": webhook(receiver)}, per_notifier=1)
    with capture_logs() as lines:
        assert deliver_all(sender, store).dead == 10
    assert len(receiver.requests) == 1
    assert "410" in sender.switched_off["ops"]
    switched_off = [line for line in lines if line["event"] == "notifier.switched_off"]
    assert len(switched_off) == 1
    assert "reload" in switched_off[0]["remedy"]
    dead = store.deliveries.list(DeliveryStatus.DEAD)
    assert all("410" in row.detail for row in dead)

    receiver.respond = lambda _request: Answer(204)
    sender.use_notifiers({"ops": webhook(receiver)}, {"ops": "second"})
    for row in dead:
        store.deliveries.replay(row.id, CLOCK.now())
    assert deliver_all(sender, store).sent == 10
    assert sender.switched_off == {}


def test_a_final_refusal_is_not_tried_again(store: Store, receiver: Receiver):
    queue_incidents(store, 1, ("ops",))
    receiver.respond = lambda _request: Answer(302, {"location": "http://127.0.0.1/"})
    sender = deliverer(store, {"ops": webhook(receiver)})
    assert deliver_all(sender, store) == DeliveryReport(dead=1)
    assert len(receiver.requests) == 1
    assert sender.switched_off == {}


def test_the_receivers_wish_to_wait_is_obeyed(store: Store, receiver: Receiver):
    queue_incidents(store, 1, ("ops",))
    receiver.respond = lambda _request: Answer(429, {"retry-after": "1000"})
    policy = RetryPolicy(first_s=0.01, longest_s=5000.0)
    assert deliverer(store, {"ops": webhook(receiver)}, policy).deliver_due().rescheduled == 1
    (row,) = store.deliveries.list()
    assert timedelta(seconds=990) < row.next_attempt_at - CLOCK.now() <= timedelta(seconds=1000)
    assert row.attempts == 1


def test_attempts_are_counted_and_end(store: Store):
    queue_incidents(store, 1, ("ops",))
    notifier = RecordingNotifier(lambda _alert: Receipt(Outcome.RETRY, "answered 503"))
    sender = deliverer(store, {"ops": notifier}, RetryPolicy(first_s=0.001, factor=1.0, attempts=4))
    with capture_logs() as lines:
        assert deliver_all(sender, store) == DeliveryReport(rescheduled=3, dead=1)
    assert len(notifier.sent) == 4
    assert [line["event"] for line in lines] == ["notifier.failing", "delivery.dead"]


def test_a_notifier_that_is_no_longer_configured_gives_its_deliveries_up_with_the_reason(store: Store):
    queue_incidents(store, 2, ("removed", "kept"))
    kept = RecordingNotifier()
    assert deliver_all(deliverer(store, {"kept": kept}), store) == DeliveryReport(sent=2, dead=2)
    assert all("'removed'" in row.detail for row in store.deliveries.list(DeliveryStatus.DEAD))


def test_a_notifier_with_a_bug_neither_loses_the_alert_nor_stops_the_others(store: Store):
    queue_incidents(store, 2, ("buggy", "fine"))
    calls = []

    def answer(alert: Alert) -> Receipt:
        calls.append(alert.id)
        if len(calls) <= 3:
            raise KeyError("http://s3cret/")
        return Receipt(Outcome.ACCEPTED)

    with capture_logs() as lines:
        sender = deliverer(store, {"buggy": RecordingNotifier(answer), "fine": RecordingNotifier()})
        assert deliver_all(sender, store) == DeliveryReport(sent=4, rescheduled=3)
    assert "s3cret" not in repr(lines) + repr(store.deliveries.list())


def test_a_crash_between_lease_and_send_sends_again_and_a_crash_before_the_record_repeats_the_key(
    store: Store, receiver: Receiver
):
    ids = queue_incidents(store, 1, ("ops",))
    # A process that leased and died; then one that sent and died.
    assert store.deliveries.lease(CLOCK.now(), "died early", 1.0, 10, 10)
    sender = deliverer(store, {"ops": webhook(receiver)})
    assert store.deliveries.lease(CLOCK.now(), "too early", 1.0, 10, 10) == []
    leased = []
    until(lambda: leased.extend(store.deliveries.lease(CLOCK.now(), "died late", 0.1, 10, 10)) or leased)
    webhook(receiver).send(Message(leased[0].id, leased[0].alerts), leased[0].attempt)
    assert deliver_all(sender, store).sent == 1
    assert receiver.accepted == [ids[0], ids[0]]
    first, second = receiver.requests
    assert first.body == second.body


def test_a_database_that_is_away_when_the_end_is_recorded_costs_a_repetition_not_the_alert(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    queue_incidents(store, 1, ("ops",))
    notifier = RecordingNotifier()
    sender = deliverer(store, {"ops": notifier}, lease_s=0.05)

    def away(*_args: object) -> bool:
        raise StoreUnavailable("The database cannot be reached.")

    with monkeypatch.context() as patch, capture_logs() as lines:
        patch.setattr(store.deliveries, "finish", away)
        assert sender.deliver_due().sent == 0
    assert "delivery.not_recorded" in [line["event"] for line in lines]
    assert deliver_all(sender, store).sent == 1
    assert len(notifier.sent) >= 2


def test_closing_waits_for_what_is_on_its_way_and_takes_up_nothing_more(store: Store):
    queue_incidents(store, 6, ("ops",))
    gate = threading.Event()
    notifier = RecordingNotifier(lambda _alert: gate.wait(10.0) and Receipt(Outcome.ACCEPTED))
    sender = deliverer(store, {"ops": notifier}, per_notifier=2, turn_s=10.0)
    turn = threading.Thread(target=sender.deliver_due)
    turn.start()
    until(lambda: notifier.at_once == 2)
    assert sender.close(0.05) == 2
    gate.set()
    assert sender.close(5.0) == 0
    turn.join(5.0)
    assert not turn.is_alive()
    assert len(notifier.sent) == 2
    assert store.deliveries.counts()[DeliveryStatus.DELIVERED] == 2
    assert sender.deliver_due() == DeliveryReport(sent=2)


def test_a_turn_ends_although_something_is_still_on_its_way(store: Store):
    queue_incidents(store, 1, ("ops",))
    gate = threading.Event()
    notifier = RecordingNotifier(lambda _alert: gate.wait(10.0) and Receipt(Outcome.ACCEPTED))
    sender = deliverer(store, {"ops": notifier}, turn_s=0.2)
    began_s = time.monotonic()
    assert sender.deliver_due() == DeliveryReport()
    assert time.monotonic() - began_s < 2.0
    gate.set()
    assert sender.close(5.0) == 0
    assert sender.deliver_due().sent == 1


def test_a_receiver_that_fails_is_said_once_and_so_is_its_recovery(store: Store, receiver: Receiver):
    queue_incidents(store, 5, ("ops",))
    broken_until = CLOCK.now() + timedelta(seconds=0.3)

    def respond(_request: Received) -> Answer:
        return Answer(500 if CLOCK.now() < broken_until else 200)

    receiver.respond = respond
    with capture_logs() as lines:
        deliver_all(deliverer(store, {"ops": webhook(receiver)}, per_notifier=1), store)
    assert [line["event"] for line in lines] == ["notifier.failing", "notifier.works_again"]


def test_a_group_is_one_message_and_fails_and_arrives_as_one(store: Store, receiver: Receiver):
    keys = [ViewKey(f"cam-{number:03}") for number in range(5)]
    store.views.sync([builders.spec(key) for key in keys], builders.NOW)
    for key in keys:
        grouped = (Addressee("ops", "site default", 1.0),)
        store.record(builders.opened(0.0, key=key), grouped, builders.announce)
    answers = iter([Answer(503), Answer(204)])
    receiver.respond = lambda _request: next(answers)
    assert deliver_all(deliverer(store, {"ops": webhook(receiver)}), store) == DeliveryReport(
        sent=5, rescheduled=5
    )
    first, second = receiver.requests
    assert first.webhook_id == second.webhook_id
    assert first.body == second.body
    assert first.verified()["data"]["count"] == 5


def test_a_receiver_that_is_gone_stays_off_after_a_restart_until_a_person_says_otherwise(
    store: Store, receiver: Receiver
):
    queue_incidents(store, 2, ("ops",))
    receiver.respond = lambda _request: Answer(410)
    assert deliver_all(deliverer(store, {"ops": webhook(receiver)}, per_notifier=1), store).dead == 2
    store.deliveries.replay_dead(CLOCK.now())
    restarted = deliverer(store, {"ops": webhook(receiver)})
    assert deliver_all(restarted, store).dead == 2
    assert len(receiver.requests) == 1
    receiver.respond = lambda _request: Answer(204)
    store.receivers.enable("ops")
    store.deliveries.replay_dead(CLOCK.now())
    assert deliver_all(restarted, store).sent == 2


def test_a_receiver_that_fails_is_spared_and_everything_arrives_when_it_works_again(store: Store):
    queue_incidents(store, 12, ("ops", "fine"))
    is_down = threading.Event()
    is_down.set()
    notifier = RecordingNotifier(
        lambda _alert: Receipt(Outcome.RETRY if is_down.is_set() else Outcome.ACCEPTED, "as told")
    )
    fine = RecordingNotifier()
    hours = RetryPolicy(first_s=3600.0, longest_s=3600.0)
    probe_every_s = 1.0
    circuit = CircuitPolicy(opens_after=3, first_s=probe_every_s, factor=1.0)
    sender = deliverer(
        store, {"ops": notifier, "fine": fine}, hours, circuit=circuit, per_notifier=1, turn_s=0.3
    )
    began_s = time.monotonic()
    with capture_logs() as lines:
        until(lambda: sender.deliver_due() and len(fine.sent) == 12, timeout_s=30.0)
        # Three attempts opened its circuit; since then one probe in a while, of others that were not tried yet.
        assert 3 <= len(notifier.sent) <= 4 + (time.monotonic() - began_s) / probe_every_s
        untouched = sum(row.attempts == 0 for row in store.deliveries.list(DeliveryStatus.PENDING))
        assert untouched == 12 - len(set(notifier.sent))
        is_down.clear()
        assert deliver_all(sender, store).sent == 12
    assert [line["event"] for line in lines if line["event"].startswith("notifier.")] == [
        "notifier.failing",
        "notifier.spared",
        "notifier.works_again",
    ]
