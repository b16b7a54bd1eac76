"""Sources that do what drivers and decoders do on bad days; grabbers import them by their names."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from monitor.domain.frame import Frame
from monitor.sources.folder import FolderSource

HOARD: list[bytearray] = []


@dataclass(frozen=True, slots=True)
class Odd:
    """Options of `OddSource`.

    Attributes:
        does: Name of one of its methods.
        secret: What nobody must see.
        value: Whatever that method needs.
    """

    does: str = "well"
    secret: str = field(default="", repr=False)
    value: float = 0.0


class OddSource:
    """Gives frames that tell of the process that made them, or does something bad first."""

    def __init__(self, options: Odd, clock) -> None:
        self.options = options
        self.grabs = 0

    def grab(self, timeout_s: float) -> Frame:
        self.grabs += 1
        getattr(self, self.options.does)()
        return told(grabs=self.grabs)

    def close(self) -> None:
        pass

    def well(self) -> None:
        pass

    def slow(self) -> None:
        time.sleep(self.options.value)

    def hang(self) -> None:
        """Natively and without letting go of Python's lock, so that no signal handler of Python's ever runs."""
        ctypes.PyDLL(None).sleep(1000)

    def spin(self) -> None:
        while True:
            pass

    def segfault(self) -> None:
        ctypes.string_at(0)

    def leave(self) -> None:
        os._exit(3)

    def eat(self) -> None:
        eaten = []
        while True:
            eaten.append(bytes(16 << 20))

    def hoard(self) -> None:
        """Keep some MB for ever, as a library that leaks."""
        HOARD.append(bytearray(b"x") * (int(self.options.value) << 20))

    def garble(self) -> None:
        write_past_the_program(b"\xde\xad" * 1000)
        time.sleep(1000)

    def boast(self) -> None:
        """A frame of 3 TB, of which the beginning comes at once."""
        content = {"kind": "frame", "frame": {"shape": [1_000_000, 1_000_000], "encoded": None}}
        text = json.dumps(content).encode()
        write_past_the_program(struct.pack("!4sI", b"GRAB", len(text)) + text + bytes(1000))
        time.sleep(1000)

    def fail(self) -> None:
        raise TypeError(f"a mistake that quotes {self.options.secret}")

    def say(self) -> None:
        sys.stderr.write(f"rtsp://admin:{self.options.secret}@camera/1\n")
        sys.stdout.write("x" * 1990 + self.options.secret + "x" * 100 + "\n")
        sys.stdout.write("short and harmless\n")

    def chatter(self) -> None:
        for number in range(2000):
            sys.stdout.write(f"line {number}\n")

    def spawn(self) -> None:
        subprocess.Popen(["sleep", "1000"], stdin=subprocess.DEVNULL)


class Counting:
    """Counts over all its instances; in its third grab it dies, but has said before that it got there."""

    def __init__(self, options: Odd, clock) -> None:
        self.count = 0
        self.tell: Callable[[dict[str, int]], None] | None = None

    def remember(self) -> dict[str, int]:
        return {"count": self.count}

    def recall(self, memory) -> None:
        self.count = memory.get("count", 0)

    def foretell(self, tell) -> None:
        self.tell = tell

    def grab(self, timeout_s: float) -> Frame:
        self.count += 1
        assert self.tell is not None
        self.tell(self.remember())
        if self.count == 3:
            os._exit(9)
        return told(count=self.count)

    def close(self) -> None:
        pass


class PoisonedFolder(FolderSource):
    """A folder with a picture that kills whoever reads it."""

    def _read(self, path: Path) -> bytes | None:
        if path.name.startswith("poison") or "poison" in path.name:
            os._exit(11)
        return super()._read(path)


def told(**facts: object) -> Frame:
    """A frame that carries facts about the process which made it."""
    facts |= {
        "pid": os.getpid(),
        "modules": sorted(sys.modules),
        "threads": len(list(Path("/proc/self/task").iterdir())),
    }
    pixels = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    return Frame(pixels, datetime.now(UTC), "ab" * 32, 60, 40, json.dumps(facts).encode())


def facts_of(frame: Frame) -> dict:
    """What `told` put in."""
    assert frame.encoded is not None
    return json.loads(frame.encoded)


def write_past_the_program(data: bytes) -> None:
    """Write into every socket that this process has, as code that took it over would."""
    for fd in range(3, 64):
        with contextlib.suppress(OSError):
            socket.socket(fileno=os.dup(fd)).sendall(data)
