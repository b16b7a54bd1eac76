"""The drawn pictures that `monitor bench` works on."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.simulator import SimulatedCamera

SIZES = ((640, 480), (1920, 1080))
PICTURES_A_CAMERA = 4
_SCENES = ("street", "car_park")


def draw_pictures() -> dict[tuple[int, int], list[list[bytes]]]:
    """JPEGs of a few cameras by size; drawn by other processes, so that their memory is not counted."""
    from monitor.simulator import SimulatedCamera

    cameras = [
        SimulatedCamera(f"{kind.replace('_', '-')}-{width}", kind, 11, (width, height))
        for width, height in SIZES
        for kind in _SCENES
    ]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        drawn = iter(list(pool.map(_draw_camera, cameras)))
    return {size: [next(drawn) for _ in _SCENES] for size in SIZES}


def _draw_camera(camera: SimulatedCamera) -> list[bytes]:
    from monitor.simulator import SimulatedClock, Site

    noon = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
    site = Site([camera], SimulatedClock(noon, 0))
    return [site.snapshot(camera.name, noon + timedelta(minutes=n)) for n in range(PICTURES_A_CAMERA)]
