"""`monitor alerts notifiers` and `enable`: how the receivers of alerts fare."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.invocation import Invocation, pass_run

if TYPE_CHECKING:
    from monitor.cli.examinations import Diagnosis
    from monitor.cli.words import Cell
    from monitor.domain.circuit import ReceiverState
    from monitor.settings import Settings
    from monitor.store import Store


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_run
def notifiers(run: Invocation, as_json: bool) -> None:
    """Show every notifier: whether its receiver works, and what waits for it; times are UTC.

    Example: monitor alerts notifiers
    """
    from monitor.cli.screen import Screen
    from monitor.cli.words import moment
    from monitor.domain.circuit import CircuitPolicy, ReceiverState
    from monitor.wiring.notify import settings_digests
    from monitor.wiring.site import open_site

    screen = Screen(run, as_json)
    with open_site(run.settings, sync=False) as site:
        states, waiting = site.store.receivers.all(), site.store.deliveries.waiting()
    digests = settings_digests(run.settings)
    rows = []
    for channel in run.settings.notifiers:
        state = states.get(channel.name, ReceiverState())
        condition = condition_of(state, digests[channel.name], channel.enabled)
        rows.append((channel, state, condition, CircuitPolicy().probe_at(state)))
    if as_json:
        screen.json(
            [
                _as_json(channel.name, channel.kind, state, condition[0], probe_at, waiting)
                for channel, state, condition, probe_at in rows
            ],
            indent=2,
        )
    elif rows:
        screen.table(
            [
                "notifier",
                "kind",
                "condition",
                "since",
                "failures",
                "next probe",
                "last accepted",
                "waiting",
                "last answer",
            ],
            [
                [
                    channel.name,
                    channel.kind,
                    condition,
                    moment(state.disabled_at or state.failing_since),
                    str(state.failures),
                    moment(probe_at),
                    moment(state.last_delivered_at),
                    str(waiting.get(channel.name, 0)),
                    state.last_detail,
                ]
                for channel, state, condition, probe_at in rows
            ],
        )
    else:
        screen.say("No notifier is configured: nobody is told of incidents.", "bad")


@click.command()
@click.argument("notifier")
@pass_run
def enable(run: Invocation, notifier: str) -> None:
    """Switch NOTIFIER on again, after its receiver had answered that it is gone.

    What was given up meanwhile is sent by `monitor alerts replay --all-dead --notifier NOTIFIER`.

    Example: monitor alerts enable control-room
    """
    from monitor.cli.screen import Screen
    from monitor.wiring.site import open_site

    with open_site(run.settings, sync=False) as site:
        was_off = site.store.receivers.enable(notifier)
    Screen(run).say(
        f"{notifier} is switched on again." if was_off else f"{notifier} was not switched off.",
        "good" if was_off else "quiet",
    )


def condition_of(state: ReceiverState, settings_digest: str, enabled: bool = True) -> Cell:
    """How a receiver fares in a word or two, with the mood of that."""
    from monitor.domain.circuit import CircuitPolicy

    if not enabled:
        return "off (configuration)", "quiet"
    if state.is_disabled(settings_digest):
        return "switched off", "bad"
    if CircuitPolicy().is_open(state):
        return "spared", "bad"
    if state.failures:
        return "failing", "doubt"
    return ("works", "good") if state.last_delivered_at else ("never used", "quiet")


def troubles(settings: Settings, store: Store, now: datetime) -> list[str]:
    """A sentence for each notifier whose receiver does not work."""
    from monitor.cli.words import age
    from monitor.wiring.notify import settings_digests

    digests, waiting = settings_digests(settings), store.deliveries.waiting()
    found = []
    for name, state in sorted(store.receivers.all().items()):
        if name not in digests:
            continue
        condition, _ = condition_of(state, digests[name])
        if condition == "switched off":
            found.append(f"Notifier {name} is switched off: {state.disabled_reason}.")
        elif condition in ("failing", "spared"):
            number = waiting.get(name, 0)
            found.append(
                f"Notifier {name} has been failing for {age(state.failing_since, now)} "
                f"({state.last_detail}); {number} alert{'s' * (number != 1)} wait."
            )
    return found


def diagnose(settings: Settings) -> Diagnosis:
    """Whether what was sent lately arrived, as the database has it."""
    from monitor.cli.examinations import Diagnosis, Level
    from monitor.clock import SystemClock
    from monitor.store import open_store

    url, images = settings.database_url.get_secret_value(), settings.data_dir / "images"
    with open_store(url, images, migrate=False) as store:
        found = troubles(settings, store, SystemClock().now())
    if not found:
        return Diagnosis("deliveries", Level.OK, "No receiver is failing.")
    return Diagnosis(
        "deliveries",
        Level.WARN,
        " ".join(found),
        "Look at the receivers; `monitor alerts notifiers` has more.",
    )


def _as_json(
    name: str,
    kind: str,
    state: ReceiverState,
    condition: str,
    probe_at: datetime | None,
    waiting: Mapping[str, int],
) -> dict[str, Any]:
    from monitor.cli.words import instant

    return {
        "notifier": name,
        "kind": kind,
        "condition": condition,
        "failures": state.failures,
        "failing_since": instant(state.failing_since),
        "next_probe_at": instant(probe_at),
        "last_delivered_at": instant(state.last_delivered_at),
        "last_detail": state.last_detail,
        "disabled_at": instant(state.disabled_at),
        "disabled_reason": state.disabled_reason,
        "waiting": waiting.get(name, 0),
    }
