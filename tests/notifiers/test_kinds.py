from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from monitor.domain.alert import Outcome
from monitor.domain.message import Message
from monitor.notifiers.errors import UnknownNotifierKind
from monitor.notifiers.kinds import NOTIFIER_KINDS, open_notifier
from monitor.notifiers.log import LogNotifier, LogOptions
from monitor.notifiers.webhook import WebhookNotifier, WebhookOptions
from tests.notifiers.receiver import KEY
from tests.notifiers.samples import ALERT, RunningClock

ALERTS_DOC = Path(__file__).parents[2] / "docs" / "alerts.md"


def test_options_lead_to_their_notifier():
    webhook = WebhookOptions(SecretStr("https://alerts.example/"), (SecretStr(KEY),))
    assert isinstance(open_notifier(webhook, RunningClock()), WebhookNotifier)
    assert isinstance(open_notifier(LogOptions(), RunningClock()), LogNotifier)


def test_foreign_options_are_refused_with_the_kinds_there_are():
    with pytest.raises(UnknownNotifierKind, match="log, webhook"):
        open_notifier(object(), RunningClock())  # type: ignore[arg-type]


@pytest.mark.parametrize("level", ["info", "warning", "error"])
def test_the_log_takes_every_alert_as_one_line_at_its_level(level):
    with capture_logs() as lines:
        receipt = open_notifier(LogOptions(level), RunningClock()).send(Message.of(ALERT), 2)
    assert receipt.outcome is Outcome.ACCEPTED
    (line,) = lines
    assert (line["event"], line["log_level"]) == ("alert", level)
    assert (line["headline"], line["view"], line["incident"]) == (ALERT.headline, "gate-north/yard", 17)


@pytest.mark.parametrize("kind", NOTIFIER_KINDS)
def test_every_kind_is_documented(kind: str):
    assert re.search(rf"^\| `{kind}` \|", ALERTS_DOC.read_text(), re.MULTILINE)
