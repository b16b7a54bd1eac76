"""`monitor label`: say whether a verdict was right."""

from __future__ import annotations

import click

from monitor.cli.invocation import Invocation, pass_run
from monitor.domain.verdict import VerdictKind

CAUSES = click.Choice([kind.value for kind in VerdictKind])


@click.command()
@click.argument("number", type=click.IntRange(1))
@click.argument("judgement", type=click.Choice(["right", "wrong"]))
@click.option("--observation", is_flag=True, help="NUMBER is that of a check, from `monitor history --json`.")
@click.option("--cause", type=CAUSES, help="What was true instead.")
@click.option("--comment", default="", help="What else there is to say; goes into the incident's timeline.")
@click.option("--by", "author", metavar="NAME", help="Who says so.  [default: your account]")
@pass_run
def label(
    run: Invocation,
    number: int,
    judgement: str,
    observation: bool,
    cause: str | None,
    comment: str,
    author: str | None,
) -> None:
    """Say that the verdict of incident NUMBER was right or wrong, and what was true.

    Labels are what thresholds and networks are judged by; what is labelled is kept for good, with its pictures.

    Example: monitor label 17 wrong --cause ok --comment "the sun stood low"
    """
    from monitor.cli.screen import Screen
    from monitor.cli.words import author_name
    from monitor.wiring.site import open_site

    if judgement == "right" and cause is not None:
        raise click.UsageError("--cause says what was true instead; a right verdict has named it.")
    with open_site(run.settings, sync=False) as opened:
        opened.store.labels.add(
            right=judgement == "right",
            author=author or author_name(),
            now=opened.clock.now(),
            true_cause=VerdictKind(cause) if cause else None,
            incident_id=None if observation else number,
            observation_id=number if observation else None,
            comment=comment,
        )
    what = "Observation" if observation else "Incident"
    true = f", it was {cause.replace('_', ' ')}" if cause else ""
    Screen(run).say(f"{what} {number} is labelled {judgement}{true}.")
