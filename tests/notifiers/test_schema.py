"""The published schema describes what is sent, and what is sent stays small."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError

from monitor.domain.alert import AlertKind
from monitor.domain.message import Attachment, Message
from monitor.notifiers.payload import BRIEF_ALERTS, FULL_ALERTS, body_of, encode_message
from monitor.notifiers.pictures import ShownPicture
from monitor.notifiers.samples import SAMPLE_PICTURES, sample_messages
from monitor.notifiers.schema import alert_schema
from tests.notifiers.samples import ALERT, group_of

FILE = Path(__file__).parents[2] / "docs" / "alert.schema.json"
ATTACHED = ShownPicture("event", content=b"\xff\xd8\xff picture")


@pytest.fixture(scope="module")
def validate() -> Callable[[object], None]:
    schema = alert_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema).validate


def test_the_published_file_is_current() -> None:
    hint = "run: monitor alerts schema > docs/alert.schema.json"
    assert json.loads(FILE.read_text(encoding="utf-8")) == alert_schema(), hint


@pytest.mark.parametrize("what", sample_messages())
def test_every_kind_of_message_is_as_described(validate: Callable[[object], None], what: str) -> None:
    message = sample_messages()[what]
    validate(json.loads(encode_message(message)))
    validate(json.loads(encode_message(message, {message.alerts[0].id: SAMPLE_PICTURES})))
    validate(json.loads(encode_message(message, {message.alerts[0].id: (ATTACHED,)})))


@pytest.mark.parametrize("kind", AlertKind)
def test_every_kind_of_alert_is_in_the_schema(validate: Callable[[object], None], kind: AlertKind) -> None:
    validate(body_of(Message.of(replace(ALERT, kind=kind))))


@pytest.mark.parametrize("count", [2, FULL_ALERTS, FULL_ALERTS + 1, 10_000])
def test_groups_of_any_size_are_as_described(validate: Callable[[object], None], count: int) -> None:
    data = body_of(group_of(count))["data"]
    validate(body_of(group_of(count)))
    named = len(data["alerts"]) + len(data.get("further", ()))
    assert named + data.get("omitted", 0) == data["count"] == count
    assert len(data["alerts"]) == min(count, FULL_ALERTS)
    assert len(data.get("further", ())) <= BRIEF_ALERTS


def test_a_storm_makes_no_body_that_servers_refuse() -> None:
    # Servers' usual limit is a megabyte or more; these alerts are far wordier than real ones.
    assert len(encode_message(group_of(10_000)).encode()) < 2_000_000


def test_the_schema_can_refuse(validate: Callable[[object], None]) -> None:
    for change in ({"schema": 2}, {"type": "incident.unknown"}, {"data": {}}):
        with pytest.raises(ValidationError):
            validate(body_of(Message.of(ALERT)) | change)


def test_an_attached_picture_is_in_the_body() -> None:
    (picture,) = body_of(Message.of(ALERT), {ALERT.id: (ATTACHED,)})["data"]["pictures"]
    assert (picture["name"], picture["media_type"]) == ("event", "image/jpeg")
    assert base64.b64decode(picture["base64"]) == ATTACHED.content


def test_a_report_is_posted_with_its_file(validate: Callable[[object], None]) -> None:
    body = body_of(Message.of(ALERT, Attachment("weekly.csv", "text/csv", b"a,b\n")))
    validate(body)
    (file,) = body["data"]["attachments"]
    assert (file["name"], file["media_type"]) == ("weekly.csv", "text/csv")
    assert base64.b64decode(file["base64"]) == b"a,b\n"
