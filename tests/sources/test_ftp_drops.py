"""A camera that uploads by FTP, to a real server, into the folder that is watched."""

import ftplib
import io
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import numpy as np
import pytest
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

from monitor.domain.errors import FrameFault, SourceTimeout
from monitor.sources.folder import FolderOptions, FolderSource
from tests.sources.drawing import draw, encode

# Noise, so that it is large enough for servers to write it to disk in several pieces.
JPEG = encode(np.random.default_rng(1).integers(0, 255, (240, 320, 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Its folder and its port."""
    folder = tmp_path_factory.mktemp("drop")
    authorizer = DummyAuthorizer()
    authorizer.add_user("camera", "secret", str(folder), perm="elradfmwMT")
    handler = type("Handler", (FTPHandler,), {"authorizer": authorizer, "use_sendfile": False})
    ftp = FTPServer(("127.0.0.1", 0), handler)
    serving = threading.Thread(target=ftp.serve_forever, kwargs={"timeout": 0.02, "handle_exit": False})
    serving.start()
    yield folder, ftp.address[1]
    ftp.close_all()
    serving.join(5)


@pytest.fixture
def drop(server, request):
    """A new folder on the server, and a way to log in there."""
    folder, port = server
    name = request.node.name
    (folder / name).mkdir()

    @contextmanager
    def camera():
        with ftplib.FTP(timeout=10) as ftp:
            ftp.connect("127.0.0.1", port)
            ftp.login("camera", "secret")
            ftp.cwd(name)
            yield ftp

    return folder / name, camera


class InPieces(io.BytesIO):
    """A picture that leaves the camera bit by bit; `before_piece` is called with the number of each."""

    def __init__(self, data: bytes, before_piece) -> None:
        super().__init__(data)
        self._before_piece = before_piece
        self._count = 0

    def read(self, size: int | None = -1) -> bytes:
        self._before_piece(self._count)
        self._count += 1
        return super().read(size)


def name_of(minute: int) -> str:
    return f"20260601_11{minute:02}00.jpg"


def minute_of(source: FolderSource, timeout_s: float = 2) -> int:
    return source.grab(timeout_s).captured_at.minute


def wait_until_there(path) -> None:
    until_s = time.monotonic() + 5
    while not (path.exists() and path.stat().st_size):
        assert time.monotonic() < until_s
        time.sleep(0.01)


def test_a_slow_upload_is_left_for_the_picture_before_until_it_is_whole(drop, wall_clock):
    folder, camera = drop
    source = FolderSource(FolderOptions(folder, settle_s=30), wall_clock)
    seen = []

    def look(piece: int) -> None:
        if piece > 1:
            wait_until_there(folder / name_of(2))
            seen.append(minute_of(source))

    with camera() as ftp:
        ftp.storbinary(f"STOR {name_of(1)}", io.BytesIO(JPEG))
        ftp.storbinary(f"STOR {name_of(2)}", InPieces(JPEG, look), blocksize=1 + len(JPEG) // 6)
    assert len(seen) > 3
    assert set(seen[:-1]) == {1}
    assert minute_of(source) == 2


def test_an_upload_that_breaks_off_is_waited_for_then_a_fault_and_whole_once_resumed(drop, wall_clock):
    folder, camera = drop
    half = len(JPEG) // 2
    with camera() as ftp:
        ftp.voidcmd("TYPE I")
        data = ftp.transfercmd(f"STOR {name_of(1)}")
        with data:
            data.sendall(JPEG[:half])
            wait_until_there(folder / name_of(1))
    with pytest.raises(SourceTimeout, match="still being written"):
        FolderSource(FolderOptions(folder, settle_s=30), wall_clock).grab(0.2)
    impatient = FolderSource(FolderOptions(folder, settle_s=0.1), wall_clock)
    with pytest.raises(FrameFault, match="truncated"):
        impatient.grab(2)
    with camera() as ftp:
        ftp.voidcmd("TYPE I")
        there = ftp.size(name_of(1))
        ftp.storbinary(f"STOR {name_of(1)}", io.BytesIO(JPEG[there:]), rest=there)
    assert impatient.grab(2).encoded == JPEG


@pytest.mark.parametrize("temporary", ["{}.part", "{}.tmp", "{}.filepart", ".in.{}", "upload.partial"])
def test_an_upload_under_a_temporary_name_counts_when_it_is_renamed(drop, wall_clock, temporary):
    folder, camera = drop
    source = FolderSource(FolderOptions(folder, pattern="*", settle_s=0), wall_clock)
    with camera() as ftp:
        ftp.storbinary(f"STOR {name_of(1)}", io.BytesIO(JPEG))
        ftp.storbinary(f"STOR {temporary.format(name_of(2))}", io.BytesIO(JPEG))
        assert minute_of(source) == 1
        ftp.rename(temporary.format(name_of(2)), name_of(2))
        assert minute_of(source) == 2


def test_a_burst_is_given_whole_and_in_order(drop, wall_clock):
    folder, camera = drop
    with camera() as ftp:
        for number in range(150):
            ftp.storbinary(f"STOR 20260601_110000_{number}.jpg", io.BytesIO(encode(draw(64 + 2 * number))))
    every = FolderSource(FolderOptions(folder, mode="all"), wall_clock)
    assert [every.grab(2).native_width for _ in range(150)] == [64 + 2 * number for number in range(150)]
    assert FolderSource(FolderOptions(folder), wall_clock).grab(2).native_width == 64 + 2 * 149


def test_folders_by_date_are_followed_as_the_camera_makes_them(drop, wall_clock):
    folder, camera = drop
    source = FolderSource(FolderOptions(folder, recursive=True), wall_clock)
    with camera() as ftp:
        for day in ("20260531", "20260601"):
            ftp.mkd(day)
            ftp.mkd(f"{day}/images")
            ftp.storbinary(f"STOR {day}/images/P{day}113000.jpg", io.BytesIO(JPEG))
            assert source.grab(2).captured_at == datetime.strptime(f"{day}11+0000", "%Y%m%d%H%z").replace(
                minute=30
            )
        ftp.mkd("20260602")
        assert source.grab(2).captured_at.day == 1


def test_a_time_set_by_the_client_is_the_time_of_writing(drop, wall_clock):
    folder, camera = drop
    with camera() as ftp:
        ftp.storbinary("STOR gate.jpg", io.BytesIO(JPEG))
        ftp.sendcmd("MFMT 20260601101112 gate.jpg")
    assert FolderSource(FolderOptions(folder), wall_clock).grab(2).captured_at == datetime(
        2026, 6, 1, 10, 11, 12, tzinfo=UTC
    )
