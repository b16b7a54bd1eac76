"""Running a program that may hang, print without end, or leave others running: bounded, and without a trace.

`warden.py` stands between us and the program; what it does cannot be done from here, as this process may be killed.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_WARDEN = Path(__file__).with_name("warden.py")
# Of the daemon's own environment, which holds its secrets, a program gets no more than this.
_INHERITED = ("PATH", "HOME", "LANG")
# Needed by our own interpreter, where it does not stand in the usual place.
_INHERITED_BY_WARDEN = ("LD_LIBRARY_PATH",)
_MAX_COMPLAINT_BYTES = 64 << 10
_CHUNK_BYTES = 1 << 16
# As much as a pipe may hold, so that one that is never empty does not keep us from the others.
_MOST_CHUNKS = 16

# How long a program has between SIGTERM and SIGKILL.
GRACE_S = 0.2
# How long the warden may take to end everything; it gives up by itself after a second.
_CLEANING_S = 1.5


@dataclass(frozen=True, slots=True)
class Command:
    """A program and how it is run.

    Attributes:
        arguments: The program and its arguments, handed over as they are, without a shell.
        working_dir: Where it runs; None leaves it where this process runs.
        environment: What it gets besides PATH, HOME and LANG.
    """

    arguments: tuple[str, ...]
    working_dir: Path | None
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended. At most one of the last four says how; none of them if the warden itself was killed.

    Attributes:
        output: What it printed, at most one byte more than allowed.
        complaint: The first 64 KiB of what it wrote to standard error.
        exit_code: Its exit code.
        signal: The signal that killed it.
        not_started: The `errno` for which it could not be started.
        no_folder: The `errno` for which its working folder could not be entered.
        out_of_time: It was still running when its time was over, and was killed.
    """

    output: bytes
    complaint: bytes
    exit_code: int | None = None
    signal: int | None = None
    not_started: int | None = None
    no_folder: int | None = None
    out_of_time: bool = False


def run_command(command: Command, max_bytes: int, deadline_s: float) -> Outcome:
    """Run a program until it ends, has printed too much, or its time is over. Afterwards nothing of it runs any more.

    Args:
        command: What to run.
        max_bytes: Of its output; a program that prints more is killed.
        deadline_s: The `time.monotonic()` at which it is killed.

    Raises:
        OSError: This machine could not start another process.
    """
    with _running(command) as (warden, report), _Streams(warden, report, max_bytes) as streams:
        streams.read_until(deadline_s)
        too_much, stopped = streams.too_much, not streams.ended
        if stopped:
            _close(warden.stdin)
            streams.discard_until(time.monotonic() + _CLEANING_S)
        return streams.outcome(out_of_time=stopped and not too_much)


@contextlib.contextmanager
def _running(command: Command) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    """A warden that has its order, and the pipe that it reports through."""
    read_fd, write_fd = os.pipe()
    with os.fdopen(read_fd, "rb", buffering=0) as report:
        try:
            warden = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_WARDEN), str(write_fd)],
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(write_fd,),
                env=_from_our_environment(_INHERITED_BY_WARDEN),
                start_new_session=True,
            )
        finally:
            os.close(write_fd)
        try:
            # A warden that ends before it has read the order reports nothing, which is an outcome of its own.
            with contextlib.suppress(BrokenPipeError):
                _write_all(warden.stdin, _order(command))
            yield warden, report
        finally:
            _close(warden.stdin)
            try:
                warden.wait(_CLEANING_S)
            except subprocess.TimeoutExpired:
                warden.kill()
                warden.wait()
            for stream in (warden.stdout, warden.stderr):
                _close(stream)


class _Streams:
    """What comes out of the warden: the program's output and complaint, and the report; each bounded.

    Attributes:
        ended: Whether the warden has ended, and everything is read that there was.
    """

    def __init__(self, warden: subprocess.Popen[bytes], report: IO[bytes], max_bytes: int) -> None:
        self.ended = False
        self._report = report
        self._max_bytes = max_bytes
        self._kept = {"output": bytearray(), "complaint": bytearray(), "report": bytearray()}
        self._bounds = {"output": max_bytes + 1, "complaint": _MAX_COMPLAINT_BYTES, "report": _CHUNK_BYTES}
        self._selector = selectors.DefaultSelector()
        for stream, name in ((warden.stdout, "output"), (warden.stderr, "complaint"), (report, "report")):
            if stream is not None:
                os.set_blocking(stream.fileno(), False)
                self._selector.register(stream, selectors.EVENT_READ, name)

    def __enter__(self) -> _Streams:
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()

    @property
    def too_much(self) -> bool:
        """Whether the program has printed more than it may."""
        return len(self._kept["output"]) > self._max_bytes

    def read_until(self, deadline_s: float) -> None:
        """Read until the warden has ended, the program has printed too much, or the time is over."""
        while not self.ended and not self.too_much and (left_s := deadline_s - time.monotonic()) > 0:
            self._read(left_s)

    def discard_until(self, deadline_s: float) -> None:
        """Go on until the warden has ended: one that cannot write would not."""
        while not self.ended and (left_s := deadline_s - time.monotonic()) > 0:
            self._read(left_s)

    def outcome(self, *, out_of_time: bool) -> Outcome:
        """What to make of all this."""
        words = bytes(self._kept["report"]).split()
        said = dict(zip(words[::2], map(int, words[1::2]), strict=True))
        ended = said.keys() & {b"exit", b"signal", b"folder", b"program"}
        if not ended and b"pid" in said:
            # Time was up; or the warden was killed, and what it ran may still be there.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(said[b"pid"], signal.SIGKILL)
        return Outcome(
            output=bytes(self._kept["output"]),
            complaint=bytes(self._kept["complaint"]),
            exit_code=said.get(b"exit"),
            signal=said.get(b"signal"),
            not_started=said.get(b"program"),
            no_folder=said.get(b"folder"),
            # It may have ended while we lost patience.
            out_of_time=out_of_time and not ended,
        )

    def _read(self, wait_s: float) -> None:
        for key, _ in self._selector.select(wait_s):
            is_open = self._take(key)
            if not is_open and key.fileobj is self._report:
                # What the program wrote before it ended is still in the pipes.
                for rest in list(self._selector.get_map().values()):
                    self._take(rest)
                self.ended = True
                return

    def _take(self, key: selectors.SelectorKey) -> bool:
        """Read what is there, keep what the bound allows; False where nothing will ever come again."""
        kept, bound = self._kept[key.data], self._bounds[key.data]
        try:
            for _ in range(_MOST_CHUNKS):
                chunk = os.read(key.fd, _CHUNK_BYTES)
                if not chunk:
                    self._selector.unregister(key.fileobj)
                    return False
                kept += chunk[: max(0, bound - len(kept))]
        except BlockingIOError:
            pass
        return True


def _order(command: Command) -> bytes:
    environment = {**_from_our_environment(_INHERITED), **command.environment}
    fields = (
        str(GRACE_S),
        "" if command.working_dir is None else str(command.working_dir),
        str(len(command.arguments)),
        *command.arguments,
        *(f"{name}={value}" for name, value in environment.items()),
    )
    text = b"\0".join(map(os.fsencode, fields))
    return b"%08d" % len(text) + text


def _from_our_environment(names: tuple[str, ...]) -> dict[str, str]:
    return {name: os.environ[name] for name in names if name in os.environ}


def _write_all(stream: IO[bytes] | None, data: bytes) -> None:
    while stream is not None and data:
        data = data[stream.write(data) :]


def _close(stream: IO[bytes] | None) -> None:
    if stream is not None:
        stream.close()
