"""Everything that a command works with, opened from the settings and closed together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from monitor.clock import SystemClock
from monitor.domain.ports import Clock
from monitor.domain.thresholds import Thresholds
from monitor.grabbers.pool import GrabberPool
from monitor.settings import Settings, resolve
from monitor.store import Store, open_store
from monitor.usecases.enroll import EnrolmentTools
from monitor.usecases.hosts import HostIncidents
from monitor.usecases.lookalikes import Lookalikes
from monitor.usecases.observe import Equipment
from monitor.vision.encoder import NetworkEncoder
from monitor.wiring.cameras import Cameras, open_grabbers
from monitor.wiring.hosts import host_names
from monitor.wiring.notify import Routing
from monitor.wiring.pictures import IncidentPictures
from monitor.wiring.sight import open_encoder, picture_bytes, read_limits
from monitor.wiring.silences import FreshSilences


@dataclass(frozen=True, slots=True)
class Site:
    """The opened parts.

    Attributes:
        settings: The configuration.
        store: What is known.
        cameras: The views and their sources.
        grabbers: The processes that grab for the cameras.
        routing: Who is told.
        pictures: What may be shown of incidents.
        clock: Time.
        limits: Of the decision, as the bundle has them; the configuration's go before these.
    """

    settings: Settings
    store: Store
    cameras: Cameras
    grabbers: GrabberPool
    routing: Routing
    pictures: IncidentPictures
    clock: Clock
    limits: Thresholds = field(default_factory=Thresholds)

    def open_encoder(self) -> NetworkEncoder:
        """The network; not part of the site because most commands need none, and it takes memory.

        Raises:
            BundleError: The bundle cannot be used.
        """
        service = self.settings.service
        return open_encoder(self.settings.bundle, service.encoder_threads, service.encoder_batch)

    def equipment(self, encoder: NetworkEncoder) -> Equipment:
        """What `observe` needs."""
        return Equipment(
            self.store,
            encoder,
            self.clock,
            Lookalikes(self.store, encoder.alike_above),
            picture_bytes,
            self.routing,
            HostIncidents(self.store, self.routing, self.clock).inhibition,
        )

    def enrolment_tools(self, encoder: NetworkEncoder) -> EnrolmentTools:
        """What `enroll` needs."""
        return EnrolmentTools(self.store, encoder, self.clock, picture_bytes)


@contextmanager
def open_site(settings: Settings, *, sync: bool = True, newest_only: bool = False) -> Iterator[Site]:
    """Open the store and bring its views in line with the settings.

    Args:
        settings: The configuration.
        sync: Whether views are written to the store; the daemon and enrolling need it, reading does not.
        newest_only: Whether to look at the newest file of every folder; see `Cameras`.

    Raises:
        StoreError: The database cannot be used.
        BundleError: Views are to be written, and the bundle that has their limits cannot be used.
        MonitorError: A camera's options cannot work.
    """
    clock = SystemClock()
    limits = read_limits(settings.bundle) if sync else Thresholds()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with (
        open_store(settings.database_url.get_secret_value(), settings.data_dir / "images") as store,
        open_grabbers(settings) as grabbers,
    ):
        plans = resolve(settings, limits)
        cameras = Cameras(plans, grabbers, newest_only=newest_only)
        try:
            if sync:
                store.views.sync(cameras.specs, clock.now())
            silences = FreshSilences(store.silences.active, clock.now())
            routing = Routing(settings, silences.active, clock, host_names(plans))
            pictures = IncidentPictures(store, settings)
            yield Site(settings, store, cameras, grabbers, routing, pictures, clock, limits)
        finally:
            cameras.close()
