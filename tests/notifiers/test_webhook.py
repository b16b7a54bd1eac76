from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr, TypeAdapter, ValidationError
from standardwebhooks.webhooks import WebhookVerificationError
from structlog.testing import capture_logs

from monitor.domain.alert import Outcome, Receipt
from monitor.domain.errors import MonitorError
from monitor.domain.incident import Scope
from monitor.domain.message import Message
from monitor.domain.view import ViewKey
from monitor.notifiers.answers import parse_retry_after
from monitor.notifiers.webhook import WebhookNotifier, WebhookOptions
from tests.notifiers.receiver import KEY, OLD_KEY, Answer, Receiver, running_receiver
from tests.notifiers.samples import ALERT, RunningClock


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver


def notifier(url: str, *keys: str, timeout_s: float = 5.0, allow_private: bool = True) -> WebhookNotifier:
    secrets = tuple(SecretStr(key) for key in keys or (KEY,))
    options = WebhookOptions(SecretStr(url), secrets, timeout_s, allow_private)
    return WebhookNotifier.open(options, RunningClock())


def send(receiver: Receiver, answer: Answer | None = None, **options: object) -> Receipt:
    if answer is not None:
        receiver.respond = lambda _request: answer
    return notifier(receiver.url, **options).send(Message.of(ALERT), 1)  # type: ignore[arg-type]


def test_the_published_library_accepts_what_is_sent(receiver: Receiver):
    assert send(receiver) == Receipt(Outcome.ACCEPTED, "answered 204 No Content")
    (request,) = receiver.requests
    assert request.verified() == {
        "type": "incident.opened",
        "timestamp": "2026-03-04T05:06:07+00:00",
        "schema": 1,
        "data": {
            "alert": "17-1",
            "incident": 17,
            "severity": "warning",
            "site": "north",
            "camera": "gate-north",
            "view": "yard",
            "scope": "view",
            "subject": "gate-north/yard",
            "members": ["gate-north/yard"],
            "headline": "gate-north/yard moved: 5.1 % right – “größer”",
            "details": {
                "cause": "moved",
                "displacement": {"dx": 0.051, "sigma": None},
                "reasons": ["two checks agree"],
                "since": "2026-03-04T05:06:07+00:00",
                "looks_like": None,
            },
        },
    }
    assert request.headers["content-type"] == "application/json"
    assert request.webhook_id == ALERT.id
    assert request.path == "/hooks/s3cret-path?token=s3cret-token"


def test_a_changed_body_or_another_key_is_not_accepted(receiver: Receiver):
    send(receiver)
    (request,) = receiver.requests
    with pytest.raises(WebhookVerificationError):
        request.verified(OLD_KEY)
    forged = type(request)(request.path, request.headers, request.body.replace(b"17", b"18"))
    with pytest.raises(WebhookVerificationError):
        forged.verified()


def test_while_keys_are_exchanged_receivers_with_either_key_accept(receiver: Receiver):
    notifier(receiver.url, KEY, OLD_KEY).send(Message.of(ALERT), 1)
    (request,) = receiver.requests
    assert request.verified(KEY) == request.verified(OLD_KEY)
    assert len(request.headers["webhook-signature"].split(" ")) == 2


def test_every_attempt_has_the_same_id_and_body_and_its_own_time(receiver: Receiver):
    class LaterClock(RunningClock):
        def now(self) -> datetime:
            return super().now() + timedelta(seconds=100)

    options = WebhookOptions(SecretStr(receiver.url), (SecretStr(KEY),), allow_private=True)
    for attempt, clock in enumerate((RunningClock(), LaterClock()), start=1):
        WebhookNotifier.open(options, clock).send(Message.of(ALERT), attempt)
    first, second = receiver.requests
    assert (first.webhook_id, first.body) == (second.webhook_id, second.body)
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) >= 99
    assert first.verified() == second.verified()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.ACCEPTED),
        (299, Outcome.ACCEPTED),
        (301, Outcome.REJECTED),
        (307, Outcome.REJECTED),
        (400, Outcome.REJECTED),
        (401, Outcome.REJECTED),
        (404, Outcome.REJECTED),
        (408, Outcome.RETRY),
        (410, Outcome.GONE),
        (425, Outcome.RETRY),
        (429, Outcome.RETRY),
        (500, Outcome.RETRY),
        (503, Outcome.RETRY),
        (599, Outcome.RETRY),
    ],
)
def test_what_an_answer_means(receiver: Receiver, status: int, outcome: Outcome):
    receipt = send(receiver, Answer(status))
    assert receipt.outcome is outcome
    assert str(status) in receipt.detail


def test_redirects_are_not_followed(receiver: Receiver):
    with running_receiver() as elsewhere:
        receipt = send(receiver, Answer(302, {"location": elsewhere.url}))
        assert receipt.outcome is Outcome.REJECTED
        assert elsewhere.requests == []


@pytest.mark.parametrize("status", [429, 503])
def test_the_receivers_wish_to_wait_is_passed_on(receiver: Receiver, status: int):
    assert send(receiver, Answer(status, {"Retry-After": "120"})).retry_after_s == 120.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Wed, 04 Mar 2026 05:07:07 GMT", 60.0),
        ("Wed, 04 Mar 2026 05:00:00 GMT", 0.0),
        ("Wednesday, 04-Mar-26 05:07:07 GMT", 60.0),
        ("Wed Mar  4 05:07:07 2026", 60.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("9" * 400, None),
        ("١٢", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(text: str, seconds: float | None):
    assert parse_retry_after(text, datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)) == seconds


def test_a_receiver_that_hangs_costs_no_more_than_the_time_limit(receiver: Receiver):
    began_s = time.monotonic()
    receipt = send(receiver, Answer(after_s=30.0), timeout_s=0.3)
    assert receipt.outcome is Outcome.RETRY
    assert time.monotonic() - began_s < 3.0


def test_nobody_listening_is_tried_again():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        assert notifier(url).send(Message.of(ALERT), 1).outcome is Outcome.RETRY


def test_a_name_that_does_not_exist_is_tried_again():
    receipt = notifier("http://no-such-host.invalid/", timeout_s=3.0).send(Message.of(ALERT), 1)
    assert receipt.outcome is Outcome.RETRY


@pytest.mark.parametrize(
    ("host", "allow_private"),
    [
        ("127.0.0.1", False),
        ("localhost", False),
        ("10.0.0.1", False),
        ("[::ffff:127.0.0.1]", False),
        ("169.254.169.254", False),
        ("169.254.169.254", True),
        ("100.100.100.200", True),
        ("[fe80::1]", True),
    ],
)
def test_addresses_that_may_not_be_contacted_are_refused(receiver: Receiver, host: str, allow_private: bool):
    url = receiver.url.replace("127.0.0.1", host)
    receipt = notifier(url, timeout_s=2.0, allow_private=allow_private).send(Message.of(ALERT), 1)
    assert receipt.outcome is Outcome.REJECTED
    assert receiver.requests == []


def failures(receiver: Receiver) -> Iterator[Receipt]:
    yield send(receiver, Answer(500, body=receiver.url.encode() + KEY.encode()))
    yield send(receiver, Answer(302, {"location": receiver.url}))
    yield send(receiver, Answer(400, body=KEY.encode()))
    yield send(receiver, Answer(after_s=5.0), timeout_s=0.2)
    for url in (
        "http://s3cret-host.invalid/s3cret",
        "http://u:s3cret@127.0.0.1:1/s3cret",
        "https://10.1.2.3/s3cret",
    ):
        yield notifier(url, timeout_s=2.0, allow_private="127" in url).send(Message.of(ALERT), 1)


def test_neither_address_nor_key_is_ever_in_a_receipt_or_log(receiver: Receiver):
    with capture_logs() as lines:
        receipts = list(failures(receiver))
    text = repr(receipts) + repr(lines) + repr(notifier(receiver.url)._options)
    assert all(receipt.outcome is not Outcome.ACCEPTED for receipt in receipts)
    for secret in ("s3cret", KEY, KEY.removeprefix("whsec_"), receiver.url, "127.0.0.1"):
        assert secret not in text


def test_a_bug_on_the_way_is_a_receipt_and_not_an_error():
    def break_down(*_args: object) -> None:
        raise ZeroDivisionError("http://s3cret/")

    options = WebhookOptions(SecretStr("http://127.0.0.1/"), (SecretStr(KEY),))
    with capture_logs() as lines:
        receipt = WebhookNotifier(options, RunningClock(), break_down).send(Message.of(ALERT), 1)  # type: ignore[arg-type]
    assert receipt.outcome is Outcome.RETRY
    assert "s3cret" not in repr(receipt) + repr(lines)


@pytest.mark.parametrize(
    ("url", "keys"),
    [
        ("https://alerts.example/", ()),
        ("https://alerts.example/", ("s3cret",)),
        ("https://alerts.example/", ("whsec_dG9vIHNob3J0",)),
        ("https://alerts.example/", (KEY, "whsec_not base64")),
        ("ftp://alerts.example/s3cret", (KEY,)),
        ("s3cret", (KEY,)),
    ],
)
def test_options_that_cannot_work_are_refused_without_repeating_secrets(url: str, keys: tuple[str, ...]):
    with pytest.raises(MonitorError) as caught:
        WebhookOptions(SecretStr(url), tuple(SecretStr(key) for key in keys))
    assert isinstance(caught.value, ValueError)
    assert "s3cret" not in str(caught.value)
    assert KEY not in str(caught.value)


def test_options_can_be_validated_by_pydantic():
    adapter = TypeAdapter(WebhookOptions)
    options = adapter.validate_python({"url": "https://alerts.example/", "secrets": [KEY], "timeout_s": 3})
    assert options == WebhookOptions(SecretStr("https://alerts.example/"), (SecretStr(KEY),), 3.0)
    with pytest.raises(ValidationError, match="no signing key"):
        adapter.validate_python({"url": "https://alerts.example/", "secrets": []})


def test_the_body_is_plain_json_text(receiver: Receiver):
    send(receiver)
    body = receiver.requests[0].body.decode("utf-8")
    assert "NaN" not in body
    assert json.loads(body)["schema"] == 1


def test_an_alert_about_a_recorder_names_it_and_its_cameras(receiver: Receiver):
    members = (ViewKey("channel1"), ViewKey("ptz", "gate"))
    alert = replace(ALERT, key=members[0], scope=Scope.HOST, subject="10.0.0.5", members=members)
    assert notifier(receiver.url).send(Message.of(alert), 1).outcome is Outcome.ACCEPTED
    data = receiver.requests[0].verified()["data"]
    assert (data["scope"], data["subject"], data["members"]) == ("host", "10.0.0.5", ["channel1", "ptz/gate"])
    # Receivers that know nothing of hosts find a camera where they look for one.
    assert (data["camera"], data["view"]) == ("channel1", "main")
