"""What a process and its children hold, read from /proc."""

from __future__ import annotations

import statistics
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from monitor.wiring.processor_time import descendants

_TCP_STATES = {"01": "established", "06": "time_wait", "08": "close_wait"}


SERVER, GRABBER, PROGRAM = "server", "grabber", "program"
"""What a process of the daemon's is: what forks grabbers, a grabber, or what a grabber runs."""
_SERVER_NAME = "monitor-grabs"
FDS_A_GRABBER = 4
"""That the daemon has open for each: its socket, a descriptor for the process, its fate, and what it writes."""
SERVER_FDS_A_GRABBER = 2
"""That the server has open for each: a descriptor for the process, and its fate."""


@dataclass(frozen=True)
class Member:
    """One process of the family, but for the daemon.

    Attributes:
        pid: Its number.
        born: When, in the kernel's ticks: numbers are used again.
        role: `SERVER`, `GRABBER` or `PROGRAM`.
        own_mb: Memory that is nobody else's.
        fds: Open descriptors.
        threads: Of it.
    """

    pid: int
    born: str
    role: str
    own_mb: float
    fds: int
    threads: int


@dataclass(frozen=True)
class Sample:
    """One moment.

    Attributes:
        at_s: From the start of the run.
        daemon_rss_mb: The daemon's resident set.
        daemon_anon_mb: Of this, what is no file's: what a leak is made of.
        daemon_fds: Open descriptors of the daemon.
        daemon_own_fds: Of these, those that stand for no grabber.
        daemon_threads: Of the daemon.
        server_mb: Memory that is nobody else's, of the server that forks grabbers.
        server_own_fds: Its descriptors, those that stand for a grabber left out.
        grabbers: How many there are, those included that are about to end.
        grabber_mb: Memory that is nobody else's, of a grabber on average.
        grabber_most_mb: Of the one that has most.
        grabber_fds: Descriptors of a grabber on average.
        grabber_most_fds: Of the one that has most.
        grabber_threads: Threads of a grabber on average.
        programs: What grabbers have started, and still runs.
        family_pss_mb: Proportional set of the daemon and everything that it started: shared pages count once.
        family_fds: Descriptors of all of them.
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
    daemon_anon_mb: float
    daemon_fds: int
    daemon_own_fds: int
    daemon_threads: int
    server_mb: float
    server_own_fds: int
    grabbers: int
    grabber_mb: float
    grabber_most_mb: float
    grabber_fds: float
    grabber_most_fds: int
    grabber_threads: float
    programs: int
    family_pss_mb: float
    family_fds: int
    processes: int
    sockets: int
    close_wait: int
    zombies: int
    checks: int = 0
    late_p95_s: float = 0.0
    broken_down: int = 0


def take(pid: int, at_s: float, **told: float) -> tuple[Sample, list[Member]]:
    """Look at a process and everything that it started."""
    below = descendants(pid)
    descriptors = {each: _descriptors(each) for each in (pid, *below)}
    inodes = {link[8:-1] for links in descriptors.values() for link in links if link.startswith("socket:[")}
    members = [
        Member(
            *identity(each), _role(each, pid), own_mb(each), len(descriptors[each]), _status(each, "Threads:")
        )
        for each in below
    ]
    grabbers = [one for one in members if one.role == GRABBER]
    servers = [one for one in members if one.role == SERVER]
    fds = len(descriptors[pid])
    return Sample(
        at_s=at_s,
        daemon_rss_mb=_status(pid, "VmRSS:") / 1024,
        daemon_anon_mb=_status(pid, "RssAnon:") / 1024,
        daemon_fds=fds,
        daemon_own_fds=fds - FDS_A_GRABBER * len(grabbers),
        daemon_threads=_status(pid, "Threads:"),
        server_mb=sum(one.own_mb for one in servers),
        server_own_fds=sum(one.fds for one in servers) - SERVER_FDS_A_GRABBER * len(grabbers),
        grabbers=len(grabbers),
        grabber_mb=_mean([one.own_mb for one in grabbers]),
        grabber_most_mb=max((one.own_mb for one in grabbers), default=0.0),
        grabber_fds=_mean([one.fds for one in grabbers]),
        grabber_most_fds=max((one.fds for one in grabbers), default=0),
        grabber_threads=_mean([one.threads for one in grabbers]),
        programs=sum(one.role == PROGRAM for one in members),
        family_pss_mb=sum(_rollup(each, "Pss:") for each in (pid, *below)) / 1024,
        family_fds=sum(map(len, descriptors.values())),
        processes=1 + len(below),
        sockets=len(inodes),
        close_wait=_tcp_states(pid, inodes)["close_wait"],
        zombies=sum(is_zombie(each) for each in below),
        **told,  # type: ignore[arg-type]
    ), members


def children(pid: int) -> list[int]:
    """Processes that this one started itself."""
    return [each for each in descendants(pid) if _parent(each) == pid]


def own_mb(pid: int) -> float:
    """Memory of a process that is shared with no other, in MB."""
    return _rollup(pid, "Private_Clean:", "Private_Dirty:") / 1024


def _role(pid: int, daemon: int) -> str:
    parent = _parent(pid)
    if parent == daemon:
        return SERVER
    return GRABBER if _name(parent) == _SERVER_NAME and _parent(parent) == daemon else PROGRAM


def _mean(values: list[float] | list[int]) -> float:
    return statistics.fmean(values) if values else 0.0


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


def _parent(pid: int) -> int:
    return _status(pid, "PPid:")


def _name(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def _status(pid: int, name: str) -> int:
    return _sum(Path(f"/proc/{pid}/status"), name)


def _rollup(pid: int, *names: str) -> int:
    return _sum(Path(f"/proc/{pid}/smaps_rollup"), *names)


def _sum(path: Path, *names: str) -> int:
    with suppress(OSError):
        lines = path.read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith(names))
    return 0
