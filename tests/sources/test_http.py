import json
import time
from datetime import UTC, datetime

import pytest

from monitor.domain.errors import (
    FrameFault,
    SourceDenied,
    SourceError,
    SourceStale,
    SourceTimeout,
    SourceUnreachable,
)
from monitor.domain.state import StatePolicy
from monitor.domain.stillness import Capture, frozen_because, is_repeat, watch_stillness
from monitor.domain.verdict import VerdictKind
from monitor.net.errors import RequestRefused
from monitor.sources.errors import InvalidOption
from monitor.sources.http import HttpOptions, HttpSource
from tests.net.hostile_server import (
    PASSWORD,
    TOKEN,
    USERNAME,
    Behaviour,
    answer,
    basic,
    bearer,
    digest,
    drip,
    flood,
    in_turn,
    raw,
    serving,
    silence,
)
from tests.sources.drawing import draw, encode, looks_like

JPEG = encode(draw())
TIMEOUT_S = 0.5
MAX_BYTES = 100_000
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"
BAD = {
    "/silence": (silence, SourceTimeout, "no answer came"),
    "/slow-headers": (drip(HEAD, b"X: y\r\n"), SourceTimeout, "0.5 s"),
    "/slow-picture": (
        drip(HEAD + b"Content-Length: 5000\r\n\r\n", b"x"),
        SourceTimeout,
        "bytes of the answer",
    ),
    "/endless": (flood(HEAD + b"\r\n", b"\xff" * 4096), FrameFault, "more than 100,000 bytes"),
    "/stream": (flood(STREAM, b"--b\r\n" + JPEG), FrameFault, "a video stream"),
    "/slow-stream": (drip(STREAM, b"--b\r\n"), SourceTimeout, "a video stream"),
    "/announces-gigabytes": (answer(b"", length=10**10), FrameFault, "more than"),
    "/short": (answer(JPEG[:99], length=len(JPEG)), FrameFault, "broken answer"),
    "/reset": (raw(HEAD + b"Content-Length: 999\r\n\r\n" + JPEG[:99], reset=True), FrameFault, "broken"),
    "/reset-at-once": (raw(b"", reset=True), SourceUnreachable, "without an answer"),
    "/not-http": (raw(b"SSH-2.0-x\r\n"), SourceError, ""),
    "/empty": (answer(b""), FrameFault, "with nothing"),
    "/html": (
        answer(b"<!DOCTYPE html><html>login", headers="Content-Type: text/html"),
        FrameFault,
        "an HTML page",
    ),
    "/html-as-jpeg": (answer(b"<html>login"), FrameFault, "an HTML page"),
    "/json": (
        answer(b'{"ok": false}', headers="Content-Type: application/json"),
        FrameFault,
        "a JSON document",
    ),
    "/no-content": (raw(b"HTTP/1.1 204 No Content\r\n\r\n"), SourceUnreachable, "204"),
    "/half": (answer(JPEG[: len(JPEG) - 50]), FrameFault, "truncated"),
    "/moved": (
        answer(b"", "301 Moved", "Location: https://other/?pwd=hunter2"),
        SourceUnreachable,
        "redirects",
    ),
    "/unauthorized": (
        answer(b"", "401 Unauthorized", "WWW-Authenticate: Digest realm=x"),
        SourceDenied,
        "digest",
    ),
    "/forbidden": (answer(b"", "403 Forbidden"), SourceDenied, "none are configured"),
    "/missing": (answer(b"", "404 Not Found"), SourceUnreachable, "Check the URL"),
    "/broken": (answer(b"", "500 Internal Server Error"), SourceUnreachable, "500"),
    "/busy": (answer(b"", "503 Service Unavailable"), SourceUnreachable, "503"),
    "/huge-png": (answer(encode(draw(300, 300), "PNG")), None, ""),
}


@pytest.fixture(scope="module")
def site():
    good = {
        "/snap": answer(JPEG),
        "/no-type": answer(JPEG, headers=""),
        "/wrong-type": answer(JPEG, headers="Content-Type: text/plain"),
        "/without-length": raw(HEAD + b"\r\n" + JPEG),
        "/basic": basic(JPEG),
        "/digest": digest(JPEG),
        "/bearer": bearer(JPEG),
    }
    with serving(good | {path: behaviour for path, (behaviour, _, _) in BAD.items()}) as server:
        yield server


@pytest.fixture
def opened(clock):
    sources = []

    def open_source(url: str, **options) -> HttpSource:
        sources.append(HttpSource(HttpOptions(url, max_bytes=MAX_BYTES, **options), clock))
        return sources[-1]

    yield open_source
    for source in sources:
        source.close()
        source.close()


@pytest.mark.parametrize("path", ["/snap", "/no-type", "/wrong-type", "/without-length", "/huge-png"])
def test_gives_the_picture_that_comes(site, opened, clock, path):
    frame = opened(site.url(path)).grab(2)
    assert looks_like(frame.pixels)
    assert frame.captured_at == clock.now()


@pytest.mark.parametrize("path", [path for path, (_, expected, _) in BAD.items() if expected])
def test_every_failure_is_named_and_bounded(site, opened, path):
    _, expected, said = BAD[path]
    source = opened(site.url(path))
    started_s = time.monotonic()
    with pytest.raises(expected) as caught:
        source.grab(TIMEOUT_S)
    assert time.monotonic() - started_s < TIMEOUT_S + 3.0
    assert said in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.verdict in (VerdictKind.OFFLINE, VerdictKind.STREAM_FAULT)


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/basic", {}),
        ("/basic", {"auth": "basic"}),
        ("/digest", {}),
        ("/digest", {"auth": "digest"}),
    ],
)
def test_authenticates_with_name_and_password(site, opened, path, options):
    source = opened(site.url(path), username=USERNAME, password=PASSWORD, **options)
    assert looks_like(source.grab(2).pixels)
    assert looks_like(source.grab(2).pixels)


def test_authenticates_with_a_token(site, opened):
    assert looks_like(opened(site.url("/bearer"), auth="bearer", token=TOKEN).grab(2).pixels)


@pytest.mark.parametrize("path", ["/basic", "/digest"])
def test_wrong_credentials_are_denied(site, opened, path):
    with pytest.raises(SourceDenied, match="does not accept the credentials"):
        opened(site.url(path), username=USERNAME, password="wrong").grab(2)


def test_a_shorter_time_limit_of_its_own_counts(site, opened):
    started_s = time.monotonic()
    with pytest.raises(SourceTimeout):
        opened(site.url("/silence"), timeout_s=0.2).grab(5)
    assert time.monotonic() - started_s < 3.0


def test_works_on_after_a_failure(site, opened):
    source = opened(site.url("/snap"))
    source.grab(2)
    source.close()
    assert looks_like(source.grab(2).pixels)


def test_metadata_addresses_are_out_of_reach_even_for_cameras(opened):
    with pytest.raises(SourceUnreachable, match="may not be contacted"):
        opened("http://169.254.169.254/latest/meta-data/").grab(1)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"url": "ftp://cam/"}, RequestRefused),
        ({"url": "http://cam/", "auth": "ntlm"}, InvalidOption),
        ({"url": "http://cam/", "auth": "bearer"}, InvalidOption),
        ({"url": "http://cam/", "token": "t"}, InvalidOption),
        ({"url": "http://cam/", "timeout_s": -1}, RequestRefused),
        ({"url": "http://cam/", "conditional": "always"}, InvalidOption),
        ({"url": "http://cam/", "max_age_s": 0}, InvalidOption),
    ],
)
def test_refuses_options_that_cannot_work_before_any_grab(options, expected):
    with pytest.raises(expected):
        HttpOptions(**options)


def tagged(tag: str, picture: bytes = JPEG) -> Behaviour:
    return answer(picture, headers=f'Content-Type: image/jpeg\r\nETag: "{tag}"')


def changing(count: int) -> list[bytes]:
    return [encode(draw(64 + 2 * number)) for number in range(count)]


def handed_on(source: HttpSource, other: HttpSource) -> HttpSource:
    """The memory on its way from one process to another."""
    other.recall(json.loads(json.dumps(source.remember())))
    return other


def test_what_was_learned_goes_on_in_another_instance_but_without_the_picture_nothing_is_conditional(opened):
    first, second, third = changing(3)
    pictures = in_turn(tagged("1", first), tagged("2", second), tagged("3", third))
    with serving({"/snap": pictures}) as site:
        source = opened(site.url("/snap"))
        for _ in range(4):
            source = handed_on(source, opened(site.url("/snap")))
            source.grab(2)
        for _ in range(2):
            source = handed_on(source, opened(site.url("/snap")))
            source.grab(2)
        assert all("if-none-match" not in asked.headers for asked in site.asked)
        source.grab(2)
        assert site.asked[-1].headers["if-none-match"] == '"3"'


def test_a_server_that_begins_to_lie_is_found_out_before_a_picture_counts_as_frozen(opened, clock):
    first, second, third, later = changing(4)

    def lie(connection, asked):
        behaviour = (
            raw(b"HTTP/1.1 304 Not Modified\r\n\r\n")
            if "if-none-match" in asked.headers
            else tagged("3", later)
        )
        behaviour(connection, asked)

    pictures = in_turn(tagged("1", first), tagged("2", second), *[tagged("3", third)] * 2, lie)
    with serving({"/snap": pictures}) as site:
        source = opened(site.url("/snap"))
        digests = [source.grab(2).digest for _ in range(8)]
    assert len(set(digests[2:6])) == 1
    assert digests[6] == digests[7] != digests[5]
    assert "if-none-match" not in site.asked[-1].headers


def test_conditional_requests_can_be_switched_off(opened):
    with serving(
        {"/snap": in_turn(*(tagged(f"{at}", picture) for at, picture in enumerate(changing(3))))}
    ) as site:
        source = opened(site.url("/snap"), conditional="off")
        for _ in range(6):
            source.grab(2)
        assert all("if-none-match" not in asked.headers for asked in site.asked)


def test_the_same_picture_goes_stale_across_instances(site, opened, clock):
    source = opened(site.url("/snap"), max_age_s=600)
    source.grab(2)
    clock.advance(500)
    source = handed_on(source, opened(site.url("/snap"), max_age_s=600))
    source.grab(2)
    clock.advance(101)
    source = handed_on(source, opened(site.url("/snap"), max_age_s=600))
    with pytest.raises(SourceStale, match="601 s old, older than 600 s"):
        source.grab(2)


def test_an_old_file_that_is_handed_out_for_ever_ends_as_frozen(opened, clock):
    old = "Content-Type: image/jpeg\r\nLast-Modified: Mon, 01 Jun 2026 03:00:00 GMT"
    known = None
    with serving({"/snap": answer(JPEG, headers=old)}) as site:
        for _ in range(4):
            frame = opened(site.url("/snap")).grab(2)
            assert frame.told_at == datetime(2026, 6, 1, 3, tzinfo=UTC)
            assert not is_repeat(known, frame.digest, frame.captured_at)
            known = watch_stillness(known, Capture(frame.digest, frame.captured_at, frame.told_at))
            clock.advance(60)
    assert known is not None
    assert frozen_because(known, StatePolicy())
