"""Secrets that sing when they are seen: each holds a marker that no encoding in use can hide from a search."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

# In quotes, percent signs and the like, escaping would go wrong first; the marker in the middle survives all of it.
_BEFORE, _AFTER = "p@:/ü%4\"'", "\\<&>#?+ é"


@dataclass(frozen=True)
class Canary:
    """A secret.

    Attributes:
        name: What it is, for messages.
        value: What is configured; the marker, alone or among characters that must be escaped.
        marker: Letters and digits, as they are written in every escaping.
        may_be_shown: Whether `monitor config show` may show it, as what somebody wrote into his own file.
    """

    name: str
    value: str
    marker: str
    may_be_shown: bool = False

    @classmethod
    def plain(cls, name: str, *, may_be_shown: bool = False) -> Canary:
        """A secret of letters and digits, for places where nothing else is allowed."""
        marker = f"zq7{name}c4nary7qz"
        return cls(name, marker, marker, may_be_shown)

    @classmethod
    def odd(cls, name: str) -> Canary:
        """A secret with all that needs escaping somewhere."""
        marker = f"zq7{name}c4nary7qz"
        return cls(name, _BEFORE + marker + _AFTER, marker)

    def seen_in(self, data: bytes) -> str | None:
        """In which form it stands there, or None."""
        lower = data.lower()
        for form, needle in self._forms():
            if needle in (data if form == "Base64" else lower):
                return form
        return None

    def _forms(self) -> Iterator[tuple[str, bytes]]:
        marker = self.marker.encode()
        yield "plain or escaped", marker
        yield "hex", marker.hex().encode()
        yield "UTF-16", self.marker.encode("utf-16-le")
        for before in range(3):
            encoded = base64.b64encode(b"\0" * before + marker)
            # The first and last characters depend on what stands around it.
            yield "Base64", encoded[4:-4]


def sightings(canaries: Iterable[Canary], places: Iterable[tuple[str, bytes]]) -> list[str]:
    """Which canaries are seen where."""
    known = list(canaries)
    return [
        f"{canary.name} in {where} ({form})"
        for where, data in places
        for canary in known
        if (form := canary.seen_in(data)) is not None
    ]


def files_under(directory: Path, *, without: Iterable[Path] = ()) -> Iterator[tuple[str, bytes]]:
    """Every file in there with its content, and its name as content too."""
    left_out = {path.resolve() for path in without}
    for path in sorted(directory.rglob("*")):
        if path.is_file() and path.resolve() not in left_out:
            name = path.relative_to(directory)
            yield str(name), bytes(name) + b"\0" + path.read_bytes()


class Onlooker:
    """Looks at the command lines of everything that this process has started, as any user of the machine can."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Onlooker:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        me = Path("/proc/self").resolve().name
        while not self._over.wait(0.05):
            waiting = [me]
            while waiting:
                parent = waiting.pop()
                children = _children(parent)
                waiting += children
                for child in children:
                    self.seen.add(_read(Path(f"/proc/{child}/cmdline")))


def _children(pid: str) -> list[str]:
    tasks = Path(f"/proc/{pid}/task")
    try:
        return [child for task in tasks.iterdir() for child in _read(task / "children").decode().split()]
    except OSError:
        return []  # it ended meanwhile


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
