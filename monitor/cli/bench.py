"""`monitor bench`: how many cameras this machine carries."""

from __future__ import annotations

import tempfile
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.invocation import Invocation, pass_run

if TYPE_CHECKING:
    from monitor.cli.screen import Screen
    from monitor.simulator import SimulatedCamera
    from monitor.wiring.measure import Measurement

SIZES = ((640, 480), (1920, 1080))
PICTURES_A_CAMERA = 4
CHECKS_S = 20.0
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
    help="How long to measure; longer is steadier.  [default: 20; of fairness 120]",
)
@click.option(
    "--grabbers",
    is_flag=True,
    help="Measure instead what it costs that frames are grabbed by other processes.",
)
@click.option("--fairness", is_flag=True, help="Measure whether dead cameras delay the living instead.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_run
def bench(run: Invocation, seconds: float | None, grabbers: bool, fairness: bool, as_json: bool) -> None:
    """Measure whole checks beside bare passes of the network, on drawn pictures in folders.

    Half of the cameras are 640 × 480, half 1920 × 1080. Needs no configuration, and leaves nothing behind.

    With --fairness: 800 cameras that answer, in the same minutes with and without 200 that are dead; the real service
    on stand-ins for cameras and network.

    Example: monitor bench --seconds 60
    """
    from monitor.cli.fairness import FAIRNESS_S, bench_fairness
    from monitor.cli.screen import Screen
    from monitor.wiring.measure import measure

    screen = Screen(run, as_json)
    if fairness:
        bench_fairness(screen, seconds or FAIRNESS_S, as_json=as_json)
        return
    seconds = seconds or CHECKS_S
    screen.note("Drawing pictures …")
    pictures = _draw()
    if grabbers:
        _measure_grabbers(screen, pictures, as_json=as_json)
        return
    screen.note(f"Measuring for {seconds:.0f} seconds …")
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as directory:
        measured = measure(Path(directory), pictures, seconds)
    if as_json:
        screen.json(measured.as_dict(), indent=2)
    else:
        _show(measured, screen)


def _measure_grabbers(screen: Screen, pictures: list[list[bytes]], *, as_json: bool) -> None:
    from monitor.wiring.grabber_cost import measure_grabbers

    screen.note("Grabbing directly and through other processes …")
    # `_draw` gives two cameras of each size.
    by_size = [(size, shown[0]) for size, shown in zip(SIZES, pictures[::2], strict=True)]
    with tempfile.TemporaryDirectory(prefix="monitor-bench-") as directory:
        costs = measure_grabbers(Path(directory), by_size)
    if as_json:
        screen.json([cost.as_dict() for cost in costs], indent=2)
        return
    screen.table(
        ["JPEG", "direct", "asking", "grabber", "more, core-ms a grab", "memory of a grabber"],
        [
            [
                f"{cost.width} × {cost.height}",
                f"{cost.direct_core_ms:.2f}",
                f"{cost.asking_core_ms:.2f}",
                f"{cost.grabber_core_ms:.2f}",
                f"{cost.extra_core_ms:.2f}",
                "not told" if cost.grabber_pss_mb is None else f"{cost.grabber_pss_mb:.1f} MB",
            ]
            for cost in costs
        ],
    )


def _draw() -> list[list[bytes]]:
    """Pictures of a few cameras; drawn by other processes, so that their memory is not counted."""
    from monitor.simulator import SimulatedCamera

    cameras = [
        SimulatedCamera(f"{kind.replace('_', '-')}-{width}", kind, 11, (width, height))
        for width, height in SIZES
        for kind in ("street", "car_park")
    ]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        return list(pool.map(_draw_camera, cameras))


def _draw_camera(camera: SimulatedCamera) -> list[bytes]:
    from monitor.simulator import SimulatedClock, Site

    noon = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
    site = Site([camera], SimulatedClock(noon, 0))
    return [site.snapshot(camera.name, noon + timedelta(minutes=n)) for n in range(PICTURES_A_CAMERA)]


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
