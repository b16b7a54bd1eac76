"""`python -m train`: knows the name and one line of every command, and imports a command only to run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

import click

from monitor.domain.errors import MonitorError


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command is found.

    Attributes:
        target: `module:attribute` of a click command.
        help: One line for `python -m train --help`.
    """

    target: str
    help: str

    def load(self) -> click.Command:
        """Import the command."""
        module, _, attribute = self.target.partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command), f"{self.target} is no click command"
        return command


# One line for each command, in the order of use.
COMMANDS: Mapping[str, Entry] = {
    "fit": Entry("train.cli.fit:fit", "Train as a recipe says; the same command goes on after a kill."),
    "export": Entry("train.cli.export:export", "Write a run's weights as a bundle."),
    "calibrate": Entry("train.cli.calibrate:calibrate", "Choose a bundle's operating point."),
    "evaluate": Entry("train.cli.evaluate:evaluate", "Measure a bundle on real pictures."),
    "benchmark": Entry(
        "train.cli.benchmark:benchmark", "Measure all methods on the same pairs, and write a report."
    ),
    "frames": Entry(
        "train.cli.frames:frames", "Measure what frames tell of themselves: repeats, damage, light."
    ),
    "reproduce": Entry(
        "train.cli.reproduce:reproduce", "Train and measure the published designs, and write a report."
    ),
    "retrieve": Entry(
        "train.cli.retrieve:retrieve", "Show the pictures of a gallery that are most like one, or measure it."
    ),
    "oneshot": Entry("train.cli.oneshot:oneshot", "Hold N-way one-shot contests among labelled pictures."),
    "project": Entry("train.cli.project:project", "Lay embeddings out on a map with thumbnails."),
    "fetch": Entry("train.cli.fetch:fetch", "Download a data set, check it and unpack it safely."),
    "collect": Entry("train.cli.collect:collect", "Gather anchors and positives from a camera or a folder."),
    "synthesize": Entry(
        "train.cli.synthesize:synthesize", "Splice stickers onto clean pictures, with labels."
    ),
    "crop": Entry("train.cli.crop:crop", "Cut labelled boxes out of pictures."),
    "name": Entry("train.cli.name:name", "Give pictures unique names that sort: 0007_0003.jpg."),
    "label": Entry("train.cli.label:label", "Label pictures with a network, reviewed by a person."),
    "activations": Entry("train.cli.activations:activations", "Draw where in pictures a network sees much."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they run, and whose errors are shown without a traceback."""

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

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; errors that people can act on are shown as such."""
        try:
            return super().invoke(ctx)
        except MonitorError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Make the bundles that the monitor loads."""
