"""Finding the video in a session's description (SDP, RFC 8866)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

_STATIC_ENCODINGS = {26: "JPEG", 31: "H261", 32: "MPV", 34: "H263"}


@dataclass(frozen=True, slots=True)
class Track:
    """One video track.

    Attributes:
        encoding: As in `rtpmap`, in capitals: `H264`, `H265`, `JPEG`, …
        payload_type: Of its RTP packets.
        control: What to set up, as it stands there; empty is the whole presentation.
        parameter_sets: That the description brings along (SPS, PPS, VPS), without start codes.
    """

    encoding: str
    payload_type: int
    control: str = field(repr=False)
    parameter_sets: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(slots=True)
class _Section:
    media: str
    attributes: list[tuple[str, str]] = field(default_factory=list)

    def first(self, name: str) -> str:
        return next((value for key, value in self.attributes if key == name), "")


def video_tracks(description: bytes) -> tuple[list[Track], str]:
    """All video tracks in order, and the control of the whole presentation; what cannot be read is left out."""
    whole = _Section("")
    sections = [whole]
    for line in description.decode("latin-1").splitlines():
        key, _, value = line.strip().partition("=")
        if key == "m":
            sections.append(_Section(value))
        elif key == "a":
            name, _, argument = value.partition(":")
            sections[-1].attributes.append((name.lower(), argument.strip()))
    tracks = [track for section in sections[1:] if (track := _track(section)) is not None]
    return tracks, whole.first("control")


def control_url(base: str, control: str) -> str:
    """The URL that a `control` means, against the base of the description."""
    if control in ("", "*"):
        return base
    try:
        if urlsplit(control).scheme:
            return control
        # Not `urljoin`: cameras mean their control to follow the whole base, query and all (as every client does).
        if control.startswith("/"):
            return urljoin(base, control)
    except ValueError:
        return base  # No URL; the camera says what it thinks of a set-up without it.
    return base + control if base.endswith("/") else f"{base}/{control}"


def _track(section: _Section) -> Track | None:
    media = re.fullmatch(r"video \d+(?:/\d+)? \S+ (\d{1,3})(?: .*)?", section.media)
    if media is None:
        return None
    payload_type = int(media[1])
    encoding = _STATIC_ENCODINGS.get(payload_type, "")
    parameter_sets: tuple[bytes, ...] = ()
    for name, value in section.attributes:
        number, _, rest = value.partition(" ")
        if number != media[1]:
            continue
        if name == "rtpmap":
            encoding = rest.partition("/")[0].strip().upper()
        elif name == "fmtp":
            parameter_sets = _parameter_sets(rest)
    if encoding == "HEVC":
        encoding = "H265"
    return Track(encoding, payload_type, section.first("control"), parameter_sets)


def _parameter_sets(parameters: str) -> tuple[bytes, ...]:
    found: list[bytes] = []
    named = {
        name.strip().lower(): value.strip()
        for name, _, value in (part.partition("=") for part in parameters.split(";"))
    }
    for name in ("sprop-vps", "sprop-sps", "sprop-pps", "sprop-parameter-sets"):
        for text in filter(None, named.get(name, "").split(",")):
            try:
                found.append(base64.b64decode(text))
            except (binascii.Error, ValueError):
                continue  # The stream itself brings them as well.
    return tuple(nal for nal in found if len(nal) > 1)
