"""Profiles: which pictures a device offers, and which of them are enough."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from monitor.onvif.markup import printable, text_at

MOST_PROFILES = 256
_LONGEST_TOKEN = 200


@dataclass(frozen=True, slots=True)
class Profile:
    """One way in which a device shows one of its video sources.

    Attributes:
        token: Its key at the device.
        name: For people.
        source: Key of the video source; a recorder has one for each camera.
        width: In pixels; 0 where the device does not say.
        height: In pixels; 0 where the device does not say.
        codec: As the device spells it: `H264`, `H265`, `JPEG`; empty where it does not say.
        media: The version of the media service that knows it, 1 or 2.
    """

    token: str
    name: str
    source: str
    width: int = 0
    height: int = 0
    codec: str = ""
    media: int = 1

    @property
    def size(self) -> str:
        """`1920 × 1080`, or a dash."""
        return f"{self.width} × {self.height}" if self.width and self.height else "–"


def media1_profile(entry: Element) -> Profile | None:
    """A profile of the first media service; None without a video source, or without a usable key."""
    return _profile(entry, "{*}VideoSourceConfiguration", "{*}VideoEncoderConfiguration", media=1)


def media2_profile(entry: Element) -> Profile | None:
    """A profile of the second media service; None without a video source, or without a usable key."""
    return _profile(entry, "{*}Configurations/{*}VideoSource", "{*}Configurations/{*}VideoEncoder", media=2)


def _profile(entry: Element, source_path: str, encoder_path: str, media: int) -> Profile | None:
    token = entry.get("token", "")
    source = text_at(entry.find(source_path), "{*}SourceToken")
    if not source or not token or len(token) > _LONGEST_TOKEN or not token.isprintable():
        return None
    encoder = entry.find(encoder_path)
    return Profile(
        token=token,
        name=printable(text_at(entry, "{*}Name")) or printable(token),
        source=source,
        width=_pixels(text_at(encoder, "{*}Resolution/{*}Width")),
        height=_pixels(text_at(encoder, "{*}Resolution/{*}Height")),
        codec=printable(text_at(encoder, "{*}Encoding"), 16),
        media=media,
    )


def _pixels(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def by_source(profiles: Iterable[Profile]) -> dict[str, tuple[Profile, ...]]:
    """Profiles by the video source that they show, both in the device's order."""
    found: dict[str, tuple[Profile, ...]] = {}
    for profile in profiles:
        found[profile.source] = (*found.get(profile.source, ()), profile)
    return found


def best_first(profiles: Iterable[Profile], enough: int) -> list[Profile]:
    """Profiles in the order in which they are tried: the smallest that is large enough, then the larger ones.

    A sub-stream costs the camera, the line and the decoder a fraction of the main stream, and pictures are compared at
    a reduced size anyway. Those that are too small come last, the largest of them first.

    Args:
        profiles: Of one video source.
        enough: The long side that suffices, in pixels.
    """

    def order(profile: Profile) -> tuple[bool, int]:
        long_side, area = max(profile.width, profile.height), profile.width * profile.height
        return (False, area) if long_side >= enough else (True, -area)

    return sorted(profiles, key=order)
