"""What web servers do to whoever asks them for a picture, whether for a snapshot or for a stream."""

from __future__ import annotations

import gzip
import io
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass

from PIL import Image

from monitor.domain.errors import FrameFault, SourceDenied, SourceTimeout, SourceUnreachable, SourceUnwilling
from tests.hostile.case import CANARY
from tests.net.certificates import certificates
from tests.net.hostile_server import (
    Asked,
    Behaviour,
    answer,
    drip,
    flood,
    raw,
    serving,
    silence,
)
from tests.sources.drawing import draw, encode

USERNAME = f"{CANARY}-user"
PASSWORD = f"{CANARY}-p@ss:w/o%r#d"
TOKEN = f"{CANARY}-token"
TARGET = f"/{CANARY}-path/picture?pwd={CANARY}-query"
MAX_BYTES = 1_000_000

JPEG = encode(draw())
LATER = encode(255 - draw())
OK = b"HTTP/1.1 200 OK\r\n"
HEAD = OK + b"Content-Type: image/jpeg\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

Serve = Callable[[], AbstractContextManager[str]]


@dataclass(frozen=True)
class WebPeer:
    """A peer, and what a snapshot and a stream source must make of it: an error, or None for a frame."""

    name: str
    serve: Serve
    snapshot: type[Exception] | None
    stream: type[Exception] | None
    said: str = ""


def peer(behaviour: Behaviour, certificate: str | None = None) -> Serve:
    """A server that behaves so at every address, over TLS with that certificate if one is named."""

    @contextmanager
    def serve() -> Iterator[str]:
        tls = None if certificate is None else certificates().context(certificate)
        with serving({TARGET.partition("?")[0]: behaviour}, tls) as server:
            yield server.url(TARGET)

    return serve


def nobody(origin: str) -> Serve:
    """An address where nothing runs."""

    @contextmanager
    def serve() -> Iterator[str]:
        yield origin + TARGET

    return serve


@contextmanager
def closed_port() -> Iterator[str]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}{TARGET}"


@contextmanager
def full_backlog() -> Iterator[str]:
    """A port whose queue of connections is full, so that the next one is not even answered."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        yield f"http://127.0.0.1:{full.getsockname()[1]}{TARGET}"
        for one in waiting:
            one.close()


@contextmanager
def handshake_stall() -> Iterator[str]:
    """Accepts, and never answers the greeting of TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"https://127.0.0.1:{listening.getsockname()[1]}{TARGET}"


@contextmanager
def plain_on_tls_port() -> Iterator[str]:
    """Answers the greeting of TLS as plain web servers do: 400."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def refuse() -> None:
            with suppress(OSError):
                connection, _ = listening.accept()
                with connection:
                    connection.recv(4096)
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

        refusing = threading.Thread(target=refuse, daemon=True)
        refusing.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}{TARGET}"
        refusing.join(1)


def stale_for_ever(connection: socket.socket, _asked: Asked) -> None:
    """Whatever the login, its nonce is out of date: try again."""
    nonce = f"{time.monotonic_ns()}"
    challenge = f'WWW-Authenticate: Digest realm="x", qop="auth", nonce="{nonce}", stale=true'
    answer(b"", "401 Unauthorized", challenge)(connection, _asked)


def then_silence(behaviour: Behaviour) -> Behaviour:
    """As that does, and then nothing more, on a connection that stays open."""

    def behave(connection: socket.socket, asked: Asked) -> None:
        behaviour(connection, asked)
        with suppress(TimeoutError):
            connection.settimeout(5)
            connection.recv(1)

    return behave


def sends(data: bytes) -> Behaviour:
    """These bytes, and the connection stays open."""
    return lambda connection, _asked: connection.sendall(data)


def length(text: str, body: bytes = JPEG) -> bytes:
    """An answer with that as its length."""
    return HEAD + f"Content-Length: {text}\r\n\r\n".encode() + body


def png_bomb() -> bytes:
    """100 megapixels in a few kilobytes."""
    buffer = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(buffer, "PNG")
    return buffer.getvalue()


def jpeg_bomb() -> bytes:
    """A small JPEG whose header claims 65,500 x 65,500 pixels."""
    frame = JPEG.index(b"\xff\xc0")
    return JPEG[: frame + 5] + b"\xff\xdc\xff\xdc" + JPEG[frame + 9 :]


def animation(kind: str) -> bytes:
    buffer = io.BytesIO()
    images = [Image.fromarray(draw()), Image.fromarray(255 - draw())]
    images[0].save(buffer, kind, save_all=True, append_images=images[1:])
    return buffer.getvalue()


def thumbnails_only() -> bytes:
    """A JPEG's header with a whole small JPEG in it, and then its end."""
    exif = b"Exif\0\0" + JPEG
    return b"\xff\xd8\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + b"\xff\xd9"


def encoded(body: bytes, coding: str) -> Behaviour:
    return answer(body, headers=f"Content-Type: image/jpeg\r\nContent-Encoding: {coding}")


_ZEROS = bytes(64 * 1024)
_GZIP_BOMB = gzip.compress(bytes(50_000_000))
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_METADATA = "Location: http://169.254.169.254/latest/meta-data/"

WEB_PEERS: tuple[WebPeer, ...] = (
    # Nobody there, or nobody who says anything.
    WebPeer("nothing listens on the port", closed_port, SourceUnreachable, SourceUnreachable),
    WebPeer("does not accept the connection", full_backlog, SourceTimeout, SourceTimeout),
    WebPeer(
        "the name leads nowhere",
        nobody(f"http://{'x' * 64}.invalid"),
        SourceUnreachable,
        SourceUnreachable,
        "unknown",
    ),
    WebPeer(
        "the address is that of cloud metadata",
        nobody("http://169.254.169.254"),
        SourceUnreachable,
        SourceUnreachable,
        "may not be contacted",
    ),
    WebPeer("accepts and is silent", peer(silence), SourceTimeout, SourceTimeout),
    WebPeer("accepts and hangs up", peer(raw(b"")), SourceUnreachable, SourceUnreachable),
    WebPeer("accepts and resets", peer(raw(b"", reset=True)), SourceUnreachable, SourceUnreachable),
    # Slow, endless, broken off.
    WebPeer("drips a header a second", peer(drip(OK, b"X: y\r\n", every_s=1)), SourceTimeout, SourceTimeout),
    WebPeer(
        "drips a byte of the body a second",
        peer(drip(HEAD + b"\r\n", b"\xff", every_s=1)),
        SourceTimeout,
        SourceTimeout,
    ),
    WebPeer(
        "stops in the middle of the body and stays",
        peer(then_silence(sends(length("9000", JPEG[:300])))),
        SourceTimeout,
        SourceTimeout,
    ),
    WebPeer(
        "resets in the middle of the body",
        peer(raw(length("9000", JPEG[:300]), reset=True)),
        FrameFault,
        FrameFault,
    ),
    WebPeer("sends without end", peer(flood(HEAD + b"\r\n", _ZEROS)), FrameFault, FrameFault, "more than"),
    WebPeer(
        "sends chunks without end",
        peer(flood(CHUNKED, b"10000\r\n" + _ZEROS + b"\r\n")),
        FrameFault,
        FrameFault,
        "more than",
    ),
    WebPeer("sends a chunk of garbled size", peer(raw(CHUNKED + b"zz\r\nabc\r\n")), FrameFault, FrameFault),
    WebPeer(
        "sends headers without end", peer(flood(OK, b"X-Y: " + b"z" * 500 + b"\r\n")), FrameFault, FrameFault
    ),
    WebPeer(
        "sends a header of 1 MB",
        peer(raw(OK + b"X: " + b"z" * 1_000_000 + b"\r\n\r\n" + JPEG)),
        FrameFault,
        FrameFault,
    ),
    WebPeer("sends 100 Continue without end", peer(flood(b"", _CONTINUE * 100)), FrameFault, FrameFault),
    # Lengths that lie.
    WebPeer("announces 10 GB and sends a picture", peer(raw(length("10000000000"))), FrameFault, None),
    WebPeer("announces too much and hangs up", peer(raw(length("9000"))), FrameFault, None),
    WebPeer("announces too much and stays", peer(then_silence(sends(length("9000")))), SourceTimeout, None),
    WebPeer("announces too little", peer(raw(length("300"))), FrameFault, FrameFault),
    WebPeer("announces a negative length", peer(raw(length("-5"))), FrameFault, FrameFault),
    WebPeer("announces a length that is no number", peer(raw(length("many"))), FrameFault, FrameFault),
    WebPeer("announces two lengths", peer(raw(length("300\r\nContent-Length: 400"))), FrameFault, FrameFault),
    # Not HTTP, or not as it should be.
    WebPeer("answers with garbage", peer(raw(b"\x00\xff\xfenonsense\r\n\r\n")), FrameFault, FrameFault),
    WebPeer("answers as an SSH server", peer(raw(b"SSH-2.0-OpenSSH_9.6\r\n")), FrameFault, FrameFault),
    WebPeer("answers with a picture and no headers (HTTP/0.9)", peer(raw(JPEG)), FrameFault, FrameFault),
    WebPeer(
        "answers with status 0",
        peer(raw(b"HTTP/1.1 0 ?\r\nContent-Length: 0\r\n\r\n")),
        FrameFault,
        FrameFault,
    ),
    WebPeer(
        "answers 204",
        peer(raw(b"HTTP/1.1 204 No Content\r\n\r\n")),
        SourceUnwilling,
        SourceUnwilling,
        "204",
    ),
    WebPeer(
        "answers 304 though nobody asked that",
        peer(raw(b"HTTP/1.1 304 Not Modified\r\n\r\n")),
        SourceUnwilling,
        SourceUnwilling,
        "304",
    ),
    WebPeer(
        "redirects to cloud metadata",
        peer(answer(b"", "302 Found", _METADATA)),
        SourceUnwilling,
        SourceUnwilling,
        "redirects",
    ),
    WebPeer(
        "answers 401 whatever is presented",
        peer(answer(b"", "401 No", 'WWW-Authenticate: Basic realm="x"')),
        SourceDenied,
        SourceDenied,
        "401",
    ),
    WebPeer("asks for another login without end", peer(stale_for_ever), SourceDenied, SourceDenied),
    WebPeer("answers 403", peer(answer(b"", "403 Forbidden")), SourceDenied, SourceDenied, "403"),
    WebPeer(
        "answers 404",
        peer(answer(b"", "404 Not Found")),
        SourceUnwilling,
        SourceUnwilling,
        "Check the URL",
    ),
    WebPeer(
        "answers 500 with a picture",
        peer(answer(JPEG, "500 Oops")),
        SourceUnwilling,
        SourceUnwilling,
        "500",
    ),
    WebPeer("answers 503", peer(answer(b"", "503 Busy")), SourceUnwilling, SourceUnwilling, "503"),
    # Something else than a picture.
    WebPeer("answers 200 with nothing", peer(answer(b"")), FrameFault, FrameFault, "nothing"),
    WebPeer(
        "answers 200 with a page",
        peer(answer(b"<!DOCTYPE html><html>login", headers="Content-Type: text/html")),
        FrameFault,
        FrameFault,
        "an HTML page",
    ),
    WebPeer("calls a page a JPEG", peer(answer(b"<html>login")), FrameFault, FrameFault, "an HTML page"),
    WebPeer(
        "answers 200 with JSON",
        peer(answer(b'{"ok": false}', headers="Content-Type: application/json")),
        FrameFault,
        FrameFault,
        "a JSON document",
    ),
    WebPeer("answers 200 with zeros", peer(answer(bytes(5000))), FrameFault, FrameFault, "zero bytes"),
    WebPeer(
        "answers with a TIFF", peer(answer(encode(draw(), "TIFF"))), FrameFault, FrameFault, "a TIFF picture"
    ),
    WebPeer("answers with an animated GIF", peer(answer(animation("GIF"))), FrameFault, FrameFault),
    WebPeer("answers with an animated WebP", peer(answer(animation("WEBP"))), FrameFault, FrameFault),
    WebPeer("answers with a PNG of 100 megapixels", peer(answer(png_bomb())), FrameFault, FrameFault),
    WebPeer(
        "answers with a JPEG that claims 4,290 megapixels",
        peer(answer(jpeg_bomb())),
        FrameFault,
        FrameFault,
        "megapixels",
    ),
    WebPeer("answers with half a JPEG", peer(answer(JPEG[: len(JPEG) // 2])), FrameFault, FrameFault),
    WebPeer(
        "answers with a JPEG that has thumbnails alone",
        peer(answer(thumbnails_only())),
        FrameFault,
        FrameFault,
    ),
    # Compression.
    WebPeer("answers with a gzip bomb", peer(encoded(_GZIP_BOMB, "gzip")), FrameFault, FrameFault),
    WebPeer(
        "calls garbage deflate", peer(encoded(b"\x78\x9cgarbage" * 9, "deflate")), FrameFault, FrameFault
    ),
    WebPeer(
        "breaks off within gzip", peer(encoded(gzip.compress(JPEG)[:200], "gzip")), FrameFault, FrameFault
    ),
    WebPeer("names a compression that nobody knows", peer(encoded(JPEG, "jpeg")), FrameFault, None),
    WebPeer(
        "compresses twice",
        peer(encoded(zlib.compress(gzip.compress(JPEG)), "gzip, deflate")),
        None,
        FrameFault,
    ),
    # TLS.
    WebPeer(
        "has a certificate that nobody vouches for",
        peer(answer(JPEG), "self-signed"),
        SourceDenied,
        SourceDenied,
        "TLS",
    ),
    WebPeer(
        "has the certificate of another host",
        peer(answer(JPEG), "elsewhere"),
        SourceDenied,
        SourceDenied,
        "TLS",
    ),
    WebPeer("has an expired certificate", peer(answer(JPEG), "expired"), SourceDenied, SourceDenied, "TLS"),
    WebPeer("speaks plainly on a TLS port", plain_on_tls_port, SourceDenied, SourceDenied, "TLS"),
    WebPeer("never answers the TLS handshake", handshake_stall, SourceTimeout, SourceTimeout),
)
