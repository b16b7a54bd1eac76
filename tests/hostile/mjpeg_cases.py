"""M-JPEG streams."""

from __future__ import annotations

from monitor.domain.errors import FrameFault, SourceTimeout
from monitor.sources.mjpeg import MjpegOptions
from tests.hostile.case import HostileCase
from tests.hostile.web_peers import (
    JPEG,
    LATER,
    MAX_BYTES,
    PASSWORD,
    USERNAME,
    WEB_PEERS,
    peer,
    sends,
    then_silence,
    thumbnails_only,
)
from tests.net.certificates import certificates
from tests.net.hostile_server import drip, flood, hangs_up, raw

OK = b"HTTP/1.1 200 OK\r\n"
STREAM = OK + b"Content-Type: multipart/x-mixed-replace; boundary=frame\r\n\r\n"


def options(address: str) -> MjpegOptions:
    secure = {"ca_file": certificates().authority} if address.startswith("https:") else {}
    return MjpegOptions(address, username=USERNAME, password=PASSWORD, max_bytes=MAX_BYTES, **secure)


def part(
    picture: bytes, *, boundary: bytes = b"--frame", length: str | None = None, end: bytes = b"\r\n"
) -> bytes:
    said = str(len(picture)) if length is None else length
    return end.join(
        [boundary, b"Content-Type: image/jpeg", b"Content-Length: " + said.encode(), b"", picture, b""]
    )


def bare(picture: bytes) -> bytes:
    return b"--frame\r\n\r\n" + picture + b"\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def with_thumbnail() -> bytes:
    """A picture whose header holds another one, with its beginning and end."""
    return thumbnails_only()[:-2] + LATER[2:]


def case(name, behaviour, expected=None, **more) -> HostileCase:
    return HostileCase(name, "mjpeg", peer(behaviour), options, expected, **more)


def typed(content_type: str) -> bytes:
    return OK + f"Content-Type: {content_type}\r\n\r\n".encode()


_OTHER_BOUNDARY = part(JPEG, boundary=b"--another")

CASES: tuple[HostileCase, ...] = (
    *(
        HostileCase(each.name, "mjpeg", each.serve, options, each.stream, said=each.said)
        for each in WEB_PEERS
    ),
    # Streams as cameras send them, endless.
    case("parts under another boundary than announced", flood(STREAM, _OTHER_BOUNDARY)),
    case("announces no boundary", flood(typed("multipart/x-mixed-replace"), part(JPEG))),
    case("quotes its boundary", flood(typed('multipart/x-mixed-replace; boundary="--frame"'), part(JPEG))),
    case("boundaries without dashes", flood(STREAM, part(JPEG, boundary=b"frame"))),
    case("no boundaries at all", flood(STREAM, JPEG)),
    case("parts without headers", flood(STREAM, bare(JPEG))),
    case("parts with line feeds alone", flood(STREAM, part(JPEG, end=b"\n"))),
    case("parts that announce too little", flood(STREAM, part(JPEG, length="9"))),
    case("parts that announce too much", flood(STREAM, part(JPEG, length="999999999"))),
    case("parts that announce a negative length", flood(STREAM, part(JPEG, length="-1"))),
    case("calls its stream application/octet-stream", flood(typed("application/octet-stream"), part(JPEG))),
    case(
        "sends its stream in chunks",
        flood(STREAM[:-2] + b"Transfer-Encoding: chunked\r\n\r\n", chunk(part(JPEG))),
    ),
    case(
        "sends its stream in chunks of a byte",
        flood(
            STREAM[:-2] + b"Transfer-Encoding: chunked\r\n\r\n",
            b"".join(chunk(b"%c" % byte) for byte in part(JPEG)),
        ),
    ),
    case("pictures with thumbnails inside", flood(STREAM, part(with_thumbnail()))),
    case("a preamble before the first part", flood(STREAM + b"\xff\xd8 junk\r\n" * 5000, part(JPEG))),
    case("a torn picture first", flood(STREAM + bare(JPEG[:500]), part(LATER))),
    case("garbage between the pictures", flood(STREAM, b"\xff\xd8\xff\xe0\x00\x02\xff\x00" + part(JPEG))),
    case("a page in every other part", flood(STREAM, part(b"<html>busy") + part(JPEG))),
    # Fewer pictures than asked for.
    case("one picture, and the end", raw(typed("image/jpeg") + JPEG)),
    case("one picture, and then nothing more", then_silence(sends(STREAM + part(JPEG)))),
    case(
        "one picture, and then half of one, and a reset",
        raw(STREAM + part(JPEG) + part(LATER)[:700], reset=True),
    ),
    case("hangs up after every picture", hangs_up(raw(STREAM + part(JPEG))), grabs=3),
    # No picture at all.
    case("the stream ends at once", raw(STREAM), FrameFault, said="ends after 0 bytes"),
    case(
        "the stream ends within its first picture",
        raw(STREAM + part(JPEG)[:700]),
        FrameFault,
        said="a multipart stream",
    ),
    case("an endless preamble", flood(STREAM, b"junk " * 10_000), FrameFault, said="without one whole JPEG"),
    case("pictures that all are torn", flood(STREAM, bare(JPEG[:500])), FrameFault),
    case(
        "parts of garbage that begin as JPEGs",
        flood(STREAM, bare(b"\xff\xd8\xff\xe0\xff\xff" + bytes(99)) * 50),
        FrameFault,
    ),
    case(
        "a picture without end", flood(STREAM + bare(JPEG[:-2]), bytes(50_000)), FrameFault, said="max_bytes"
    ),
    case(
        "pictures that break off behind their thumbnails",
        flood(STREAM, bare(with_thumbnail()[:-600])),
        FrameFault,
    ),
    case(
        "pictures that break off within their thumbnails",
        flood(STREAM, bare(thumbnails_only()[:500])),
        FrameFault,
    ),
    case("thumbnails alone", flood(STREAM, bare(thumbnails_only()) * 50), FrameFault),
    case("parts of PNG", flood(STREAM, part(b"\x89PNG\r\n\x1a\n" + bytes(5000)) * 20), FrameFault),
    case(
        "drips its first picture, a byte a second",
        drip(STREAM + part(JPEG)[:300], b"\x00", every_s=1),
        SourceTimeout,
    ),
    case("damaged pictures", flood(STREAM, part(JPEG[:-60] + bytes(20) + JPEG[-40:]))),
)
