"""What comes from a grabber is believed only as far as it is checked: written here by hand, as an attacker would."""

from __future__ import annotations

import json
import math
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime

import numpy as np
import pytest

from monitor.domain.frame import Frame
from monitor.grabbers import frames
from monitor.grabbers.frames import Bounds, Malformed
from monitor.grabbers.messages import Outcome, receive_outcome, send_error, send_frame
from monitor.grabbers.wire import MAX_HEADER_BYTES

BOUNDS = Bounds(max_pixels=100, max_bytes=1000)
PIXELS = np.arange(5 * 6 * 3, dtype=np.uint8).reshape(5, 6, 3)
FRAME = Frame(
    PIXELS, datetime(2026, 6, 1, 12, 30, 1, 250_000, tzinfo=UTC), "0f" * 32, 60, 50, b"\xff\xd8 as it came"
)


@pytest.fixture
def wire() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def receive(connection: socket.socket, memories: list | None = None) -> Outcome:
    keep = memories.append if memories is not None else lambda _memory: None
    return receive_outcome(connection, BOUNDS, time.monotonic() + 0.3, keep)


@pytest.mark.parametrize("encoded", [b"\xff\xd8 as it came", b"", None])
def test_a_frame_travels_whole(wire, encoded):
    ours, theirs = wire
    told_at = datetime(2026, 6, 1, 14, 30, tzinfo=UTC)
    sent = Frame(PIXELS, FRAME.captured_at, FRAME.digest, 60, 50, encoded, told_at, "premature end of data")
    memories: list = []
    send_frame(theirs, sent, {"seen": 3}, 0.25)
    outcome = receive(ours, memories)
    assert outcome.frame is not None
    assert np.array_equal(outcome.frame.pixels, PIXELS)
    for field in fields(Frame):
        if field.name != "pixels":
            assert getattr(outcome.frame, field.name) == getattr(sent, field.name)
    assert (outcome.core_s, memories) == (0.25, [{"seen": 3}])


def test_every_field_of_a_frame_travels():
    assert {"pixels", "encoded", *(field.name for field in frames._FIELDS)} == {f.name for f in fields(Frame)}


def test_pixels_that_lie_scattered_travel_as_well(wire):
    ours, theirs = wire
    send_frame(theirs, Frame(PIXELS[:, ::-1], FRAME.captured_at, FRAME.digest, 60, 50), None, 0.0)
    frame = receive(ours).frame
    assert frame is not None
    assert np.array_equal(frame.pixels, PIXELS[:, ::-1])


def content(**changes) -> dict:
    described = frames.describe(FRAME)
    inner = {name: changes.pop(name) for name in list(changes) if name in described["fields"]}
    described["fields"] |= inner
    for name in ("shape", "encoded", "fields"):
        if name in changes:
            described[name] = changes.pop(name)
    return {"kind": "frame", "memory": None, "core_s": 0.0, "frame": described} | changes


def send(connection: socket.socket, said: object, magic: bytes = b"GRAB") -> None:
    text = said if isinstance(said, bytes) else json.dumps(said).encode()
    payload = PIXELS.tobytes() + b"\xff\xd8 as it came"
    connection.sendall(struct.pack("!4sI", magic, len(text)) + text + payload)


def test_what_the_next_test_changes_is_understood_unchanged(wire):
    ours, theirs = wire
    send(theirs, content())
    assert receive(ours).frame is not None


@pytest.mark.parametrize(
    "said",
    [
        b"no JSON",
        b"[" * 100_000,
        b'{"kind": ' + b"9" * 5000 + b"}",
        [1, 2],
        "a text",
        {},
        content(kind="order"),
        content(kind=None),
        content(memory=[1]),
        content(memory="x"),
        content(core_s="much"),
        content(core_s=math.nan),
        content(core_s=-1),
        content(frame=None),
        content(shape=None),
        content(shape=[5]),
        content(shape=[5, 6, 3]),
        content(shape=[0, 6]),
        content(shape=[-5, -6]),
        content(shape=[5.0, 6]),
        content(shape=[True, True]),
        content(shape=["5", "6"]),
        content(shape=[10, 11]),
        content(shape=[2**70, 2**70]),
        content(encoded=1001),
        content(encoded=-1),
        content(encoded="x"),
        content(encoded=True),
        content(fields=None),
        content(fields={}),
        content(captured_at=None),
        content(captured_at="yesterday"),
        content(captured_at="2026-06-01T12:00:00"),
        content(captured_at="0001-01-01T00:00:00+23:00"),
        content(digest=None),
        content(digest=7),
        content(digest="../../etc/passwd"),
        content(digest="ab" * 100),
        content(told_at=3),
        content(told_at="2026-06-01T12:00:00"),
        content(complaint=["x"]),
        content(complaint="two\nlines"),
        content(complaint="x" * 501),
        content(native_width=0),
        content(native_width=2**40),
        content(native_height=True),
        content(native_height=[1]),
        {"kind": "error", "error": "SystemExit", "problem": "", "remedy": ""},
        {"kind": "error", "error": 3, "problem": "", "remedy": ""},
        {"kind": "error", "error": "FrameFault", "problem": ["x"], "remedy": ""},
    ],
    ids=lambda said: str(said)[:70],
)
def test_nonsense_is_recognised(wire, said):
    ours, theirs = wire
    send(theirs, said)
    with pytest.raises(Malformed):
        receive(ours)


def test_a_message_that_begins_wrongly_or_is_endless_is_recognised(wire):
    ours, theirs = wire
    send(theirs, content(), magic=b"HTTP")
    with pytest.raises(Malformed):
        receive(ours)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(struct.pack("!4sI", b"GRAB", MAX_HEADER_BYTES + 1))
        with pytest.raises(Malformed):
            receive(ours)


def test_drips_do_not_lengthen_the_time_limit(wire):
    ours, theirs = wire
    theirs.sendall(struct.pack("!4sI", b"GRAB", 1000))
    began_s = time.monotonic()

    def drip(buffer, *args):
        theirs.send(b" ")
        time.sleep(0.02)
        return socket.socket.recv_into(ours, buffer, *args)

    class Dripping:
        settimeout = staticmethod(ours.settimeout)
        recv_into = staticmethod(drip)

    with pytest.raises(TimeoutError):
        receive(Dripping())  # type: ignore[arg-type]
    assert time.monotonic() - began_s < 5.0


def test_a_grabber_that_ends_in_the_middle_is_gone(wire):
    ours, theirs = wire
    theirs.sendall(struct.pack("!4sI", b"GRAB", 1000) + b"{")
    theirs.close()
    with pytest.raises(EOFError):
        receive(ours)


def test_long_errors_are_cut_rather_than_refused(wire):
    ours, theirs = wire
    theirs.settimeout(5)
    send_error(theirs, ValueError("ä" * 100_000), {}, 0.0, trace="t" * 100_000)
    outcome = receive(ours)
    assert outcome.frame is None
    assert str(outcome.error).startswith("ValueError: ää")
