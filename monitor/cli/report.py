"""`monitor report`: coverage, incidents, drift and more, as a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from monitor.cli.invocation import Invocation, pass_run


@click.command()
@click.option(
    "--period",
    type=click.Choice(["day", "week", "month"]),
    default="week",
    show_default=True,
    help="How much time it is about.",
)
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The day after the last one, as 2026-06-30; today where it is not given.",
)
@click.option("--site", "sites", multiple=True, help="Only views of this site; may be given several times.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="Where to write it; its name ends in .html, .pdf or .csv.",
)
@pass_run
def report(run: Invocation, period: str, until: datetime | None, sites: tuple[str, ...], out: Path) -> None:
    """Write a report: coverage, incidents, drift, references, false alarms.

    It is about whole UTC days that are over; days not summed up yet are summed up first.

    Example: monitor report --period week --out report.html
    """
    from datetime import UTC

    from monitor.cli.screen import Screen
    from monitor.domain.errors import MonitorError
    from monitor.domain.report import Period, PeriodKind
    from monitor.reports.kinds import format_of, render
    from monitor.usecases.drift import sum_up_days
    from monitor.usecases.report import make_report
    from monitor.wiring.reports import write_whole
    from monitor.wiring.site import open_site

    form = format_of(out)
    settings = run.settings
    known = {"default", *settings.sites}
    unknown = [name for name in sites if name not in known]
    if unknown:
        raise MonitorError(
            f"There is no site {', '.join(unknown)}.", f"Name one of {', '.join(sorted(known))}."
        )
    with open_site(settings, sync=False) as site:
        now = site.clock.now()
        today = now.astimezone(UTC).date()
        last = until.date() if until else today
        if last > today:
            raise MonitorError(
                f"{last} lies ahead: a report is about days that are over.", f"Give `--until {today}`."
            )
        sum_up_days(site.store, now)
        made = make_report(
            site.store,
            Period.before(PeriodKind(period), last),
            now,
            sites=sites,
            recheck_after_s=settings.report.recheck_after_s,
        )
    content = render(made, form)
    try:
        write_whole(out, content)
    except OSError as error:
        raise MonitorError(
            f"{out} cannot be written: {error.strerror}.", "Name a file in a folder that you may write."
        ) from None
    screen = Screen(run)
    screen.say(made.summary)
    screen.note(f"Written to {out}.")
