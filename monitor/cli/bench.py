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

CHECKS_S = 20.0
SOURCES_S = 90.0
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
    help=f"How long to measure; longer is steadier.  [default: {CHECKS_S:.0f}; of sources {SOURCES_S:.0f}, "
    "of fairness 120]",
)
@click.option(
    "--sources", is_flag=True, help="Measure grabs by kind of source instead, beside OpenCV and ffmpeg."
)
@click.option(
    "--grabbers",
    is_flag=True,
    help="Measure instead what it costs that frames are grabbed by other processes.",
)
@click.option("--fairness", is_flag=True, help="Measure whether dead cameras delay the living instead.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_run
def bench(
    run: Invocation, seconds: float | None, sources: bool, grabbers: bool, fairness: bool, as_json: bool
) -> None:
    """Measure whole checks beside bare passes of the network, on drawn pictures in folders.

    Half of the cameras are 640 × 480, half 1920 × 1080. Needs no configuration, and leaves nothing behind.

    With --sources: grabs from every kind of source, from servers that it starts on loopback.

    With --fairness: 800 cameras that answer, in the same minutes with and without 200 that are dead; the real service
    on stand-ins for cameras and network.

    Example: monitor bench --seconds 60
    """
    from monitor.cli.screen import Screen

    screen = Screen(run, as_json)
    if fairness:
        from monitor.cli.fairness import FAIRNESS_S, bench_fairness

        bench_fairness(screen, seconds or FAIRNESS_S, as_json=as_json)
        return
    from monitor.cli.bench_pictures import draw_pictures

    screen.note("Drawing pictures …")
    pictures = draw_pictures()
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as directory:
        if sources:
            from monitor.cli.bench_sources import bench_sources

            bench_sources(Path(directory), pictures, seconds or SOURCES_S, screen, as_json)
        elif grabbers:
            from monitor.cli.bench_grabbers import bench_grabbers

            bench_grabbers(Path(directory), pictures, screen, as_json)
        else:
            every = [each for cameras in pictures.values() for each in cameras]
            _bench_checks(Path(directory), every, seconds or CHECKS_S, screen, as_json)


def _bench_checks(
    directory: Path, pictures: list[list[bytes]], seconds: float, screen: Screen, as_json: bool
) -> None:
    from monitor.wiring.measure import measure

    screen.note(f"Measuring for {seconds:.0f} seconds …")
    measured = measure(directory, pictures, seconds)
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
