"""What an HLS playlist says, as far as it takes to find a picture."""

from __future__ import annotations

from typing import Any

import m3u8

from monitor.domain.errors import FrameFault
from monitor.sources.playlist import Part, Playlist, Segment, Variant

_CLEAR = (None, "", "NONE")


def read_playlist(text: str, url: str, origin: str) -> Playlist:
    """Understand a playlist.

    Args:
        text: The playlist.
        url: Where it came from; addresses in it start there.
        origin: What to call it in errors.

    Raises:
        FrameFault: It is none, is empty, or its segments are encrypted.
    """
    try:
        found = m3u8.loads(text, uri=url)
        variants = tuple(_variant(listed) for listed in found.playlists if _shows_pictures(listed))
        segments, encrypted = _segments(found)
        target_s = float(found.target_duration or 0.0)
        live = not found.is_endlist
    except Exception as error:  # noqa: BLE001 - the library raises nearly everything on what a server makes up
        raise FrameFault(
            f"{origin} sends a playlist that cannot be understood: {type(error).__name__}.",
            "Try the address in a player.",
        ) from None
    if encrypted:
        raise FrameFault(
            f"{origin} sends encrypted video.", "Give an address without encryption; keys are not fetched."
        )
    if not variants and not segments:
        raise FrameFault(f"{origin} sends a playlist without video.", "Check that the stream is running.")
    return Playlist(variants, segments, live, target_s)


def _variant(listed: Any) -> Variant:
    width, height = listed.stream_info.resolution or (0, 0)
    return Variant(listed.absolute_uri, max(int(width), int(height)), int(listed.stream_info.bandwidth or 0))


def _shows_pictures(listed: Any) -> bool:
    codecs = listed.stream_info.codecs or ""
    return not codecs or any(
        not name.strip().startswith(("mp4a", "ac-3", "ec-3")) for name in codecs.split(",")
    )


def _segments(found: Any) -> tuple[tuple[Segment, ...], bool]:
    """The segments, and whether any of them is encrypted."""
    segments: list[Segment] = []
    encrypted = False
    behind: dict[str, int] = {}
    for listed in found.segments:
        encrypted = encrypted or (listed.key is not None and listed.key.method not in _CLEAR)
        media = _part(listed, behind)
        head = None if listed.init_section is None else _part(listed.init_section, {})
        segments.append(Segment(media, head, max(0.0, float(listed.duration or 0.0))))
    return tuple(segments), encrypted


def _part(listed: Any, behind: dict[str, int]) -> Part:
    url = listed.absolute_uri
    if not listed.byterange:
        return Part(url)
    length, _, offset = str(listed.byterange).partition("@")
    # Without an offset, it goes on where the one before it ended.
    first = int(offset) if offset else behind.get(url, 0)
    if int(length) < 1 or first < 0:
        raise ValueError("a range of no bytes")
    behind[url] = first + int(length)
    return Part(url, first, int(length))
