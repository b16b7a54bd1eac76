"""Reports put together: from settings to files and messages."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random

from monitor.domain.alert import Receipt, RetryPolicy
from monitor.domain.message import Message
from monitor.domain.ports import Clock
from monitor.domain.report import PeriodKind, Report
from monitor.reports.kinds import render
from monitor.schedules.cron import Cron
from monitor.service.jobs import Job
from monitor.settings import Settings
from monitor.store import Store
from monitor.usecases.drift import sum_up_days
from monitor.usecases.scheduled_reports import ReportPlan, ScheduledReports
from monitor.wiring.notify import open_channel

DAYS_EVERY_S = 3600.0
REPORTS_EVERY_S = 60.0


def report_jobs(store: Store, clock: Clock, settings: Callable[[], Settings]) -> list[Job]:
    """What the daemon does about days and reports; the settings are asked for anew each time."""

    def send(name: str, message: Message, attempt: int) -> Receipt | None:
        channel = next((one for one in settings().notifiers if one.name == name and one.enabled), None)
        return None if channel is None else open_channel(channel, clock).send(message, attempt)

    scheduled = ScheduledReports(
        store,
        lambda: report_plans(settings()),
        lambda plan, report: keep(settings().data_dir / "reports", plan, report),
        send,
        clock,
        RetryPolicy(),
        Random(),  # noqa: S311 - spreads retries, guards nothing
    )

    def sum_up() -> None:
        sum_up_days(store, clock.now())
        kept = timedelta(seconds=settings().retention.incidents_s)
        store.days.forget((clock.now() - kept).date())

    return [
        Job("days", sum_up, DAYS_EVERY_S, 60.0),
        Job("reports", scheduled.run_due, REPORTS_EVERY_S, 30.0),
    ]


def report_plans(settings: Settings) -> list[ReportPlan]:
    """The scheduled reports of the configuration."""
    return [
        ReportPlan(
            one.name,
            Cron(one.cron, one.time_zone),
            PeriodKind(one.period),
            one.sites,
            one.to,
            one.format,
            settings.report.recheck_after_s,
        )
        for one in settings.reports
    ]


def keep(folder: Path, plan: ReportPlan, report: Report) -> Path:
    """Write a scheduled report's file; one of the same period is replaced.

    Raises:
        OSError: It cannot be written.
        FormatMissing: A package that the format needs is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return write_whole(
        folder / f"{plan.name}-{report.period.until}.{plan.format}", render(report, plan.format)
    )


def write_whole(path: Path, content: bytes) -> Path:
    """Write a file so that nobody ever sees half of it.

    Raises:
        OSError: It cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    os.replace(part, path)  # noqa: PTH105 - says that it replaces
    return path
