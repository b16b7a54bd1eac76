"""Snapshot addresses."""

from __future__ import annotations

import socket
from email.utils import formatdate

from monitor.domain.errors import FrameFault, SourceDenied, SourceStale
from monitor.sources.http import HttpOptions
from tests.hostile.case import HostileCase
from tests.hostile.web_peers import (
    JPEG,
    LATER,
    MAX_BYTES,
    PASSWORD,
    TOKEN,
    USERNAME,
    WEB_PEERS,
    peer,
)
from tests.net.certificates import certificates
from tests.net.hostile_server import Asked, Behaviour, answer, flood, hangs_up, in_turn

_HEADERS = "Content-Type: image/jpeg\r\n"


def options(address: str, **more: object) -> HttpOptions:
    # The expired certificate and the wrong host's are to be refused for what they are, so their authority is known.
    secure = {"ca_file": certificates().authority} if address.startswith("https:") else {}
    return HttpOptions(address, username=USERNAME, password=PASSWORD, max_bytes=MAX_BYTES, **secure, **more)


def with_token(address: str) -> HttpOptions:
    return HttpOptions(address, auth="bearer", token=TOKEN, max_bytes=MAX_BYTES)


def with_age(address: str) -> HttpOptions:
    return options(address, max_age_s=600)


def of_constant_tag() -> Behaviour:
    """Always another picture, always under the same tag; and it believes in its tag."""
    pictures = in_turn(*(answer(picture, headers=f'{_HEADERS}ETag: "1"') for picture in (JPEG, LATER) * 9))

    def behave(connection: socket.socket, asked: Asked) -> None:
        if "if-none-match" in asked.headers:
            connection.sendall(b"HTTP/1.1 304 Not Modified\r\n\r\n")
        else:
            pictures(connection, asked)

    return behave


def dated(modified: str, date: str = "") -> Behaviour:
    more = f"\r\nDate: {date}" if date else ""
    return answer(JPEG, headers=f"{_HEADERS}Last-Modified: {modified}{more}")


def case(name, behaviour, expected, *, made=options, **more) -> HostileCase:
    return HostileCase(name, "http", peer(behaviour), made, expected, **more)


_STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"
_OLD, _NEW = formatdate(1_700_000_000, usegmt=True), formatdate(1_700_001_000, usegmt=True)

CASES: tuple[HostileCase, ...] = (
    *(
        HostileCase(each.name, "http", each.serve, options, each.snapshot, said=each.said)
        for each in WEB_PEERS
    ),
    case("closes a kept connection between two grabs", hangs_up(answer(JPEG)), None, grabs=3),
    case(
        "answers 401 to a token",
        answer(b"", "401 No", "WWW-Authenticate: Bearer"),
        SourceDenied,
        made=with_token,
    ),
    case(
        "answers with an endless M-JPEG stream",
        flood(_STREAM, b"--b\r\n\r\n" + JPEG),
        FrameFault,
        said="mjpeg",
    ),
    case("gives every picture the same ETag, and believes in it", of_constant_tag(), None, grabs=6),
    case("says that its picture is of 1970", dated(formatdate(0, usegmt=True)), None, made=with_age),
    case(
        "says that its picture is of 2100", dated(formatdate(4_102_444_800, usegmt=True)), None, made=with_age
    ),
    case("dates its picture with garbage", dated("Mon, 99 Foo 0 99:99:99 +9999"), None, made=with_age),
    case(
        "has an old picture by its own clock, where `max_age` is set",
        dated(_OLD, _NEW),
        SourceStale,
        made=with_age,
    ),
    case(
        "has an old picture in a cache, where `max_age` is set",
        answer(JPEG, headers=f"{_HEADERS}Age: 9000"),
        SourceStale,
        made=with_age,
    ),
    case(
        "sends the same undated picture for longer than `max_age`",
        answer(JPEG),
        SourceStale,
        made=lambda address: options(address, max_age_s=1e-6),
        grabs=2,
    ),
)
