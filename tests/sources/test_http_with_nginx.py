"""Snapshots from a real web server: nginx."""

import os
import time
from datetime import UTC, datetime

import pytest

from monitor.domain.errors import SourceDenied, SourceError, SourceTimeout, SourceUnreachable
from monitor.domain.state import StatePolicy
from monitor.domain.stillness import Capture, frozen_because, is_repeat, watch_stillness
from monitor.sources.http import HttpOptions, HttpSource
from tests.net.certificates import certificates
from tests.net.hostile_server import PASSWORD, USERNAME
from tests.net.nginx import running_nginx
from tests.sources.drawing import draw, encode, looks_like

JPEG = encode(draw())


@pytest.fixture(scope="module")
def nginx():
    with running_nginx() as running:
        (running.pictures / "a.bmp").write_bytes(encode(draw(640, 480), "BMP"))
        (running.pictures / "page.html").write_text("<html>no picture</html>")
        yield running


@pytest.fixture(autouse=True)
def picture(nginx):
    put(nginx, JPEG, 1_780_000_000)


@pytest.fixture
def opened(clock):
    sources = []

    def open_source(url: str, **options) -> HttpSource:
        sources.append(HttpSource(HttpOptions(url, **options), clock))
        return sources[-1]

    yield open_source
    for source in sources:
        source.close()


def put(nginx, data: bytes, at: int) -> None:
    """The camera's next picture, written at that time."""
    fresh = nginx.pictures / "fresh"
    fresh.write_bytes(data)
    os.utime(fresh, (at, at))
    fresh.rename(nginx.pictures / "a.jpg")


def asked(nginx, path: str, since: int, count: int = 0) -> list[str]:
    """The requests for that path since then; waits a moment for nginx to write `count` of them."""
    deadline_s = time.monotonic() + 2
    while True:
        lines = [line for line in nginx.requests()[since:] if line.startswith(path)]
        if len(lines) >= count or time.monotonic() > deadline_s:
            return lines
        time.sleep(0.02)


def test_gives_the_picture_and_what_the_server_says_of_its_time(nginx, opened, clock):
    frame = opened(nginx.url("/tagged/a.jpg")).grab(5)
    assert looks_like(frame.pixels)
    assert frame.captured_at == clock.now()
    assert frame.told_at == datetime.fromtimestamp(1_780_000_000, UTC)


@pytest.mark.parametrize(("path", "condition"), [("/tagged/a.jpg", 2), ("/untagged/a.jpg", 3)])
def test_an_unchanged_picture_is_not_sent_again_and_is_a_capture_of_its_own(
    nginx, opened, clock, path, condition
):
    source = opened(nginx.url(path))
    since = len(nginx.requests())
    digests = []
    for at in range(3):
        put(nginx, encode(draw(64 + at)), 1_780_000_100 + at)
        digests.append(source.grab(5).digest)
        clock.advance(60)
    assert len(set(digests)) == 3
    frames = []
    for _ in range(5):
        frames.append(source.grab(5))
        clock.advance(60)
    assert {frame.digest for frame in frames} == {digests[-1]}
    assert looks_like(frames[1].pixels)
    moments = [frame.captured_at for frame in frames]
    assert [(later - moments[0]).total_seconds() for later in moments] == [0, 60, 120, 180, 240]
    known = None
    for frame in frames:
        assert not is_repeat(known, frame.digest, frame.captured_at)
        known = watch_stillness(known, Capture(frame.digest, frame.captured_at, frame.told_at))
    assert known is not None
    assert frozen_because(known, StatePolicy())
    lines = asked(nginx, path, since, 8)
    assert [line.split()[1] for line in lines] == ["200"] * 4 + ["304", "304", "200", "304"]
    assert lines[4].split()[condition] != '"-"'

    put(nginx, encode(draw(80)), 1_780_000_200)
    assert source.grab(5).native_width == 80


def test_compressed_bodies_are_unpacked(nginx, opened):
    since = len(nginx.requests())
    for name in ("a.jpg", "a.bmp"):
        assert looks_like(opened(nginx.url(f"/compressed/{name}")).grab(5).pixels)
    assert [line.split()[-2] for line in asked(nginx, "/compressed/", since, 2)] == ["gzip", "gzip"]


def test_compressed_bodies_are_bounded_by_what_they_unpack_to(nginx, opened):
    with pytest.raises(SourceError, match="more than 50,000 bytes"):
        opened(nginx.url("/compressed/a.bmp"), max_bytes=50_000).grab(5)


def test_logs_in(nginx, opened):
    url = nginx.url("/guarded/a.jpg")
    for auth in ("auto", "basic"):
        assert looks_like(opened(url, username=USERNAME, password=PASSWORD, auth=auth).grab(5).pixels)
    for wrong in ({}, {"username": USERNAME, "password": "wrong"}):
        with pytest.raises(SourceDenied, match="basic"):
            opened(url, **wrong).grab(5)


def test_trusts_the_authority_or_the_key_it_is_given_and_nothing_else(nginx, opened):
    url, made = nginx.tls_url("/tagged/a.jpg"), certificates()
    key, other = made.pinned_key("good"), "sha256//" + "A" * 43 + "="
    for trust in (
        {"ca_file": made.authority},
        {"pinned_key": key, "verify": False},
        {"pinned_key": f"{other};{key}", "verify": False},
        {"ca_file": made.authority, "pinned_key": key},
    ):
        assert looks_like(opened(url, **trust).grab(5).pixels)
    for distrust in (
        {},
        {"pinned_key": key},
        {"pinned_key": other, "verify": False},
        {"ca_file": made.authority, "pinned_key": other},
        {"ca_file": made.certificate("self-signed")},
    ):
        with pytest.raises(SourceDenied, match="TLS"):
            opened(url, **distrust).grab(5)


def test_a_drip_fed_picture_ends_in_time(nginx, opened):
    started_s = time.monotonic()
    with pytest.raises(SourceTimeout):
        opened(nginx.url("/slow/a.jpg")).grab(0.5)
    assert time.monotonic() - started_s < 4.0


@pytest.mark.parametrize(
    ("path", "expected"), [("/tagged/none.jpg", SourceUnreachable), ("/elsewhere/", SourceUnreachable)]
)
def test_what_is_not_there_and_what_is_elsewhere_is_unreachable(nginx, opened, path, expected):
    with pytest.raises(expected):
        opened(nginx.url(path)).grab(5)


def test_keeps_its_connection_and_makes_a_new_one_where_the_server_does_not(nginx, opened):
    for path, connections in (("/tagged/a.jpg", 1), ("/hurried/a.jpg", 3)):
        since = len(nginx.requests())
        source = opened(nginx.url(path), conditional="off")
        for _ in range(3):
            source.grab(5)
        assert len({line.split()[-1] for line in asked(nginx, path, since, 3)}) == connections
