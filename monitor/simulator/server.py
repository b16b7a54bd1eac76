"""The simulated site over HTTP, as a shelf of cameras with web servers would look."""

from __future__ import annotations

import html
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from monitor.simulator.auth import Doorkeeper
from monitor.simulator.errors import SimulatorError
from monitor.simulator.events import parse_event
from monitor.simulator.onvif import SERVICES, OnvifShelf
from monitor.simulator.site import Site

_LONGEST_BODY = 16_384
_SILENCE_LIMIT_S = 120.0
_STREAM_PAUSE_S = 0.2
_STREAM_LIMIT_S = 600.0
_BOUNDARY = "frame"


class SiteServer:
    """Serves a site on `host`:`port` (0 picks a free port) in threads of its own.

    `GET /` lists the cameras, `GET /<camera>/snapshot.jpg` is a picture, `GET /<camera>/stream.mjpg` one
    after another as M-JPEG, `GET /truth.json` what is injected now, `POST /<camera>/events` injects one
    event given as JSON, `POST /clock` sets {"speed": X}; with `onvif`, `POST /<camera>/onvif/<service>` and
    `POST /onvif/<service>` answer as ONVIF devices. Use it as a context manager, or call `start` and `close`.
    Raises SimulatorError when the port cannot be had.
    """

    def __init__(
        self, site: Site, host: str = "127.0.0.1", port: int = 0, *, onvif: OnvifShelf | None = None
    ) -> None:
        self.site = site
        self.onvif = onvif
        self.closing = threading.Event()
        self.doorkeeper = Doorkeeper()
        try:
            self._server = _Server((host, port), _Handler)
        except OSError as error:
            raise SimulatorError(
                f"The simulator cannot listen on {host}:{port} ({error.strerror}).",
                "Choose another --port, or 0.",
            ) from error
        self._server.owner = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The address of the index, without a trailing slash."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def snapshot_url(self, camera: str) -> str:
        """The address of a camera's picture. Raises SimulatorError for an unknown camera."""
        return f"{self.url}/{self.site.camera(camera).name}/snapshot.jpg"

    def stream_url(self, camera: str) -> str:
        """The address of a camera's M-JPEG stream. Raises SimulatorError for an unknown camera."""
        return f"{self.url}/{self.site.camera(camera).name}/stream.mjpg"

    def start(self) -> SiteServer:
        """Serve from now on."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop serving; requests that a dead camera holds open are let go."""
        self.closing.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(5)
        self._server.server_close()

    def __enter__(self) -> SiteServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    owner: SiteServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "SimulatedCamera/1"
    timeout = 30.0
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Requests are not logged: several a second would hide the events."""

    def _answer(self) -> None:
        body = self._body()
        if body is None:
            return
        parts = [part for part in urlsplit(self.path).path.split("/") if part]
        reading = self.command in ("GET", "HEAD")
        match parts:
            case [] if reading:
                self._send(HTTPStatus.OK, "text/html; charset=utf-8", self._index())
            case ["truth.json"] if reading:
                self._send_truth()
            case [name, "snapshot.jpg"] if reading and name in self.server.owner.site.names:
                self._show(name, self._send_snapshot)
            case [name, "stream.mjpg"] if reading and name in self.server.owner.site.names:
                self._show(name, self._send_stream)
            case [name, "events"] if not reading and name in self.server.owner.site.names:
                self._take_event(name, body)
            case ["clock"] if not reading:
                self._set_clock(body)
            case [*device, "onvif", service] if not reading and service in SERVICES:
                self._send_onvif("/".join(device), body)
            case _:
                self._fail(HTTPStatus.NOT_FOUND, "Nothing is here; GET / lists the cameras.")

    def _show(self, name: str, send: Callable[[str, datetime], None]) -> None:
        """Let `send` do its work, unless the camera asks for a password first or is dead in some way."""
        owner = self.server.owner
        now = owner.site.clock.now()
        device = owner.site.device_behind(name, now)
        credentials = owner.site.camera(device).credentials
        dead = owner.site.state(device, now).dead
        if dead in ("refuse", "timeout"):
            self._be_silent(dead)
            return
        if credentials and not owner.doorkeeper.admits(
            credentials, self.command, self.path, self.headers.get("Authorization")
        ):
            challenges = [("WWW-Authenticate", each) for each in owner.doorkeeper.challenges(credentials)]
            self._send(HTTPStatus.UNAUTHORIZED, "text/plain", b"Authentication required.\n", *challenges)
        elif dead == "error":
            self._fail(HTTPStatus.INTERNAL_SERVER_ERROR, "The camera reports an internal error.")
        elif dead == "empty":
            self._send(HTTPStatus.OK, "image/jpeg", b"")
        elif dead == "html":
            self._send(HTTPStatus.OK, "text/html", b"<html><body>Please log in.</body></html>\n")
        else:
            send(name, now)

    def _send_snapshot(self, name: str, now: datetime) -> None:
        site = self.server.owner.site
        taken = site.capture_time(name, now)
        real_time_s = time.time() - site.clock.real_age_s(taken)
        self._send(
            HTTPStatus.OK,
            "image/jpeg",
            site.snapshot(name, now),
            ("Last-Modified", formatdate(real_time_s, usegmt=True)),
            ("X-Simulated-Time", taken.isoformat()),
            ("Cache-Control", "no-store"),
        )

    def _send_stream(self, name: str, now: datetime) -> None:
        """One picture after another, until the viewer leaves, the camera dies or the site closes."""
        self.close_connection = True
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command == "HEAD":
            return
        owner = self.server.owner
        deadline_s = time.monotonic() + _STREAM_LIMIT_S
        with suppress(OSError):  # The viewer has left.
            while time.monotonic() < deadline_s and not self._is_dead(name, now):
                picture = owner.site.snapshot(name, now)
                head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                self.wfile.write(head.encode() + picture + b"\r\n")
                if owner.closing.wait(_STREAM_PAUSE_S):
                    return
                now = owner.site.clock.now()

    def _is_dead(self, name: str, now: datetime) -> bool:
        site = self.server.owner.site
        return site.state(site.device_behind(name, now), now).dead is not None

    def _send_onvif(self, device: str, body: bytes) -> None:
        shelf = self.server.owner.onvif
        if shelf is None or device not in shelf.devices:
            self._fail(HTTPStatus.NOT_FOUND, "No ONVIF device is here.")
            return
        base = f"http://{self.headers.get('Host', '')}"
        answer = shelf.answer(device, self.path, body, self.headers.get("Authorization"), base)
        self._send(answer.status, "application/soap+xml; charset=utf-8", answer.body, *answer.headers)

    def _be_silent(self, how: str) -> None:
        """Say nothing: drop the connection at once, or hold it until the client or the site gives up."""
        self.close_connection = True
        if how == "timeout":
            deadline = time.monotonic() + _SILENCE_LIMIT_S
            self.connection.settimeout(0.2)
            while time.monotonic() < deadline and not self.server.owner.closing.is_set():
                try:
                    if not self.connection.recv(1024):
                        break
                except TimeoutError:
                    continue
                except OSError:
                    break
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _send_truth(self) -> None:
        site = self.server.owner.site
        now = site.clock.now()
        truth = {"simulated_time": now.isoformat(), "speed": site.clock.speed, "cameras": site.truth(now)}
        self._send_json(HTTPStatus.OK, truth)

    def _take_event(self, name: str, body: bytes) -> None:
        site = self.server.owner.site
        problems: list[str] = []
        data = self._json(body, problems)
        if isinstance(data, dict):
            data = {"camera": name, **data}
        event = None if problems else parse_event(data, site.names, "event", problems, now=site.clock.now())
        if event is not None and event.camera != name:
            problems.append(f"event.camera: the address says {name!r}, the event says {event.camera!r}")
        if event is None or problems:
            self._send_json(HTTPStatus.BAD_REQUEST, {"problems": problems})
            return
        site.apply(event)
        self._send_json(HTTPStatus.CREATED, {"event": str(event)})

    def _set_clock(self, body: bytes) -> None:
        problems: list[str] = []
        data = self._json(body, problems)
        clock = self.server.owner.site.clock
        try:
            speed = float(data["speed"]) if isinstance(data, dict) else None
            if speed is None:
                problems.append('expected {"speed": simulated seconds per real second}')
            else:
                clock.set_speed(speed)
        except (KeyError, TypeError, ValueError, SimulatorError) as error:
            problems.append(f"speed: {error}")
        if problems:
            self._send_json(HTTPStatus.BAD_REQUEST, {"problems": problems})
        else:
            self._send_json(HTTPStatus.OK, {"simulated_time": clock.now().isoformat(), "speed": clock.speed})

    def _index(self) -> bytes:
        rows = "".join(
            f'<li><a href="/{name}/snapshot.jpg"><img src="/{name}/snapshot.jpg" width=320 alt=""></a>{name}'
            for name in map(html.escape, self.server.owner.site.names)
        )
        head = '<!doctype html><meta charset="utf-8"><title>Simulated site</title><h1>Simulated site</h1>'
        return f'{head}<ul>{rows}</ul><p><a href="/truth.json">What is injected now</a></p>\n'.encode()

    def _body(self) -> bytes | None:
        """The request's body; None if it was refused."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > _LONGEST_BODY:
            self.close_connection = True
            self._fail(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"Send at most {_LONGEST_BODY} bytes of JSON.")
            return None
        return self.rfile.read(int(length))

    def _json(self, body: bytes, problems: list[str]) -> Any:
        try:
            return json.loads(body)
        except ValueError as error:
            problems.append(f"the body is not JSON: {error}")
            return None

    def _send_json(self, status: HTTPStatus, data: object) -> None:
        self._send(status, "application/json", json.dumps(data, indent=1).encode() + b"\n")

    def _fail(self, status: HTTPStatus, message: str) -> None:
        self._send(status, "text/plain; charset=utf-8", message.encode() + b"\n")

    def _send(self, status: HTTPStatus, content_type: str, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
