"""Reports that are made on schedule: each period once, whatever crashes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import structlog

from monitor.domain.alert import Alert, AlertKind, Outcome, Receipt, RetryPolicy
from monitor.domain.message import Attachment, Message
from monitor.domain.ports import Clock
from monitor.domain.report import Period, PeriodKind, Report
from monitor.domain.report_sums import bounds
from monitor.domain.severity import Severity
from monitor.domain.view import ViewKey
from monitor.schedules.cron import Cron
from monitor.store import Store
from monitor.usecases.drift import SETTLED_S, sum_up_days
from monitor.usecases.report import make_report

_log = structlog.get_logger(__name__)

# What mail servers take as a rule, with room for Base64.
MAX_ATTACHED_BYTES = 10 * 1024 * 1024
_MEDIA_TYPES = {"html": "text/html", "pdf": "application/pdf", "csv": "text/csv"}


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """One report that is made again and again.

    Attributes:
        name: Unique.
        schedule: When.
        period: How much time before that day it is about.
        sites: Only views of these; of all sites where there are none.
        to: Names of the notifiers that are told.
        format: Of the file.
        recheck_after_s: The age at which references are due for a person's look.
    """

    name: str
    schedule: Cron
    period: PeriodKind
    sites: tuple[str, ...]
    to: tuple[str, ...]
    format: str
    recheck_after_s: float


class ScheduledReports:
    """Makes what is due, and tells of it.

    Making a report and telling each of its notifiers are steps, each noted in the database when it is done. A crash
    between a step and its note repeats the step: the file is written again, and the message has the id that it had.

    Args:
        store: Where from, and where steps are noted.
        plans: The reports as configured now.
        write: Writes the file of a report, whole or not at all, and says where.
        send: Sends a message through a notifier; None where there is none of this name.
        clock: Time.
        retries: When a notifier that did not accept is tried again; forgotten by a restart, which tries at once.
        random: Spreads retries.
    """

    def __init__(
        self,
        store: Store,
        plans: Callable[[], Sequence[ReportPlan]],
        write: Callable[[ReportPlan, Report], Path],
        send: Callable[[str, Message, int], Receipt | None],
        clock: Clock,
        retries: RetryPolicy,
        random: Random,
    ) -> None:
        self._store = store
        self._plans = plans
        self._write = write
        self._send = send
        self._clock = clock
        self._retries = retries
        self._random = random
        self._waiting: dict[tuple[str, datetime], tuple[int, datetime]] = {}

    def run_due(self) -> None:
        """Go through all reports.

        Of the times that passed while the service stood still, the last one counts. A report that is new in the
        configuration begins with its next time.

        Raises:
            MonitorError: One could not be made; those before it were.
        """
        for plan in self._plans():
            self._go_through(plan, self._clock.now())

    def _go_through(self, plan: ReportPlan, now: datetime) -> None:
        due_at = plan.schedule.last_before(now + timedelta(seconds=1))
        period = Period.before(plan.period, due_at.astimezone(UTC).date())
        _, end = bounds(period)
        if now < end + timedelta(seconds=SETTLED_S):
            return
        done = self._store.report_runs.done(end)
        if plan.name not in done:
            if not self._store.report_runs.has_any(plan.name):
                self._store.report_runs.note(plan.name, end, "", now)
                return
            done[plan.name] = self._make(plan, period, end, now)
        if not done[plan.name]:
            return
        for notifier in plan.to:
            step = f"{plan.name}>{notifier}"
            if step not in done:
                self._tell(step, notifier, self._message(plan, period, done[plan.name], now), end, now)

    def _make(self, plan: ReportPlan, period: Period, end: datetime, now: datetime) -> str:
        sum_up_days(self._store, now)
        report = make_report(self._store, period, now, sites=plan.sites, recheck_after_s=plan.recheck_after_s)
        place = self._write(plan, report)
        made = f"{place}\n{report.summary}"
        self._store.report_runs.note(plan.name, end, made, now)
        _log.info("report.made", report=plan.name, period=period.describe(), file=str(place))
        return made

    def _message(self, plan: ReportPlan, period: Period, made: str, now: datetime) -> Message:
        place, _, summary = made.partition("\n")
        alert = Alert(
            id=f"report-{plan.name}-{period.until}",
            kind=AlertKind.REPORT,
            key=ViewKey("report", plan.name),
            site=", ".join(plan.sites) or "all",
            incident_id=0,
            occurred_at=now,
            headline=f"Report {plan.name}, {period.describe()}: {summary}",
            details={"report": plan.name, "period": period.describe(), "summary": summary, "file": place},
            subject=plan.name,
            severity=Severity.INFO,
        )
        return Message.of(alert, *_attached(Path(place), plan.format))

    def _tell(self, step: str, notifier: str, message: Message, end: datetime, now: datetime) -> None:
        attempts, next_at = self._waiting.get((step, end), (0, now))
        if now < next_at:
            return
        receipt = self._send(notifier, message, attempts + 1)
        if receipt is None:
            receipt = Receipt(Outcome.REJECTED, "no such notifier, or switched off")
        again_at = self._retries.next_attempt(now, attempts + 1, receipt, self._random)
        if receipt.outcome is Outcome.ACCEPTED:
            self._store.report_runs.note(step, end, "sent", now)
        elif again_at is None:
            self._store.report_runs.note(step, end, f"given up: {receipt.detail}", now)
            _log.error("report.not_sent", report=message.id, notifier=notifier, reason=receipt.detail)
        else:
            self._waiting[step, end] = (attempts + 1, again_at)
            return
        self._waiting.pop((step, end), None)


def _attached(place: Path, report_format: str) -> tuple[Attachment, ...]:
    """The file of a report, or nothing where it is too large for mail or was removed; the message says where it was."""
    try:
        if place.stat().st_size > MAX_ATTACHED_BYTES:
            return ()
        return (Attachment(place.name, _MEDIA_TYPES[report_format], place.read_bytes()),)
    except OSError:
        return ()
