"""What a process and its children hold, read from /proc."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from monitor.wiring.processor_time import descendants

_TCP_STATES = {"01": "established", "06": "time_wait", "08": "close_wait"}


@dataclass(frozen=True)
class Sample:
    """One moment.

    Attributes:
        at_s: From the start of the run.
        daemon_rss_mb: The daemon's resident set.
        family_pss_mb: Proportional set of the daemon and everything that it started: shared pages count once.
        daemon_fds: Open descriptors of the daemon.
        family_fds: With its children's.
        daemon_threads: Of the daemon.
        processes: The daemon and everything that it started.
        sockets: Open sockets of all of them.
        close_wait: Of these, those whose peer has hung up, and that nobody has closed.
        zombies: Processes that have ended, and that nobody has asked about.
        checks: Made so far.
        late_p95_s: Lateness, as the daemon says.
        broken_down: Checks that came to no verdict for a fault of ours, as the daemon says.
    """

    at_s: float
    daemon_rss_mb: float
    family_pss_mb: float
    daemon_fds: int
    family_fds: int
    daemon_threads: int
    processes: int
    sockets: int
    close_wait: int
    zombies: int
    checks: int = 0
    late_p95_s: float = 0.0
    broken_down: int = 0


def take(pid: int, at_s: float, **told: float) -> Sample:
    """Look at a process and everything that it started."""
    family = [pid, *descendants(pid)]
    descriptors = {each: _descriptors(each) for each in family}
    inodes = {link[8:-1] for links in descriptors.values() for link in links if link.startswith("socket:[")}
    states = _tcp_states(pid, inodes)
    return Sample(
        at_s,
        _number(Path(f"/proc/{pid}/status"), "VmRSS:") / 1024,
        sum(_number(Path(f"/proc/{each}/smaps_rollup"), "Pss:") for each in family) / 1024,
        len(descriptors[pid]),
        sum(map(len, descriptors.values())),
        _number(Path(f"/proc/{pid}/status"), "Threads:"),
        len(family),
        len(inodes),
        states["close_wait"],
        sum(is_zombie(each) for each in family),
        **told,  # type: ignore[arg-type]
    )


def is_zombie(pid: int) -> bool:
    """Whether it has ended, and nobody has asked about it."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return False


def identity(pid: int) -> tuple[int, str]:
    """Number and time of birth: numbers are used again."""
    with suppress(OSError):
        return pid, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return pid, ""


def _descriptors(pid: int) -> list[str]:
    found = []
    with suppress(OSError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                found.append(str(entry.readlink()))
    return found


def _tcp_states(pid: int, inodes: set[str]) -> Counter[str]:
    states: Counter[str] = Counter()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                if fields[9] in inodes:
                    states[_TCP_STATES.get(fields[3], "other")] += 1
    return states


def _number(path: Path, name: str) -> int:
    with suppress(OSError):
        for line in path.read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1])
    return 0
