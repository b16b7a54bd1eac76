"""What cameras and what plays their part may do to `rtsp`: the rows of the table."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from monitor.domain.errors import (
    FrameFault,
    SourceDenied,
    SourceError,
    SourceTimeout,
    SourceUnreachable,
    SourceUnwilling,
)
from monitor.sources.rtsp import RtspOptions
from tests.hostile.case import CANARY, HostileCase
from tests.rtsp.hostile import Behaviour, Conversation, hostile_server
from tests.rtsp.packets import description, encode, interleaved, key_frame, nals_of, packetize, rtp
from tests.sources.drawing import draw

CHALLENGE = f'WWW-Authenticate: Digest realm="{CANARY}", nonce="%s"'


def silent(peer: Conversation) -> None:
    peer.silence()


def silent_after_options(peer: Conversation) -> None:
    # Whatever comes first is answered with nothing but a status line that is never finished.
    peer.request()
    peer.send(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n")
    peer.silence()


def closes_at_once(peer: Conversation) -> None:
    peer.request()


def drips(peer: Conversation) -> None:
    peer.drip(b"RTSP/1.0 200 OK\r\nX: " + b"a" * 10_000)


def never_ending_head(peer: Conversation) -> None:
    peer.request()
    peer.send(b"RTSP/1.0 200 OK\r\n")
    for number in peer.until_gone(0):
        peer.send(f"X-{number}: {'a' * 1000}\r\n".encode())


def huge_body(peer: Conversation) -> None:
    peer.request()
    peer.answer("200 OK", "Content-Length: 10000000000")
    peer.silence()


def speaks_http(peer: Conversation) -> None:
    peer.request()
    peer.send(f"HTTP/1.1 400 Bad Request\r\nServer: {CANARY}\r\n\r\n<html>{CANARY}</html>".encode())


def speaks_tls_alert(peer: Conversation) -> None:
    peer.request()
    peer.send(b"\x15\x03\x03\x00\x02\x02\x46")


def speaks_plainly(peer: Conversation) -> None:
    peer.answer("400 Bad Request")


def status(line: str, *headers: str) -> Behaviour:
    def behave(peer: Conversation) -> None:
        while True:
            peer.request()
            peer.answer(line, *headers)

    return behave


def challenges_for_ever(peer: Conversation) -> None:
    for number in range(10_000):
        peer.request()
        peer.answer("401 Unauthorized", CHALLENGE % number + ", stale=true")


def described(sdp: str) -> Behaviour:
    return lambda peer: peer.play(sdp)


def no_packets(peer: Conversation) -> None:
    peer.play()
    peer.silence()


def resets_in_the_middle(peer: Conversation) -> None:
    peer.play()
    peer.packets(packetize(key_frame(width=640, height=480))[:-1])
    peer.reset()


def closes_in_the_middle(peer: Conversation) -> None:
    peer.play()
    peer.packets(packetize(key_frame(width=640, height=480))[:-1])


def streaming(make: Callable[[int], list[bytes]], sdp: str | None = None) -> Behaviour:
    """Plays, and sends what `make` gives for each picture's number."""

    def behave(peer: Conversation) -> None:
        peer.play(sdp)
        sequence = 0
        for number in peer.until_gone():
            packets = [renumbered(packet, sequence + offset) for offset, packet in enumerate(make(number))]
            sequence += len(packets)
            peer.packets(packets)

    return behave


def renumbered(packet: bytes, sequence: int) -> bytes:
    return packet[:2] + (sequence % 65536).to_bytes(2, "big") + packet[4:]


def random_bytes(number: int) -> list[bytes]:
    return [random.Random(number).randbytes(200)]


def garbage_units(number: int) -> list[bytes]:
    dice = random.Random(number)
    return packetize([bytes((0x65,)) + dice.randbytes(dice.randrange(1, 3000))], timestamp=number)


def garbage_after_sets(number: int) -> list[bytes]:
    sets = [nal for nal in key_frame() if nal[0] & 31 in (7, 8)]
    return packetize([*sets, bytes((0x65, 0x88)) + random.Random(number).randbytes(900)], timestamp=number)


def flipped_bits(number: int) -> list[bytes]:
    *rest, picture = key_frame(width=320, height=240)
    damaged = bytearray(picture)
    for position in range(len(damaged) // 2, len(damaged) // 2 + 8):
        damaged[position] ^= 0x55
    return packetize([*rest, bytes(damaged)], timestamp=number)


def missing_slice(number: int) -> list[bytes]:
    *rest, _third, last = key_frame(width=320, height=240, slices=4)
    return packetize([*rest, last], timestamp=number)


def lost_packets(number: int) -> list[bytes]:
    packets = packetize(key_frame(width=320, height=240), timestamp=number, largest=300)
    return [
        packet if place != len(packets) // 2 else rtp(b"\x0c\x00", 0, number)
        for place, packet in enumerate(packets)
    ]


def with_gaps(peer: Conversation) -> None:
    peer.play()
    for number in peer.until_gone():
        packets = packetize(key_frame(width=320, height=240), number * 1000, number, largest=300)
        del packets[len(packets) // 2]
        peer.packets(packets)


def never_a_key_frame(number: int) -> list[bytes]:
    units = encoded_run()
    return packetize(nals_of(units[1 + number % (len(units) - 1)]), timestamp=number)


def encoded_run(_kept: list[list[bytes]] = []) -> list[bytes]:  # noqa: B006 - encoded once
    if not _kept:
        _kept.append(encode([np.roll(draw(), step, axis=1) for step in range(8)]))
    return _kept[0]


def first_torn_then_whole(number: int) -> list[bytes]:
    return flipped_bits(number) if number < 2 else packetize(key_frame(), timestamp=number)


def grows(number: int) -> list[bytes]:
    size = (64, 48) if number == 0 else (320, 240)
    packets = packetize(key_frame(width=size[0], height=size[1]), timestamp=number)
    return packets if number else [*packets[:-1], rtp(packets[-1][12:14], 0, 0, marker=True)]


def absurd_size(number: int) -> list[bytes]:
    return packetize([absurd_sps(), *key_frame()[1:]], timestamp=number)


def absurd_sps(side: int = 16_384) -> bytes:
    """A sequence parameter set (baseline) that declares a square of that side."""

    def code(value: int) -> str:
        bits = f"{value + 1:b}"
        return "0" * (len(bits) - 1) + bits

    blocks = code(side // 16 - 1)
    text = code(0) + code(0) + code(2) + code(1) + "0" + blocks + blocks + "1" + "1" + "0" + "0" + "1"
    text += "0" * (-len(text) % 8)
    return bytes((0x67, 66, 0xC0, 62)) + int(text, 2).to_bytes(len(text) // 8, "big")


def endless_unit(peer: Conversation) -> None:
    peer.play()
    chunk = b"\0" * 60_000
    peer.packets([rtp(b"\x7c\x85" + chunk, 0, 1)])
    for number in peer.until_gone(0):
        peer.packets([rtp(b"\x7c\x05" + chunk, number + 1, 1)])


def wrong_lengths(peer: Conversation) -> None:
    peer.play()
    for number in peer.until_gone():
        framed = bytearray(interleaved(packetize(key_frame(), number, number)[0]))
        framed[2:4] = (int.from_bytes(framed[2:4], "big") + 37).to_bytes(2, "big")
        peer.send(bytes(framed) + interleaved(rtp(b"\x0c\x00", number, number)))


def other_payload_type(number: int) -> list[bytes]:
    return [
        bytes((packet[0], packet[1] & 0x80 | 97)) + packet[2:]
        for packet in packetize(key_frame(), timestamp=number)
    ]


def asks_back(peer: Conversation) -> None:
    """Requests of the server between its answers, empty lines, RTCP: all of it happens."""
    peer.play()
    peer.send(b"\r\n\r\nGET_PARAMETER rtsp://camera/ RTSP/1.0\r\nCSeq: 7\r\n\r\n")
    peer.send(interleaved(b"\x80\xc8\x00\x06" + b"\0" * 24, channel=1))
    for number in peer.until_gone():
        peer.packets(packetize(key_frame(), number * 10, number))


def odd_extensions(number: int) -> list[bytes]:
    """Packets with contributing sources, a header extension and padding."""
    found = []
    for packet in packetize(key_frame(), timestamp=number):
        head = bytes((0xB2,)) + packet[1:12] + b"\0" * 8 + b"\xbe\xde\x00\x01" + b"\0" * 4
        found.append(head + packet[12:] + b"\0\0\0\4")
    return found


def broken_extensions(number: int) -> list[bytes]:
    return [
        bytes((0xBF,)) + packet[1:12] + b"\xff" * 30 for packet in packetize(key_frame(), timestamp=number)
    ]


def sent_elsewhere(peer: Conversation) -> None:
    """By UDP, with the metadata address as the one to send to."""
    peer.play(transport="RTP/AVP;unicast;client_port=1-2;server_port=80-81;source=169.254.169.254")
    peer.silence()


def options(more: dict[str, Any], address: str) -> RtspOptions:
    at = address.replace("://", f"://{CANARY}-user:{CANARY}-word@")
    return RtspOptions(at, **more)


def row(
    name: str,
    behaviour: Behaviour,
    expected: type[SourceError] | None,
    said: str = "",
    scheme: str = "rtsp",
    **more: Any,
) -> HostileCase:
    return HostileCase(
        name, "rtsp", partial(hostile_server, behaviour, scheme), partial(options, more), expected, said=said
    )


def whole(number: int) -> list[bytes]:
    return packetize(key_frame(), timestamp=number)


REDIRECT = f"Location: rtsp://169.254.169.254/{CANARY}"
GARBAGE_SDP = "\r\n".join(
    ("v=0", "m=video", "m=video x RTP/AVP y", "a=rtpmap:", "a=fmtp:=;=", "\x00=\xff", "m=")
)
NO_TYPE_SDP = description().replace("rtpmap:96 H264", f"rtpmap:96 {CANARY}")
REMOTE_SDP = description(control="rtsp://169.254.169.254/latest")

CASES = (
    row("accepts and is silent", silent, SourceTimeout, "no answer to DESCRIBE"),
    row("begins an answer and never ends it", silent_after_options, SourceTimeout),
    row("takes the request and closes", closes_at_once, SourceUnreachable, "without an answer"),
    row("drips a byte at a time", drips, SourceTimeout),
    row("sends headers without end", never_ending_head, FrameFault, "a head without an end"),
    row("announces a description of 10 GB", huge_body, FrameFault, "impossible length"),
    row("is a web server", speaks_http, FrameFault, "HTTP rather than RTSP"),
    row("answers in binary", speaks_tls_alert, FrameFault, "neither an answer nor a packet"),
    row("does not do its TLS handshake", silent, SourceTimeout, "TLS did not come about", "rtsps"),
    row("answers TLS with RTSP", speaks_plainly, SourceDenied, "TLS", "rtsps"),
    row("redirects to the metadata address", status("302 Found", REDIRECT), SourceUnwilling, "redirects"),
    row("refuses the account", status("401 No", CHALLENGE % "1"), SourceDenied, "401"),
    row("asks for credentials for ever", challenges_for_ever, SourceDenied, "401"),
    row("asks in a way nobody knows", status("401 No", f"WWW-Authenticate: Magic {CANARY}"), SourceDenied, "401"),
    row("forbids", status("403 Forbidden"), SourceDenied, "403"),
    row("has nothing under that path", status("404 Not Found"), SourceUnwilling, "404"),
    row("has too many clients", status("453 Not Enough Bandwidth"), SourceUnwilling, "453"),
    row("describes nothing", status("200 OK"), FrameFault, "without video"),
    row("describes garbage", described(GARBAGE_SDP), FrameFault, "without video"),
    row("describes an unknown encoding", described(NO_TYPE_SDP), FrameFault, "not understood"),
    row("names the metadata address as what to set up", streaming(whole, REMOTE_SDP), None),
    row("names the metadata address as the sender", sent_elsewhere, SourceTimeout, "no packet came", transport="udp"),
    row("plays and sends nothing", no_packets, SourceTimeout, "no packet came"),
    row("resets in the middle of a picture", resets_in_the_middle, FrameFault, "in the middle of the stream"),
    row("closes in the middle of a picture", closes_in_the_middle, FrameFault, "in the middle of the stream"),
    row("sends random bytes as packets", streaming(random_bytes), SourceTimeout),
    row("sends garbage as pictures", streaming(garbage_units), FrameFault, "torn"),
    row("sends good parameters and garbage as pictures", streaming(garbage_after_sets), FrameFault, "torn"),
    row("flips bits in every picture", streaming(flipped_bits), FrameFault, "torn"),
    row("leaves a slice out of every picture", streaming(missing_slice), FrameFault, "torn"),
    row("replaces a packet of every picture", streaming(lost_packets), FrameFault, "torn"),
    row("loses a packet of every picture", with_gaps, FrameFault, "torn"),
    row("never sends a key frame", streaming(never_a_key_frame), SourceTimeout, "decoded from itself"),
    row("sends two torn pictures and then a whole one", streaming(first_torn_then_whole), None),
    row("changes its resolution in mid-stream", streaming(grows), None),
    row("declares 16,384 by 16,384 pixels", streaming(absurd_size), FrameFault, "megapixels"),
    row("sends a picture without end", endless_unit, SourceTimeout, max_bytes=1 << 20),
    row("gives packets wrong lengths", wrong_lengths, FrameFault, "neither an answer nor a packet"),
    row("sends another payload than described", streaming(other_payload_type), SourceTimeout),
    row("asks back in the middle of the stream", asks_back, None),
    row("uses every part of the packet header", streaming(odd_extensions), None),
    row("sends headers that are longer than their packets", streaming(broken_extensions), SourceTimeout),
)  # fmt: skip
