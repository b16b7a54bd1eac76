"""What a playlist or manifest comes to, whatever its format: parts to fetch, in order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


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
        reckoned: Whether the segments of live video were worked out from the time of day: the newest may not be there
            yet.
        index: Where the one segment that is listed says of itself what it consists of; None where all are listed.
    """

    variants: tuple[Variant, ...]
    segments: tuple[Segment, ...]
    live: bool
    target_s: float
    reckoned: bool = False
    index: Part | None = None


def choose(variants: Sequence[Variant], target_long_side: int) -> Variant:
    """The smallest one that is large enough, else the largest; without sizes, the one with the lowest rate."""
    enough = [variant for variant in variants if variant.long_side >= target_long_side]
    if enough:
        return min(enough, key=lambda variant: (variant.long_side, variant.bandwidth))
    return max(variants, key=lambda variant: (variant.long_side, -variant.bandwidth))
