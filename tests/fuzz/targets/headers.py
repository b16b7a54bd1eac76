"""Values of HTTP headers."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from monitor.net.message import media_type
from monitor.net.redaction import conceal
from monitor.notifiers.answers import describe_status, parse_retry_after
from tests.fuzz.target import Broken, Target

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def check(data: bytes) -> object:
    text = data.decode("latin-1").strip()
    kind = media_type(text)
    if kind and not re.fullmatch(r"[a-z]{1,20}/[a-z0-9.+-]{1,60}", kind):
        raise Broken(f"{kind!r} is no media type")
    wait_s = parse_retry_after(text, NOON)
    if wait_s is not None and not (math.isfinite(wait_s) and wait_s >= 0):
        raise Broken(f"to wait for {wait_s} s")
    if len(text) > 3 and text in conceal(f"it said {text}.", [text]):
        raise Broken("what should be concealed is shown")
    return kind, wait_s, describe_status(len(text))


def seeds() -> list[bytes]:
    return [
        b"image/jpeg; charset=utf-8", b"multipart/x-mixed-replace;boundary=--x", b"120", b"99999999999", b"1e9",
        b"Mon, 01 Jun 2026 12:01:00 GMT", b"Mon, 01 Jan 0001 00:00:00 +1400", b"Fri, 31 Dec 9999 23:59:59 -1200",
        b"01 Jun 26", b"",
    ]  # fmt: skip


TARGET = Target(
    promise="A media type or nothing, a finite wait or none, and no secret shown.",
    check=check,
    seeds=seeds,
    words=(b"GMT", b"Jun", b"Mon,", b"+1400", b"-9999", b"image/", b"9999", b"0001", b":59"),
    longest=120,
    slowest_s=0.5,
)
