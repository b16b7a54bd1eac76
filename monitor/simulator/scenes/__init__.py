"""Kinds of drawn scenes. A new kind is one module with one function, and one line here."""

from __future__ import annotations

from collections.abc import Callable

from monitor.simulator.errors import SimulatorError
from monitor.simulator.scene import Scene
from monitor.simulator.scenes.car_park import car_park
from monitor.simulator.scenes.harbour import harbour
from monitor.simulator.scenes.motorway import motorway
from monitor.simulator.scenes.plaza import plaza
from monitor.simulator.scenes.street import street_crossing
from monitor.simulator.scenes.warehouse import warehouse

KINDS: dict[str, Callable[[int, tuple[int, int]], Scene]] = {
    "street": street_crossing,
    "motorway": motorway,
    "car_park": car_park,
    "warehouse": warehouse,
    "harbour": harbour,
    "plaza": plaza,
}


def scene(seed: int, kind: str, view_size: tuple[int, int] = (640, 480)) -> Scene:
    """Draw the scene that this seed, kind and frame size (width, height in pixels) stand for.

    Another seed gives another place. Takes a second or so; keep what it returns.
    Raises SimulatorError for an unknown kind.
    """
    if kind not in KINDS:
        raise SimulatorError(f"There is no scene kind '{kind}': choose one of {', '.join(KINDS)}.")
    return KINDS[kind](seed, view_size)


__all__ = ["KINDS", "scene"]
