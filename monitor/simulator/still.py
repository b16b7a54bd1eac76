"""Finished pictures over HTTP, as snapshots and as M-JPEG streams: a camera that costs its machine next to nothing.

`python -m monitor.simulator.still FOLDER` serves `FOLDER/NAME/*.jpg` in turn as `/NAME.jpg` and as the stream
`/NAME.mjpg`. It prints its port, and ends when its standard input does.
"""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

STREAM_RATE_HZ = 10.0
_BOUNDARY = "picture"


class StillServer(ThreadingHTTPServer):
    """Serves pictures on loopback.

    Args:
        folder: Has a sub-folder of JPEGs for each camera.
        port: 0 picks a free one.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.pictures = {
            camera.name: itertools.cycle([path.read_bytes() for path in sorted(camera.glob("*.jpg"))])
            for camera in folder.iterdir()
            if camera.is_dir()
        }
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet each, or either waits for the other's acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 30.0
    server: StillServer

    def do_GET(self) -> None:
        """One picture, or all of them one after another."""
        name, _, kind = self.path.strip("/").partition(".")
        pictures = self.server.pictures.get(name)
        if pictures is None or kind not in ("jpg", "mjpg"):
            self.send_error(HTTPStatus.NOT_FOUND)
        elif kind == "jpg":
            self._send_picture(next(pictures))
        else:
            with suppress(OSError):  # The viewer hangs up when it has seen enough.
                self._send_stream(pictures)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Requests are not logged."""

    def _send_picture(self, picture: bytes) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "image/jpeg")
        self.send_header("Content-Length", str(len(picture)))
        self.end_headers()
        self.wfile.write(picture)

    def _send_stream(self, pictures: Iterator[bytes]) -> None:
        self.close_connection = True
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        self.end_headers()
        while True:
            picture = next(pictures)
            head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
            self.wfile.write(head.encode() + picture + b"\r\n")
            self.wfile.flush()
            time.sleep(1.0 / STREAM_RATE_HZ)


def main() -> None:
    """Serve until standard input ends."""
    with StillServer(Path(sys.argv[1])) as server:
        threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
        sys.stdout.write(f"{server.server_address[1]}\n")
        sys.stdout.flush()
        server.serve_forever(0.2)


def _end_with_input(server: StillServer) -> None:
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
