"""`monitor status`: where every view stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.invocation import Invocation, pass_run

if TYPE_CHECKING:
    from monitor.cli.screen import Screen
    from monitor.domain.drift import Drift
    from monitor.domain.incident import Incident
    from monitor.domain.view import ViewKey
    from monitor.store import ViewRow

LATE_INTERVALS = 3
"""A view not looked at for so many intervals is late; a minute is granted on top."""


@click.command()
@click.argument("cameras", nargs=-1, metavar="[CAMERA]...")
@click.option("--drift", "with_drift", is_flag=True, help="Add how views drift over the days.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_run
def status(run: Invocation, cameras: tuple[str, ...], with_drift: bool, as_json: bool) -> None:
    """Show where every view stands, or those of the CAMERAs named; times are UTC.

    Looks at no camera and always ends with 0: `monitor check` looks, and tells by its exit code.

    Example: monitor status --json
    """
    from monitor.cli.screen import Screen
    from monitor.domain.state import Status, ViewState
    from monitor.store import ViewRow
    from monitor.usecases.drift import drifts
    from monitor.wiring.site import open_site

    screen = Screen(run, as_json)
    with open_site(run.settings, sync=False) as site:
        now = site.clock.now()
        open_incidents = site.store.incidents.open()
        wanted = set(site.cameras.select(cameras))
        known = {row.spec.key: row for row in site.store.views.all()}
        rows = [
            # What was added to the configuration is not in the database before somebody enrolls or runs it.
            known.get(spec.key) or ViewRow(spec, ViewState(), now, 0, None, None, None, spec.enabled)
            for spec in sorted(site.cameras.specs, key=lambda spec: spec.key)
            if spec.key in wanted
        ]
        found = drifts(site.store, [row.spec for row in rows], now.date()) if with_drift else []
        drifted = {one.spec.key: one.drift for one in found}
    involved = _Involved(open_incidents)
    if as_json:
        screen.json([_as_json(row, now, involved, drifted) for row in rows], indent=2)
        return
    if not rows:
        screen.say("No camera is configured yet: put some into the configuration.", "doubt")
        return
    _show(rows, now, involved, drifted, screen)
    for incident in involved.of_several:
        _tell(incident, now, screen)
    if any(row.state.status is Status.UNENROLLED and row.enabled for row in rows):
        screen.note("Views without references are not watched; `monitor enroll --all` takes them.")
    for row in rows:
        for remark in row.last_verdict.remarks if row.last_verdict else ():
            screen.note(f"{row.spec.key}: {remark}")
    late = [str(row.spec.key) for row in rows if _is_late(row, now)]
    if late:
        more = f" and {len(late) - 3} more" if len(late) > 3 else ""
        screen.note(
            f"Not looked at as often as they should be: {', '.join(late[:3])}{more}. Is `monitor run` running?"
        )


class _Involved:
    """Open incidents, and who is in those about several views."""

    def __init__(self, incidents: Sequence[Incident]) -> None:
        self.of_several = [incident for incident in incidents if len(incident.members) > 1]
        self._of_view = {key: incident for incident in self.of_several for key in incident.members}
        self._by_id = {incident.id: incident for incident in incidents}

    def group(self, row: ViewRow) -> Incident | None:
        """The incident about several views that this one is in."""
        return self._of_view.get(row.spec.key)

    def seen_by(self, incident_id: int | None) -> str | None:
        """Who took note of an incident."""
        incident = self._by_id.get(incident_id) if incident_id is not None else None
        return incident.acknowledged_by if incident else None


def _tell(incident: Incident, now: datetime, screen: Screen) -> None:
    from monitor.cli.words import age

    cameras = len({key.camera for key in incident.members})
    seen = f", seen by {incident.acknowledged_by}" if incident.acknowledged_by else ""
    screen.say(
        f"Incident {incident.id}: {incident.name} is unreachable since {age(incident.first_seen_at, now)}, "
        f"with {cameras} cameras{seen}.",
        "doubt" if seen else "bad",
    )


def _show(
    rows: list[ViewRow], now: datetime, involved: _Involved, drifted: Mapping[ViewKey, Drift], screen: Screen
) -> None:
    from monitor.cli.drift_words import drift_cell
    from monitor.cli.words import age, name, status_cell, verdict_cell

    screen.table(
        ["view", "state", "since", "cause", "last verdict", "last check", "incident", "references"]
        + (["drift"] if drifted else []),
        [
            [
                str(row.spec.key),
                status_cell(row.state.status, row.enabled),
                age(row.state.since, now),
                name(row.state.cause),
                verdict_cell(row.last_verdict),
                age(row.last_checked_at, now),
                _incident_cell(row, involved),
                str(row.reference_count),
                *([drift_cell(drifted[row.spec.key])] if drifted else []),
            ]
            for row in rows
        ],
    )


def _incident_cell(row: ViewRow, involved: _Involved) -> tuple[str, str]:
    incident_id, group = row.open_incident_id, involved.group(row)
    if incident_id is None:
        return (f"{group.id} ({group.name})", "doubt") if group else ("", "")
    author = involved.seen_by(incident_id)
    return (f"{incident_id}, seen by {author}", "doubt") if author else (f"{incident_id}", "bad")


def _is_late(row: ViewRow, now: datetime) -> bool:
    due = now - timedelta(seconds=60 + LATE_INTERVALS * row.spec.interval_s)
    looked_at = row.last_checked_at or row.state.since
    # A folder with nothing new in it is looked at without a verdict; then the next look is still ahead.
    return bool(
        row.enabled and row.reference_count and looked_at and looked_at < due and row.next_due_at < now
    )


def _as_json(
    row: ViewRow, now: datetime, involved: _Involved, drifted: Mapping[ViewKey, Drift]
) -> dict[str, Any]:
    from monitor.cli.drift_words import drift_json
    from monitor.cli.words import instant, verdict_json

    group = involved.group(row)
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
        "acknowledged_by": involved.seen_by(row.open_incident_id),
        "group_incident": group.id if group else None,
        "references": row.reference_count,
        **({"drift": drift_json(drifted[row.spec.key])} if drifted else {}),
    }
