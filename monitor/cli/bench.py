"""`monitor bench`: how many cameras this machine carries."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.invocation import Invocation, pass_run

if TYPE_CHECKING:
    from monitor.cli.screen import Screen
    from monitor.wiring.measure import Measurement

SECONDS = 20.0
SECONDS_OF_SOURCES = 90.0
MEANING = {
    "load": "what is known of the view, from the database",
    "grab": "listing the folder, reading and decoding the picture",
    "encode": "quality of the picture, and one pass of the network",
    "compare": "against the reference: network, geometry, verdict",
    "record": "state and result into the database, one transaction",
    "rest": "between these steps",
}


@click.command()
@click.option(
    "--seconds",
    type=click.FloatRange(min=1),
    help=f"How long to measure; longer is steadier.  [default: {SECONDS:.0f}; "
    f"{SECONDS_OF_SOURCES:.0f} with --sources]",
)
@click.option(
    "--sources", is_flag=True, help="What a grab costs by kind of source, beside OpenCV and ffmpeg."
)
@click.option(
    "--grabbers",
    is_flag=True,
    help="Measure instead what it costs that frames are grabbed by other processes.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_run
def bench(run: Invocation, seconds: float | None, sources: bool, grabbers: bool, as_json: bool) -> None:
    """Measure whole checks beside bare passes of the network, on drawn pictures in folders.

    Half of the cameras are 640 × 480, half 1920 × 1080. Needs no configuration, and leaves nothing behind.
    With --sources it measures grabs from every kind of source instead, from servers that it starts on loopback.

    Example: monitor bench --seconds 60
    """
    from monitor.cli.bench_grabbers import bench_grabbers
    from monitor.cli.bench_pictures import draw_pictures
    from monitor.cli.bench_sources import bench_sources
    from monitor.cli.screen import Screen
    from monitor.wiring.measure import measure

    screen = Screen(run, as_json)
    screen.note("Drawing pictures …")
    pictures = draw_pictures()
    if grabbers:
        bench_grabbers(pictures, screen, as_json)
        return
    seconds = seconds or (SECONDS_OF_SOURCES if sources else SECONDS)
    screen.note(f"Measuring for {seconds:.0f} seconds …")
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as directory:
        if sources:
            bench_sources(Path(directory), pictures, seconds, screen, as_json)
            return
        measured = measure(
            Path(directory), [each for cameras in pictures.values() for each in cameras], seconds
        )
    if as_json:
        screen.json(measured.as_dict(), indent=2)
    else:
        _show(measured, screen)


def _show(measured: Measurement, screen: Screen) -> None:
    whole = measured.core_ms_per_check
    rows: list[list[str | tuple[str, str]]] = [
        [step, f"{spent:.2f}", f"{spent / whole * 100:.0f} %", (MEANING[step], "quiet")]
        for step, spent in measured.core_ms.items()
    ]
    rows += [
        [("all", "strong"), (f"{whole:.2f}", "strong"), "100 %", ""],
        ["bare pass", f"{measured.core_ms_per_pass:.2f}", "", ("of the network, for comparison", "quiet")],
    ]
    screen.table(["step", "core-ms a check", "share", ""], rows)
    verdicts = ", ".join(f"{kind} {count}" for kind, count in sorted(measured.verdicts.items()))
    screen.say(
        f"{measured.checks_per_s:.1f} checks a second beside {measured.passes_per_s:.1f} bare passes: "
        f"ratio {measured.ratio:.2f}."
    )
    screen.say(
        f"{measured.checks} checks in {measured.seconds:.0f} s ({verdicts}), {measured.workers} at a time on "
        f"{measured.cores} cores; at most {measured.peak_mb:.0f} MB of memory."
    )
    screen.say(
        f"This machine carries up to {measured.cameras_per_minute:,} cameras at one check a minute.", "strong"
    )
