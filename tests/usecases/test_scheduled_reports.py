from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from monitor.clock import HeldClock
from monitor.domain.alert import AlertKind, Outcome, Receipt, RetryPolicy
from monitor.domain.message import Message
from monitor.domain.report import PeriodKind, Report
from monitor.domain.view import ViewKey, ViewSpec
from monitor.schedules.cron import Cron
from monitor.store import Store, open_store
from monitor.usecases.scheduled_reports import ReportPlan, ScheduledReports

SUNDAY = datetime(2026, 3, 8, 12, tzinfo=UTC)
MONDAY = datetime(2026, 3, 9, 6, 0, 30, tzinfo=UTC)
WEEK = timedelta(days=7)
ACCEPTED, LATER, NEVER = (
    Receipt(Outcome.ACCEPTED),
    Receipt(Outcome.RETRY, "busy"),
    Receipt(Outcome.REJECTED, "no"),
)


class Office:
    """Where reports are made: keeps what was written and sent."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.clock = HeldClock(SUNDAY)
        self.plans = [
            ReportPlan("weekly", Cron("0 6 * * MON"), PeriodKind.WEEK, (), ("desk", "mail"), "html", 1e9)
        ]
        self.written: list[str] = []
        self.sent: list[tuple[str, str, int]] = []
        self.messages: list[Message] = []
        self.answers: dict[str, Receipt | None] = {"desk": ACCEPTED, "mail": ACCEPTED}
        self.restart()

    def restart(self) -> None:
        self.reports = ScheduledReports(
            self.store, lambda: self.plans, self.write, self.send, self.clock, RetryPolicy(), Random(1)
        )

    def write(self, plan: ReportPlan, report: Report) -> Path:
        self.written.append(f"{plan.name} {report.period.describe()}")
        place = self.folder / f"{plan.name}.html"
        place.write_text(report.summary)
        return place

    def send(self, notifier: str, message: Message, attempt: int) -> Receipt | None:
        self.sent.append((notifier, message.id, attempt))
        self.messages.append(message)
        return self.answers[notifier]

    def at(self, moment: datetime) -> None:
        self.clock.set(moment)
        self.reports.run_due()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_store(f"sqlite:///{tmp_path / 'monitor.db'}", tmp_path / "images") as store:
        store.views.sync([ViewSpec(ViewKey("gate"))], SUNDAY)
        office = Office(store, tmp_path)
        office.at(SUNDAY)  # a report that is new begins with its next time
        yield office


def test_a_report_that_is_new_begins_with_its_next_time(office: Office):
    assert (office.written, office.sent) == ([], [])
    office.at(MONDAY - timedelta(minutes=1))
    assert office.written == []
    office.at(MONDAY)
    assert office.written == ["weekly 2026-03-02 to 2026-03-08"]


def test_the_file_goes_with_the_message_unless_it_is_gone_or_too_large_for_mail(
    office: Office, monkeypatch: pytest.MonkeyPatch
):
    office.answers["mail"] = LATER
    office.at(MONDAY)
    (file,) = office.messages[0].attachments
    assert (file.name, file.media_type) == ("weekly.html", "text/html")
    assert file.content.decode() == office.messages[0].alerts[0].details["summary"]
    monkeypatch.setattr("monitor.usecases.scheduled_reports.MAX_ATTACHED_BYTES", 3)
    office.at(MONDAY + timedelta(hours=1))
    monkeypatch.undo()
    (office.folder / "weekly.html").unlink()
    office.at(MONDAY + timedelta(hours=2))
    assert [len(message.attachments) for message in office.messages] == [1, 1, 0, 0]
    assert office.messages[-1].alerts[0].details["file"].endswith("weekly.html")


def test_each_period_is_made_and_told_once_whatever_restarts(office: Office):
    for minute in range(3):
        office.restart()
        office.at(MONDAY + timedelta(minutes=minute))
    assert len(office.written) == 1
    assert office.sent == [("desk", "report-weekly-2026-03-09", 1), ("mail", "report-weekly-2026-03-09", 1)]
    office.at(MONDAY + WEEK)
    assert len(office.written) == 2
    assert len(office.sent) == 4


def test_after_a_long_stop_only_the_last_report_is_made(office: Office):
    office.at(MONDAY + 3 * WEEK + timedelta(days=2))
    assert office.written == ["weekly 2026-03-23 to 2026-03-29"]


def test_what_the_message_says(office: Office):
    office.at(MONDAY)
    (alert,) = office.messages[0].alerts
    assert (alert.kind, alert.site, alert.subject) == (AlertKind.REPORT, "all", "weekly")
    assert alert.headline.startswith("Report weekly, 2026-03-02 to 2026-03-08: 1 views, 0 checks.")
    assert alert.details["file"] == str(office.folder / "weekly.html")
    assert "1 view never checked" in alert.details["summary"]


def test_a_notifier_that_is_busy_is_tried_again_later_and_alone(office: Office):
    office.answers["mail"] = LATER
    office.at(MONDAY)
    office.at(MONDAY + timedelta(seconds=1))
    assert [(name, attempt) for name, _, attempt in office.sent] == [("desk", 1), ("mail", 1)]
    office.answers["mail"] = ACCEPTED
    office.at(MONDAY + timedelta(minutes=1))
    office.at(MONDAY + timedelta(minutes=2))
    assert [(name, attempt) for name, _, attempt in office.sent[2:]] == [("mail", 2)]


@pytest.mark.parametrize("answer", [NEVER, None])
def test_a_notifier_that_refuses_or_is_gone_is_given_up(office: Office, answer: Receipt | None):
    office.answers["mail"] = answer
    office.at(MONDAY)
    office.at(MONDAY + timedelta(hours=1))
    assert [name for name, _, _ in office.sent] == ["desk", "mail"]
    done = office.store.report_runs.done(datetime(2026, 3, 9, tzinfo=UTC))
    assert done["weekly>desk"] == "sent"
    assert done["weekly>mail"].startswith("given up")


def test_a_crash_between_writing_and_noting_writes_the_same_file_again(office: Office):
    class Crash(Exception):
        """The process ends here."""

    def crash(plan: ReportPlan, report: Report) -> Path:
        office.written.append(plan.name)
        raise Crash

    good, office.write = office.write, crash  # type: ignore[method-assign]
    office.restart()
    with pytest.raises(Crash):
        office.at(MONDAY)
    office.write = good  # type: ignore[method-assign]
    office.restart()
    office.at(MONDAY + timedelta(minutes=1))
    assert office.written == ["weekly", "weekly 2026-03-02 to 2026-03-08"]
    assert len(office.sent) == 2


def test_a_report_just_after_midnight_waits_until_the_day_is_summed_up(office: Office):
    office.plans = [ReportPlan("daily", Cron("5 0 * * *"), PeriodKind.DAY, (), (), "csv", 1e9)]
    office.at(datetime(2026, 3, 9, 2, tzinfo=UTC))
    office.at(datetime(2026, 3, 10, 0, 10, tzinfo=UTC))
    assert office.written == []
    office.at(datetime(2026, 3, 10, 1, 0, tzinfo=UTC))
    assert office.written == ["daily 2026-03-09"]
