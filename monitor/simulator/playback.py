"""Runs a site for a while: serves it, writes folders, and tells of every event as it happens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from monitor.simulator.beacon import Beacon
from monitor.simulator.folder import FolderWriter
from monitor.simulator.onvif import RECORDER
from monitor.simulator.server import SiteServer
from monitor.simulator.site import Site

_TICK_S = 0.1


def play(
    site: Site,
    server: SiteServer,
    stop: threading.Event,
    say: Callable[[str], None],
    *,
    folder: Path | None = None,
    interval_s: float = 10.0,
    duration_s: float | None = None,
    beacon: Beacon | None = None,
) -> None:
    """Run until `stop` is set or `duration_s` real seconds are over; the server is closed at the end.

    Events due before the first tick are told at once. Raises SimulatorError if the folder fails.
    """
    told = set()
    deadline = None if duration_s is None else time.monotonic() + duration_s
    with ExitStack() as stack:
        stack.enter_context(server)
        say(f"Simulated site at {server.url}/ (what is injected: {server.url}/truth.json)")
        for name in site.names:
            say(f"  {name}: {server.snapshot_url(name)}")
        if beacon is not None and server.onvif is not None:
            stack.enter_context(beacon)
            say(f"All of them as one ONVIF recorder: {server.onvif.address(RECORDER, server.url)}")
            say(f"ONVIF devices answer to `monitor discover` on port {beacon.port}")
        writer = None
        if folder is not None:
            writer = FolderWriter(site, folder, interval_s).start()
            stack.callback(writer.close)
            say(f"Pictures in {folder}/<camera>/ every {interval_s:g} s")
        now, speed = site.clock.now(), site.clock.speed
        say(f"Simulated time {now:%Y-%m-%d %H:%M} UTC, {speed:g} times as fast as real time")
        while not stop.is_set() and (deadline is None or time.monotonic() < deadline):
            for event in site.events(until=site.clock.now()):
                if id(event) not in told:
                    told.add(id(event))
                    say(str(event))
            if writer is not None and writer.error is not None:
                raise writer.error
            stop.wait(_TICK_S)
    say("The simulated site has ended.")
