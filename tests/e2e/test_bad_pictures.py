"""Broken pictures and broken cameras: each has its verdict, each is said once, and the daemon goes on."""

from __future__ import annotations

import ctypes
import io
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey
from tests.e2e.conftest import SimulatedPlace
from tests.e2e.program import QUICK, Daemon, look_into, monitor, write_config

ROUNDS = 4
"""So many checks of each camera, and still one line a problem."""
PATIENT = {**QUICK, "timeout": "2s"}
FAULTY: dict[str, VerdictKind] = {
    "missing": VerdictKind.OFFLINE,
    "no-entry": VerdictKind.OFFLINE,
    "empty": VerdictKind.STREAM_FAULT,
    "truncated": VerdictKind.STREAM_FAULT,
    "no-picture": VerdictKind.STREAM_FAULT,
    "bomb": VerdictKind.STREAM_FAULT,
}
ODD: dict[str, VerdictKind] = {
    "page": VerdictKind.STREAM_FAULT,
    "nothing": VerdictKind.STREAM_FAULT,
    "elsewhere": VerdictKind.OFFLINE,
    "slow": VerdictKind.OFFLINE,
    "endless": VerdictKind.STREAM_FAULT,
    "gone": VerdictKind.OFFLINE,
}
SOUND = ("grey", "cmyk", "sixteen-bit", "exif-turned", "plain")


def jpeg(image: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=92, **options)
    return buffer.getvalue()


def put(folder: Path, name: str, content: bytes) -> None:
    """As an upload does it that knows its trade: under another name first."""
    (folder / f".{name}.part").write_bytes(content)
    (folder / f".{name}.part").rename(folder / name)


def bomb() -> bytes:
    """A PNG of 100 megapixels in a hundred kilobytes."""
    buffer = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(buffer, "PNG")
    return buffer.getvalue()


def sixteen_bit(grey: Image.Image) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(grey).astype(np.uint16) * 257).save(buffer, "PNG")
    return buffer.getvalue()


def exif_turned(image: Image.Image) -> bytes:
    """The pixels lie on their side, and the tag says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return jpeg(image.transpose(Image.Transpose.ROTATE_90), exif=exif)


def bound_by_permissions() -> None:
    """In the child: even root may not pass over the permissions of files (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH)."""
    for capability in (1, 2):
        ctypes.CDLL(None).prctl(24, capability)  # PR_CAPBSET_DROP


def said_of(daemon: Daemon, name: str) -> list[dict[str, Any]]:
    return [line for line in daemon.lines() if name in (line.get("subject"), line.get("view"))]


def check_counts(config: Path, names: Iterator[str] | list[str]) -> Counter[str]:
    with look_into(config) as store:
        return Counter({name: len(store.history.observations(ViewKey(name))) for name in names})


def test_broken_files_have_their_verdicts_and_are_said_once_and_odd_ones_are_judged_like_any_other(
    tmp_path: Path, place: SimulatedPlace, start: Callable[..., Daemon]
) -> None:
    folders = {name: tmp_path / "upload" / name for name in (*FAULTY, *SOUND)}
    good = place.picture("gate")
    for folder in folders.values():
        folder.mkdir(parents=True)
        put(folder, "1.jpg", good)
    cameras = [
        {"name": name, "source": {"kind": "folder", "path": str(folder), "settle": "0s"}}
        for name, folder in folders.items()
    ]
    config = write_config(tmp_path, cameras=cameras, defaults=QUICK)
    enrolled = monitor("--config", config, "enroll", "--all", "--force")
    assert enrolled.code == 0, enrolled.output + enrolled.errors

    later = Image.open(io.BytesIO(place.picture("gate")))
    (folders["missing"] / "1.jpg").unlink()
    folders["no-entry"].chmod(0)
    put(folders["empty"], "2.jpg", b"")
    put(folders["truncated"], "2.jpg", good[: len(good) // 2])
    put(folders["no-picture"], "2.jpg", b"<html><body>upload failed</body></html>")
    put(folders["bomb"], "2.png", bomb())
    put(folders["grey"], "2.jpg", jpeg(later.convert("L")))
    put(folders["cmyk"], "2.jpg", jpeg(later.convert("CMYK")))
    put(folders["sixteen-bit"], "2.png", sixteen_bit(later.convert("L")))
    put(folders["exif-turned"], "2.jpg", exif_turned(later))
    put(folders["plain"], "2.jpg", jpeg(later))
    try:
        daemon = start(config, prepare=bound_by_permissions).started()
        names = list(FAULTY)
        with look_into(config) as store:

            def looked_at_often() -> bool:
                counts = [len(store.history.observations(ViewKey(name))) for name in names]
                return min(counts) >= ROUNDS and all(
                    store.history.observations(ViewKey(name)) for name in SOUND
                )

            daemon.until(looked_at_often, f"{ROUNDS} checks of each")
            verdicts = {
                name: Counter(
                    row.verdict.kind for row in store.history.observations(ViewKey(name), limit=999)
                )
                for name in folders
            }
        assert {name: set(kinds) for name, kinds in verdicts.items()} == {
            **{name: {kind} for name, kind in FAULTY.items()},
            **{name: {VerdictKind.OK} for name in SOUND},
        }
        for name in FAULTY:
            complaints = [line for line in said_of(daemon, name) if line["event"].startswith("source.")]
            assert len(complaints) == 1, complaints
            assert name == complaints[0]["subject"]
            assert len(complaints[0]["reason"]) > 20
        assert not [line for name in SOUND for line in said_of(daemon, name)]
        assert not daemon.lines("check.broke_down")

        # What is mended is said to be over, once.
        folders["no-entry"].chmod(0o755)
        put(folders["truncated"], "3.jpg", jpeg(later))
        daemon.expect("over: source.", subject="no-entry")
        daemon.expect("over: source.", subject="truncated")
        assert daemon.stop() == 0
    finally:
        folders["no-entry"].chmod(0o755)


class OddCamera:
    """An HTTP server with a good camera at first; then every path misbehaves in its own way."""

    def __init__(self, picture: Callable[[], bytes]) -> None:
        self.picture = picture
        self.is_odd = False
        self.closing = threading.Event()
        self.port = 0

    def behave(self, path: str, request: BaseHTTPRequestHandler) -> None:
        if not self.is_odd or path == "plain":
            self.send(request, self.picture())
        elif path == "page":
            self.send(request, b"<html>Log in, please.</html>", "text/html")
        elif path == "nothing":
            self.send(request, b"")
        elif path == "elsewhere":
            request.send_response(302)
            request.send_header("Location", f"http://127.0.0.1:{self.port}/plain")
            request.send_header("Content-Length", "0")
            request.end_headers()
        elif path == "slow":
            request.send_response(200)
            request.send_header("Content-Type", "image/jpeg")
            request.end_headers()
            for byte in self.picture():
                request.wfile.write(bytes([byte]))
                if self.closing.wait(0.2):
                    return
        elif path == "endless":
            request.send_response(200)
            request.send_header("Content-Type", "image/jpeg")
            request.end_headers()
            request.wfile.write(b"\xff\xd8\xff\xe0")
            while not self.closing.is_set():
                request.wfile.write(bytes(1 << 16))
        else:
            request.connection.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def send(request: BaseHTTPRequestHandler, body: bytes, kind: str = "image/jpeg") -> None:
        request.send_response(200)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


@contextmanager
def running(camera: OddCamera) -> Iterator[OddCamera]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(OSError):  # the client gives up, as it should
                camera.behave(self.path.strip("/"), self)
            self.close_connection = True

        def log_message(self, *_args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    camera.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield camera
    finally:
        camera.closing.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def test_odd_answers_have_their_verdicts_and_are_said_once_and_the_sound_camera_is_not_held_up(
    tmp_path: Path, place: SimulatedPlace, start: Callable[..., Daemon]
) -> None:
    pictures = [place.picture("gate") for _ in range(3)]

    def picture() -> bytes:
        # Every picture another file, as from a live camera: what follows the end of a JPEG is ignored.
        return pictures[int(time.monotonic()) % 3] + str(time.monotonic_ns()).encode()

    with running(OddCamera(picture)) as odd:
        names = ["plain", *ODD]
        cameras = [
            {
                "name": name,
                "source": {"kind": "http", "url": f"http://127.0.0.1:{odd.port}/{name}", "max_bytes": "2MB"},
            }
            for name in names
        ]
        config = write_config(tmp_path, cameras=cameras, defaults=PATIENT)
        enrolled = monitor("--config", config, "enroll", "--all", "--force", "--frames", "1")
        assert enrolled.code == 0, enrolled.output + enrolled.errors
        odd.is_odd = True
        daemon = start(config).started()
        with look_into(config) as store:
            daemon.until(
                lambda: min(len(store.history.observations(ViewKey(name))) for name in names) >= ROUNDS,
                f"{ROUNDS} checks of each",
            )
            verdicts = {
                name: {row.verdict.kind for row in store.history.observations(ViewKey(name), limit=999)}
                for name in names
            }
        assert verdicts == {"plain": {VerdictKind.OK}, **{name: {kind} for name, kind in ODD.items()}}
        for name in ODD:
            complaints = [line for line in said_of(daemon, name) if line["event"].startswith("source.")]
            assert len(complaints) == 1, complaints
        odd.is_odd = False
        for name in ODD:
            daemon.expect("over: source.", subject=name)
        assert daemon.stop() == 0
