"""What a camera's web server answers, byte by byte, over a real connection."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from monitor.domain.errors import SourceError
from monitor.sources.http import HttpOptions, HttpSource
from tests.fuzz.target import Broken, Target
from tests.sources.conftest import WallClock
from tests.sources.drawing import draw, encode

PICTURE = encode(draw(32, 24), quality=20)
SECRET = "c4naryc4nary"
LIMIT_S = 1.0


class Answerer:
    """Answers every request on loopback with the same bytes, and closes."""

    def __init__(self) -> None:
        self.answer = b""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._listening.accept()
            with connection, suppress(OSError):
                connection.settimeout(LIMIT_S)
                asked = b""
                while b"\r\n\r\n" not in asked and (piece := connection.recv(4096)):
                    asked += piece
                connection.sendall(self.answer)
                connection.shutdown(socket.SHUT_WR)


ANSWERER = Answerer()


def check(data: bytes) -> object:
    ANSWERER.answer = data
    options = HttpOptions(f"http://u:{SECRET}@127.0.0.1:{ANSWERER.port}/snapshot.jpg", max_bytes=1 << 16)
    source = HttpSource(options, WallClock())
    try:
        return source.grab(LIMIT_S).digest
    except SourceError as error:
        if SECRET in str(error) or not str(error).isprintable():
            raise Broken(f"a message that must not be shown: {str(error)!r}") from error
        return type(error).__name__
    finally:
        source.close()


def _answer(*headers: str, status: str = "200 OK", body: bytes = PICTURE) -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *headers, "", "")).encode() + body


def seeds() -> list[bytes]:
    length = f"Content-Length: {len(PICTURE)}"
    chunked = f"{len(PICTURE):x}\r\n".encode() + PICTURE + b"\r\n0\r\n\r\n"
    return [
        _answer("Content-Type: image/jpeg", length),
        _answer("Content-Type: image/jpeg"),
        _answer("Content-Type: image/jpeg", "Transfer-Encoding: chunked", body=chunked),
        _answer("Content-Type: image/jpeg", 'ETag: "1"', "Last-Modified: Mon, 01 Jun 2026 12:01:00 GMT", length),
        _answer("Content-Encoding: gzip", length),
        _answer('WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"', status="401 No", body=b""),
        _answer("Location: http://169.254.169.254/", "Content-Length: 0", status="302 Found", body=b""),
        _answer("Content-Type: text/html", body=b"<html>Log in</html>"),
        _answer("Content-Length: 10", status="503 Busy"),
        b"HTTP/1.1 100 Continue\r\n\r\n" + _answer(length),
        b"ICY 200 OK\r\n\r\n" + PICTURE,
        b"\xff\xd8\xff",
    ]  # fmt: skip


TARGET = Target(
    promise="A frame or a SourceError within the time limit; no secret in its message.",
    check=check,
    seeds=seeds,
    words=(
        b"HTTP/1.1 ", b"\r\n", b"\r\n\r\n", b"Content-Length: ", b"Content-Type: ", b"Transfer-Encoding: chunked",
        b"Content-Encoding: gzip", b"Content-Encoding: deflate", b"WWW-Authenticate: Digest ", b"nonce=", b"Basic",
        b"Location: ", b"Set-Cookie: ", b"Connection: close", b"Trailer: ", b"Retry-After: ", b"304", b"204", b"101",
    ),
    slowest_s=1.0,
)  # fmt: skip
