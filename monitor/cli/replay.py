"""`monitor replay`: what would have been reported over recorded frames, and when."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.errors import BAD_NEWS
from monitor.cli.invocation import Invocation, pass_run
from monitor.cli.replay_history import HISTORY, Replay

if TYPE_CHECKING:
    from monitor.cli.injections import Fault
    from monitor.cli.screen import Screen
    from monitor.domain.frame import Frame
    from monitor.domain.thresholds import Thresholds
    from monitor.domain.view import ViewKey, ViewSpec
    from monitor.settings import Settings
    from monitor.usecases.replay import RecordedFrame
    from monitor.wiring.rehearsal import Rehearsal


@click.command(cls=Replay)
@click.argument("camera")
@click.argument("directory", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    HISTORY,
    is_flag=True,
    expose_value=False,
    help="Judge what is stored of cameras by other rules instead; has options of its own, see --history --help.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a line.")
@click.option(
    "--interval",
    "interval_s",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    help="Look as often as a service with this interval would.  [default: at every frame]",
)
@click.option(
    "--enroll-first",
    type=click.IntRange(1),
    metavar="N",
    help="Take the first N fit frames as references, not the view's own.",
)
@click.option(
    "--reference",
    "references",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Take this picture as a reference; may be repeated.",
)
@click.option(
    "--inject",
    "injections",
    multiple=True,
    metavar="FAULT@WHERE",
    help="Put a fault into the frames from WHERE on; may be repeated.",
)
@click.option("--pattern", metavar="GLOBS", help="Which files.  [default: pictures, in sub-folders too]")
@click.option("--time-format", metavar="FORMAT", help="How names tell the time, like %Y%m%d_%H%M%S.")
@click.option("--time-zone", default="UTC", show_default=True, help="Zone of the times in names.")
@click.option(
    "--spacing",
    "spacing_s",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    help="Take the files in order of name, so many seconds apart, whatever their times.",
)
@click.option(
    "--bundle", type=click.Path(path_type=Path), help="The network.  [default: the configuration's]"
)
@pass_run
def replay(
    run: Invocation,
    camera: str,
    directory: Path,
    as_json: bool,
    interval_s: float | None,
    enroll_first: int | None,
    references: tuple[Path, ...],
    injections: tuple[str, ...],
    pattern: str | None,
    time_format: str | None,
    time_zone: str,
    spacing_s: float | None,
    bundle: Path | None,
) -> None:
    """Run the recorded pictures in DIR through the whole pipeline as CAMERA (`name` or `name/view`).

    Time is simulated, nobody is told, and nothing is recorded. References are those of the view if it is enrolled,
    else the first frame that is fit. A camera that is not configured is watched with the default settings; no
    configuration is needed then.

    FAULT is flip, mirror, rotate_90, rotate_270, cover, defocus, move:DX,DY[,ROLL[,ZOOM]] or none; WHERE is a share
    of the recording (0.5) or a time (2026-06-01T12:00). The recording is then seen through a window of three
    quarters of it, so that what a move brings into view is real.

    Ends with 1 if an incident was reported that no injected fault explains, or if an injected one was missed.

    Example: monitor replay gate recordings/gate --inject flip@0.3 --inject none@0.5 --inject move:0.05,0@0.7
    """
    from monitor.cli.injections import ScoreBoard, parse_faults
    from monitor.cli.replay_report import Report
    from monitor.cli.screen import Screen
    from monitor.domain.view import ViewKey
    from monitor.sources.selection import PICTURES
    from monitor.usecases.replay import replay as replay_frames
    from monitor.usecases.replay import set_apart
    from monitor.wiring.rehearsal import open_rehearsal
    from monitor.wiring.sight import open_encoder, read_limits

    screen = Screen(run, as_json)
    settings = _settings(run)
    key = ViewKey.parse(camera)
    recording = list(set_apart(_recording(directory, pattern or PICTURES, time_format, time_zone, spacing_s)))
    times = [frame.taken_at for frame in recording]
    faults = parse_faults(injections, times)
    network = bundle or (settings.bundle if settings else None)
    limits = read_limits(network)
    spec = replace(_spec(settings, key, limits, screen), interval_s=interval_s or _median_gap_s(times))
    encoder = open_encoder(network)
    frames = [_with_faults(frame, faults) for frame in recording]
    with open_rehearsal(spec, encoder, times[0]) as stage:
        used = _take_references(stage, frames, settings, references, enroll_first, bool(faults), screen)
        board = ScoreBoard.of(faults)
        report = Report(screen, directory, as_json=as_json)
        report.begin(spec, times[used:] or times, len(frames) - used)
        with screen.progress("Replaying", len(frames) - used) as advance:
            moments = replay_frames(
                key,
                _counted(frames[used:], advance),
                stage.equipment,
                stage.clock.set,
                when_due=interval_s is not None,
            )
            for moment in moments:
                report.tell(moment, board.note(moment))
        report.end(board)
    if board.unexplained or board.missed:
        raise SystemExit(BAD_NEWS)


def _settings(run: Invocation) -> Settings | None:
    """The configuration, or None where there is none and none was asked for."""
    from monitor.settings import ConfigNotFound

    try:
        return run.settings
    except ConfigNotFound:
        if run.config is not None:
            raise
        return None


def _spec(settings: Settings | None, key: ViewKey, limits: Thresholds, screen: Screen) -> ViewSpec:
    from monitor.domain.view import ViewSpec
    from monitor.settings import resolve

    plans = resolve(settings, limits) if settings else ()
    spec = next((spec for plan in plans for spec in plan.views if spec.key == key), None)
    if spec is None:
        screen.note(f"{key} is not configured: default thresholds and policy apply.")
    return replace(spec or ViewSpec(key, thresholds=limits), enabled=True)


def _recording(
    directory: Path, pattern: str, time_format: str | None, time_zone: str, spacing_s: float | None
) -> Iterator[RecordedFrame]:
    from functools import partial

    from monitor.domain.errors import MonitorError
    from monitor.sources.listing import frames_in
    from monitor.sources.pictures import load_picture
    from monitor.usecases.replay import RecordedFrame

    time_from = "mtime" if spacing_s else "auto"
    found = list(
        frames_in(
            directory, pattern=pattern, time_from=time_from, time_format=time_format, time_zone=time_zone
        )
    )
    if spacing_s:
        first = min((at for at, _ in found), default=None)
        paths = sorted((path for _, path in found), key=_natural)
        found = [(first + timedelta(seconds=n * spacing_s), path) for n, path in enumerate(paths) if first]
    if not found:
        raise MonitorError(
            f"There are no pictures in {directory}.", f"Files that fit {pattern} were looked for."
        )
    for at, path in found:
        yield RecordedFrame(at, path.relative_to(directory).as_posix(), partial(load_picture, path))


def _natural(path: Path) -> list[tuple[int, str]]:
    """Orders `frame9` before `frame10`."""
    return [(int(part or -1), text) for part, text in re.findall(r"(\d+)|(\D+)", str(path))]


def _median_gap_s(times: Sequence[datetime]) -> float:
    gaps = sorted((after - before).total_seconds() for before, after in pairwise(times))
    return max(0.001, gaps[len(gaps) // 2]) if gaps else 60.0


def _with_faults(frame: RecordedFrame, faults: Sequence[Fault]) -> RecordedFrame:
    """The frame as it is, or, where faults are injected at all, through the window and with its fault."""
    from monitor.cli.injections import active_fault, seen_through_window
    from monitor.vision.injection import NOTHING

    if not faults:
        return frame
    fault = active_fault(faults, frame.taken_at)
    injection = fault.injection if fault else NOTHING
    return replace(frame, read=lambda: seen_through_window(frame.read(), injection))


def _take_references(
    stage: Rehearsal,
    frames: Sequence[RecordedFrame],
    settings: Settings | None,
    references: Sequence[Path],
    enroll_first: int | None,
    through_window: bool,
    screen: Screen,
) -> int:
    """Enroll the stage's view; how many frames of the recording are used up by that."""
    from monitor.cli.injections import seen_through_window
    from monitor.sources.pictures import load_picture
    from monitor.usecases.enroll import enroll
    from monitor.wiring.rehearsal import LiveReferences, adopt_references, live_references

    key = stage.spec.key

    def prepare(frame: Frame) -> Frame:
        return seen_through_window(frame) if through_window else frame

    if references:
        pictures = [prepare(load_picture(path)) for path in references]
        enroll(key, pictures, stage.enrolment_tools, author="replay", force=True)
        screen.note(f"References: {', '.join(path.name for path in references)}.")
        return 0
    live = live_references(settings, key) if settings and enroll_first is None else LiveReferences()
    if live.pictures:
        count = adopt_references(stage, live, prepare, with_constancy=not through_window)
        screen.note(f"References: the {count} that {key} has in use.")
        return 0
    chosen, used = _first_fit(stage, frames, enroll_first or 1)
    done = enroll(key, [frame for _, frame in chosen], stage.enrolment_tools, author="replay")
    screen.note(f"References: {', '.join(name for name, _ in chosen)}.")
    for finding in done.findings:
        screen.note(f"  {finding.text}", "doubt")
    return used


def _first_fit(
    stage: Rehearsal, frames: Sequence[RecordedFrame], count: int
) -> tuple[list[tuple[str, Frame]], int]:
    """The first so many frames that are fit to be references, and how many frames they and those before them are."""
    from monitor.domain.errors import SourceError, UnfitReference
    from monitor.domain.fitness import Severity, inspect

    chosen: list[tuple[str, Frame]] = []
    for place, recorded in enumerate(frames):
        try:
            frame = recorded.read()
        except SourceError:
            continue
        findings = inspect(stage.encoder.encode(frame).quality)
        if all(finding.severity is not Severity.REFUSED for finding in findings):
            chosen.append((recorded.name, frame))
        if len(chosen) == count:
            return chosen, place + 1
    raise UnfitReference(
        f"Of {len(frames)} pictures only {len(chosen)} are fit to be references, not {count}.",
        "Name others with --reference, or fewer with --enroll-first.",
    )


def _counted(frames: Sequence[RecordedFrame], advance: Callable[[], None]) -> Iterator[RecordedFrame]:
    for frame in frames:
        yield frame
        advance()
