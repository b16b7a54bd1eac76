"""Every format against what its receiver documents: names and types of fields, and limits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from pydantic import SecretStr

from monitor.domain.alert import Alert, AlertKind, Outcome, Receipt
from monitor.domain.links import PictureMode
from monitor.domain.message import Message
from monitor.domain.severity import Severity
from monitor.notifiers.errors import BadNotifierOptions, BadTemplate
from monitor.notifiers.pictures import ShownPicture
from monitor.notifiers.samples import SAMPLE_PICTURES, sample_messages
from monitor.notifiers.shapes import SHAPES, Composer
from monitor.notifiers.webhook import WebhookNotifier, WebhookOptions
from tests.notifiers.receiver import KEY, Answer, Received, Receiver, running_receiver
from tests.notifiers.samples import ALERT, RunningClock, group_of

ROUTING_KEY = "r0ut1ng" + "0" * 25
UNSIGNED = sorted(set(SHAPES) - {"standard"})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as receiver:
        yield receiver


def bodies(template: str, message: Message, *pictures: ShownPicture) -> list[Any]:
    composer = Composer(template, ROUTING_KEY)
    shown = {message.alerts[0].id: pictures} if pictures else {}
    return [json.loads(composer.body(part, shown)) for part in composer.parts(message)]


def body(template: str, alert: Alert, *pictures: ShownPicture) -> Any:
    (only,) = bodies(template, Message.of(alert), *pictures)
    return only


def check_slack(made: Any) -> None:
    assert set(made) == {"text", "blocks"}
    assert len(made["blocks"]) <= 50
    for block in made["blocks"]:
        match block["type"]:
            case "header":
                assert block["text"]["type"] == "plain_text"
                assert 0 < len(block["text"]["text"]) <= 150
            case "section":
                assert block["text"]["type"] == "mrkdwn"
                assert 0 < len(block["text"]["text"]) <= 3000
            case other:
                assert other == "context"
                assert len(block["elements"]) <= 10


def check_teams(made: Any) -> None:
    assert len(json.dumps(made, ensure_ascii=False).encode()) <= 28_000
    assert made["type"] == "message"
    (attachment,) = made["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert card["body"][0]["type"] == "TextBlock"
    for action in card["actions"]:
        assert action["type"] == "Action.OpenUrl"
        assert action["url"].startswith("https://")


def check_pagerduty(made: Any) -> None:
    assert len(json.dumps(made).encode()) <= 512_000
    assert made["routing_key"] == ROUTING_KEY
    assert made["event_action"] in ("trigger", "acknowledge", "resolve")
    assert len(made["dedup_key"]) <= 255
    assert made["payload"]["severity"] in ("critical", "error", "warning", "info")
    assert 0 < len(made["payload"]["summary"]) <= 1024
    assert made["payload"]["source"]
    assert datetime.fromisoformat(made["payload"]["timestamp"]).tzinfo
    assert isinstance(made["payload"]["custom_details"], dict)
    assert all(set(link) == {"href", "text"} for link in made["links"])


def check_alertmanager(made: Any) -> None:
    assert isinstance(made, list)
    for alert in made:
        assert set(alert) <= {"labels", "annotations", "startsAt", "endsAt", "generatorURL"}
        assert alert["labels"]["alertname"]
        texts = [*alert["labels"].values(), *alert["annotations"].values()]
        assert all(isinstance(text, str) for text in texts)
        start, end = (datetime.fromisoformat(alert[key]) for key in ("startsAt", "endsAt"))
        assert start.tzinfo
        assert start <= end


CHECKS = {
    "slack": check_slack,
    "teams": check_teams,
    "pagerduty": check_pagerduty,
    "alertmanager": check_alertmanager,
}


@pytest.mark.parametrize("template", UNSIGNED)
@pytest.mark.parametrize("what", sample_messages())
def test_every_kind_of_message_fits_the_receiver(template: str, what: str) -> None:
    message = sample_messages()[what]
    for made in bodies(template, message, *SAMPLE_PICTURES):
        CHECKS[template](made)


@pytest.mark.parametrize("template", UNSIGNED)
@pytest.mark.parametrize("count", [2, 21, 500, 10_000])
def test_a_group_of_any_size_stays_within_the_receivers_limits(template: str, count: int) -> None:
    made = bodies(template, group_of(count))
    assert made
    for one in made:
        CHECKS[template](one)


def test_a_large_group_says_how_many_it_does_not_list() -> None:
    (slack,) = bodies("slack", group_of(10_000))
    assert slack["blocks"][0]["text"]["text"].startswith("10000 camera incidents at north: 10000 new")
    assert slack["blocks"][-1]["elements"][0]["text"] == "… and 9980 more"
    (teams,) = bodies("teams", group_of(10_000))
    assert "more" in teams["attachments"][0]["content"]["body"][-1]["text"]


def test_slack_takes_no_text_for_markup() -> None:
    made = body("slack", replace(ALERT, headline="<!channel> & <https://x|y>"))
    assert made["text"] == "&lt;!channel&gt; &amp; &lt;https://x|y&gt;"
    (group,) = bodies("slack", group_of(2))
    assert "<b>" not in group["blocks"][1]["text"]["text"]


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        (AlertKind.OPENED, "trigger"),
        (AlertKind.CHANGED, "trigger"),
        (AlertKind.REMINDER, "trigger"),
        (AlertKind.REOPENED, "trigger"),
        (AlertKind.ACKNOWLEDGED, "acknowledge"),
        (AlertKind.RESOLVED, "resolve"),
    ],
)
def test_pagerduty_hears_of_one_incident_under_one_key(kind: AlertKind, action: str) -> None:
    made = body("pagerduty", replace(ALERT, kind=kind, severity=Severity.CRITICAL))
    assert (made["event_action"], made["dedup_key"]) == (action, "camera-view-monitor-incident-17")
    assert made["payload"]["severity"] == "critical"


def test_pagerduty_gets_an_event_for_each_alert_and_one_for_all_beyond_twenty() -> None:
    made = bodies("pagerduty", group_of(10_000))
    assert len(made) == 21
    assert len({one["dedup_key"] for one in made}) == 21
    assert made[-1]["payload"]["custom_details"]["count"] == 9_980


def test_alertmanager_gets_every_alert_and_ends_it_when_the_incident_is_over() -> None:
    made = bodies("alertmanager", group_of(10_000))
    assert len(made) == 50
    assert len({alert["labels"]["incident"] for one in made for alert in one}) == 10_000
    opened, resolved = (
        body("alertmanager", replace(ALERT, kind=kind)) for kind in (AlertKind.OPENED, AlertKind.RESOLVED)
    )
    assert opened[0]["endsAt"] > opened[0]["startsAt"]
    (ended,) = (alert for alert in resolved if alert["labels"] == opened[0]["labels"])
    assert ended["endsAt"] == ALERT.occurred_at.isoformat()


def test_alertmanager_is_told_that_an_incident_has_no_longer_its_former_severity() -> None:
    changed = body("alertmanager", replace(ALERT, kind=AlertKind.CHANGED, severity=Severity.CRITICAL))
    ends = {alert["labels"]["severity"]: alert["endsAt"] for alert in changed}
    now = ALERT.occurred_at.isoformat()
    assert (ends["info"], ends["warning"]) == (now, now)
    assert ends["critical"] > now


def notifier(receiver: Receiver, template: str, **options: object) -> WebhookNotifier:
    chosen = {
        "template": template,
        "key": SecretStr(ROUTING_KEY),
        "allow_private": True,
        "timeout_s": 5.0,
        **options,
    }
    return WebhookNotifier.open(WebhookOptions(SecretStr(receiver.url), **chosen), RunningClock())  # type: ignore[arg-type]


def send(receiver: Receiver, template: str, answer: Answer) -> Receipt:
    receiver.respond = lambda _request: answer
    return notifier(receiver, template).send(Message.of(ALERT), 1)


@pytest.mark.parametrize(
    ("template", "answer", "outcome"),
    [
        ("slack", Answer(200, body=b"ok"), Outcome.ACCEPTED),
        ("slack", Answer(200, body=b"<html>log in</html>"), Outcome.RETRY),
        ("slack", Answer(400, body=b"invalid_blocks"), Outcome.REJECTED),
        ("slack", Answer(429, {"Retry-After": "7"}), Outcome.RETRY),
        ("slack", Answer(410, body=b"channel_is_archived"), Outcome.GONE),
        ("teams", Answer(202), Outcome.ACCEPTED),
        ("teams", Answer(200, body=b"1"), Outcome.ACCEPTED),
        ("teams", Answer(200, body=b"Microsoft Teams endpoint returned HTTP error 429"), Outcome.RETRY),
        ("pagerduty", Answer(202, body=b'{"status":"success"}'), Outcome.ACCEPTED),
        ("pagerduty", Answer(200), Outcome.RETRY),
        ("pagerduty", Answer(400, body=b'{"status":"invalid event"}'), Outcome.REJECTED),
        ("pagerduty", Answer(429), Outcome.RETRY),
        ("alertmanager", Answer(200), Outcome.ACCEPTED),
        ("alertmanager", Answer(400), Outcome.REJECTED),
        ("alertmanager", Answer(500), Outcome.RETRY),
    ],
)
def test_answers_mean_what_the_receiver_means(
    receiver: Receiver, template: str, answer: Answer, outcome: Outcome
) -> None:
    receipt = send(receiver, template, answer)
    assert receipt.outcome is outcome
    assert receipt.retry_after_s == (7.0 if "Retry-After" in answer.headers else None)


def test_unsigned_formats_carry_no_signature_and_further_headers_are_sent(receiver: Receiver) -> None:
    receiver.respond = lambda _request: Answer(200, body=b"ok")
    sender = notifier(receiver, "slack", headers={"X-Token": SecretStr("t0ken")})
    assert sender.send(Message.of(ALERT), 1).outcome is Outcome.ACCEPTED
    (request,) = receiver.requests
    assert request.headers["x-token"] == "t0ken"
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert not [name for name in request.headers if name.startswith("webhook-")]
    check_slack(json.loads(request.body))


def test_what_was_accepted_of_a_message_is_not_sent_again(receiver: Receiver) -> None:
    def refuse_the_third(request: Received) -> Answer:
        return Answer(503) if len(receiver.requests) == 3 else Answer(202)

    receiver.respond = refuse_the_third
    sender, message = notifier(receiver, "pagerduty"), group_of(5)
    assert sender.send(message, 1).outcome is Outcome.RETRY
    assert sender.send(message, 2).outcome is Outcome.ACCEPTED
    keys = [json.loads(request.body)["dedup_key"].rpartition("-")[2] for request in receiver.requests]
    assert keys == ["1", "2", "3", "3", "4", "5"]
    assert sender.send(message, 1).outcome is Outcome.ACCEPTED  # replayed: all of it
    assert len(receiver.requests) == 11


def test_all_requests_of_a_message_share_one_time_limit(receiver: Receiver) -> None:
    receiver.respond = lambda _request: Answer(202, after_s=0.15)
    sender, message = notifier(receiver, "pagerduty", timeout_s=0.5), group_of(12)
    clock = RunningClock()
    attempts = 0
    while True:
        attempts += 1
        began_s = clock.monotonic_s()
        receipt = sender.send(message, attempts)
        assert clock.monotonic_s() - began_s < 1.5
        if receipt.outcome is Outcome.ACCEPTED:
            break
        assert attempts < 12
    assert attempts > 1


def test_a_template_of_ones_own_is_signed_when_there_is_a_key(receiver: Receiver) -> None:
    template = '{"text": {{ title | tojson }}, "n": {{ count }}}'
    sender = notifier(receiver, template, secrets=(SecretStr(KEY),))
    assert sender.send(group_of(3), 1).outcome is Outcome.ACCEPTED
    (request,) = receiver.requests
    assert request.verified() == {"text": "3 camera incidents at north: 3 new", "n": 3}


def test_a_message_of_which_a_template_makes_no_json_is_given_up_with_the_reason(receiver: Receiver) -> None:
    template = '{"first": {{ alerts[0].headline if "größer" not in title else "nothing" }}}'
    with pytest.raises(BadTemplate, match="no JSON"):
        notifier(receiver, template)
    template = '{"a": {{ (1 if "ALARM" not in title else title) }}}'
    receipt = notifier(receiver, template).send(Message.of(replace(ALERT, headline="ALARM s3cret")), 1)
    assert receipt.outcome is Outcome.REJECTED
    assert "no JSON" in receipt.detail
    assert "s3cret" not in receipt.detail
    assert receiver.requests == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"template": "standard"}, "no signing key"),
        ({"template": "pagerduty"}, "needs a key"),
        ({"template": "slack", "pictures": "attach"}, "no room for pictures"),
        ({"template": "slack", "headers": {"Webhook-Id": SecretStr("x")}}, "set by the program"),
        ({"template": "slack", "headers": {"Host": SecretStr("x")}}, "set by the program"),
    ],
)
def test_options_that_cannot_work_together_are_refused(options: dict[str, Any], words: str) -> None:
    if "pictures" in options:
        options = options | {"pictures": PictureMode(options["pictures"])}
    with pytest.raises(BadNotifierOptions, match=words):
        WebhookOptions(SecretStr("https://receiver.example/"), **options)
