"""`monitor config`: check, show and describe the configuration."""

from __future__ import annotations

import json
from pathlib import Path

import click

from monitor.cli.invocation import Invocation, pass_run
from monitor.domain.errors import UnknownView


@click.group()
def config() -> None:
    """Check, show and describe the configuration."""


@config.command()
@pass_run
def validate(run: Invocation) -> None:
    """List all that is wrong with the configuration, each with its place in the file.

    Starts nothing and changes nothing; secrets are looked up, but never shown. Templates of notifiers are tried with
    sample messages.
    """
    from monitor.clock import SystemClock
    from monitor.settings import resolve
    from monitor.wiring.notify import open_channel

    for channel in run.settings.notifiers:
        open_channel(channel, SystemClock())

    plans = resolve(run.settings)
    views = sum(len(plan.views) for plan in plans)
    cameras = len(run.settings.cameras)
    click.echo(
        f"{run.config_path} is valid: {_count(cameras, 'camera')}, {_count(views, 'view')}, "
        f"{_count(len(run.settings.notifiers), 'notifier')}."
    )


@config.command()
@click.argument("camera", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of YAML.")
@pass_run
def show(run: Invocation, camera: str | None, as_json: bool) -> None:
    """Print the configuration with all defaults, or what results for one CAMERA; secrets are hidden.

    The thresholds of a CAMERA are those in use: what the configuration sets, else what the network's bundle was
    calibrated to have, else the built-in ones.
    """
    import yaml

    from monitor.settings import display, resolve, secrets_of

    shown: object = run.settings
    if camera is not None:
        from monitor.wiring.sight import read_limits

        plans = resolve(run.settings, read_limits(run.settings.bundle))
        shown = tuple(plan for plan in plans if plan.camera == camera)
        if not shown:
            raise UnknownView(
                f"There is no camera {camera} in {run.config_path}.",
                "`monitor config show` lists all cameras.",
            )
    data = display(shown, secrets_of(run.settings))
    if as_json:
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        click.echo(
            yaml.safe_dump(data, sort_keys=False, allow_unicode=True, default_flow_style=False), nl=False
        )


@config.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "markdown"]),
    default="json",
    help="A JSON Schema, or a reference.",
)
def schema(form: str) -> None:
    """Describe every setting: as a JSON Schema for editors, or as a document for people."""
    from monitor.settings import json_schema, markdown

    if form == "markdown":
        click.echo(markdown(), nl=False)
    else:
        click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@config.command()
@click.argument("new", type=click.Path(dir_okay=False, path_type=Path))
@pass_run
def diff(run: Invocation, new: Path) -> None:
    """Say what a reload would change if the file NEW took the place of the configuration."""
    from monitor.settings import diff as difference
    from monitor.settings import load_settings

    changes = difference(run.settings, load_settings(new, run.environ))
    lines = {
        "cameras added": changes.added,
        "cameras removed": changes.removed,
        "cameras changed": changes.changed,
        "notifiers changed": changes.notifiers,
        "settings changed": changes.live,
        "settings that need a restart": changes.needs_restart,
    }
    for what, names in lines.items():
        if names:
            click.echo(f"{what}: {', '.join(names)}")
    if not changes:
        click.echo("No difference.")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
