"""`monitor history`: what happened at a camera."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from monitor.cli.invocation import Invocation, pass_run

if TYPE_CHECKING:
    from monitor.store import ObservationRow


@click.command()
@click.argument("camera")
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="How many checks at most."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_run
def history(run: Invocation, camera: str, limit: int, as_json: bool) -> None:
    """Show the last checks of CAMERA (or `camera/view`) and what they changed, newest first; times are UTC.

    Example: monitor history gate --limit 50
    """
    from monitor.cli.screen import Screen
    from monitor.wiring.site import open_site

    screen = Screen(run, as_json)
    with open_site(run.settings, sync=False) as site:
        known = {row.spec.key for row in site.store.views.all()}
        keys = [key for key in site.cameras.select([camera]) if key in known]
        found = [row for key in keys for row in site.store.history.observations(key, limit=limit)]
    rows = sorted(found, key=lambda row: row.slot, reverse=True)[:limit]
    if as_json:
        screen.json([_as_json(row) for row in rows], indent=2)
    elif rows:
        screen.table(
            ["time", "view", "verdict", "sure", "state", "change", "incident", "note"],
            [_cells(row) for row in rows],
        )
    else:
        screen.say(f"{camera} has not been looked at yet: `monitor check {camera}` does.", "doubt")


def _cells(row: ObservationRow) -> list[Any]:
    from monitor.cli.words import moment, note, status_cell, verdict_cell

    return [
        moment(row.checked_at),
        str(row.key),
        verdict_cell(row.verdict),
        f"{row.verdict.confidence * 100:.0f} %",
        status_cell(row.status),
        (row.change.value.replace("_", " ") if row.change else "", "strong"),
        str(row.incident_id or ""),
        note(row.verdict),
    ]


def _as_json(row: ObservationRow) -> dict[str, Any]:
    from monitor.cli.words import instant, verdict_json

    return {
        "observation": row.id,
        "camera": row.key.camera,
        "view": row.key.view,
        "checked_at": instant(row.checked_at),
        "captured_at": instant(row.captured_at),
        "verdict": verdict_json(row.verdict, evidence=True),
        "state": row.status.value,
        "change": row.change.value if row.change else None,
        "incident": row.incident_id,
        "bundle": row.bundle_id,
        "image": row.image_digest,
        "timings_ms": dict(row.timings_ms),
    }
