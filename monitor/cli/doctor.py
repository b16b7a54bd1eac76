"""`monitor doctor`: is everything there that watching needs?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from monitor.cli.errors import BAD_NEWS
from monitor.cli.invocation import Invocation, pass_run

if TYPE_CHECKING:
    from monitor.cli.examinations import Diagnosis, Examination
    from monitor.cli.screen import Screen
    from monitor.grabbers.pool import GrabberPool


@click.command()
@click.option("--send-test", is_flag=True, help="Also send a test alert through every notifier.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_run
def doctor(run: Invocation, send_test: bool, as_json: bool) -> None:
    """Test database, network, cameras, notifiers, clock and disk, and say what to do about each.

    Takes one frame of every camera, and sends nothing unless asked to. Ends with 1 if anything FAILs.

    Example: monitor doctor --send-test
    """
    from monitor.cli import examinations as looks
    from monitor.cli.screen import Screen
    from monitor.wiring.cameras import open_grabbers

    screen = Screen(run, as_json)
    with open_grabbers(run.settings) as grabbers:
        found = _examine(run, screen, grabbers, send_test=send_test)
    failed = sum(1 for finding in found if finding.level is looks.Level.FAIL)
    if as_json:
        screen.json(
            [
                {"area": f.area, "level": f.level.value.lower(), "text": f.text, "advice": f.advice}
                for f in found
            ],
            indent=2,
        )
    else:
        for finding in found:
            _show(screen, finding)
        screen.say(_summary(found, failed), "bad" if failed else "good")
    if failed:
        raise SystemExit(BAD_NEWS)


def _examine(run: Invocation, screen: Screen, grabbers: GrabberPool, *, send_test: bool) -> list[Diagnosis]:
    from functools import partial

    from monitor.cli import examinations as looks
    from monitor.cli.camera_examinations import camera_examinations
    from monitor.cli.receivers import diagnose

    settings = run.settings
    examinations: list[tuple[str, Examination]] = [
        ("configuration", partial(looks.configuration, settings)),
        ("database", partial(looks.database, settings)),
        ("disk", partial(looks.disk, settings)),
        ("clock", partial(looks.clock, settings)),
        ("network", partial(looks.bundle, settings)),
        *camera_examinations(settings, grabbers),
        *((f"notifier {channel.name}", partial(looks.notifier, channel)) for channel in settings.notifiers),
        ("deliveries", partial(diagnose, settings)),
    ]
    if send_test:
        examinations += [
            (f"notifier {channel.name}", partial(_send_test, run, channel.name))
            for channel in settings.notifiers
            if channel.enabled
        ]
    with screen.progress("Examining", len(examinations)) as advance:
        return list(looks.examine_all(examinations, settings.service.workers, advance))


def _show(screen: Screen, finding: Diagnosis) -> None:
    moods = {"ok": "good", "warn": "doubt", "FAIL": "bad"}
    screen.say(f"{finding.level.value:<5} {finding.area}: {finding.text}", moods[finding.level.value])
    if finding.advice:
        screen.say(f"      → {finding.advice}")


def _send_test(run: Invocation, name: str) -> Diagnosis:
    from monitor.cli.alerts import describe, send_test
    from monitor.cli.examinations import Diagnosis, Level
    from monitor.domain.alert import Outcome

    receipt = send_test(run, name)
    text = f"Test alert: {describe(receipt)}"
    if receipt.outcome is Outcome.ACCEPTED:
        return Diagnosis(f"notifier {name}", Level.OK, text)
    return Diagnosis(f"notifier {name}", Level.FAIL, text, "Look at the receiver and its settings here.")


def _summary(found: list[Diagnosis], failed: int) -> str:
    warned = sum(1 for finding in found if finding.level.value == "warn")
    if failed:
        return f"{failed} of {len(found)} examinations failed."
    return f"All is ready{f', with {warned} warning' + 's' * (warned != 1) if warned else ''}."
