"""The command `monitor`: knows the name and one line of every command, and imports a command only to run
it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from monitor import __version__
from monitor.cli.errors import explained
from monitor.cli.invocation import Invocation


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command is found.

    Attributes:
        target: `module:attribute` of a click command.
        help: One line for `monitor --help`.
    """

    target: str
    help: str

    def load(self) -> click.Command:
        """Import the command."""
        module, _, attribute = self.target.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command), f"{self.target} is no click command"
        return command


# One line for each command, in the order in which a newcomer meets them.
COMMANDS: Mapping[str, Entry] = {
    "init": Entry("monitor.cli.init:init", "Write a commented configuration to start from."),
    "config": Entry("monitor.cli.config:config", "Check, show and describe the configuration."),
    "doctor": Entry(
        "monitor.cli.doctor:doctor", "Test database, network, sources, notifiers, clock and disk."
    ),
    "discover": Entry("monitor.cli.discover:discover", "Find ONVIF cameras on the network."),
    "add": Entry("monitor.cli.add:add", "Look at a new camera, and write it into the configuration."),
    "enroll": Entry("monitor.cli.enroll:enroll", "Take reference pictures of a view."),
    "references": Entry("monitor.cli.references:references", "List, remove and restore reference pictures."),
    "run": Entry("monitor.cli.run:run", "Watch all cameras until stopped."),
    "check": Entry("monitor.cli.check:check", "Look at cameras once, now."),
    "status": Entry("monitor.cli.status:status", "Show where every view stands."),
    "history": Entry("monitor.cli.history:history", "Show what happened at a camera."),
    "incidents": Entry(
        "monitor.cli.incidents:incidents", "List incidents, show everything about one, comment and end them."
    ),
    "drift": Entry("monitor.cli.drift:drift", "Show how views drift over the days."),
    "report": Entry("monitor.cli.report:report", "Write a report of a day, a week or a month."),
    "ack": Entry("monitor.cli.ack:ack", "Take note of an incident."),
    "evidence": Entry(
        "monitor.cli.evidence:evidence", "Write down what an incident rests on, with pictures."
    ),
    "label": Entry("monitor.cli.label:label", "Say whether a verdict was right."),
    "accept": Entry("monitor.cli.accept:accept", "Make an incident's picture the new normal."),
    "alerts": Entry("monitor.cli.alerts:alerts", "Who is told what, and whether it arrives; silences."),
    "compare": Entry("monitor.cli.compare:compare", "Compare two pictures, or a table of pairs."),
    "replay": Entry(
        "monitor.cli.replay:replay", "Run recorded frames through the pipeline on a simulated clock."
    ),
    "tune": Entry("monitor.cli.tune:tune", "Propose limits within a budget of false alarms."),
    "bench": Entry("monitor.cli.bench:bench", "Measure how many cameras this machine carries."),
    "demo": Entry("monitor.cli.demo:demo", "Watch a simulated site for one simulated day and night."),
    "simulate": Entry("monitor.cli.simulate:simulate", "Start a simulated site to try things on."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they run, and whose errors are written for people."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, without importing anything."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None where there is no such command."""
        entry = COMMANDS.get(cmd_name)
        return entry.load() if entry else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command, with its errors explained."""

        def redact(text: str) -> str:
            run = ctx.find_object(Invocation)
            return run.redact(text) if run else text

        with explained(redact):
            return super().invoke(ctx)


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Configuration; else MONITOR_CONFIG, ./monitor.yaml, /etc/monitor/monitor.yaml.",
)
@click.option(
    "--log-format", type=click.Choice(["auto", "console", "json"]), help="Overrides the configuration's."
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    help="Overrides the configuration's.",
)
@click.version_option(__version__, prog_name="monitor")
@click.pass_context
def main(ctx: click.Context, config: Path | None, log_format: str | None, log_level: str | None) -> None:
    """Watches fixed cameras and says when a view was flipped, moved, covered or lost.

    Ends with 0 when all is well, 1 for bad news about a view, 2 when something must be corrected first, 70 for
    a fault of the program.
    """
    if not isinstance(ctx.obj, Invocation):
        ctx.obj = Invocation(config=config, log_format=log_format, log_level=log_level)
