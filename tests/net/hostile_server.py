"""A real HTTP server on loopback that misbehaves as asked: each path is one behaviour."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Behaviour = Callable[[socket.socket, "Asked"], None]

USERNAME = "ad min"
PASSWORD = "p@ss:w/ö%r#d?&+"
TOKEN = "tok-3nX/==+secret"
_NONCE = "dcd98b7102dd2f0e8b11d0f600bfb0c093"


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HostileServer:
    """Serves `behaviours` by path; everything that came is in `asked`."""

    behaviours: dict[str, Behaviour]
    scheme: str = "http"
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"


def answer(
    body: bytes = b"",
    status: str = "200 OK",
    headers: str = "Content-Type: image/jpeg",
    length: int | None = None,
) -> Behaviour:
    """A whole response; `length` may lie."""

    def behave(connection: socket.socket, _asked: Asked) -> None:
        announced = len(body) if length is None else length
        extra = f"{headers}\r\n" if headers else ""
        connection.sendall(f"HTTP/1.1 {status}\r\n{extra}Content-Length: {announced}\r\n\r\n".encode() + body)
        if length is not None:
            connection.shutdown(socket.SHUT_WR)

    return behave


def raw(data: bytes, *, reset: bool = False) -> Behaviour:
    """These bytes, and then the end, or a reset."""

    def behave(connection: socket.socket, _asked: Asked) -> None:
        connection.sendall(data)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            raise ConnectionAbortedError  # The handler closes, and with no linger time that is a reset.
        connection.shutdown(socket.SHUT_WR)

    return behave


def drip(start: bytes, piece: bytes, *, every_s: float = 0.05) -> Behaviour:
    """`start`, then `piece` again and again until the other side has had enough."""

    def behave(connection: socket.socket, _asked: Asked) -> None:
        connection.sendall(start)
        for _ in range(2000):
            connection.sendall(piece)
            time.sleep(every_s)

    return behave


def flood(start: bytes, piece: bytes) -> Behaviour:
    """`start`, then `piece` as fast as it goes, without end."""

    def behave(connection: socket.socket, _asked: Asked) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)

    return behave


def silence(connection: socket.socket, _asked: Asked) -> None:
    """Accept, listen, say nothing."""
    with suppress(TimeoutError):
        connection.settimeout(5)
        connection.recv(1)


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """Each request the next one; the last for all that follow."""
    left = list(behaviours)
    return lambda connection, asked: (left.pop(0) if len(left) > 1 else left[0])(connection, asked)


def hangs_up(behaviour: Behaviour) -> Behaviour:
    """Answer as that does, and then close a connection that was meant to be kept."""

    def behave(connection: socket.socket, asked: Asked) -> None:
        behaviour(connection, asked)
        raise ConnectionAbortedError  # The handler closes.

    return behave


def basic(body: bytes) -> Behaviour:
    """Basic authentication, for real."""
    expected = "Basic " + base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
    refuse = answer(b"no", "401 Unauthorized", 'WWW-Authenticate: Basic realm="camera"')
    accept = answer(body)
    return lambda connection, asked: (accept if asked.headers.get("authorization") == expected else refuse)(
        connection, asked
    )


def bearer(body: bytes) -> Behaviour:
    """A bearer token, for real."""
    refuse, accept = answer(b"no", "401 Unauthorized", "WWW-Authenticate: Bearer"), answer(body)
    return lambda connection, asked: (
        accept if asked.headers.get("authorization") == f"Bearer {TOKEN}" else refuse
    )(connection, asked)


def digest(body: bytes) -> Behaviour:
    """Digest authentication (MD5, qop=auth), for real."""
    challenge = f'WWW-Authenticate: Digest realm="camera", qop="auth", nonce="{_NONCE}", opaque="ab"'
    refuse, accept = answer(b"no", "401 Unauthorized", challenge), answer(body)

    def behave(connection: socket.socket, asked: Asked) -> None:
        (accept if _digest_is_right(asked) else refuse)(connection, asked)

    return behave


def _digest_is_right(asked: Asked) -> bool:
    given = dict(re.findall(r'(\w+)="?([^",]*)"?', asked.headers.get("authorization", "")))
    if given.get("nonce") != _NONCE:
        return False
    secret = _md5(f"{USERNAME}:camera:{PASSWORD}")
    request = _md5(f"{asked.method}:{asked.target}")
    return given.get("response") == _md5(f"{secret}:{_NONCE}:{given['nc']}:{given['cnonce']}:auth:{request}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        connection: socket.socket = self.request
        site = self.server.site
        site.connections += 1
        connection.settimeout(10)
        with suppress(OSError, ValueError):
            if self.server.tls is not None:
                connection = self.server.tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as stream:
                while (asked := _read_request(stream)) is not None:
                    site.asked.append(asked)
                    path = asked.target.partition("?")[0]
                    site.behaviours.get(path, answer(b"no", "404 Not Found"))(connection, asked)


def _read_request(stream) -> Asked | None:
    line = stream.readline()
    if not line.strip():
        return None
    method, target, _ = line.decode("latin-1").split(" ", 2)
    headers = {}
    while line := stream.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Asked(method, target, headers, stream.read(int(headers.get("content-length", 0))))


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, site: HostileServer, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.site = site
        self.tls = tls


@contextmanager
def serving(behaviours: dict[str, Behaviour], tls: ssl.SSLContext | None = None) -> Iterator[HostileServer]:
    """Run until the block ends."""
    site = HostileServer(behaviours, "http" if tls is None else "https")
    with _Server(site, tls) as server:
        site.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
