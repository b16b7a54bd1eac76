"""Naming what arrived instead of a picture, without repeating any of it: pages echo URLs and passwords."""

from __future__ import annotations

_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "gzip-compressed data"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"RIFF", "a RIFF file that is no WebP picture"),
    (b"\x00\x00\x01\xb3", "an MPEG video"),
    (b"\x00\x00\x00\x01", "an H.264 or H.265 stream"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
    (b"FLV", "a Flash video"),
    (b"--", "a multipart stream"),
)
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body")


def name_content(data: bytes) -> str:
    """A noun phrase with the size: `an HTML page (5,120 bytes)`."""
    if not data:
        return "nothing (0 bytes)"
    return f"{content_kind(data)} ({len(data):,} bytes)"


def content_kind(data: bytes) -> str:
    """The noun phrase alone, for data of which this is the beginning: `an HTML page`."""
    if data.count(0, 0, 512) == min(len(data), 512):
        return "zero bytes only"
    if data[4:8] == b"ftyp":
        return "an HEIC or AVIF picture" if data[8:11] in (b"hei", b"avi", b"mif") else "an MP4 video"
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if any(mark in start for mark in _HTML):
        return "an HTML page"
    if start.startswith(b"<"):
        return "an XML document"
    if start.startswith((b"{", b"[")):
        return "a JSON document"
    if all(32 <= byte < 127 or byte in b"\t\r\n" for byte in start):
        return "text"
    return "data of an unknown kind"
