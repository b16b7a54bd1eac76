import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from monitor.clock import HeldClock
from monitor.domain.day import ViewDay
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey, ViewSpec
from monitor.settings import Settings, load_settings
from monitor.store import Store, open_store
from monitor.wiring.reports import report_jobs
from tests.notifiers.receiver import KEY, Receiver, running_receiver

SUNDAY = datetime(2026, 3, 8, 12, tzinfo=UTC)
MONDAY = datetime(2026, 3, 9, 6, 1, tzinfo=UTC)
GATE = ViewKey("gate")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path, receiver: Receiver) -> Settings:
    hook = {"name": "hook", "kind": "webhook", "url": receiver.url, "secrets": [KEY], "allow_private": True}
    written = {
        "cameras": [{"name": "gate", "source": {"kind": "folder", "path": str(tmp_path)}}],
        "notifiers": [hook],
        "reports": [{"name": "weekly", "cron": "0 6 * * MON", "period": "week", "to": ["hook"]}],
    }
    path = tmp_path / "monitor.yaml"
    path.write_text(yaml.safe_dump(written), encoding="utf-8")
    return load_settings(path, {})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'monitor.db'}", tmp_path / "images") as opened:
        opened.views.sync([ViewSpec(GATE)], SUNDAY)
        yield opened


def test_a_scheduled_report_is_kept_and_told_of(store: Store, settings: Settings, receiver: Receiver):
    clock = HeldClock(SUNDAY)
    jobs = {job.name: job.run for job in report_jobs(store, clock, lambda: settings)}
    jobs["reports"]()
    store.days.save(GATE, ViewDay(SUNDAY.date(), 10, {VerdictKind.OK: 10}))
    clock.set(MONDAY)
    jobs["reports"]()
    jobs["reports"]()
    kept = settings.data_dir / "reports" / "weekly-2026-03-09.html"
    assert "2026-03-02 to 2026-03-08" in kept.read_text(encoding="utf-8")
    (request,) = receiver.requests
    # The clock stands in the past, so the signature's time is too old to be verified.
    body = json.loads(request.body)
    assert body["type"] == "report"
    assert body["data"]["alert"] == request.webhook_id == "report-weekly-2026-03-09"
    assert "1 views, 10 checks" in body["data"]["headline"]
    assert body["data"]["details"]["file"] == str(kept)


def test_days_are_summed_up_and_let_go_with_incidents(store: Store, settings: Settings):
    clock = HeldClock(MONDAY)
    old = SUNDAY.date() - timedelta(days=731)
    store.days.save(GATE, ViewDay(old, 1))
    store.days.save(GATE, ViewDay(SUNDAY.date(), 2))
    {job.name: job.run for job in report_jobs(store, clock, lambda: settings)}["days"]()
    assert [day.checks for day in store.days.series(old, MONDAY.date())[GATE]] == [2]
