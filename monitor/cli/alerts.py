"""`monitor alerts`: what is told to whom, and whether it arrives."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.errors import BAD_NEWS
from monitor.cli.invocation import Invocation, pass_run
from monitor.cli.receivers import enable, notifiers, troubles
from monitor.cli.routes import route
from monitor.cli.silences import silence

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.cli.screen import Screen
    from monitor.domain.alert import Alert, Receipt
    from monitor.store import DeliveryRow

STATUS_MOODS = {"pending": "doubt", "held": "doubt", "delivered": "good", "dead": "bad", "dropped": "quiet"}


@click.group()
def alerts() -> None:
    """Who is told what, and whether it arrives: test, list, repeat, explain, silence."""


for command in (route, silence, notifiers, enable):
    alerts.add_command(command)


@alerts.command("test")
@click.argument("notifier")
@pass_run
def try_notifier(run: Invocation, notifier: str) -> None:
    """Send a test alert through NOTIFIER, at once and once, and show what its receiver answers.

    Nothing is queued and nothing is recorded. Ends with 1 if it was not accepted.

    Example: monitor alerts test control-room
    """
    from monitor.cli.screen import Screen
    from monitor.domain.alert import Outcome

    receipt = send_test(run, notifier)
    screen = Screen(run)
    accepted = receipt.outcome is Outcome.ACCEPTED
    screen.say(f"{notifier}: {describe(receipt)}", "good" if accepted else "bad")
    if not accepted:
        raise SystemExit(BAD_NEWS)


@alerts.command("list")
@click.option("--status", type=click.Choice(list(STATUS_MOODS)), help="Only those that stand there.")
@click.option("--notifier", help="Only those to this notifier.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_run
def list_deliveries(
    run: Invocation, status: str | None, notifier: str | None, limit: int, as_json: bool
) -> None:
    """List deliveries of alerts, newest first, with why one is held or was dropped; times are UTC.

    Example: monitor alerts list --status dead
    """
    from monitor.cli.screen import Screen
    from monitor.store import DeliveryStatus
    from monitor.wiring.site import open_site

    screen = Screen(run, as_json)
    with open_site(run.settings, sync=False) as site:
        failing = troubles(run.settings, site.store, site.clock.now())
        rows = site.store.deliveries.list(DeliveryStatus(status) if status else None, limit, notifier)
    if as_json:
        screen.json([_as_json(row) for row in rows], indent=2)
    elif rows:
        _show(screen, rows)
    else:
        screen.say(f"There are no {status} deliveries." if status else "Nothing has been sent yet.", "quiet")
    for trouble in failing:
        screen.note(trouble, "bad")


@alerts.command()
@click.argument("delivery", required=False)
@click.option("--all-dead", is_flag=True, help="Everything that was given up, instead of one delivery.")
@click.option("--notifier", help="With --all-dead: only what was to this notifier.")
@pass_run
def replay(run: Invocation, delivery: str | None, all_dead: bool, notifier: str | None) -> None:
    """Have DELIVERY (its id is in `monitor alerts list`) attempted again from the start, whatever became of it.

    `monitor run` sends it; receivers can tell by its id that they had it before. What is held or was dropped is
    told by this, too.

    Example: monitor alerts replay control-room:12-1
    """
    from monitor.cli.screen import Screen
    from monitor.wiring.site import open_site

    if all_dead == (delivery is not None):
        raise click.UsageError("Name one delivery, or say --all-dead.")
    if notifier is not None and not all_dead:
        raise click.UsageError("--notifier goes with --all-dead.")
    with open_site(run.settings, sync=False) as site:
        now = site.clock.now()
        if delivery is None:
            number = site.store.deliveries.replay_dead(now, notifier)
        else:
            site.store.deliveries.replay(delivery, now)
    if delivery is not None:
        Screen(run).say(f"{delivery} is queued again; `monitor run` sends it.")
    elif number:
        Screen(run).say(f"Queued again: {number}; `monitor run` sends them.")
    else:
        Screen(run).say("Nothing was given up.", "quiet")


@alerts.command("schema")
def show_schema() -> None:
    """Print the JSON Schema of what webhooks of the format `standard` post.

    Example: monitor alerts schema > alert.schema.json
    """
    from monitor.notifiers.schema import alert_schema

    click.echo(json.dumps(alert_schema(), indent=2, ensure_ascii=False))


@alerts.command("template")
@click.argument("name", type=click.Choice(["slack", "teams", "pagerduty", "alertmanager"]))
def show_template(name: str) -> None:
    """Print the template of the format NAME, to begin one of your own with.

    Example: monitor alerts template slack > templates/mattermost.json.j2
    """
    from monitor.notifiers.templates import built_in

    click.echo(built_in(name), nl=False)


def send_test(run: Invocation, name: str) -> Receipt:
    """One test alert through one notifier of the configuration, enabled or not.

    Raises:
        MonitorError: There is none of this name, or its options cannot work.
    """
    from monitor.clock import SystemClock
    from monitor.domain.errors import MonitorError
    from monitor.domain.message import Message
    from monitor.wiring.notify import open_channel

    channel = next((one for one in run.settings.notifiers if one.name == name), None)
    if channel is None:
        known = ", ".join(one.name for one in run.settings.notifiers) or "none"
        raise MonitorError(f"There is no notifier '{name}' in the configuration.", f"Configured: {known}.")
    clock = SystemClock()
    alert = _test_alert(name, clock.now())
    return open_channel(channel, clock).send(Message.of(alert), 1)


def describe(receipt: Receipt) -> str:
    """A receipt as a sentence."""
    from monitor.domain.alert import Outcome

    words = {
        Outcome.ACCEPTED: "accepted",
        Outcome.RETRY: "not accepted now; an alert would be tried again",
        Outcome.REJECTED: "rejected; an alert would be given up",
        Outcome.GONE: "gone; the notifier would be switched off",
    }
    return f"{words[receipt.outcome]} ({receipt.detail})." if receipt.detail else f"{words[receipt.outcome]}."


def _test_alert(notifier: str, now: datetime) -> Alert:
    from monitor.domain.alert import Alert, AlertKind
    from monitor.domain.view import ViewKey

    return Alert(
        # A new id each time, or a receiver that drops repetitions would drop the second test.
        id=f"test-{secrets.token_hex(8)}",
        kind=AlertKind.TEST,
        key=ViewKey("test"),
        site="default",
        incident_id=0,
        occurred_at=now,
        headline=f"Test of notifier {notifier}: all is well, nothing needs to be done",
    )


def _show(screen: Screen, rows: list[DeliveryRow]) -> None:
    from monitor.cli.words import moment

    screen.table(
        ["delivery", "queued", "status", "attempts", "next attempt", "alert", "answer or reason"],
        [
            [
                row.id,
                moment(row.created_at),
                (row.status.value, STATUS_MOODS[row.status.value]),
                str(row.attempts),
                moment(row.next_attempt_at) if row.status.value == "pending" else "–",
                row.alert.headline,
                row.detail,
            ]
            for row in rows
        ],
    )


def _as_json(row: DeliveryRow) -> dict[str, Any]:
    from monitor.cli.words import instant

    return {
        "delivery": row.id,
        "notifier": row.notifier,
        "status": row.status.value,
        "attempts": row.attempts,
        "created_at": instant(row.created_at),
        "next_attempt_at": instant(row.next_attempt_at) if row.status.value == "pending" else None,
        "finished_at": instant(row.finished_at),
        "detail": row.detail,
        "group": row.group,
        "message": row.message,
        "alert": {
            "id": row.alert.id,
            "kind": row.alert.kind.value,
            "camera": row.alert.key.camera,
            "view": row.alert.key.view,
            "scope": row.alert.scope.value,
            "subject": row.alert.subject or str(row.alert.key),
            "incident": row.alert.incident_id,
            "occurred_at": instant(row.alert.occurred_at),
            "headline": row.alert.headline,
        },
    }
