"""A web server of many cameras, snapshots and M-JPEG: `python -m tests.soak.web PICTURES STATES PORT HOSTS`.

`/NAME.jpg` is a snapshot and `/NAME.mjpg` a stream; what is wrong with NAME stands in its state.
"""

from __future__ import annotations

import random
import socket
import struct
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.soak.states import States

RATE_HZ = 5.0
SILENT_S = 20.0
FLOOD_BYTES = 48 << 20


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, host: str, pictures: Path, states: Path, port: int) -> None:
        self.pictures = [path.read_bytes() for path in sorted(pictures.glob("*.jpg"))]
        self.states = States(states)
        super().__init__((host, port), Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up is what most faults come to."""

    def picture(self) -> bytes:
        """Another one each fifth of a second."""
        return self.pictures[int(time.monotonic() * RATE_HZ) % len(self.pictures)]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SILENT_S
    server: Server

    def do_GET(self) -> None:
        name, _, kind = self.path.strip("/").partition("?")[0].partition(".")
        state = self.server.states.of(name)
        with suppress(OSError):
            if state:
                self.close_connection = True
                getattr(self, f"be_{state}")()
            elif kind == "mjpg":
                self.close_connection = True
                self.stream()
            else:
                self.send("image/jpeg", self.server.picture())

    def log_message(self, *_args: object) -> None:
        return

    def send(self, kind: str, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=soak")
        self.end_headers()
        while True:
            self.wfile.write(b"--soak\r\nContent-Type: image/jpeg\r\n\r\n" + self.server.picture() + b"\r\n")
            time.sleep(1 / RATE_HZ)

    def be_refuse(self) -> None:
        """Hang up with a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def be_silent(self) -> None:
        """Say nothing until the client has enough."""
        self.connection.settimeout(SILENT_S)
        while self.connection.recv(1024):
            pass

    def be_drip(self) -> None:
        """A byte now and then."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n")
        for byte in self.server.picture()[:200]:
            self.wfile.write(bytes([byte]))
            time.sleep(0.3)

    def be_error(self) -> None:
        self.send("text/plain", b"internal error", 500)

    def be_echo(self) -> None:
        """An error page that repeats the request, credentials and all."""
        self.send("text/html", f"<html>{self.path} {self.headers}".encode(), 500)

    def be_html(self) -> None:
        self.send("text/html", b"<html><body>Please log in.</body></html>")

    def be_empty(self) -> None:
        self.send("image/jpeg", b"")

    def be_cut(self) -> None:
        picture = self.server.picture()
        self.send("image/jpeg", picture[: len(picture) // 2])

    def be_garbage(self) -> None:
        self.send("image/jpeg", b"\xff\xd8\xff" + random.randbytes(20_000))

    def be_flood(self) -> None:
        """More than any picture may have."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n")
        for _ in range(FLOOD_BYTES >> 16):
            self.wfile.write(bytes(1 << 16))


def main() -> None:
    """Serve on so many loopback addresses, until it is killed."""
    pictures, states, port, hosts = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    servers = [Server(f"127.0.1.{number + 1}", pictures, states, port) for number in range(hosts)]
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, args=(0.5,), daemon=True).start()
    servers[0].serve_forever(0.5)


if __name__ == "__main__":
    main()
