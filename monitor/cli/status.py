"""`monitor status`: where every view stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.invocation import Invocation, pass_run

if TYPE_CHECKING:
    from monitor.cli.screen import Screen
    from monitor.domain.incident import Incident
    from monitor.store import ViewRow

LATE_INTERVALS = 3
"""A view not looked at for so many intervals is late; a minute is granted on top."""


@click.command()
@click.argument("cameras", nargs=-1, metavar="[CAMERA]...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_run
def status(run: Invocation, cameras: tuple[str, ...], as_json: bool) -> None:
    """Show where every view stands, or those of the CAMERAs named; times are UTC.

    Looks at no camera and always ends with 0: `monitor check` looks, and tells by its exit code.

    Example: monitor status --json
    """
    from monitor.cli.screen import Screen
    from monitor.domain.incident import Scope
    from monitor.domain.state import Status, ViewState
    from monitor.store import ViewRow
    from monitor.wiring.site import open_site

    screen = Screen(run, as_json)
    with open_site(run.settings, sync=False) as site:
        now = site.clock.now()
        known_incidents = site.store.incidents.open()
        of_view = {one.id: one for one in known_incidents if one.scope is Scope.VIEW}
        wanted = set(site.cameras.select(cameras))
        known = {row.spec.key: row for row in site.store.views.all()}
        rows = [
            # What was added to the configuration is not in the database before somebody enrolls or runs it.
            known.get(spec.key) or ViewRow(spec, ViewState(), now, 0, None, None, None, spec.enabled)
            for spec in sorted(site.cameras.specs, key=lambda spec: spec.key)
            if spec.key in wanted
        ]
    if as_json:
        screen.json([_as_json(row, now, of_view) for row in rows], indent=2)
        return
    if not rows:
        screen.say("No camera is configured yet: put some into the configuration.", "doubt")
        return
    _show(rows, now, of_view, screen)
    _show_merged([one for one in known_incidents if one.scope is not Scope.VIEW], now, screen)
    if any(row.state.status is Status.UNENROLLED and row.enabled for row in rows):
        screen.note("Views without references are not watched; `monitor enroll --all` takes them.")
    late = [str(row.spec.key) for row in rows if _is_late(row, now)]
    if late:
        more = f" and {len(late) - 3} more" if len(late) > 3 else ""
        screen.note(
            f"Not looked at as often as they should be: {', '.join(late[:3])}{more}. Is `monitor run` running?"
        )


def _show_merged(merged: list[Incident], now: datetime, screen: Screen) -> None:
    """Incidents about several views: a recorder, a site, a swapped pair."""
    from monitor.cli.words import age, name

    for one in merged:
        about = f"{one.scope.value} incident {one.id}, {one.name}: {name(one.cause)}"
        seen = f", seen by {one.acknowledged_by}" if one.acknowledged_by else ""
        screen.say(
            f"{about}, {one.severity.value}, {len(one.members)} views, for {age(one.opened_at, now)}{seen}",
            "bad",
        )


def _show(rows: list[ViewRow], now: datetime, of_view: Mapping[int, Incident], screen: Screen) -> None:
    from monitor.cli.words import age, name, status_cell, verdict_cell

    screen.table(
        [
            "view",
            "state",
            "since",
            "cause",
            "last verdict",
            "last check",
            "incident",
            "severity",
            "references",
        ],
        [
            [
                str(row.spec.key),
                status_cell(row.state.status, row.enabled),
                age(row.state.since, now),
                name(row.state.cause),
                verdict_cell(row.last_verdict),
                age(row.last_checked_at, now),
                _incident_cell(row.open_incident_id, of_view),
                _severity_cell(row.open_incident_id, of_view),
                str(row.reference_count),
            ]
            for row in rows
        ],
    )


def _incident_cell(incident_id: int | None, of_view: Mapping[int, Incident]) -> tuple[str, str]:
    if incident_id is None:
        return "", ""
    incident = of_view.get(incident_id)
    if incident is None:  # it has ended between two looks at the database
        return f"{incident_id}", "quiet"
    parent = f", part of {incident.parent_id}" if incident.parent_id else ""
    if incident.acknowledged_by:
        return f"{incident_id}{parent}, seen by {incident.acknowledged_by}", "doubt"
    return f"{incident_id}{parent}", "bad"


def _severity_cell(incident_id: int | None, of_view: Mapping[int, Incident]) -> tuple[str, str]:
    from monitor.cli.words import severity_cell

    incident = of_view.get(incident_id) if incident_id else None
    return severity_cell(incident.severity) if incident else ("", "")


def _is_late(row: ViewRow, now: datetime) -> bool:
    due = now - timedelta(seconds=60 + LATE_INTERVALS * row.spec.interval_s)
    looked_at = row.last_checked_at or row.state.since
    # A folder with nothing new in it is looked at without a verdict; then the next look is still ahead.
    return bool(
        row.enabled and row.reference_count and looked_at and looked_at < due and row.next_due_at < now
    )


def _as_json(row: ViewRow, now: datetime, of_view: Mapping[int, Incident]) -> dict[str, Any]:
    from monitor.cli.words import instant, verdict_json

    incident = of_view.get(row.open_incident_id) if row.open_incident_id else None
    return {
        "camera": row.spec.key.camera,
        "view": row.spec.key.view,
        "site": row.spec.site,
        "enabled": row.enabled,
        "state": row.state.status.value,
        "since": instant(row.state.since),
        "cause": row.state.cause.value if row.state.cause else None,
        "last_verdict": verdict_json(row.last_verdict),
        "last_checked_at": instant(row.last_checked_at),
        "next_due_at": instant(row.next_due_at),
        "late": _is_late(row, now),
        "incident": row.open_incident_id,
        "severity": incident.severity.value if incident else None,
        "part_of": incident.parent_id if incident else None,
        "acknowledged_by": incident.acknowledged_by if incident else None,
        "references": row.reference_count,
    }
