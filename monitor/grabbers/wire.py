"""Bytes over the socket between the daemon and a grabber: jobs one way, messages the other, all of known length."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Mapping, Sequence
from typing import Any

from monitor.grabbers.frames import Malformed

# What the daemon and the server that forks grabbers say to each other.
READY = b"ready"
FORK = b"fork"
MAX_HEADER_BYTES = 1 << 18
_LENGTH = struct.Struct("!I")
_HEADER = struct.Struct("!4sI")
_MAGIC = b"GRAB"
_WITHOUT_END = float("inf")


def send_blob(connection: socket.socket, blob: bytes) -> None:
    """Send bytes of any length.

    Raises:
        OSError: The other side is gone, or the socket's time limit was over.
    """
    connection.sendall(_LENGTH.pack(len(blob)) + blob)


def receive_blob(connection: socket.socket) -> bytes | None:
    """The bytes that `send_blob` sent, from a side that is trusted; None when it has closed the socket."""
    try:
        length = bytearray(_LENGTH.size)
        read_into(connection, memoryview(length))
        blob = bytearray(_LENGTH.unpack(length)[0])
        read_into(connection, memoryview(blob))
    except (EOFError, ConnectionError):
        return None
    return bytes(blob)


def send_message(
    connection: socket.socket, content: Mapping[str, Any], payload: Sequence[memoryview] = ()
) -> None:
    """Send JSON, and bytes behind it that the JSON has the sizes of; without copying them together.

    Raises:
        ValueError: The JSON is longer than the other side would take.
        OSError: The other side is gone.
    """
    text = json.dumps(content).encode()
    if len(text) > MAX_HEADER_BYTES:
        raise ValueError(f"a message of {len(text):,} bytes")
    buffers = [memoryview(_HEADER.pack(_MAGIC, len(text)) + text), *(part for part in payload if part.nbytes)]
    while buffers:
        sent = connection.sendmsg(buffers)
        while buffers and sent >= buffers[0].nbytes:
            sent -= buffers.pop(0).nbytes
        if buffers:
            buffers[0] = buffers[0][sent:]


def receive_content(connection: socket.socket, deadline_s: float) -> dict[str, Any]:
    """The JSON of the next message, from a side that is not trusted; the bytes behind it are still to be read.

    Args:
        connection: The socket.
        deadline_s: The `time.monotonic()` at which to give up.

    Raises:
        Malformed: It is no message.
        TimeoutError: It was not there in time.
        EOFError: The other side is gone.
    """
    header = bytearray(_HEADER.size)
    read_into(connection, memoryview(header), deadline_s)
    magic, length = _HEADER.unpack(header)
    if magic != _MAGIC or length > MAX_HEADER_BYTES:
        raise Malformed("it does not begin like a message")
    text = bytearray(length)
    read_into(connection, memoryview(text), deadline_s)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed("it holds no JSON") from error
    if not isinstance(content, dict):
        raise Malformed("its JSON is no object")
    return content


def read_into(connection: socket.socket, target: memoryview, deadline_s: float = _WITHOUT_END) -> None:
    """Fill all of `target`.

    Raises:
        TimeoutError: It was not full in time.
        EOFError: The other side is gone.
    """
    while target.nbytes:
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        connection.settimeout(None if left_s == _WITHOUT_END else left_s)
        try:
            count = connection.recv_into(target)
        except ConnectionError as error:
            raise EOFError from error
        if not count:
            raise EOFError
        target = target[count:]
