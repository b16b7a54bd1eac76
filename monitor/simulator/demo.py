"""The site of the first run: six cameras, one simulated day and night in about 75 seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import cycle, islice

from monitor.simulator.clock import SimulatedClock
from monitor.simulator.events import Event
from monitor.simulator.scenes import KINDS
from monitor.simulator.script import DEFAULT_START, Script
from monitor.simulator.site import SimulatedCamera, Site
from monitor.simulator.weather import WeatherSpell

DEMO_SPEED = 1152.0
"""24 simulated hours in 75 real seconds."""
DEMO_FLIPPED = "crossing"
DEMO_MOVED = "quay"

_NAMES = {
    "street": "crossing",
    "harbour": "quay",
    "car_park": "parking",
    "plaza": "market",
    "warehouse": "hall",
    "motorway": "highway",
}
_INFRARED = ("car_park", "motorway")


def demo_cameras(count: int = 6, seed: int = 7) -> tuple[SimulatedCamera, ...]:
    """`count` cameras over all kinds of scenes; the first six have the names that the demo uses."""
    cameras = []
    for index, kind in enumerate(islice(cycle(_NAMES), count)):
        round_, name = index // len(KINDS), _NAMES[kind]
        cameras.append(
            SimulatedCamera(
                name=name if round_ == 0 else f"{name}-{round_ + 1}",
                kind=kind,
                seed=seed * 1000 + index,
                infrared=kind in _INFRARED,
            )
        )
    return tuple(cameras)


def demo_script(start: datetime = DEFAULT_START) -> Script:
    """What happens in the demo, counted from `start` (aware; 10:00 in June by default).

    After 6 hours one camera is turned upside down, after 8 hours another is knocked by dx = +0.06,
    dy = -0.03; rain in the afternoon and at night; nothing happens to the others.
    """
    start = start.astimezone(UTC)

    def later(hours: float) -> datetime:
        return start + timedelta(hours=hours)

    return Script(
        events=(
            Event(DEMO_FLIPPED, "flip", later(6)),
            Event(DEMO_MOVED, "move", later(8), {"dx": 0.06, "dy": -0.03}),
        ),
        weather=(
            WeatherSpell("rain", later(3), later(4.5), 0.5),
            WeatherSpell("rain", later(14), later(16.5), 0.7),
            WeatherSpell("fog", later(18), later(19.5), 0.25),
        ),
        start=start,
    )


def demo_site(
    start: datetime = DEFAULT_START, speed: float = DEMO_SPEED, *, cameras: int = 6, seed: int = 7
) -> Site:
    """The demo, ready to serve; its clock runs at once (`clock.set_speed` slows it for enrolment)."""
    script = demo_script(start)
    shelf = demo_cameras(cameras, seed)
    names = {camera.name for camera in shelf}
    events = [event for event in script.events if event.camera in names]
    return Site(shelf, SimulatedClock(script.start, speed), events=events, weather=script.weather, seed=seed)
