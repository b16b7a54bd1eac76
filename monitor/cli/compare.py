"""`monitor compare`: one reference, one frame, no history; or a table of such pairs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.errors import BAD_NEWS
from monitor.cli.invocation import Invocation, pass_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.cli.screen import Screen
    from monitor.domain.thresholds import Thresholds
    from monitor.domain.verdict import Verdict
    from monitor.vision.encoder import NetworkEncoder


@click.command()
@click.argument("reference", required=False, type=click.Path(path_type=Path))
@click.argument("frame", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the evidence.")
@click.option(
    "--pairs",
    type=click.Path(path_type=Path),
    metavar="CSV",
    help="Compare every row's `reference` and `frame`; their paths start at the CSV's folder.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="CSV",
    help="Where the verdicts of --pairs go; - is standard output.",
)
@click.option("--bundle", type=click.Path(path_type=Path), help="The network.  [default: the shipped one]")
@click.option(
    "--threshold",
    "thresholds",
    multiple=True,
    metavar="NAME=VALUE",
    help="Change a limit of the decision; may be repeated.",
)
@click.option("--threads", type=click.IntRange(1), help="Of the network.  [default: one a core]")
@pass_run
def compare(
    run: Invocation,
    reference: Path | None,
    frame: Path | None,
    as_json: bool,
    pairs: Path | None,
    out: Path | None,
    bundle: Path | None,
    thresholds: tuple[str, ...],
    threads: int | None,
) -> None:
    """Say how the picture FRAME relates to the picture REFERENCE; needs no configuration and no database.

    Ends with 1 if the verdict is not ok. With --pairs, ends with 0 when every row has its verdict: a frame that
    cannot be read has `stream_fault`, and one whose reference cannot be read has `unsure`, without numbers.

    Example: monitor compare day.jpg night.jpg
    Example: monitor compare --pairs pairs.csv --out verdicts.csv
    """
    from monitor.cli.screen import Screen
    from monitor.wiring.sight import open_encoder, read_limits

    _check_usage(reference, frame, pairs, out, as_json=as_json)
    limits = read_thresholds(thresholds, read_limits(bundle))
    screen = Screen(run, as_json or out == Path("-"))
    if pairs is not None and out is not None:
        from monitor.cli.pairs import compare_pairs, read_pairs

        table = read_pairs(pairs, out)
        compare_pairs(table, out, open_encoder(bundle, threads), limits, screen)
    elif reference is not None and frame is not None:
        verdict, took_ms = _compare_one(reference, frame, open_encoder(bundle, threads), limits)
        _show(screen, verdict, took_ms, as_json=as_json)
        if verdict.kind.value != "ok":
            raise SystemExit(BAD_NEWS)


def read_thresholds(texts: Sequence[str], base: Thresholds | None = None) -> Thresholds:
    """Limits of the decision, those of `base` (or the built-in ones) but for those named like `blur_ratio=0.3`.

    Raises:
        click.BadParameter: There is no such limit, or the value is no number.
    """
    from dataclasses import fields, replace

    from monitor.domain.thresholds import Thresholds

    known = {field.name for field in fields(Thresholds)}
    changed: dict[str, float] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if name not in known:
            raise click.BadParameter(
                f"There is no threshold {name!r}. There are: {', '.join(sorted(known))}.",
                param_hint="--threshold",
            )
        try:
            changed[name] = float(value)
        except ValueError:
            raise click.BadParameter(
                f"{text!r} gives no number; write it like {name}=0.5.", param_hint="--threshold"
            ) from None
    return replace(base or Thresholds(), **changed)


def _check_usage(
    reference: Path | None, frame: Path | None, pairs: Path | None, out: Path | None, *, as_json: bool
) -> None:
    if pairs is None:
        if reference is None or frame is None:
            raise click.UsageError(
                "Name two pictures, REFERENCE and FRAME, or a table with --pairs and --out."
            )
        if out is not None:
            raise click.UsageError("--out goes with --pairs.")
    elif reference is not None:
        raise click.UsageError("Name two pictures or --pairs, not both.")
    elif out is None:
        raise click.UsageError("Say with --out where the verdicts go; - is standard output.")
    elif as_json:
        raise click.UsageError("--pairs writes CSV; --json is for two pictures.")


def _compare_one(
    reference: Path, frame: Path, encoder: NetworkEncoder, thresholds: Thresholds
) -> tuple[Verdict, float]:
    from monitor.clock import SystemClock
    from monitor.domain.errors import FrameFault
    from monitor.domain.verdict import Verdict, VerdictKind
    from monitor.sources.pictures import load_picture
    from monitor.usecases.compare import as_reference
    from monitor.usecases.compare import compare as compare_pictures

    enrolled = as_reference(load_picture(reference), encoder)
    try:
        picture = load_picture(frame)
    except FrameFault as fault:
        return Verdict(VerdictKind.STREAM_FAULT, 1.0, (str(fault),)), 0.0
    return compare_pictures(enrolled, picture, encoder, SystemClock(), thresholds)


def _show(screen: Screen, verdict: Verdict, took_ms: float, *, as_json: bool) -> None:
    from monitor.cli.words import describe, verdict_json, verdict_mood
    from monitor.domain.advice import remedy
    from monitor.domain.verdict import VerdictKind

    if as_json:
        shown: dict[str, Any] = verdict_json(verdict, evidence=True) or {}
        screen.json(shown | {"ms": round(took_ms, 2)}, indent=2)
        return
    screen.say(f"{describe(verdict)} ({verdict.confidence * 100:.0f} % sure)", verdict_mood(verdict.kind))
    for reason in verdict.reasons:
        screen.say(f"  {reason}")
    moved = verdict.displacement
    if moved is not None:
        screen.say(
            f"  Displacement: dx {moved.dx * 100:+.2f} %, dy {moved.dy * 100:+.2f} %, roll {moved.roll_deg:+.2f}°, "
            f"zoom {moved.zoom:.4f}."
        )
    if verdict.similarity is not None:
        screen.say(f"  Similarity {verdict.similarity:.3f}; judged in {took_ms:.0f} ms.")
    for remark in verdict.remarks:
        screen.say(f"  {remark}", "doubt")
    if verdict.kind is not VerdictKind.OK:
        screen.say(f"  {remedy(verdict)}")
