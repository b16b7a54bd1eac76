"""`monitor incidents`: what is wrong, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from monitor.cli.invocation import Invocation, pass_run

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.cli.screen import Screen
    from monitor.domain.incident import Incident

_by = click.option("--by", "author", metavar="NAME", help="Who says so.  [default: your account]")
_number = click.argument("incident", type=click.IntRange(1))


@click.group()
def incidents() -> None:
    """List incidents, show everything about one, comment and end them."""


@incidents.command("list")
@click.option(
    "--open/--all", "only_open", default=True, help="Only those that are not over, or all.  [default: open]"
)
@click.option("--site", default="", metavar="NAME", help="Only those with a view of this site.")
@click.option("--camera", default="", metavar="NAME", help="Only those of this camera, or `camera/view`.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_run
def list_incidents(
    run: Invocation, only_open: bool, site: str, camera: str, limit: int, as_json: bool
) -> None:
    """List incidents, newest first; times are UTC.

    Example: monitor incidents list --all --site north
    """
    from monitor.cli.incident_report import incident_json
    from monitor.cli.screen import Screen
    from monitor.wiring.site import open_site

    screen = Screen(run, as_json)
    with open_site(run.settings, sync=False) as opened:
        keys = opened.cameras.select([camera]) if camera else ()
        found = opened.store.incidents.find(only_open=only_open, site=site, keys=keys, limit=limit)
        now = opened.clock.now()
    if as_json:
        screen.json([incident_json(one) for one in found], indent=2)
    elif found:
        _table(found, now, screen)
    else:
        screen.say("No incident is open." if only_open else "There was no incident yet.", "good")


@incidents.command()
@_number
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_run
def show(run: Invocation, incident: int, as_json: bool) -> None:
    """Show everything about INCIDENT: what happened when, the worst that was seen, who was told.

    Example: monitor incidents show 17
    """
    from monitor.cli.incident_report import dossier_json, show_dossier
    from monitor.cli.screen import Screen
    from monitor.wiring.site import open_site

    screen = Screen(run, as_json)
    with open_site(run.settings, sync=False) as opened:
        dossier = opened.store.dossiers.of(incident)
    if as_json:
        screen.json(dossier_json(dossier), indent=2)
    else:
        show_dossier(dossier, screen)


@incidents.command()
@_number
@click.argument("text")
@_by
@pass_run
def comment(run: Invocation, incident: int, text: str, author: str | None) -> None:
    """Put TEXT into the timeline of INCIDENT, open or over.

    Example: monitor incidents comment 17 "The mast was hit by a truck."
    """
    from monitor.cli.screen import Screen
    from monitor.cli.words import author_name
    from monitor.wiring.site import open_site

    with open_site(run.settings, sync=False) as opened:
        noted = opened.store.incidents.comment(incident, author or author_name(), text, opened.clock.now())
    Screen(run).say(f"Incident {noted.id} of {noted.name}: noted.")


@incidents.command()
@_number
@click.option("--comment", default="", help="Why.")
@_by
@pass_run
def resolve(run: Invocation, incident: int, comment: str, author: str | None) -> None:
    """End INCIDENT because it is over; who heard of it is told.

    Its view is looked at anew: if it is still wrong, the incident is taken up again. To make what the view shows the
    new normal use `monitor accept`.

    Example: monitor incidents resolve 17 --comment "lens cleaned"
    """
    from monitor.cli.screen import Screen
    from monitor.cli.words import author_name, moment
    from monitor.usecases.incidents import resolve_by_hand
    from monitor.wiring.site import open_site

    with open_site(run.settings, sync=False) as opened:
        ended = resolve_by_hand(
            incident,
            opened.store,
            opened.clock,
            author=author or author_name(),
            comment=comment,
            addressing=opened.routing,
        )
    Screen(run).say(f"Incident {ended.id} of {ended.name} is over since {moment(ended.resolved_at)} UTC.")


def _table(found: list[Incident], now: datetime, screen: Screen) -> None:
    from monitor.cli.words import age, moment, name, severity_cell

    screen.table(
        ["incident", "about", "cause", "severity", "opened", "over", "seen by", "part of"],
        [
            [
                str(one.id),
                one.name,
                name(one.cause),
                severity_cell(one.severity),
                age(one.opened_at, now),
                moment(one.resolved_at),
                one.acknowledged_by or "",
                str(one.parent_id or ""),
            ]
            for one in found
        ],
    )
