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
    from monitor.domain.muting import Muted
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
    from monitor.cli import receivers
    from monitor.cli.screen import Screen
    from monitor.domain.state import Status, ViewState
    from monitor.store import ViewRow
    from monitor.usecases.drift import drifts
    from monitor.wiring.site import open_site

    screen = Screen(run, as_json)
    with open_site(run.settings, sync=False) as site:
        now = site.clock.now()
        involved = _Involved(site.store.incidents.open())
        troubles = receivers.troubles(run.settings, site.store, now)
        muted = site.routing.overlays(site.cameras.specs)
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
    if as_json:
        screen.json(
            [_as_json(row, now, involved, muted.get(row.spec.key), drifted) for row in rows], indent=2
        )
        return
    if not rows:
        screen.say("No camera is configured yet: put some into the configuration.", "doubt")
        return
    _show(rows, now, involved, muted, drifted, screen)
    _show_merged(involved.of_several, now, screen)
    if any(row.state.status is Status.UNENROLLED and row.enabled for row in rows):
        screen.note("Views without references are not watched; `monitor enroll --all` takes them.")
    _tell_muted(rows, muted, screen)
    for row in rows:
        for remark in row.last_verdict.remarks if row.last_verdict else ():
            screen.note(f"{row.spec.key}: {remark}")
    for trouble in troubles:
        screen.note(trouble, "bad")
    late = [str(row.spec.key) for row in rows if _is_late(row, now)]
    if late:
        more = f" and {len(late) - 3} more" if len(late) > 3 else ""
        screen.note(
            f"Not looked at as often as they should be: {', '.join(late[:3])}{more}. Is `monitor run` running?"
        )


class _Involved:
    """Open incidents: each view's own, and those about several views."""

    def __init__(self, incidents: Sequence[Incident]) -> None:
        from monitor.domain.incident import Scope

        self.of_several = [incident for incident in incidents if incident.scope is not Scope.VIEW]
        self._of_several_by_view = {key: incident for incident in self.of_several for key in incident.members}
        self._by_id = {incident.id: incident for incident in incidents}

    def own(self, row: ViewRow) -> Incident | None:
        """The view's own incident; None as well where it has ended between two looks at the database."""
        return self._by_id.get(row.open_incident_id) if row.open_incident_id is not None else None

    def part_of(self, row: ViewRow) -> int | None:
        """The incident that stands for the view's own, or that there is in place of one."""
        own = self.own(row)
        if own is not None:
            return own.parent_id
        shared = self.shared(row)
        return shared.id if shared else None

    def shared(self, row: ViewRow) -> Incident | None:
        """The incident about several views that a view without one of its own is in."""
        return self._of_several_by_view.get(row.spec.key) if row.open_incident_id is None else None


def _show_merged(merged: list[Incident], now: datetime, screen: Screen) -> None:
    """Incidents about several views: a recorder, a site, a swapped pair."""
    from monitor.cli.words import age, name

    for one in merged:
        about = f"{one.scope.value} incident {one.id}, {one.name}: {name(one.cause)}"
        seen = f", seen by {one.acknowledged_by}" if one.acknowledged_by else ""
        screen.say(
            f"{about}, {one.severity.value}, {len(one.members)} views, for {age(one.first_seen_at, now)}{seen}",
            "doubt" if seen else "bad",
        )


def _show(
    rows: list[ViewRow],
    now: datetime,
    involved: _Involved,
    muted: Mapping[ViewKey, Muted],
    drifted: Mapping[ViewKey, Drift],
    screen: Screen,
) -> None:
    from monitor.cli.drift_words import drift_cell
    from monitor.cli.words import age, name, verdict_cell

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
            *(["drift"] if drifted else []),
        ],
        [
            [
                str(row.spec.key),
                _state_cell(row, muted.get(row.spec.key)),
                age(row.state.since, now),
                name(row.state.cause),
                verdict_cell(row.last_verdict),
                age(row.last_checked_at, now),
                _incident_cell(row, involved),
                _severity_cell(involved.own(row) or involved.shared(row)),
                str(row.reference_count),
                *([drift_cell(drifted[row.spec.key])] if drifted else []),
            ]
            for row in rows
        ],
    )


def _state_cell(row: ViewRow, muted: Muted | None) -> tuple[str, str]:
    """The state, with what lies over it: maintenance, or a silence."""
    from monitor.cli.words import status_cell
    from monitor.domain.muting import MutedBy

    text, mood = status_cell(row.state.status, row.enabled)
    if muted is None:
        return text, mood
    return f"{text}, {'silenced' if muted.by is MutedBy.SILENCE else 'maintenance'}", mood


def _tell_muted(rows: list[ViewRow], muted: Mapping[ViewKey, Muted], screen: Screen) -> None:
    """Why alerts are held back, and of which views, a line a reason."""
    views: dict[str, list[str]] = {}
    for row in rows:
        if row.spec.key in muted:
            views.setdefault(muted[row.spec.key].reason, []).append(str(row.spec.key))
    for reason, names in views.items():
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        screen.note(f"Held back, {reason}: {', '.join(names[:3])}{more}.")


def _incident_cell(row: ViewRow, involved: _Involved) -> tuple[str, str]:
    incident_id, incident, shared = row.open_incident_id, involved.own(row), involved.shared(row)
    if incident_id is None:
        return (f"{shared.id} ({shared.name})", "doubt") if shared else ("", "")
    if incident is None:
        return f"{incident_id}", "quiet"
    parent = f", part of {incident.parent_id}" if incident.parent_id else ""
    if incident.acknowledged_by:
        return f"{incident_id}{parent}, seen by {incident.acknowledged_by}", "doubt"
    return f"{incident_id}{parent}", "bad"


def _severity_cell(incident: Incident | None) -> tuple[str, str]:
    from monitor.cli.words import severity_cell

    return severity_cell(incident.severity) if incident else ("", "")


def _is_late(row: ViewRow, now: datetime) -> bool:
    due = now - timedelta(seconds=60 + LATE_INTERVALS * row.spec.interval_s)
    looked_at = row.last_checked_at or row.state.since
    # A folder with nothing new in it is looked at without a verdict; then the next look is still ahead.
    return bool(
        row.enabled and row.reference_count and looked_at and looked_at < due and row.next_due_at < now
    )


def _as_json(
    row: ViewRow,
    now: datetime,
    involved: _Involved,
    muted: Muted | None,
    drifted: Mapping[ViewKey, Drift],
) -> dict[str, Any]:
    from monitor.cli.drift_words import drift_json
    from monitor.cli.words import instant, verdict_json

    incident = involved.own(row)
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
        "part_of": involved.part_of(row),
        "acknowledged_by": incident.acknowledged_by if incident else None,
        "muted": None
        if muted is None
        else {"by": muted.by.value, "until": instant(muted.until), "reason": muted.reason},
        "references": row.reference_count,
        **({"drift": drift_json(drifted[row.spec.key])} if drifted else {}),
    }
