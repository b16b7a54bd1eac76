"""`monitor check`: look at views once, now."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.errors import BAD_NEWS
from monitor.cli.invocation import Invocation, pass_run

if TYPE_CHECKING:
    from monitor.domain.verdict import Verdict
    from monitor.domain.view import ViewKey
    from monitor.store import ViewRow
    from monitor.usecases.observe import Check, Equipment
    from monitor.wiring.site import Site


@click.command()
@click.argument("cameras", nargs=-1, metavar="[CAMERA]...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--evidence", is_flag=True, help="With --json: the numbers behind each verdict, too.")
@pass_run
def check(run: Invocation, cameras: tuple[str, ...], as_json: bool, evidence: bool) -> None:
    """Look at CAMERAs (`name` or `name/view`; all that are watched if none is named) once, now.

    Results are recorded like those of `monitor run`, beside which this is safe; alerts that come of it are sent by
    `monitor run`. Ends with 1 if any view is not ok.

    Example: monitor check gate yard
    """
    from monitor.cli.screen import Screen
    from monitor.domain.verdict import VerdictKind
    from monitor.wiring.site import open_site

    screen = Screen(run, as_json)
    with open_site(run.settings, newest_only=True) as site:
        keys = site.cameras.select(cameras) if cameras else [s.key for s in site.cameras.specs if s.enabled]
        equipment = site.equipment(site.open_encoder())
        with (
            screen.progress("Looking", len(keys)) as advance,
            ThreadPoolExecutor(site.settings.service.workers, thread_name_prefix="look") as pool,
        ):

            def look(key: ViewKey) -> Check:
                done = _look(key, site, equipment)
                advance()
                return done

            done = dict(zip(keys, pool.map(look, keys), strict=True))
        rows = {key: site.store.views.get(key) for key in keys}
    verdicts = {key: _verdict(done[key], rows[key]) for key in keys}
    if as_json:
        screen.json([_as_json(key, done[key], rows[key], evidence=evidence) for key in keys], indent=2)
    elif keys:
        _show(screen, done, rows)
    else:
        screen.say("No camera is watched: put some into the configuration.", "doubt")
    if any(verdict is None or verdict.kind is not VerdictKind.OK for verdict in verdicts.values()):
        raise SystemExit(BAD_NEWS)


def _look(key: ViewKey, site: Site, equipment: Equipment) -> Check:
    from monitor.usecases.observe import observe

    plan = site.cameras.plan(key)
    return observe(key, site.clock.now(), site.cameras.source(key), plan.timeout_s, equipment)


def _verdict(done: Check, row: ViewRow) -> Verdict | None:
    """What this check found; where there was nothing new to judge, what the last one did."""
    return done.observation.verdict if done.observation else row.last_verdict if row.reference_count else None


def _show(screen: Any, done: dict[ViewKey, Check], rows: dict[ViewKey, ViewRow]) -> None:
    from monitor.cli.words import note as note_on
    from monitor.cli.words import status_cell, verdict_cell

    def row(key: ViewKey) -> list[Any]:
        found, view = done[key], rows[key]
        verdict = _verdict(found, view)
        if found.note == "not enrolled":
            note = f"Run `monitor enroll {key}`."
        elif found.note:
            note = f"{found.note[0].upper()}{found.note[1:]}; the verdict is that of then."
        else:
            note = note_on(verdict) if verdict else ""
        confidence = f"{verdict.confidence * 100:.0f} %" if verdict else "–"
        return [str(key), verdict_cell(verdict), confidence, status_cell(view.state.status), note]

    screen.table(["view", "verdict", "sure", "state", "note"], [row(key) for key in done])
    queued = sum(found.recorded.alerts for found in done.values() if found.recorded)
    if queued:
        screen.note(f"{queued} alert{'s' if queued > 1 else ''} queued; `monitor run` sends them.")


def _as_json(key: ViewKey, found: Check, view: ViewRow, *, evidence: bool) -> dict[str, Any]:
    from monitor.cli.words import instant, transition_json, verdict_json

    seen = found.observation
    return {
        "camera": key.camera,
        "view": key.view,
        "verdict": verdict_json(_verdict(found, view), evidence=evidence),
        "state": view.state.status.value,
        "change": transition_json(seen.transition) if seen else None,
        "checked_at": instant(seen.checked_at) if seen else None,
        "captured_at": instant(seen.captured_at) if seen else None,
        "incident": view.open_incident_id,
        "note": found.note,
        "timings_ms": dict(seen.timings_ms) if seen else {},
    }
