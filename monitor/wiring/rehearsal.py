"""A view on a stage: the real pipeline with a temporary store and a held clock, so that nothing live is touched."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from monitor.clock import HeldClock
from monitor.domain.addressee import nobody
from monitor.domain.errors import UnknownView
from monitor.domain.frame import Frame
from monitor.domain.view import ViewKey, ViewSpec
from monitor.settings import Settings
from monitor.store import Store, open_store
from monitor.store.engine import parse_url
from monitor.usecases.enroll import EnrolmentTools
from monitor.usecases.lookalikes import Lookalikes
from monitor.usecases.observe import Equipment
from monitor.vision.encoder import NetworkEncoder
from monitor.wiring.sight import picture_bytes, read_picture


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The opened parts.

    Attributes:
        spec: The view.
        store: Temporary.
        encoder: The network.
        clock: Held; set it to the time of every frame.
    """

    spec: ViewSpec
    store: Store
    encoder: NetworkEncoder
    clock: HeldClock

    @property
    def equipment(self) -> Equipment:
        """What `observe` needs; nobody is told of anything."""
        return Equipment(
            self.store,
            self.encoder,
            self.clock,
            Lookalikes(self.store, self.encoder.alike_above),
            picture_bytes,
            nobody,
        )

    @property
    def enrolment_tools(self) -> EnrolmentTools:
        """What `enroll` needs."""
        return EnrolmentTools(self.store, self.encoder, self.clock, picture_bytes)


@dataclass(frozen=True, slots=True)
class LiveReferences:
    """What a live store knows of a view: the pictures of its references in use, and what never changes in it."""

    pictures: tuple[Frame, ...] = ()
    constancy: bytes | None = None


@contextmanager
def open_rehearsal(spec: ViewSpec, encoder: NetworkEncoder, now: datetime) -> Iterator[Rehearsal]:
    """A stage for one view, gone without a trace at the end.

    Raises:
        StoreError: The temporary database cannot be made.
    """
    with tempfile.TemporaryDirectory(prefix="monitor-replay-") as name:
        folder = Path(name)
        with open_store(f"sqlite:///{folder / 'monitor.db'}", folder / "images") as store:
            store.views.sync([spec], now)
            yield Rehearsal(spec, store, encoder, HeldClock(now))


def live_references(settings: Settings, key: ViewKey) -> LiveReferences:
    """What the configured store has of a view; nothing where there is no such store or view.

    Raises:
        StoreError: The store is there, but cannot be read.
    """
    url = settings.database_url.get_secret_value()
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(str(parsed.database)).exists():
        return LiveReferences()
    with open_store(url, settings.data_dir / "images", migrate=False) as store:
        try:
            entries = store.gallery.list(key)
            constancy = store.load_watch(key).constancy
        except UnknownView:
            return LiveReferences()
        return LiveReferences(
            tuple(read_picture(store.images.get(entry.image_digest), entry.created_at) for entry in entries),
            constancy,
        )


def adopt_references(
    stage: Rehearsal, live: LiveReferences, prepare: Callable[[Frame], Frame], *, with_constancy: bool
) -> int:
    """Make live references those of the stage's view, encoded anew; how many.

    Args:
        stage: Where.
        live: At least one picture.
        prepare: Applied to every picture first.
        with_constancy: Whether what never changes is taken over, too.
    """
    from monitor.domain.state import Status, ViewState

    key, now = stage.spec.key, stage.clock.now()
    frames = [prepare(picture) for picture in live.pictures]
    stage.store.gallery.add_version(
        key,
        [(stage.encoder.enroll(frame, key), picture_bytes(frame)) for frame in frames],
        reason="copied",
        author="replay",
        now=now,
        state=ViewState(status=Status.OK, since=now),
    )
    if with_constancy and live.constancy is not None:
        stage.store.save_constancy(key, live.constancy)
    return len(frames)
