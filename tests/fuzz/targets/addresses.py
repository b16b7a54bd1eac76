"""Addresses that somebody writes into a configuration, with passwords in them."""

from __future__ import annotations

from urllib.parse import urlsplit

from monitor.net.errors import RequestRefused
from monitor.net.message import Request
from tests.fuzz.target import Broken, Target

CANARY = "c4naryc4nary"


def check(data: bytes) -> object:
    url = data.decode("utf-8", "surrogateescape")
    try:
        request = Request(url)
    except RequestRefused as refused:
        if CANARY in str(refused):
            raise Broken(f"the refusal repeats the password: {refused}") from refused
        return str(refused)
    host = urlsplit(request.url).netloc
    if "@" in host or not request.url.isascii() or not request.origin.endswith(host):
        raise Broken(f"{request.url!r} is not what libcurl should get")
    if CANARY in (request.password or "") and CANARY in repr(request):
        raise Broken(f"the password is shown: {request!r}")
    return request.url, request.username, request.password


def seeds() -> list[bytes]:
    return [
        url.encode()
        for url in (
            "http://192.0.2.10/snapshot.jpg",
            f"http://admin:{CANARY}@camera.example:8080/a/b?c=d&e=%20",
            f"https://admin:{CANARY}%40%3A@[2001:db8::1]:443/ä ö",
            f"http://admin:{CANARY}#/x@host/",
            "http://bücher.example/",
            "http://host:99999/",
            "rtsp://host/stream",
            "http://[::1%25eth0]/",
        )
    ]


TARGET = Target(
    promise="A request whose address holds no credentials, or a RequestRefused that repeats none.",
    check=check,
    seeds=seeds,
    words=(b"http://", b"https://", b"@", b":", b"[", b"]", b"%25", b"#", b"\\", CANARY.encode(), b"xn--"),
    longest=300,
    slowest_s=0.5,
)  # fmt: skip
