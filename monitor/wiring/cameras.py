"""Cameras from settings: a source for each, kept until its settings change, and the grabbers that all of them use."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import closing
from typing import Any

from monitor.domain.errors import SourceTimeout, UnknownView
from monitor.domain.frame import Frame
from monitor.domain.ports import FrameSource
from monitor.domain.view import ViewKey, ViewSpec
from monitor.grabbers.pool import GrabberPool, PoolOptions
from monitor.grabbers.source import PooledSource
from monitor.service.options import ServiceOptions
from monitor.settings import CameraPlan, Settings
from monitor.sources.kinds import source_kind
from monitor.wiring.options import build_options


class Cameras:
    """The configured cameras, and their sources.

    A source is opened on first use. Views that share a camera share its source, one grab at a time.

    Args:
        plans: From `monitor.settings.resolve`.
        grabbers: The processes that grab for all of them; closed by whoever opened them.
        newest_only: For commands that look once: folders that are read file by file give their newest file
            instead, and no stream is kept open.
    """

    def __init__(
        self, plans: Iterable[CameraPlan], grabbers: GrabberPool, *, newest_only: bool = False
    ) -> None:
        self._grabbers = grabbers
        self._newest_only = newest_only
        self._lock = threading.Lock()
        self._plans: dict[ViewKey, CameraPlan] = {}
        self._opened: dict[ViewKey, tuple[CameraPlan, FrameSource]] = {}
        self.use(plans)

    def use(self, plans: Iterable[CameraPlan]) -> None:
        """Go on with other plans; sources whose settings changed are closed, and opened anew when needed."""
        with self._lock:
            self._plans = {spec.key: plan for plan in plans for spec in plan.views}
            changed = [
                key
                for key, (plan, _) in self._opened.items()
                if key not in self._plans or not _same_source(self._plans[key], plan)
            ]
            closing = [self._opened.pop(key)[1] for key in changed]
        for source in closing:
            source.close()

    @property
    def specs(self) -> list[ViewSpec]:
        """All views, disabled ones included."""
        return [spec for key, plan in self._plans.items() for spec in plan.views if spec.key == key]

    def select(self, names: Iterable[str] = ()) -> list[ViewKey]:
        """The views that names mean: `camera` is all of its views, `camera/view` one; no name means all.

        Raises:
            UnknownView: A name is not configured.
        """
        every = [spec.key for spec in self.specs]
        found: list[ViewKey] = []
        wanted = list(names)
        for name in wanted:
            matching = [key for key in every if name in (key.camera, f"{key.camera}/{key.view}")]
            if not matching:
                known = ", ".join(sorted({key.camera for key in every})) or "none"
                raise UnknownView(
                    f"There is no camera '{name}' in the configuration.", f"Configured: {known}."
                )
            found += matching
        return list(dict.fromkeys(found)) if wanted else every

    def plan(self, key: ViewKey) -> CameraPlan:
        """The plan of a view.

        Raises:
            UnknownView: It is not configured.
        """
        try:
            return self._plans[key]
        except KeyError:
            raise UnknownView(
                f"There is no view '{key}' in the configuration.", "See `monitor config show`."
            ) from None

    def source(self, key: ViewKey) -> FrameSource:
        """The opened source of a view.

        Raises:
            UnknownView: It is not configured.
            MonitorError: Its options cannot work.
        """
        plan = self.plan(key)
        owner = plan.views[0].key
        with self._lock:
            known = self._opened.get(owner)
            if known is None:
                known = self._opened[owner] = (plan, OneAtATime(self._open(plan)))
            return known[1]

    def _open(self, plan: CameraPlan) -> FrameSource:
        kind = source_kind(plan.source_kind)
        given = {**plan.options, **kind.one_look} if self._newest_only else plan.options
        options: Any = build_options(kind.options, given)
        return PooledSource(self._grabbers, kind.open, options, dedicated=kind.dedicated(options))

    def close(self) -> None:
        """Close every source."""
        with self._lock:
            closing, self._opened = [source for _, source in self._opened.values()], {}
        for source in closing:
            source.close()


class OneAtATime:
    """A source that several views share: its grabs queue up, each within its own time limit."""

    def __init__(self, source: FrameSource) -> None:
        self._source = source
        self._lock = threading.Lock()

    def grab(self, timeout_s: float) -> Frame:
        """The newest frame.

        Raises:
            SourceTimeout: Another view's grab took all the time there was.
            SourceError: As the source says.
        """
        if not self._lock.acquire(timeout=timeout_s):
            raise SourceTimeout(
                f"The camera was still busy with another check after {timeout_s:.0f} s.",
                "Lengthen its interval, or its timeout.",
            )
        try:
            return self._source.grab(timeout_s)
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the source; a grab in progress ends by itself."""
        self._source.close()


def _same_source(one: CameraPlan, other: CameraPlan) -> bool:
    return (one.source_kind, dict(one.options)) == (other.source_kind, dict(other.options))


def open_grabbers(settings: Settings) -> closing[GrabberPool]:
    """As many grabbers as there are places for checks, closed at the end; none is started before it is needed."""
    service = settings.service
    size = service.workers + service.troubled_workers + ServiceOptions().spare_workers
    return closing(GrabberPool(PoolOptions(size, service.grabber_memory)))
