"""The run itself: the daemon as a process, faults as they are due, a sample every ten seconds."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from monitor.domain.view import ViewKey
from monitor.wiring.processor_time import descendants
from tests.e2e.canaries import files_under, sightings
from tests.e2e.program import look_into
from tests.soak import sampling
from tests.soak.faults import EVENTS, Fault, schedule
from tests.soak.judging import Seen, Telling, how_told
from tests.soak.sampling import Member, Sample
from tests.soak.site import PASSWORD, ROOT, SoakedSite

SAMPLE_S = 10.0
STOP_S = 60.0
_LATE = re.compile(r"(\d+) broken down.* p95 ([\d.]+) s")


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes:
        cameras: How many of each kind.
        left_out: Kinds that were not soaked, with the reason.
        seconds: How long.
        interval_s: Between two checks.
        faults: That were done.
        samples: Of the resources.
        telling: How faults were told.
        exit_code: Of the daemon, after SIGTERM.
        left_behind: Processes of the daemon that outlived it.
        secrets_seen: Where the canary was seen.
        errors: Lines of the daemon's log at level error, by event.
        grabber_limit: Grabbers at a time at most.
        members: The daemon's processes, one by one, with the time at which they were seen.
    """

    cameras: Mapping[str, int]
    left_out: Mapping[str, str]
    seconds: float
    interval_s: float
    faults: Sequence[Fault]
    samples: Sequence[Sample]
    telling: Telling
    exit_code: int
    left_behind: Sequence[int]
    secrets_seen: Sequence[str]
    errors: Mapping[str, int]
    grabber_limit: int
    members: Sequence[tuple[float, Member]]


class Soak:
    """One run.

    Args:
        root: An empty folder.
        cameras: How many.
        interval_s: Between two checks of each.
        seed: Of the faults.
        kept_log: Where the daemon's warnings and errors are kept, with what they quote.
    """

    def __init__(self, root: Path, cameras: int, interval_s: float, seed: int, kept_log: Path) -> None:
        self._root = root
        self._seed = seed
        self._random = Random(seed)
        self._site = SoakedSite(root / "site", cameras, interval_s)
        self._log_path = root / "daemon.log"
        self._kept_log = kept_log
        self._samples: list[Sample] = []
        self._members: list[tuple[float, Member]] = []
        self._born: set[tuple[int, str]] = set()
        self._stopped: dict[Fault, tuple[int, str]] = {}
        self._status = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._status.bind(str(root / "notify"))
        self._status.setblocking(False)
        self._told = (0, 0.0)

    def run(self, seconds: float) -> Outcome:
        """Start everything, let things go wrong, stop everything, and look back."""
        site = self._site
        counts = {kind: list(site.kinds.values()).count(kind) for kind in dict.fromkeys(site.kinds.values())}
        _say(f"{len(site.kinds)} cameras: {', '.join(f'{count} {kind}' for kind, count in counts.items())}")
        for kind, reason in site.left_out.items():
            _say(f"left out: {kind}: {reason}")
        try:
            site.start()
            self._enroll()
            faults = sorted(schedule(site.kinds, self._events(), seconds, site.interval_s, self._seed))
            daemon = self._start_daemon()
            try:
                began = datetime.now(UTC)
                self._watch(daemon, faults, seconds)
                exit_code = self._stop(daemon)
            finally:
                daemon.kill()
                daemon.wait()
            left_behind = self._left_behind()
            telling = how_told(faults, site.kinds, self._checks(began), 2 * site.interval_s + 10.0)
        finally:
            site.stop()
            self._status.close()
        ours = [site.config, *site.root.glob("states/*")]
        places = [*files_under(self._root, without=ours)]
        return Outcome(
            counts, site.left_out, seconds, site.interval_s, faults, self._samples, telling, exit_code, left_behind,
            sightings([PASSWORD], places), self._errors(), site.grabber_limit, self._members,
        )  # fmt: skip

    def _events(self) -> list[str]:
        there = set(self._site.kinds.values())
        missing = {"restart web"} - ({"restart web"} if there & {"http", "mjpeg"} else set())
        missing |= set() if "rtsp" in there else {"restart rtsp"}
        return [event for event in EVENTS if event not in missing]

    def _enroll(self) -> None:
        _say("enrolling …")
        done = subprocess.run(
            [sys.executable, "-m", "monitor", "--config", str(self._site.config), "enroll", "--all", "--force",
             "--frames", "1"],
            cwd=ROOT, env=self._site.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode not in (0, 1):
            raise RuntimeError(f"enrolling ended with {done.returncode}: {done.stderr[-2000:]}")
        if done.returncode:
            _say(f"not all were enrolled:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")

    def _start_daemon(self) -> subprocess.Popen[bytes]:
        with self._log_path.open("wb") as log:
            daemon = subprocess.Popen(
                [sys.executable, "-m", "monitor", "--config", str(self._site.config), "run"],
                cwd=ROOT, env={**self._site.environment, "NOTIFY_SOCKET": str(self._root / "notify")},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        deadline_s = time.monotonic() + 60
        while b"service.started" not in self._log_path.read_bytes():
            if daemon.poll() is not None or time.monotonic() > deadline_s:
                daemon.kill()
                raise RuntimeError(f"the daemon does not start:\n{self._log_path.read_text()[-3000:]}")
            time.sleep(0.2)
        return daemon

    def _watch(self, daemon: subprocess.Popen[bytes], faults: Sequence[Fault], seconds: float) -> None:
        began_s = time.monotonic()
        begins, ends = list(faults), sorted(faults, key=lambda fault: fault.ends_s)
        next_sample_s = SAMPLE_S
        while (at_s := time.monotonic() - began_s) < seconds:
            if daemon.poll() is not None:
                raise RuntimeError(
                    f"the daemon ended with {daemon.returncode}:\n{self._log_path.read_text()[-3000:]}"
                )
            # Ends first: a camera's next fault may begin in the same moment.
            while ends and ends[0].ends_s <= at_s:
                self._end(ends.pop(0))
            while begins and begins[0].begins_s <= at_s:
                self._begin(begins.pop(0), daemon.pid)
            self._born.update(map(sampling.identity, descendants(daemon.pid)))
            self._listen()
            if at_s >= next_sample_s:
                next_sample_s += SAMPLE_S
                self._sample(daemon.pid, at_s, seconds, faults)
            time.sleep(0.5)

    def _begin(self, fault: Fault, pid: int) -> None:
        match fault.what:
            case "kill a grabber":
                self._signal(pid, signal.SIGKILL)
            case "kill the server":
                if servers := [each for each in sampling.children(pid) if descendants(each)]:
                    os.kill(servers[0], signal.SIGKILL)
            case "stop a grabber":
                if (stopped := self._signal(pid, signal.SIGSTOP)) is not None:
                    self._stopped[fault] = sampling.identity(stopped)
            case "reload":
                self._site.write_config()
                os.kill(pid, signal.SIGHUP)
            case "restart web" | "restart rtsp":
                self._site.kill(fault.what.split()[1])
            case state:
                self._site.set_state(fault.camera, state)

    def _end(self, fault: Fault) -> None:
        match fault.what:
            case "restart web":
                self._site.kill("web")
                self._site.start_web()
            case "restart rtsp":
                self._site.kill("rtsp")
                self._site.start_rtsp()
            case "stop a grabber":
                pid, born = self._stopped.pop(fault, (0, ""))
                if born and sampling.identity(pid) == (pid, born):
                    with suppress(OSError):
                        os.kill(pid, signal.SIGCONT)
            case _ if fault.camera:
                self._site.set_state(fault.camera, "")

    def _signal(self, pid: int, what: signal.Signals) -> int | None:
        """To a random one of the processes that have no children: a grabber, or what it runs."""
        leaves = [child for child in descendants(pid) if not descendants(child)]
        if not leaves:
            return None
        chosen = self._random.choice(leaves)
        with suppress(OSError):
            os.kill(chosen, what)
        return chosen

    def _listen(self) -> None:
        """Hear what the daemon tells its service manager."""
        with suppress(BlockingIOError):
            while said := self._status.recv(4096).decode("utf-8", "replace"):
                if found := _LATE.search(said):
                    self._told = int(found[1]), float(found[2])

    def _sample(self, pid: int, at_s: float, seconds: float, faults: Sequence[Fault]) -> None:
        broken_down, late_s = self._told
        sample, members = sampling.take(
            pid, at_s, checks=self._count(), late_p95_s=late_s, broken_down=broken_down
        )
        self._samples.append(sample)
        self._members += [(at_s, member) for member in members]
        now = sum(fault.begins_s <= at_s < fault.ends_s for fault in faults)
        _say(
            f"{at_s:5.0f} of {seconds:.0f} s  {sample.checks:6,} checks  late {sample.late_p95_s:4.1f} s  "
            f"{now:3} faults  {sample.daemon_rss_mb:5.0f} MB, family {sample.family_pss_mb:5.0f} MB  "
            f"{sample.grabbers:3} grabbers of {sample.grabber_mb:3.0f} (at most {sample.grabber_most_mb:3.0f}) MB and "
            f"{sample.grabber_fds:4.1f} descriptors  {sample.daemon_threads:3} threads  {sample.daemon_own_fds:4} + "
            f"{sample.daemon_fds - sample.daemon_own_fds:3} descriptors  {sample.sockets:4} sockets"
        )

    def _database(self) -> Path:
        return self._site.root / "monitor-data" / "monitor.db"

    def _count(self) -> int:
        with closing(sqlite3.connect(f"file:{self._database()}?mode=ro", uri=True)) as connection:
            return int(connection.execute("select count(*) from observations").fetchone()[0])

    def _checks(self, began: datetime) -> dict[str, list[Seen]]:
        os.environ["SOAK_PASSWORD"] = PASSWORD.value  # the configuration cannot be read without it
        found: dict[str, list[Seen]] = {}
        with look_into(self._site.config) as store:
            for name in self._site.kinds:
                rows = store.history.observations(ViewKey(name), limit=100_000)
                found[name] = [
                    Seen((row.checked_at - began).total_seconds(), row.verdict.kind.value)
                    for row in reversed(rows)
                ]
        return found

    def _stop(self, daemon: subprocess.Popen[bytes]) -> int:
        _say("stopping …")
        self._born.update(map(sampling.identity, descendants(daemon.pid)))
        daemon.send_signal(signal.SIGTERM)
        try:
            return daemon.wait(STOP_S)
        except subprocess.TimeoutExpired:
            return -1

    def _left_behind(self) -> list[int]:
        """Processes that were the daemon's and are still there a while later."""
        deadline_s = time.monotonic() + 10
        while True:
            left = [pid for pid, born in self._born if born and sampling.identity(pid) == (pid, born)]
            if not left or time.monotonic() > deadline_s:
                return sorted(left)
            time.sleep(0.5)

    def _errors(self) -> dict[str, int]:
        """Errors by their event; they and all warnings are kept, whole."""
        counts: Counter[str] = Counter()
        self._kept_log.parent.mkdir(parents=True, exist_ok=True)
        with self._log_path.open(errors="replace") as log, self._kept_log.open("w") as kept:
            for line in log:
                try:
                    said = json.loads(line)
                    level, event = said["level"], str(said["event"])
                except (ValueError, TypeError, KeyError):
                    level, event = "", ""
                if level not in ("debug", "info"):
                    kept.write(line)
                if level in ("error", "critical"):
                    counts[event] += 1
        return dict(counts)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
