"""`monitor ack`: take note of an incident."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from monitor.cli.invocation import Invocation, pass_run
from monitor.cli.label import CAUSES
from monitor.domain.verdict import VerdictKind

if TYPE_CHECKING:
    from monitor.domain.incident import Incident


@click.command()
@click.argument("incident", type=click.IntRange(1))
@click.option("--by", "author", metavar="NAME", help="Who takes note.  [default: your account]")
@click.option("--comment", default="", help="What there is to say.")
@click.option("--undo", is_flag=True, help="Take the acknowledgement back.")
@click.option(
    "--right/--wrong",
    "right",
    default=None,
    help="Whether the verdict was right: a label, as by `monitor label`.",
)
@click.option("--cause", type=CAUSES, help="With --wrong: what was true instead.")
@pass_run
def ack(
    run: Invocation,
    incident: int,
    author: str | None,
    comment: str,
    undo: bool,
    right: bool | None,
    cause: str | None,
) -> None:
    """Note that somebody has seen INCIDENT (its number is in `monitor status`); it stays open.

    Example: monitor ack 12 --comment "technician is on the way"
    """
    from monitor.cli.screen import Screen
    from monitor.cli.words import author_name, moment
    from monitor.usecases.incidents import take_note
    from monitor.wiring.site import open_site

    if cause is not None and right is not False:
        raise click.UsageError("--cause goes with --wrong: it says what was true instead.")
    by = author or author_name()
    with open_site(run.settings, sync=False) as site:
        if undo:
            noted = site.store.incidents.unacknowledge(incident, by, comment, site.clock.now())
        else:
            noted = take_note(
                incident, site.store, site.clock, author=by, comment=comment, addressing=site.routing
            )
        if right is not None:
            true_cause = VerdictKind(cause) if cause else None
            site.store.labels.add(
                right=right, author=by, now=site.clock.now(), true_cause=true_cause, incident_id=incident
            )
    screen = Screen(run)
    screen.say(_noted(noted))
    if right is not None:
        screen.say(f"Its verdict is labelled {'right' if right else 'wrong'}.")
    if noted.resolved_at is not None:
        screen.say(f"It was over at {moment(noted.resolved_at)} UTC already.", "quiet")


def _noted(incident: Incident) -> str:
    from monitor.cli.words import moment, name

    about = f"Incident {incident.id} of {incident.name} ({name(incident.cause)})"
    if incident.acknowledged_at is None:
        return f"{about} is not acknowledged any more."
    return (
        f"{about} is acknowledged by {incident.acknowledged_by} since {moment(incident.acknowledged_at)} UTC."
    )
