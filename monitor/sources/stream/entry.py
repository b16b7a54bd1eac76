"""Waiting in a stream for a picture that can be decoded from itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from monitor.domain.errors import FrameFault
from monitor.sources.stream.nal import START_CODE, AccessUnit, Codec

_MOST_REFRESHED = 300
"""A picture that is not whole after so many frames is waited for in vain."""


@dataclass(frozen=True, slots=True)
class KeyPicture:
    """Everything that it takes to decode one picture.

    Attributes:
        units: Byte streams (Annex B), one for each access unit, the parameter sets before the first; more than one
            where the picture is refreshed little by little.
        size: Width and height as declared, or None where that cannot be read.
        arrived_at: When its last part arrived, aware UTC.
        arrived_s: The same by `time.monotonic()`.
    """

    units: tuple[bytes, ...] = field(repr=False)
    size: tuple[int, int] | None
    arrived_at: datetime
    arrived_s: float


class EntryFinder:
    """Lets access units pass until one of them is an entry, and then until its picture is whole.

    Args:
        codec: Of the stream.
        parameter_sets: That are known beforehand.
        max_bytes: Of all units of one picture together.

    Attributes:
        torn: Entries that were given up because a part was lost.
    """

    def __init__(self, codec: Codec, parameter_sets: Iterable[bytes], max_bytes: int) -> None:
        self._codec = codec
        self._max_bytes = max_bytes
        self._sets: dict[tuple[int, ...], bytes] = {}
        self._units: list[list[bytes]] = []
        self._missing = 0
        self.torn = 0
        self._learn(list(parameter_sets))

    def add(self, unit: AccessUnit, arrived_at: datetime, arrived_s: float) -> KeyPicture | None:
        """The picture that is whole with this unit, if one is."""
        try:
            self._learn(unit.nals)
            entry = self._codec.entry(unit.nals)
        except (ValueError, IndexError):
            self._give_up()
            return None
        if not unit.intact:
            if entry is not None or self._units:
                self._give_up()
            return None
        if entry is not None and (entry.frames == 0 or not self._units):
            if entry.frames > _MOST_REFRESHED:
                return None
            self._units, self._missing = [unit.nals], entry.frames
        elif self._units:
            self._units.append(unit.nals)
            self._missing -= self._codec.is_reference(unit.nals)
        if not self._units or self._missing > 0:
            self._bound()
            return None
        return self._finish(arrived_at, arrived_s)

    def _learn(self, nals: Iterable[bytes]) -> None:
        for nal in nals:
            if (key := self._codec.parameter_set(nal)) is not None and len(self._sets) < _MOST_REFRESHED:
                self._sets[key] = nal

    def _give_up(self) -> None:
        self.torn += 1
        self._units = []

    def _bound(self) -> None:
        if sum(len(nal) for nals in self._units for nal in nals) > self._max_bytes:
            self._give_up()

    def _finish(self, arrived_at: datetime, arrived_s: float) -> KeyPicture:
        first, *others = self._units
        self._units = []
        # In the order of their kinds: what a set refers to stands before it.
        sets = [self._sets[key] for key in sorted(self._sets)]
        rest = [nal for nal in first if self._codec.parameter_set(nal) is None]
        streams = tuple(b"".join(START_CODE + nal for nal in nals) for nals in ([*sets, *rest], *others))
        return KeyPicture(streams, self._declared(sets), arrived_at, arrived_s)

    def _declared(self, sets: list[bytes]) -> tuple[int, int] | None:
        sizes = []
        for nal in sets:
            try:
                sizes.append(self._codec.size(nal))
            except (ValueError, IndexError):
                continue  # The decoder refuses it as well.
        found = [size for size in sizes if size is not None]
        return max(found, key=lambda size: size[0] * size[1], default=None)


def torn_fault(origin: str, torn: int) -> FrameFault:
    """The error for a stream of which only torn pictures arrived."""
    return FrameFault(
        f"{origin} sends pictures that arrive torn: {torn} of them, and no whole one.",
        "Packets are lost or damaged: set `transport: tcp`, lower the bit rate, or check the line.",
    )
