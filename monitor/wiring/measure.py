"""Measuring what checks cost here: the whole path of a frame beside the bare network, in the same minute.

A machine that does other things as well measures every rate too low, but both in turn suffer alike, so their ratio
holds; and processor time, unlike the clock's, counts only what the work itself took.
"""

from __future__ import annotations

import itertools
import os
import re
import resource
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from monitor.domain.frame import Frame
from monitor.domain.state import Status, ViewState
from monitor.domain.view import ViewKey
from monitor.grabbers.pool import GrabberPool
from monitor.settings import load_settings
from monitor.settings.models import Service
from monitor.usecases.observe import Equipment, observe
from monitor.vision.encoder import NetworkEncoder
from monitor.vision.network import Network
from monitor.vision.preprocess import prepare
from monitor.wiring.sight import open_network, picture_bytes
from monitor.wiring.site import Site, open_site

STEPS = ("load", "grab", "encode", "compare", "record")
ROUND_S = 2.0
"""Checks and bare passes take turns of this length."""
GRAB_TIMEOUT_S = 60.0
LEARNED_FROM = 6
"""Pictures from which the parts of a view that never change are learned before anything is measured."""
Work = Callable[[], object]
CONFIG = """\
cameras:
{cameras}
logging: {{level: error}}
"""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What checks cost on this machine.

    Attributes:
        checks: How many whole checks were made …
        checks_per_s: … and how many a second.
        passes_per_s: Bare passes of the same network a second, in turns with the checks.
        ratio: The first against the second: 1 would be a service that costs nothing but its network.
        core_ms: Milliseconds of processor time of one check by step; `rest` is what lies between the steps.
        core_ms_per_check: All of it.
        core_ms_per_pass: The same for a bare pass.
        cameras_per_minute: Cameras that this machine can look at once a minute, if it does nothing else.
        peak_mb: The largest memory (resident set) of the process, in MB, without its grabbers.
        verdicts: What the checks said; anything but `ok` would mean that something else was measured.
        cores: Processor cores that may be used.
        workers: Checks at a time.
        encoder_threads: Threads of one pass.
        bundle: The network.
        seconds: How long was measured, both together.
    """

    checks: int
    checks_per_s: float
    passes_per_s: float
    ratio: float
    core_ms: Mapping[str, float]
    core_ms_per_check: float
    core_ms_per_pass: float
    cameras_per_minute: int
    peak_mb: float
    verdicts: Mapping[str, int]
    cores: int
    workers: int
    encoder_threads: int
    bundle: str
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def measure(directory: Path, pictures: Sequence[Sequence[bytes]], seconds: float) -> Measurement:
    """Watch folders as the daemon does, as fast as it goes.

    There are as many cameras as the daemon has workers, so that none ever waits for another's camera.

    Args:
        directory: An empty folder for configuration, database and pictures.
        pictures: JPEGs, several of each camera; cameras beyond the first few show the same again.
        seconds: How long, roughly; at least two turns are measured.

    Raises:
        MonitorError: Something that the daemon needs does not work here.
    """
    names = [f"camera-{number}" for number in range(Service().workers)]
    shown = {name: pictures[number % len(pictures)] for number, name in enumerate(names)}
    config = _lay_out(directory, shown)
    with ExitStack() as stack:
        site = stack.enter_context(open_site(load_settings(config, {})))
        service = site.settings.service
        network = open_network(site.settings.bundle, service.encoder_threads, service.encoder_batch)
        cameras = [_Camera(ViewKey(name), sorted((directory / name).iterdir()), site) for name in names]
        equipment = replace(site.equipment(NetworkEncoder(network)), clock=CoreClock())
        frames = [camera.enroll(equipment) for camera in cameras]
        checks, passes = _Turns(), _Turns()
        grabbing_s = _take_turns(cameras, frames, equipment, network, checks, passes, seconds, site.grabbers)
    return _sum_up(checks, passes, cameras, service, network.bundle.id, grabbing_s)


class CoreClock:
    """A `Clock` whose durations are processor time of the calling thread; so `observe` times its own steps."""

    def now(self) -> datetime:
        """Aware UTC wall-clock time."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Seconds that this thread has computed."""
        return time.thread_time()


class _Camera:
    """A folder that never runs out of new pictures: the oldest is dated anew, which is all that an upload changes."""

    def __init__(self, key: ViewKey, files: Sequence[Path], site: Site) -> None:
        self._key = key
        self._site = site
        self._files = itertools.cycle(files)
        self._source = site.cameras.source(key)
        self.core_ms: dict[str, float] = {}
        self.verdicts: Counter[str] = Counter()

    def enroll(self, equipment: Equipment) -> Frame:
        """Make a picture the reference, and know the view as after hours of watching; gives the picture."""
        learned: bytes | None = None
        for _ in range(LEARNED_FROM):
            self._next_picture()
            frame = self._source.grab(GRAB_TIMEOUT_S)
            learned = equipment.encoder.learn_constancy(learned, equipment.encoder.encode(frame))
        equipment.store.gallery.add_version(
            self._key,
            [(equipment.encoder.enroll(frame, self._key), picture_bytes(frame))],
            reason="to be measured",
            author="bench",
            now=self._site.clock.now(),
            state=ViewState(status=Status.OK, since=self._site.clock.now()),
        )
        # Whether or not it masks anything here, every check reads it.
        equipment.store.save_constancy(self._key, learned or b"")
        return frame

    def check(self, equipment: Equipment) -> None:
        """Look at the next picture, and count what that took."""
        self._next_picture()
        began_s = time.thread_time()
        done = observe(self._key, self._site.clock.now(), self._source, GRAB_TIMEOUT_S, equipment)
        spent_ms = (time.thread_time() - began_s) * 1000
        if done.observation is None:
            raise RuntimeError(f"nothing was measured: {done.note}")
        self.verdicts[done.observation.verdict.kind.value] += 1
        steps = done.observation.timings_ms
        for step, spent in {**steps, "rest": spent_ms - sum(steps.values())}.items():
            self.core_ms[step] = self.core_ms.get(step, 0.0) + spent

    def _next_picture(self) -> None:
        os.utime(next(self._files))


@dataclass(slots=True)
class _Turns:
    """What was done in all turns of one kind."""

    done: int = 0
    wall_s: float = 0.0
    core_s: float = 0.0
    threads_core_s: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, works: Sequence[Work], seconds: float) -> None:
        """Do all works again and again, each on a thread of its own, for so long."""
        wall_s, core_s = time.perf_counter(), time.process_time()
        deadline_s = wall_s + seconds
        failures: list[BaseException] = []

        def repeat(work: Work) -> None:
            began_s, done = time.thread_time(), 0
            try:
                while time.perf_counter() < deadline_s:
                    work()
                    done += 1
            except BaseException as failure:  # noqa: BLE001 - raised again by the thread that waits
                failures.append(failure)
            with self.lock:
                self.done += done
                self.threads_core_s += time.thread_time() - began_s

        threads = [threading.Thread(target=repeat, args=(work,), daemon=True) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        self.wall_s += time.perf_counter() - wall_s
        self.core_s += time.process_time() - core_s


def _take_turns(
    cameras: Sequence[_Camera],
    frames: Sequence[Frame],
    equipment: Equipment,
    network: Network,
    checks: _Turns,
    passes: _Turns,
    seconds: float,
    grabbers: GrabberPool,
) -> float:
    """Check and pass in turns; the processor time that grabbers spent on the checks meanwhile, in seconds."""
    prepared = [prepare(frame.pixels, network.bundle.card.input) for frame in frames]
    checking: list[Work] = [partial(camera.check, equipment) for camera in cameras]
    passing: list[Work] = [partial(network.encode, image) for image in prepared]
    # What happens only once, such as reading references into memory, is not what a check costs.
    for work in (*checking, *passing):
        work()
    for camera in cameras:
        camera.core_ms.clear()
        camera.verdicts.clear()
    before_s = grabbers.counters().core_s
    for _ in range(max(1, round(seconds / (2 * ROUND_S)))):
        checks.take(checking, min(ROUND_S, seconds / 2))
        passes.take(passing, min(ROUND_S, seconds / 2))
    return grabbers.counters().core_s - before_s


def _sum_up(
    checks: _Turns,
    passes: _Turns,
    cameras: Sequence[_Camera],
    service: Service,
    bundle_id: str,
    grabbing_s: float,
) -> Measurement:
    cores = len(os.sched_getaffinity(0))
    by_step = {
        step: sum(camera.core_ms.get(step, 0.0) for camera in cameras) / checks.done
        for step in (*STEPS, "rest")
    }
    # The network has threads of its own; nothing else here computes beside the threads that check.
    by_step["encode"] += (checks.core_s - checks.threads_core_s) * 1000 / checks.done
    by_step["grab"] += grabbing_s * 1000 / checks.done
    checks_per_s, passes_per_s = checks.done / checks.wall_s, passes.done / passes.wall_s
    return Measurement(
        checks=checks.done,
        checks_per_s=checks_per_s,
        passes_per_s=passes_per_s,
        ratio=checks_per_s / passes_per_s,
        core_ms=by_step,
        core_ms_per_check=(checks.core_s + grabbing_s) * 1000 / checks.done,
        core_ms_per_pass=passes.core_s * 1000 / passes.done,
        cameras_per_minute=int(checks_per_s * 60),
        peak_mb=_peak_mb(),
        verdicts=dict(sum((camera.verdicts for camera in cameras), Counter())),
        cores=cores,
        workers=service.workers,
        encoder_threads=service.encoder_threads or cores,
        bundle=bundle_id,
        seconds=checks.wall_s + passes.wall_s,
    )


def _peak_mb() -> float:
    """The kernel's own account: `ru_maxrss` outlives exec, and thus would tell of a large parent."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _lay_out(directory: Path, shown: Mapping[str, Sequence[bytes]]) -> Path:
    for name, pictures in shown.items():
        (directory / name).mkdir()
        for number, picture in enumerate(pictures):
            (directory / name / f"{number}.jpg").write_bytes(picture)
    entries = "\n".join(
        f"  - {{name: {name}, source: {{kind: folder, path: {name}, time_from: mtime}}}}" for name in shown
    )
    config = directory / "monitor.yaml"
    config.write_text(CONFIG.format(cameras=entries), encoding="utf-8")
    return config
