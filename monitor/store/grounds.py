"""What a check went by, as bytes: small, for there is one with every observation.

Layout, little-endian, version 1: a byte for the version, the measures of the frame or none, the comparisons, three
texts. Numbers are of 32 bits, which is finer than anything is measured; names are places in the tables below, to
which new ones may only be added at the end.
"""

from __future__ import annotations

import struct
from dataclasses import astuple, dataclass
from operator import attrgetter
from typing import Any

from monitor.domain.comparison import Alignment, Comparison, Format, Relation
from monitor.domain.displacement import Displacement
from monitor.domain.frame import FrameQuality
from monitor.domain.grounds import Grounds
from monitor.domain.inhibition import Inhibition
from monitor.domain.orientation import Orientation
from monitor.domain.verdict import VerdictKind

VERSION = 1
LONGEST_TEXT = 200
"""Bytes of a text that are kept."""
MOST_COMPARISONS = 255
_KINDS = tuple(
    map(
        VerdictKind,
        [
            "ok",
            "flipped_180",
            "rotated_90",
            "rotated_270",
            "mirrored",
            "moved",
            "different_scene",
            "obstructed",
            "blurred",
            "dark",
            "overexposed",
            "frozen",
            "stream_fault",
            "offline",
            "unsure",
        ],
    )
)
_ORIENTATIONS = tuple(map(Orientation, ["upright", "rotated_90", "rotated_180", "rotated_270", "mirrored"]))
_FORMATS = tuple(map(Format, ["as_is", "stretched", "same_width", "same_height"]))
_RELATED, _GUESSED, _ALIGNED = 1, 2, 4
_QUALITY_FORMAT = struct.Struct("<9f")
_HEAD = struct.Struct("<qBBHBBff")
_RELATION, _DISPLACEMENT, _AGREEMENT = struct.Struct("<4f"), struct.Struct("<7f"), struct.Struct("<6f")
_INHIBITED = struct.Struct("<q?")
_MEASURED = attrgetter("dx", "dy", "roll_deg", "zoom", "sigma_fov", "sigma_roll_deg", "sigma_zoom")
"""Of a displacement; its degrees follow from these and the field of view, which may be another one later."""
_AGREED = attrgetter("support", "support_at_rest", "spread", "spread_at_rest", "peak", "landmarks")


def pack(grounds: Grounds) -> bytes:
    """What a check went by, as bytes."""
    comparisons = grounds.comparisons[:MOST_COMPARISONS]
    parts = [bytes([VERSION, grounds.quality is not None, len(comparisons)])]
    if grounds.quality is not None:
        parts.append(_QUALITY_FORMAT.pack(*astuple(grounds.quality)))
    parts += [_pack_comparison(comparison) for comparison in comparisons]
    parts += [_pack_text(grounds.complaint), _pack_text(grounds.frozen)]
    inhibition = grounds.inhibition
    parts.append(_pack_text(None if inhibition is None else inhibition.reason))
    if inhibition is not None:
        # Incidents are numbered from 1 on.
        parts.append(_INHIBITED.pack(inhibition.incident_id or 0, inhibition.certain))
    return b"".join(parts)


def unpack(content: bytes | None) -> Grounds | None:
    """What was packed; None where there is nothing, or what a newer version wrote."""
    if content is None or content[:1] != bytes([VERSION]):
        return None
    reader = _Reader(content, 1)
    has_quality, count = reader.byte(), reader.byte()
    quality = FrameQuality(*reader.take(_QUALITY_FORMAT)) if has_quality else None
    comparisons = tuple(_unpack_comparison(reader) for _ in range(count))
    complaint, frozen, reason = reader.text(), reader.text(), reader.text()
    inhibition = None
    if reason is not None:
        incident_id, certain = reader.take(_INHIBITED)
        inhibition = Inhibition(reason, incident_id or None, certain)
    return Grounds(quality, comparisons, complaint, frozen, inhibition)


def _pack_comparison(comparison: Comparison) -> bytes:
    relation, guess, alignment = comparison.relation, comparison.network_displacement, comparison.alignment
    alike = [comparison.similarities[turned] for turned in _ORIENTATIONS if turned in comparison.similarities]
    parts = [
        _HEAD.pack(
            comparison.reference_id,
            _ORIENTATIONS.index(comparison.orientation),
            _FORMATS.index(comparison.format),
            _as_bits([kind in comparison.told_by_network for kind in _KINDS]),
            _as_bits([turned in comparison.similarities for turned in _ORIENTATIONS]),
            _as_bits([relation is not None, guess is not None, alignment is not None]),
            comparison.sharpness_ratio,
            comparison.texture_ratio,
        ),
        struct.pack(f"<{len(alike)}f", *alike),
    ]
    if relation is not None:
        parts.append(_RELATION.pack(*astuple(relation)))
    if guess is not None:
        parts.append(_DISPLACEMENT.pack(*_MEASURED(guess)))
    if alignment is not None:
        parts += [
            _DISPLACEMENT.pack(*_MEASURED(alignment.displacement)),
            _AGREEMENT.pack(*_AGREED(alignment)),
        ]
    return b"".join(parts)


def _unpack_comparison(reader: _Reader) -> Comparison:
    reference_id, orientation, fitted, told, turns, present, sharpness, texture = reader.take(_HEAD)
    known = [turned for place, turned in enumerate(_ORIENTATIONS) if turns >> place & 1]
    alike = reader.take(struct.Struct(f"<{len(known)}f"))
    relation = Relation(*reader.take(_RELATION)) if present & _RELATED else None
    guess = Displacement(*reader.take(_DISPLACEMENT)) if present & _GUESSED else None
    alignment = None
    if present & _ALIGNED:
        displacement = Displacement(*reader.take(_DISPLACEMENT))
        support, support_at_rest, spread, spread_at_rest, peak, landmarks = reader.take(_AGREEMENT)
        alignment = Alignment(
            displacement, support, support_at_rest, spread, spread_at_rest, peak, int(landmarks)
        )
    return Comparison(
        reference_id=reference_id,
        orientation=_ORIENTATIONS[orientation],
        similarities=dict(zip(known, alike, strict=True)),
        relation=relation,
        network_displacement=guess,
        alignment=alignment,
        sharpness_ratio=sharpness,
        texture_ratio=texture,
        told_by_network=frozenset(kind for place, kind in enumerate(_KINDS) if told >> place & 1),
        format=_FORMATS[fitted],
    )


def _as_bits(flags: list[bool]) -> int:
    return sum(flag << place for place, flag in enumerate(flags))


def _pack_text(text: str | None) -> bytes:
    """Its length and itself; a length of 255 stands for none."""
    if text is None:
        return b"\xff"
    kept = text.encode()[:LONGEST_TEXT].decode(errors="ignore").encode()
    return bytes([len(kept)]) + kept


@dataclass(slots=True)
class _Reader:
    content: bytes
    at: int

    def byte(self) -> int:
        self.at += 1
        return self.content[self.at - 1]

    def take(self, layout: struct.Struct) -> tuple[Any, ...]:
        values = layout.unpack_from(self.content, self.at)
        self.at += layout.size
        return values

    def text(self) -> str | None:
        length = self.byte()
        if length == 255:
            return None
        self.at += length
        return self.content[self.at - length : self.at].decode()
