"""`monitor ack`: take note of an incident."""

from __future__ import annotations

import click

from monitor.cli.invocation import Invocation, pass_run


@click.command()
@click.argument("incident", type=click.IntRange(1))
@click.option("--by", "author", metavar="NAME", help="Who takes note.  [default: your account]")
@click.option("--comment", default="", help="What there is to say.")
@pass_run
def ack(run: Invocation, incident: int, author: str | None, comment: str) -> None:
    """Note that somebody has seen INCIDENT (its number is in `monitor status`); it stays open.

    Example: monitor ack 12 --comment "technician is on the way"
    """
    from monitor.cli.screen import Screen
    from monitor.cli.words import author_name, moment, name
    from monitor.wiring.site import open_site

    with open_site(run.settings, sync=False) as site:
        noted = site.store.incidents.acknowledge(incident, author or author_name(), comment, site.clock.now())
    screen = Screen(run)
    screen.say(
        f"Incident {noted.id} of {noted.name} ({name(noted.cause)}) is acknowledged by {noted.acknowledged_by} "
        f"since {moment(noted.acknowledged_at)} UTC."
    )
    if noted.resolved_at is not None:
        screen.say(f"It was over at {moment(noted.resolved_at)} UTC already.", "quiet")
