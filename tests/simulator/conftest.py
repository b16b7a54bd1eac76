"""Small sites that are drawn once for a module: a drawing takes a good part of a second."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from monitor.simulator import Event, SimulatedCamera, SimulatedClock, Site

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
SIZE = (320, 240)

CAMERAS = (
    SimulatedCamera("gate", "street", 11, SIZE),
    SimulatedCamera("yard", "car_park", 12, SIZE, infrared=True),
    SimulatedCamera("hall", "warehouse", 13, SIZE),
)

MakeSite = Callable[..., Site]


@pytest.fixture(scope="session")
def drawn() -> Site:
    """A site whose scenes are drawn; the others borrow them."""
    site = Site(CAMERAS, SimulatedClock(NOON, 0))
    site.prepare()
    return site


@pytest.fixture
def make_site(drawn: Site) -> MakeSite:
    """Makes a site of the three cameras with these events, each (camera, do, minutes after noon, values)."""

    def make(*happenings: tuple, cameras: tuple[SimulatedCamera, ...] = CAMERAS, speed: float = 0) -> Site:
        site = Site(cameras, SimulatedClock(NOON, speed))
        site._scenes.update(drawn._scenes)
        for camera, do, minutes, values in happenings:
            site.apply(Event(camera, do, NOON + timedelta(minutes=minutes), values))
        return site

    return make
