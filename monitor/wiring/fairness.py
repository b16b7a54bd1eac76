"""Measuring whether dead cameras delay the living: the real service twice in the same minutes, with and without them.

Real are the engine with its dispatcher, lanes and hosts, the whole of `observe`, and the store (SQLite). Cameras and
network are stand-ins that take time and compute nothing: measured is who waits for whom, not what a check costs.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from monitor.clock import SystemClock
from monitor.domain.addressee import nobody
from monitor.domain.beats import share_of
from monitor.domain.errors import SourceTimeout, SourceUnreachable
from monitor.domain.frame import Frame
from monitor.domain.incident import Observation
from monitor.domain.inhibition import Inhibition
from monitor.domain.view import ViewKey, ViewSpec
from monitor.service.counters import ServiceCounters
from monitor.service.doors import Endpoint
from monitor.service.engine import Service
from monitor.service.host import HostPlan
from monitor.service.hosts import Hosts
from monitor.service.options import ServiceOptions
from monitor.service.reload import ReloadResult
from monitor.store import Store, open_store
from monitor.usecases.deliver import DeliveryReport
from monitor.usecases.hosts import HostIncidents, sit_out
from monitor.usecases.lookalikes import Lookalikes
from monitor.usecases.observe import Equipment, observe
from monitor.wiring.stand_ins import StandInEncoder, picture

LIVING, SILENT, REFUSING, RECORDED = 800, 80, 60, 60
"""Cameras that answer; that accept connections and say nothing; that refuse them; those of one dead recorder."""
RECORDERS = 10
"""Half of the living, and a quarter of the silent ones, hang on so many living recorders."""
INTERVAL_S = 60.0
TIMEOUT_S = 10.0
LATENCY_S = (0.05, 0.3)
WARM_UP_S = 20.0
PERCENTILES = (50, 95, 99)


@dataclass(frozen=True, slots=True)
class Waits:
    """How the living fared in one of the two services.

    Attributes:
        checks: Checks of living cameras that were due in the measured time and made …
        checks_per_min: … and how many a minute.
        late_s: Seconds from due to begun, by percentile.
        told_s: Seconds from due to a recorded verdict, by percentile.
        worst_gap_s: The longest time between two verdicts of one camera.
        counters: What the service did since its start.
    """

    checks: int
    checks_per_min: float
    late_s: Mapping[int, float]
    told_s: Mapping[int, float]
    worst_gap_s: float
    counters: ServiceCounters


@dataclass(frozen=True, slots=True)
class Fairness:
    """The living alone and beside the dead.

    Attributes:
        alone: Without the dead.
        beside: With them, from the moment of their death.
        living: How many live …
        dead: … and how many die.
        seconds: How long was measured.
        interval_s: Between two checks of a camera.
        checks_ratio: Checks a minute beside the dead against alone; 1 is no loss.
        told_ratio: Median seconds from due to verdict beside the dead against alone; 1 is no delay.
        told_ratio_p95: The same, 95th percentile.
    """

    alone: Waits
    beside: Waits
    living: int
    dead: int
    seconds: float
    interval_s: float
    checks_ratio: float
    told_ratio: float
    told_ratio_p95: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def measure_fairness(
    directory: Path, seconds: float, *, scale: float = 1.0, warm_up_s: float = WARM_UP_S
) -> Fairness:
    """Run both services side by side, let cameras of one of them die, and look at the others.

    Args:
        directory: An empty folder.
        seconds: How long to measure after that.
        scale: Share of the cameras to take, for a quick look.
        warm_up_s: How long all cameras live before.

    Raises:
        MonitorError: The store does not work here.
    """
    cameras = _cameras(scale)
    living = [camera for camera in cameras if not camera.dies]
    folders = [directory / "alone", directory / "beside"]
    _prepare(folders[1], cameras)
    shutil.copytree(folders[1], folders[0])
    services = [_Running(folders[0], living), _Running(folders[1], cameras)]
    starts_at = SystemClock().now() + timedelta(seconds=warm_up_s)
    try:
        for service in services:
            service.start()
        time.sleep(warm_up_s)
        services[1].kill_the_dying()
        time.sleep(seconds)
    finally:
        for service in services:
            service.stop()
    ends_at = starts_at + timedelta(seconds=seconds)
    alone, beside = (service.waits(starts_at, ends_at) for service in services)
    return Fairness(
        alone=alone,
        beside=beside,
        living=len(living),
        dead=len(cameras) - len(living),
        seconds=seconds,
        interval_s=INTERVAL_S,
        checks_ratio=beside.checks / alone.checks,
        told_ratio=beside.told_s[50] / alone.told_s[50],
        told_ratio_p95=beside.told_s[95] / alone.told_s[95],
    )


@dataclass(slots=True)
class _Camera:
    """A stand-in for a camera: its name, what it hangs on, and how it dies, if it does."""

    key: ViewKey
    host: str
    dies: str = ""
    is_dead: threading.Event = field(default_factory=threading.Event)
    random: Random = field(default_factory=Random)

    def grab(self, timeout_s: float) -> Frame:
        """A picture after a while, or what the camera's death looks like."""
        if self.is_dead.is_set():
            if self.dies == "refusing":
                raise SourceUnreachable(f"{self.host} accepts no connection.", "Check it.")
            time.sleep(timeout_s)
            raise SourceTimeout(f"{self.host} says nothing.", "Check it.")
        time.sleep(self.random.uniform(*LATENCY_S))
        return picture(self.random)

    def close(self) -> None:
        """Nothing is open."""


def _cameras(scale: float) -> list[_Camera]:
    def count(of: int) -> int:
        return max(1, round(of * scale))

    def made(name: str, number: int, host: str, dies: str = "") -> _Camera:
        key = ViewKey(f"{name}-{number:03}")
        return _Camera(key, host or str(key), dies, random=Random(str(key)))  # noqa: S311 - latencies, no secrets

    living = [made("living", n, f"recorder-{n % RECORDERS}" if n % 2 else "") for n in range(count(LIVING))]
    silent = [
        made("silent", n, f"recorder-{n // 4 % RECORDERS}" if n % 4 == 0 else "", "silent")
        for n in range(count(SILENT))
    ]
    refusing = [made("refusing", n, "", "refusing") for n in range(count(REFUSING))]
    recorded = [made("recorded", n, "dead-recorder", "silent") for n in range(count(RECORDED))]
    return [*living, *silent, *refusing, *recorded]


def _prepare(folder: Path, cameras: Sequence[_Camera]) -> None:
    """A store in which every camera is enrolled, and due on its own beat from now on."""
    encoder, clock = StandInEncoder(), SystemClock()
    frame = picture(Random(0))  # noqa: S311 - a picture, no secret
    with _open(folder) as store:
        store.views.sync([_spec(camera) for camera in cameras], clock.now())
        for camera in cameras:
            reference = encoder.enroll(frame, camera.key)
            store.gallery.add_version(
                camera.key,
                [(reference, b"a picture")],
                reason="to be measured",
                author="bench",
                now=clock.now(),
            )
        now = clock.now() + timedelta(seconds=2)
        for camera in cameras:
            store.views.schedule(camera.key, now + timedelta(seconds=share_of(str(camera.key)) * INTERVAL_S))


def _spec(camera: _Camera) -> ViewSpec:
    return ViewSpec(camera.key, interval_s=INTERVAL_S)


def _open(folder: Path) -> Store:
    folder.mkdir(exist_ok=True)
    return open_store(f"sqlite:///{folder / 'monitor.db'}", folder / "images")


class _NoOutbox:
    """Nobody is told of anything."""

    def deliver_due(self) -> DeliveryReport:
        """Nothing is due."""
        return DeliveryReport()

    def close(self, timeout_s: float) -> int:
        """Nothing is on its way."""
        del timeout_s
        return 0


class _Running:
    """One of the two services, with what it did for the living."""

    def __init__(self, folder: Path, cameras: Sequence[_Camera]) -> None:
        clock = SystemClock()
        # Each service has cameras of its own, or the death would be one of both.
        self._cameras = {
            camera.key: _Camera(camera.key, camera.host, camera.dies, random=Random(str(camera.key)))  # noqa: S311
            for camera in cameras
        }
        self._store = store = _open(folder)
        store.views.sync([_spec(camera) for camera in cameras], clock.now())
        self._checks: list[tuple[ViewKey, datetime, datetime, datetime]] = []
        self._counters = ServiceCounters()
        self._lock = threading.Lock()
        self._clock = clock
        encoder = StandInEncoder()

        def record_sit_out(key: ViewKey, slot: datetime, inhibition: Inhibition) -> None:
            sit_out(key, slot, inhibition, store, clock)

        hosts = Hosts(
            self._plans(),
            HostIncidents(store, nobody, clock),
            self._knock,
            store.views.bring_forward,
            record_sit_out,
            clock,
        )
        self._equipment = Equipment(
            store, encoder, clock, Lookalikes(store), lambda _frame: b"a picture", nobody, hosts.inhibition
        )
        self.service = Service(
            due=store.views.due,
            observe=self._observe,
            outbox=_NoOutbox(),
            prune=lambda: None,
            reload=lambda: ReloadResult(True, ""),
            hold_lock=lambda: store.hold_daemon_lock("bench"),
            clock=clock,
            options=ServiceOptions(drain_timeout_s=TIMEOUT_S + 5.0),
            hosts=hosts,
        )
        self._thread = threading.Thread(target=lambda: self.service.run(handle_signals=False), daemon=True)

    def start(self) -> None:
        """Watch."""
        self._thread.start()

    def kill_the_dying(self) -> None:
        """All at once, as when a switch fails."""
        for camera in self._cameras.values():
            if camera.dies:
                camera.is_dead.set()

    def stop(self) -> None:
        """Watch no more."""
        self._counters = self.service.counters()
        self.service.stop()
        self._thread.join()
        self._store.close()

    def waits(self, since: datetime, until: datetime) -> Waits:
        """How the living fared in checks that were due in a time."""
        checks = [
            check for check in self._checks if since <= check[1] < until and not self._cameras[check[0]].dies
        ]
        last: dict[ViewKey, datetime] = {}
        gaps_s = [0.0]
        for key, _, _, told_at in sorted(checks, key=lambda check: check[3]):
            if key in last:
                gaps_s.append((told_at - last[key]).total_seconds())
            last[key] = told_at
        return Waits(
            checks=len(checks),
            checks_per_min=len(checks) * 60 / (until - since).total_seconds(),
            late_s=_percentiles([(begun - slot).total_seconds() for _, slot, begun, _ in checks]),
            told_s=_percentiles([(told - slot).total_seconds() for _, slot, _, told in checks]),
            worst_gap_s=max(gaps_s),
            counters=self._counters,
        )

    def _observe(self, key: ViewKey, slot: datetime) -> Observation | None:
        begun = self._clock.now()
        done = observe(key, slot, self._cameras[key], TIMEOUT_S, self._equipment)
        with self._lock:
            self._checks.append((key, slot, begun, self._clock.now()))
        return done.observation

    def _plans(self) -> list[HostPlan]:
        by_host: dict[str, list[ViewKey]] = {}
        for camera in self._cameras.values():
            by_host.setdefault(camera.host, []).append(camera.key)
        return [
            HostPlan(name, tuple(keys), endpoints=dict.fromkeys(keys, (name, 80)))
            for name, keys in by_host.items()
        ]

    def _knock(self, endpoints: Collection[Endpoint]) -> Collection[Endpoint]:
        """Silent ones accept connections; only those that refuse do not."""
        refusing = {
            camera.host
            for camera in self._cameras.values()
            if camera.dies == "refusing" and camera.is_dead.is_set()
        }
        return [endpoint for endpoint in endpoints if endpoint[0] not in refusing]


def _percentiles(values: Sequence[float]) -> dict[int, float]:
    ordered = sorted(values)
    return {
        share: ordered[min(len(ordered) - 1, len(ordered) * share // 100)] if ordered else 0.0
        for share in PERCENTILES
    }
