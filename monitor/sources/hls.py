"""What an HLS playlist says, as far as it takes to find a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import m3u8

from monitor.domain.errors import FrameFault

_CLEAR = (None, "", "NONE")


@dataclass(frozen=True, slots=True)
class Part:
    """Something to fetch: all of it, or some of its bytes."""

    url: str = field(repr=False)
    first_byte: int = 0
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A few seconds of video.

    Attributes:
        media: The pictures.
        head: What stands before them in fragmented MP4.
        duration_s: As declared.
    """

    media: Part
    head: Part | None
    duration_s: float


@dataclass(frozen=True, slots=True)
class Variant:
    """The same video in one of several sizes.

    Attributes:
        url: Of its own playlist.
        long_side: In pixels; 0 where it is not declared.
        bandwidth: In bits a second.
    """

    url: str = field(repr=False)
    long_side: int
    bandwidth: int


@dataclass(frozen=True, slots=True)
class Playlist:
    """Either variants, or segments.

    Attributes:
        variants: That hold pictures.
        segments: In order of time.
        live: Whether more segments follow.
        target_s: How long segments are at most.
    """

    variants: tuple[Variant, ...]
    segments: tuple[Segment, ...]
    live: bool
    target_s: float


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


def choose(variants: Sequence[Variant], target_long_side: int) -> Variant:
    """The smallest one that is large enough, else the largest; without sizes, the one with the lowest rate."""
    enough = [variant for variant in variants if variant.long_side >= target_long_side]
    if enough:
        return min(enough, key=lambda variant: (variant.long_side, variant.bandwidth))
    return max(variants, key=lambda variant: (variant.long_side, -variant.bandwidth))


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
