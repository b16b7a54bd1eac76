"""Remarks on a camera: shown where its verdict is, and said once in the log."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PIL import Image
from structlog.testing import capture_logs

from monitor.domain.incident import Observation
from monitor.domain.state import ViewState
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey
from monitor.usecases.observe import Check
from monitor.wiring.daemon import Reporter
from tests.cli.workplace import Workplace

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
REMARK = "The camera now delivers 640 × 480 pixels instead of 320 × 240; the view has the same shape."


@pytest.fixture
def upgraded(site: Workplace) -> Workplace:
    """A site whose gate was looked at, and has had new firmware since: twice as many pixels."""
    site.run("check", "gate")
    larger = site.folder / "larger.jpg"
    Image.open(site.recordings.good("gate", 1)).resize((640, 480)).save(larger, quality=90)
    site.upload("gate", larger, 1)
    return site


def test_a_remark_stands_beside_the_verdict_and_alarms_nobody(upgraded: Workplace) -> None:
    (found,) = upgraded.json("check", "gate")
    assert (found["verdict"]["kind"], found["state"]) == ("ok", "ok")
    assert found["verdict"]["remarks"] == [REMARK]
    assert [row["verdict"]["remarks"] for row in upgraded.json("history", "gate")] == [[REMARK], []]
    status = upgraded.run("status", "gate")
    assert REMARK in " ".join(status.stderr.split())


def seen(*remarks: str) -> Check:
    verdict = replace(Verdict(VerdictKind.OK, 1.0), remarks=remarks)
    observation = Observation(ViewKey("gate"), NOON, NOON, NOON, verdict, "", ViewState(), None, NOON)
    return Check(observation, None)


def test_the_log_says_a_remark_when_it_begins_and_not_at_every_check() -> None:
    reporter = Reporter()
    with capture_logs() as lines:
        for check in (seen("A clock is 301 s ahead."), seen("A clock is 304 s ahead."), seen(), seen("Odd.")):
            reporter.tell(ViewKey("gate"), check)
    assert [(line["event"], line["remark"]) for line in lines] == [
        ("view.remark", "A clock is 301 s ahead."),
        ("view.remark", "Odd."),
    ]
