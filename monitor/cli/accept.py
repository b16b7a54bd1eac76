"""`monitor accept`: this is the new normal."""

from __future__ import annotations

import click

from monitor.cli.invocation import Invocation, pass_run


@click.command()
@click.argument("incident", type=click.IntRange(1))
@click.option(
    "--add/--replace",
    "add",
    default=None,
    help="Keep the present references in use, or let them rest.  [default: by the cause]",
)
@click.option("--by", "author", metavar="NAME", help="Who accepts.  [default: your account]")
@click.option("--comment", default="", help="Why.")
@click.option("--force", is_flag=True, help="Accept a picture that is not fit to be a reference.")
@pass_run
def accept(
    run: Invocation, incident: int, add: bool | None, author: str | None, comment: str, force: bool
) -> None:
    """Make the picture of INCIDENT a reference of its view, and end the incident.

    After a new aim (moved, flipped, another scene) the old references rest; else (another light) they stay in use.
    Either way `monitor references rollback` brings them back.

    Example: monitor accept 12 --comment "re-aimed at the new gate"
    """
    from monitor.cli.screen import Screen
    from monitor.cli.words import author_name
    from monitor.usecases.accept import accept as accept_incident
    from monitor.wiring.sight import read_picture
    from monitor.wiring.site import open_site

    with open_site(run.settings) as site:
        done = accept_incident(
            incident,
            site.enrolment_tools(site.open_encoder()),
            read_picture,
            author=author or author_name(),
            comment=comment,
            add=add,
            force=force,
            addressing=site.routing,
        )
    screen = Screen(run)
    kept = f"beside {done.kept} earlier" if done.kept else "and the earlier ones rest"
    screen.say(f"Incident {incident} is over: its picture is a reference of {done.key} now, {kept}.", "good")
    screen.say(f"Undo: monitor references rollback {done.key}", "quiet")
    for finding in done.findings:
        screen.say(finding.text, "doubt")
