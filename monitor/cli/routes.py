"""`monitor alerts route`: who would get this, and why not the others?"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.invocation import Invocation, pass_run
from monitor.cli.moments import MOMENT
from monitor.cli.silences import CAUSES
from monitor.domain.severity import Severity

if TYPE_CHECKING:
    from monitor.cli.words import Cell
    from monitor.wiring.notify import Explanation


@click.command()
@click.argument("camera")
@click.option("--cause", type=click.Choice(CAUSES), default="moved", show_default=True, help="What is wrong.")
@click.option(
    "--severity",
    type=click.Choice([severity.value for severity in Severity]),
    help="How urgent it is.  [default: as configured for the cause]",
)
@click.option("--at", type=MOMENT, help="At another time; UTC.  [default: now]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_run
def route(
    run: Invocation, camera: str, cause: str, severity: str | None, at: datetime | None, as_json: bool
) -> None:
    """Show who would get an alert about CAMERA (or `camera/view`), and why not the others.

    Sends nothing, and looks at no camera.

    Example: monitor alerts route gate --cause offline --at 2026-06-07T01:00
    """
    from dataclasses import replace

    from monitor.cli.screen import Screen
    from monitor.domain.matcher import Matter
    from monitor.domain.verdict import VerdictKind
    from monitor.wiring.site import open_site

    screen = Screen(run, as_json)
    found: list[tuple[str, Matter, list[Explanation]]] = []
    with open_site(run.settings, sync=False) as site:
        specs = {spec.key: spec for spec in site.cameras.specs}
        for key in site.cameras.select([camera]):
            matter = Matter.of([specs[key]], VerdictKind(cause))
            if severity is not None:
                matter = replace(matter, severity=Severity(severity))
            found.append((str(key), matter, site.routing.explain(matter, at)))
    if as_json:
        screen.json(
            [_as_json(view, matter, one) for view, matter, explained in found for one in explained], indent=2
        )
        return
    for view, matter, explained in found:
        screen.say(f"{view} {matter.cause.value.replace('_', ' ')}, {matter.severity.value}:", "strong")
        if not explained:
            screen.say("No notifier is configured: nobody would be told.", "bad")
            continue
        screen.table(
            ["notifier", "would be", "why", "together with", "reminders"],
            [[one.notifier, _fate(one), _reason(one), _group(one), _reminders(one)] for one in explained],
        )


def _fate(one: Explanation) -> Cell:
    if one.addressee is None:
        return "not told", "quiet"
    return ("held", "doubt") if one.addressee.held else ("told", "good")


def _reason(one: Explanation) -> str:
    return "; ".join(one.why_not) if one.addressee is None else one.addressee.held


def _group(one: Explanation) -> str:
    if one.addressee is None or not one.addressee.group:
        return ""
    from monitor.settings.values import format_duration

    return f"{one.addressee.group}, within {format_duration(one.addressee.wait_s)}"


def _reminders(one: Explanation) -> str:
    if one.addressee is None or one.remind is None:
        return ""
    from monitor.settings.values import format_duration

    return f"every {format_duration(one.remind.every_s)}, at most {one.remind.at_most}"


def _as_json(view: str, matter: Any, one: Explanation) -> dict[str, Any]:
    hears = one.addressee
    return {
        "view": view,
        "cause": matter.cause.value,
        "severity": matter.severity.value,
        "notifier": one.notifier,
        "fate": _fate(one)[0],
        "why": _reason(one),
        "group": hears.group if hears else "",
        "wait_s": hears.wait_s if hears else 0.0,
        "remind_every_s": one.remind.every_s if hears and one.remind else None,
        "remind_at_most": one.remind.at_most if hears and one.remind else None,
    }
