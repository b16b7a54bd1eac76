from __future__ import annotations

import os
import signal
import threading
import time
import traceback
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from monitor.clock import SystemClock
from monitor.domain import errors
from monitor.domain.errors import FrameFault, SourceError, SourceStale, SourceTimeout, SourceUnreachable
from monitor.grabbers.errors import SourceBroke
from monitor.grabbers.pool import PoolOptions
from monitor.grabbers.source import PooledSource
from monitor.sources.folder import FolderOptions, FolderSource
from monitor.sources.http import HttpOptions, HttpSource
from tests.grabbers.conftest import children_of, is_running, odd, until
from tests.grabbers.kinds import Counting, Odd, PoisonedFolder, facts_of


def picture(path: Path, brightness: int = 100) -> Path:
    noise = np.random.default_rng(brightness).integers(0, 100, (48, 64, 3), np.uint8)
    Image.fromarray(noise + np.uint8(brightness)).save(path)
    return path


def test_a_frame_comes_as_the_source_gives_it(pool, tmp_path):
    picture(tmp_path / "a.jpg")
    options = FolderOptions(tmp_path)
    ours, theirs = PooledSource(pool, FolderSource, options), FolderSource(options, SystemClock())
    frame, same = ours.grab(10.0), theirs.grab(10.0)
    assert np.array_equal(frame.pixels, same.pixels)
    assert not frame.pixels.flags.writeable
    for name in ("captured_at", "digest", "native_width", "native_height", "encoded"):
        assert getattr(frame, name) == getattr(same, name)


def test_what_a_source_raises_is_raised_here(pool, tmp_path):
    source = PooledSource(pool, FolderSource, FolderOptions(tmp_path / "nowhere"))
    with pytest.raises(SourceUnreachable, match="nowhere does not exist") as caught:
        source.grab(10.0)
    assert caught.value.remedy == "Check its spelling, and that it is mounted."
    old = picture(tmp_path / "20200101_000000.jpg")
    with pytest.raises(SourceStale, match=old.name):
        PooledSource(pool, FolderSource, FolderOptions(tmp_path, max_age_s=60.0)).grab(10.0)


def test_every_error_of_sources_can_be_told():
    from monitor.grabbers.messages import _ERRORS

    classes = {c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, SourceError)}
    assert classes <= set(_ERRORS.values())


def test_a_fault_of_the_program_shows_where_it_happened_and_its_grabber_lives_on(pool):
    with pytest.raises(SourceBroke, match="TypeError: a mistake") as caught:
        odd(pool, "fail").grab(10.0)
    assert "in fail" in "".join(traceback.format_exception(caught.value))
    crashes = pool.counters().crashes
    odd(pool).grab(10.0)
    assert pool.counters().crashes == crashes


@pytest.mark.parametrize("does", ["hang", "spin"])
def test_a_grab_that_hangs_is_killed_in_time_and_delays_nobody(pool, does):
    odd(pool).grab(10.0)
    kills = pool.counters().kills
    took_s: list[float] = []

    def hang() -> None:
        began_s = time.monotonic()
        with pytest.raises(SourceTimeout, match=r"hung beyond its limit of 0\.7 s") as caught:
            odd(pool, does).grab(0.7)
        assert caught.value.remedy
        took_s.append(time.monotonic() - began_s)

    hanging = threading.Thread(target=hang)
    hanging.start()
    other = odd(pool)
    began_s = time.monotonic()
    for _ in range(5):
        other.grab(10.0)
    assert hanging.is_alive() or time.monotonic() - began_s > 0.7
    hanging.join(10.0)
    assert 0.7 <= took_s[0] < 3.0
    assert pool.counters().kills == kills + 1
    odd(pool).grab(10.0)


@pytest.mark.parametrize(("does", "how"), [("segfault", "SIGSEGV"), ("leave", "exit code 3")])
def test_a_crash_costs_its_camera_one_grab(pool, does, how):
    with pytest.raises(FrameFault, match=how) as caught:
        odd(pool, does).grab(10.0)
    assert "--log-level debug" in caught.value.remedy
    assert odd(pool).grab(10.0).digest


@pytest.mark.parametrize("does", ["garble", "boast"])
def test_nonsense_is_a_fault_and_who_wrote_it_is_killed(pool, does):
    garbled = pool.counters().garbled
    with pytest.raises(FrameFault, match="answered nonsense"):
        odd(pool, does).grab(10.0)
    assert pool.counters().garbled == garbled + 1
    assert odd(pool).grab(10.0).digest


def test_memory_is_bounded(pool):
    with pytest.raises(FrameFault, match="more memory than a grabber may have") as caught:
        odd(pool, "eat").grab(20.0)
    assert "service.grabber_memory" in caught.value.remedy
    assert odd(pool).grab(10.0).digest


def test_a_picture_that_unfolds_to_gigabytes_costs_its_camera_one_grab(pool, tmp_path):
    (tmp_path / "bomb.png").write_bytes(bomb(40_000))
    options = FolderOptions(tmp_path, max_pixels=2_000_000_000)
    with pytest.raises(FrameFault):
        PooledSource(pool, FolderSource, options).grab(20.0)
    assert odd(pool).grab(10.0).digest


def test_what_a_source_remembers_goes_with_it_to_other_grabbers(open_pool):
    pool = open_pool(grabs_each=1)
    source = PooledSource(pool, Counting, Odd())
    facts = [facts_of(source.grab(10.0)) for _ in range(2)]
    assert [fact["count"] for fact in facts] == [1, 2]
    assert facts[0]["pid"] != facts[1]["pid"]


def test_what_killed_a_grabber_is_not_met_again(pool):
    source = PooledSource(pool, Counting, Odd())
    assert [facts_of(source.grab(10.0))["count"] for _ in range(2)] == [1, 2]
    with pytest.raises(FrameFault, match="exit code 9"):
        source.grab(10.0)
    assert facts_of(source.grab(10.0))["count"] == 4


def test_a_folder_goes_on_behind_a_picture_that_kills_its_readers(pool, tmp_path):
    for hour, name in enumerate(("good", "poison", "better")):
        picture(tmp_path / f"20260601_{hour:02}0000_{name}.jpg", 10 * hour)
    source = PooledSource(pool, PoisonedFolder, FolderOptions(tmp_path, mode="all"))
    assert source.grab(10.0).captured_at.hour == 0
    with pytest.raises(FrameFault, match="exit code 11"):
        source.grab(10.0)
    assert source.grab(10.0).captured_at.hour == 2


def test_a_dedicated_source_keeps_its_grabber_until_it_is_closed(pool):
    source = odd(pool, dedicated=True)
    first, second = facts_of(source.grab(10.0)), facts_of(source.grab(10.0))
    assert (first["pid"], second["grabs"]) == (second["pid"], 2)
    assert pool.counters().dedicated == 1
    source.close()
    source.close()
    until(lambda: not is_running(first["pid"]))
    assert pool.counters().dedicated == 0


def test_a_dedicated_source_that_hangs_gets_another_grabber(pool):
    source = odd(pool, "hang", dedicated=True)
    for _ in range(2):
        with pytest.raises(SourceTimeout):
            source.grab(0.2)
    source.close()
    assert pool.counters().dedicated == 0


def test_a_dedicated_grabber_that_died_meanwhile_is_replaced(pool):
    source = odd(pool, dedicated=True)
    pid = facts_of(source.grab(10.0))["pid"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: not is_running(pid))
    assert facts_of(source.grab(10.0))["pid"] != pid
    source.close()


def test_what_a_grabber_has_started_ends_with_it(pool):
    source = odd(pool, "spawn", dedicated=True)
    pid = facts_of(source.grab(10.0))["pid"]
    (started,) = children_of(pid)
    source.close()
    until(lambda: not is_running(started))


def test_a_process_that_the_kernel_holds_is_the_only_one_of_its_camera():
    pool = PoolOfTheUndead()
    source = odd(pool, "hang")
    with pytest.raises(SourceTimeout, match="was killed"):
        source.grab(0.1)
    with pytest.raises(SourceTimeout, match=r"hangs in the system's kernel \(process 7\)"):
        source.grab(0.1)
    assert pool.lent == 1
    pool.grabber.is_gone = True
    with pytest.raises(SourceTimeout, match="was killed"):
        source.grab(0.1)
    assert pool.lent == 2


def test_a_connection_to_a_camera_is_kept_for_the_next_grab(pool, tmp_path):
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    body = picture(tmp_path / "a.jpg").read_bytes()
    connections = set()

    class Camera(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            connections.add(self.client_address)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        source = PooledSource(pool, HttpSource, HttpOptions(f"http://127.0.0.1:{server.server_port}/a.jpg"))
        for _ in range(3):
            source.grab(10.0)
    finally:
        server.shutdown()
        server.server_close()
    assert len(connections) == 1


class PoolOfTheUndead:
    """Lends a grabber that hangs, and that nothing can kill."""

    class Grabber:
        pid = 7
        is_gone = False

        def grab(self, *_args):
            raise TimeoutError

    options = PoolOptions(1, grace_s=0.0)
    is_closed = False

    def __init__(self) -> None:
        self.grabber = self.Grabber()
        self.lent = 0

    def new_source_id(self) -> int:
        return 1

    def borrow(self, source_id, deadline_s):
        self.lent += 1
        return self.grabber

    def discard(self, grabber) -> None:
        pass

    def count(self, **counts) -> None:
        pass


def bomb(side: int) -> bytes:
    """A PNG of one colour, one bit a pixel on the way and a byte in memory."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4)

    head = side.to_bytes(4) * 2 + bytes([1, 0, 0, 0, 0])
    squeeze = zlib.compressobj(1)
    row = bytes(1 + side // 8)
    rows = b"".join(squeeze.compress(row * 1000) for _ in range(side // 1000)) + squeeze.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
