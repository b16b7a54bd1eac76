"""What the daemon and a grabber say to each other.

Daemon to grabber: a `Job`, pickled; we are trusted, and options are classes of ours. Grabber to daemon: JSON and bytes,
never unpickled, because a decoder that was taken over by a picture may have written them.
"""

from __future__ import annotations

import pickle
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from monitor.domain import errors as domain_errors
from monitor.domain.errors import MonitorError, SourceError
from monitor.domain.frame import Frame
from monitor.domain.ports import Clock, FrameSource
from monitor.grabbers.errors import SourceBroke
from monitor.grabbers.frames import Bounds, Malformed, bytes_of, describe, read_frame, read_layout
from monitor.grabbers.wire import read_into, receive_blob, receive_content, send_blob, send_message
from monitor.sources.memory import Memory

# Of an error, in characters: what is longer is no sentence for a person any more.
_MAX_TEXT = 4_000
_MAX_TRACE = 20_000
_BROKE = "SourceBroke"
_ERRORS: Mapping[str, type[MonitorError]] = MappingProxyType(
    {MonitorError.__name__: MonitorError}
    | {
        name: value
        for name, value in vars(domain_errors).items()
        if isinstance(value, type) and issubclass(value, SourceError)
    }
)


@dataclass(frozen=True, slots=True)
class Job:
    """One grab.

    Attributes:
        source_id: The same for all grabs of one source, and for those of no other.
        open: Makes the source of its options; a class or function that the grabber can import by its name.
        options: What it is made of, secrets included.
        memory: What the source remembered after its last grab.
        timeout_s: For the source.
    """

    source_id: int
    open: Callable[[Any, Clock], FrameSource]
    options: Any
    memory: Memory
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a grab ended.

    Attributes:
        frame: What was grabbed, or
        error: what was raised instead.
        core_s: Processor time that it took, as the grabber says.
        is_last: Whether the grabber ends now by its own wish.
    """

    frame: Frame | None
    error: Exception | None
    core_s: float
    is_last: bool = False


def send_job(connection: socket.socket, job: Job) -> None:
    """Tell a grabber what to do.

    Raises:
        OSError: It is gone, or took no bytes in time.
    """
    parts = (job.source_id, job.open, job.options, dict(job.memory), job.timeout_s)
    send_blob(connection, pickle.dumps(parts, protocol=5))


def receive_job(connection: socket.socket) -> Job | None:
    """The next job; None when there will be no more."""
    blob = receive_blob(connection)
    return None if blob is None else Job(*pickle.loads(blob))  # noqa: S301 - our own daemon wrote it


def send_memory(connection: socket.socket, memory: Memory) -> None:
    """Tell what the next grab must know, though this one is not over yet."""
    send_message(connection, {"kind": "memory", "memory": dict(memory)})


def send_frame(
    connection: socket.socket, frame: Frame, memory: Memory | None, core_s: float, *, is_last: bool = False
) -> None:
    """Hand over what was grabbed."""
    content = {
        "kind": "frame",
        "memory": _plain(memory),
        "core_s": core_s,
        "last": is_last,
        "frame": describe(frame),
    }
    send_message(connection, content, bytes_of(frame))


def send_error(
    connection: socket.socket,
    error: Exception,
    memory: Memory | None,
    core_s: float,
    *,
    trace: str = "",
    is_last: bool = False,
) -> None:
    """Hand over what was raised; errors that are none of ours become `SourceBroke`, with their traceback."""
    if isinstance(error, MonitorError):
        name = next(cls.__name__ for cls in type(error).__mro__ if cls.__name__ in _ERRORS)
        problem, remedy = error.problem, error.remedy
    else:
        name, problem, remedy = _BROKE, f"{type(error).__name__}: {error}", ""
    content = {
        "kind": "error",
        "memory": _plain(memory),
        "core_s": core_s,
        "last": is_last,
        "error": name,
        "problem": problem[:_MAX_TEXT],
        "remedy": remedy[:_MAX_TEXT],
        "trace": trace[-_MAX_TRACE:],
    }
    send_message(connection, content)


def receive_outcome(
    connection: socket.socket, bounds: Bounds, deadline_s: float, keep: Callable[[Memory], None]
) -> Outcome:
    """Wait for a grab to end.

    Args:
        connection: To the grabber.
        bounds: What a frame may have.
        deadline_s: The `time.monotonic()` at which to give up.
        keep: Called with each memory that comes.

    Raises:
        Malformed: What comes is not what a grabber sends.
        TimeoutError: It did not end in time.
        EOFError: The grabber is gone.
    """
    while True:
        content = receive_content(connection, deadline_s)
        memory = content.get("memory")
        if isinstance(memory, dict):
            keep(memory)
        elif memory is not None:
            raise Malformed("its memory is no object")
        core_s = content.get("core_s", 0.0)
        if not isinstance(core_s, int | float) or not 0.0 <= core_s < 1e9:
            raise Malformed("its processor time is no time")
        match content.get("kind"):
            case "memory":
                continue
            case "frame":
                frame = _receive_frame(connection, content, bounds, deadline_s)
                return Outcome(frame, None, core_s, content.get("last") is True)
            case "error":
                return Outcome(None, _read_error(content), core_s, content.get("last") is True)
            case _:
                raise Malformed("it is of no known kind")


def _receive_frame(
    connection: socket.socket, content: Mapping[str, Any], bounds: Bounds, deadline_s: float
) -> Frame:
    described = content.get("frame")
    if not isinstance(described, dict):
        raise Malformed("there is no frame in it")
    layout = read_layout(described, bounds)
    pixels = np.empty((layout.height, layout.width, 3), np.uint8)
    read_into(connection, pixels.data.cast("B"), deadline_s)
    encoded: bytearray | None = None
    if layout.encoded_bytes is not None:
        encoded = bytearray(layout.encoded_bytes)
        read_into(connection, memoryview(encoded), deadline_s)
    return read_frame(described, pixels, None if encoded is None else bytes(encoded))


def _read_error(content: Mapping[str, Any]) -> Exception:
    texts = [content.get(name, "") for name in ("error", "problem", "remedy", "trace")]
    if not all(isinstance(text, str) for text in texts):
        raise Malformed("its error is no text")
    name, problem, remedy, trace = texts
    if name == _BROKE:
        return SourceBroke(problem, trace)
    if name not in _ERRORS:
        raise Malformed("its error is of no known class")
    return _ERRORS[name](problem, remedy)


def _plain(memory: Memory | None) -> dict[str, Any] | None:
    return None if memory is None else dict(memory)
