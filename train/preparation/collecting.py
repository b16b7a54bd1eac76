"""Gathers anchors, positives and negatives into folders, by a timer or by keys."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import imagehash
from PIL import Image

from train.preparation.cameras import Captured
from train.preparation.capture import Source
from train.preparation.keys import Poll
from train.preparation.pictures import SUFFIXES, Pixels, read_pixels, write_bytes, write_picture
from train.preparation.problems import PreparationError, Problems

ROLES = ("anchor", "positive", "negative")
KEYS = {"a": "anchor", "p": "positive", "n": "negative"}
HELP_LINE = "keys: a anchor, p positive, n negative, s skip, q quit"
_LIVE_POLL_S = 0.04
_RUNNING = re.compile(r"\d{6,}")


@dataclass(frozen=True, slots=True)
class CollectSettings:
    """What is kept how.

    Attributes:
        every_s: Between two pictures of the timer, and how far a film goes on after a key.
        count: Pictures to keep at most, over all roles.
        names: `running` (000001.jpg, …) or `uuid`.
        alike_bits: Two pictures whose 64-bit perceptual hashes differ in so many bits or fewer are near-duplicates;
            None to skip only the very same pictures.
    """

    every_s: float = 2.0
    count: int = 50
    names: str = "running"
    alike_bits: int | None = None


class Collection:
    """The folders that pictures are kept in.

    Args:
        directory: Holds `anchor/`, `positive/` and `negative/`; what is in them is gone on from.
        settings: How.
        say: Told what was kept and what was skipped.

    Raises:
        PreparationError: A folder cannot be made.
    """

    def __init__(self, directory: Path, settings: CollectSettings, say: Callable[[str], None]) -> None:
        self.kept: Counter[str] = Counter()
        self.skipped = 0
        self._directory = directory
        self._settings = settings
        self._say = say
        self._digests: dict[str, set[str]] = {}
        self._hashes: dict[str, list[imagehash.ImageHash]] = {}
        for role in ROLES:
            self._know(role)

    @property
    def full(self) -> bool:
        """Whether as many were kept as were asked for."""
        return self.kept.total() >= self._settings.count

    def keep(self, captured: Captured, role: str) -> Path | None:
        """Keep a picture; None where the role has it already, or one hardly different."""
        content = captured.origin.read_bytes() if captured.origin else None
        digest = hashlib.sha256(content if content is not None else captured.pixels.tobytes()).hexdigest()
        if digest in self._digests[role]:
            self._skip(role, "the same picture")
            return None
        if self._settings.alike_bits is not None:
            fingerprint = _fingerprint(captured.pixels)
            nearest = min((fingerprint - other for other in self._hashes[role]), default=None)
            if nearest is not None and nearest <= self._settings.alike_bits:
                self._skip(role, f"hardly differs from one there ({nearest} bits)")
                return None
            self._hashes[role].append(fingerprint)
        path = self._new_path(role, captured.origin.suffix.lower() if captured.origin else ".jpg")
        if content is None:
            write_picture(path, captured.pixels)
        else:
            write_bytes(path, content)
        self._digests[role].add(digest)
        self.kept[role] += 1
        height, width = captured.pixels.shape[:2]
        self._say(f"kept {path} ({width}x{height}), {self.kept.total()} of {self._settings.count}")
        return path

    def _skip(self, role: str, reason: str) -> None:
        self.skipped += 1
        self._say(f"skipped as {role}: {reason}")

    def _know(self, role: str) -> None:
        """Pictures of an earlier run count as duplicates too."""
        self._digests[role], self._hashes[role] = set(), []
        folder = self._directory / role
        for path in sorted(folder.glob("*")):
            if path.suffix.lower() not in SUFFIXES:
                continue
            self._digests[role].add(hashlib.sha256(path.read_bytes()).hexdigest())
            if self._settings.alike_bits is not None:
                pixels = read_pixels(path, Problems())
                if pixels is not None:
                    self._hashes[role].append(_fingerprint(pixels))

    def _new_path(self, role: str, suffix: str) -> Path:
        folder = self._directory / role
        if self._settings.names == "uuid":
            return folder / f"{uuid.uuid4()}{suffix}"
        numbers = [int(path.stem) for path in folder.glob("*") if _RUNNING.fullmatch(path.stem)]
        return folder / f"{max(numbers, default=0) + 1:06}{suffix}"


def collect_by_timer(
    source: Source, collection: Collection, role: str, every_s: float, stopped: Callable[[], bool]
) -> None:
    """Keep a picture every so often until there are enough, the source ends, or somebody stops it.

    Raises:
        CameraLost: The camera was lost; what was kept stays.
    """
    captured = source.read(0.0)
    while captured is not None and not stopped():
        collection.keep(captured, role)
        if collection.full:
            return
        captured = source.read(every_s)


def collect_by_keys(
    source: Source, collection: Collection, poll: Poll, every_s: float, stopped: Callable[[], bool]
) -> None:
    """Keep the picture of the moment under the role whose key is pressed, until q or the end.

    A live source runs on while nobody presses a key; a film or a folder waits for one, and then goes on.

    Raises:
        CameraLost: The camera was lost; what was kept stays.
    """
    captured = source.read(0.0)
    while captured is not None and not stopped() and not collection.full:
        key = poll(0.0 if source.live else 0.2)
        if key is None or key == "q":
            return
        if key in KEYS:
            collection.keep(captured, KEYS[key])
        if source.live:
            captured = source.read(_LIVE_POLL_S)
        elif key in KEYS or key == "s":
            captured = source.read(every_s)


def check_found(collection: Collection) -> None:
    """A source that gave nothing at all is an error, not a success.

    Raises:
        PreparationError: Nothing was kept, and nothing skipped as a duplicate.
    """
    if not collection.kept and not collection.skipped:
        raise PreparationError("Nothing was collected.", "Does the source show pictures?")


def _fingerprint(pixels: Pixels) -> imagehash.ImageHash:
    return imagehash.phash(Image.fromarray(pixels))
