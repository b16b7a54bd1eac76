"""`monitor alerts silence`: what is not to be told for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.invocation import Invocation, pass_run
from monitor.cli.moments import DURATION, MOMENT
from monitor.domain.severity import Severity
from monitor.domain.verdict import VerdictKind

if TYPE_CHECKING:
    from monitor.domain.silence import Silence

NO_CAUSES = frozenset({VerdictKind.OK, VerdictKind.UNSURE})
CAUSES = tuple(kind.value for kind in VerdictKind if kind not in NO_CAUSES)


@click.group()
def silence() -> None:
    """Keep quiet about cameras for a while: what happens is recorded, and told afterwards if it lasts."""


@silence.command()
@click.option(
    "--camera", "cameras", multiple=True, help="Only these cameras; `*` and `?` stand for anything."
)
@click.option("--view", "views", multiple=True, help="Only these views, as camera/view.")
@click.option("--site", "sites", multiple=True, help="Only cameras of these sites.")
@click.option("--tag", "tags", multiple=True, help="Only views with one of these tags.")
@click.option("--cause", "causes", multiple=True, type=click.Choice(CAUSES), help="Only these causes.")
@click.option(
    "--severity",
    "severities",
    multiple=True,
    type=click.Choice([severity.value for severity in Severity]),
    help="Only incidents that are so urgent.",
)
@click.option("--for", "length_s", type=DURATION, help="How long, such as 2h.")
@click.option("--until", type=MOMENT, help="Until when, instead of --for; UTC.")
@click.option("--from", "begins", type=MOMENT, help="From when on; UTC.  [default: now]")
@click.option("--comment", required=True, help="Why.")
@click.option("--by", "author", metavar="NAME", help="Who asks for it.  [default: your account]")
@pass_run
def add(
    run: Invocation,
    cameras: tuple[str, ...],
    views: tuple[str, ...],
    sites: tuple[str, ...],
    tags: tuple[str, ...],
    causes: tuple[str, ...],
    severities: tuple[str, ...],
    length_s: float | None,
    until: datetime | None,
    begins: datetime | None,
    comment: str,
    author: str | None,
) -> None:
    """Hold back alerts about what every option given here applies to.

    An incident about several cameras (a recorder, a site) is held back only when all of them are silenced.

    Example: monitor alerts silence add --camera "gate*" --cause moved --for 2h --comment "lens cleaning"
    """
    from monitor.cli.screen import Screen
    from monitor.cli.words import author_name, moment
    from monitor.domain.matcher import Matcher
    from monitor.domain.silence import Silence
    from monitor.wiring.site import open_site

    if (length_s is None) == (until is None):
        raise click.UsageError("Say how long with either --for or --until.")
    matcher = Matcher(
        cameras,
        views,
        sites,
        tags,
        tuple(VerdictKind(cause) for cause in causes),
        tuple(Severity(severity) for severity in severities),
    )
    screen = Screen(run)
    with open_site(run.settings, sync=False) as site:
        now = site.clock.now()
        starts_at = begins or now
        ends_at = until or starts_at + timedelta(seconds=length_s or 0.0)
        made = site.store.silences.add(
            Silence(0, matcher, author or author_name(), comment, now, starts_at, ends_at)
        )
        number = sum(matcher.concerns(spec) for spec in site.cameras.specs)
    screen.say(
        f"Silence {made.id} holds back {matcher.describe()} until {moment(made.ends_at)} UTC; "
        f"that is {number} view{'s' * (number != 1)}."
    )
    if not number:
        screen.note("No view is meant by it at present; are the names right?", "doubt")


@silence.command("list")
@click.option("--all", "with_old", is_flag=True, help="Also those that are over.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_run
def list_silences(run: Invocation, with_old: bool, as_json: bool) -> None:
    """List silences, newest first; times are UTC.

    Example: monitor alerts silence list --all
    """
    from monitor.cli.screen import Screen
    from monitor.cli.words import moment
    from monitor.wiring.site import open_site

    screen = Screen(run, as_json)
    with open_site(run.settings, sync=False) as site:
        now = site.clock.now()
        rows = [one for one in site.store.silences.list(1000) if with_old or now < one.ends_really_at]
    if as_json:
        screen.json([_as_json(one, now) for one in rows], indent=2)
    elif rows:
        screen.table(
            ["silence", "status", "from", "until", "what", "by", "why"],
            [
                [
                    str(one.id),
                    (_status(one, now), "doubt" if one.is_active(now) else "quiet"),
                    moment(one.starts_at),
                    moment(one.ends_really_at),
                    one.matcher.describe(),
                    one.author,
                    one.comment,
                ]
                for one in rows
            ],
        )
    else:
        screen.say("Nothing is silenced.", "quiet")


@silence.command()
@click.argument("number", type=click.IntRange(1))
@click.option("--by", "author", metavar="NAME", help="Who ends it.  [default: your account]")
@pass_run
def expire(run: Invocation, number: int, author: str | None) -> None:
    """End the silence NUMBER now; what it held back and lasts is told within seconds.

    Example: monitor alerts silence expire 3
    """
    from monitor.cli.screen import Screen
    from monitor.cli.words import author_name, moment
    from monitor.wiring.site import open_site

    with open_site(run.settings, sync=False) as site:
        ended = site.store.silences.expire(number, author or author_name(), site.clock.now())
    by = f", by {ended.expired_by}" if ended.expired_by else ""
    Screen(run).say(f"Silence {ended.id} ended at {moment(ended.ends_really_at)} UTC{by}.")


def _status(one: Silence, now: datetime) -> str:
    if one.is_active(now):
        return "active"
    return "over" if now >= one.ends_really_at else "to come"


def _as_json(one: Silence, now: datetime) -> dict[str, Any]:
    from dataclasses import asdict

    from monitor.cli.words import instant

    return {
        "silence": one.id,
        "status": _status(one, now),
        "matcher": asdict(one.matcher),
        "author": one.author,
        "comment": one.comment,
        "created_at": instant(one.created_at),
        "starts_at": instant(one.starts_at),
        "ends_at": instant(one.ends_at),
        "expired_at": instant(one.expired_at),
        "expired_by": one.expired_by,
    }
