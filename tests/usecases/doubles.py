"""Hand-written stand-ins for cameras, the network and time; the store beside them is a real one.

`StubEncoder` really looks at pictures, only in the simplest way: its pictures show one place each, drawn from the
place's number, so that turning, shifting and dimming them has the consequences that the use cases must handle.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monitor.clock import HeldClock
from monitor.domain.addressee import Addressee
from monitor.domain.comparison import Alignment, Comparison, Relation
from monitor.domain.displacement import Displacement
from monitor.domain.errors import FrameFault, SourceError
from monitor.domain.frame import Frame, FrameQuality, Pixels
from monitor.domain.inhibition import Inhibition
from monitor.domain.matcher import Matter
from monitor.domain.orientation import Orientation, turn
from monitor.domain.reference import Encoding, Reference
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import Rectangle, ViewKey, ViewSpec
from monitor.store import Store, open_store
from monitor.usecases.enroll import Enrolment, EnrolmentTools, enroll
from monitor.usecases.lookalikes import Lookalikes
from monitor.usecases.observe import Check, Equipment, observe

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GATE, YARD = ViewKey("gate"), ViewKey("yard")
HEIGHT, WIDTH = 12, 200
MAGIC = b"\x89PNG\r\n\x1a\n"
ALIKE = 0.97


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def draw(place: int, light: float = 1.0) -> Pixels:
    """The picture of a place: the same for the same number, unlike any other."""
    coarse = np.random.default_rng(place).integers(20, 230, (HEIGHT, WIDTH, 1))
    return (coarse * light).astype(np.uint8).repeat(3, axis=2)


def frame(pixels: Pixels, seconds: float = 0.0) -> Frame:
    """A frame with its bytes, as a camera delivers it."""
    height, width = pixels.shape[:2]
    encoded = MAGIC + bytes([height, width]) + pixels.tobytes()
    return Frame(pixels, at(seconds), hashlib.sha256(encoded).hexdigest(), width, height, encoded)


def view_of(place: int, seconds: float = 0.0, light: float = 1.0, noise: int = 0) -> Frame:
    """A frame of a place; another `noise` makes other bytes of the same picture."""
    pixels = draw(place, light)
    pixels[0, 0] = noise
    return frame(pixels, seconds)


def shifted(place: int, columns: int, seconds: float = 0.0) -> Frame:
    """The place seen after the camera moved: its content that far to the right."""
    return frame(np.roll(draw(place), columns, axis=1), seconds)


def turned(place: int, orientation: Orientation, seconds: float = 0.0) -> Frame:
    return frame(turn(draw(place), orientation), seconds)


def picture_bytes(picture: Frame) -> bytes:
    assert picture.encoded is not None
    return picture.encoded


def read_picture(content: bytes, captured_at: datetime) -> Frame:
    if not content.startswith(MAGIC) or len(content) < 10:
        raise FrameFault("The picture is damaged.")
    height, width = content[8:10]
    pixels = np.frombuffer(content[10:], np.uint8).reshape(height, width, 3)
    return replace(frame(pixels), captured_at=captured_at)


class SteppingClock(HeldClock):
    """Held in both of its times; work that is to take long spends of it."""

    def __init__(self, now: datetime = T0) -> None:
        super().__init__(now)
        self._elapsed_s = 0.0

    def spend(self, seconds: float) -> None:
        self.set(self.now() + timedelta(seconds=seconds))
        self._elapsed_s += seconds

    def monotonic_s(self) -> float:
        return self._elapsed_s


@dataclass
class ScriptedSource:
    """Gives what it was told to give, one after the other; errors are raised."""

    answers: list[Frame | SourceError | Callable[[], Frame]]
    timeouts_s: list[float] = field(default_factory=list)

    def grab(self, timeout_s: float) -> Frame:
        self.timeouts_s.append(timeout_s)
        answer = self.answers.pop(0)
        if isinstance(answer, SourceError):
            raise answer
        return answer if isinstance(answer, Frame) else answer()

    def close(self) -> None:
        self.answers.clear()


@dataclass
class StubEncoder:
    """Compares pixels with pixels.

    Attributes:
        bundle_id: Of the network that it stands for.
        blind_to: Orientations in which it sees no difference, as on a symmetric view.
        blind_to_moves: Whether it sees no displacement, as on a uniform view.
        in_doubt: Whether it cannot tell anything.
        quality: Measures to report instead of the real ones.
        before_encoding: Called first: may take time, may raise.
    """

    bundle_id: str = "net-1"
    blind_to: frozenset[Orientation] = frozenset()
    blind_to_moves: bool = False
    in_doubt: bool = False
    quality: dict[str, float] = field(default_factory=dict)
    before_encoding: Callable[[], None] = lambda: None
    compared: list[tuple[int, tuple[Rectangle, ...], bytes | None]] = field(default_factory=list)
    learned_from: list[bytes | None] = field(default_factory=list)

    def encode(self, picture: Frame) -> Encoding:
        self.before_encoding()
        return self._encode(picture.pixels)

    def enroll(self, picture: Frame, key: ViewKey) -> Reference:
        others = [orientation for orientation in Orientation if orientation is not Orientation.UPRIGHT]
        bank = {other: _unit(turn(picture.pixels, other)) for other in others}
        encoding = self._encode(picture.pixels)
        return Reference(0, key, picture.digest, picture.captured_at, "enrolled", encoding, bank)

    def learn_constancy(self, known: bytes | None, encoding: Encoding) -> bytes:
        self.learned_from.append(known)
        return (known or b"") + b"+"

    def compare(
        self,
        encoding: Encoding,
        picture: Frame,
        reference: Reference,
        masks: Sequence[Rectangle] = (),
        constancy: bytes | None = None,
    ) -> Comparison:
        assert encoding.bundle_id == reference.upright.bundle_id, "compared anyway"
        self.compared.append((reference.id, tuple(masks), constancy))
        ours, theirs = reference.upright.luma, encoding.luma
        likeness = {orientation: _likeness(ours, theirs, orientation) for orientation in Orientation}
        best = max(Orientation, key=lambda orientation: likeness[orientation])
        relation, displacement = Relation(0.0, 0.0, 1.0, 0.0), Displacement()
        if likeness[best] > ALIKE:
            relation = Relation(1.0, 0.0, 0.0, 0.0)
        elif (dx := _shift(ours, theirs)) is not None:
            best, displacement = Orientation.UPRIGHT, Displacement(dx=dx)
            relation = Relation(0.0, 1.0, 0.0, 0.0)
            if self.blind_to_moves:
                relation, displacement = Relation(1.0, 0.0, 0.0, 0.0), Displacement()
        if self.in_doubt:
            relation = Relation(0.25, 0.25, 0.25, 0.25)
        support = 0.0 if self.in_doubt or relation.different else 0.9
        return Comparison(
            reference_id=reference.id,
            orientation=Orientation.UPRIGHT if best in self.blind_to else best,
            similarities=likeness,
            relation=relation,
            network_displacement=None,
            alignment=Alignment(displacement, support, 0.1, 0.9, 0.1, 10.0),
            sharpness_ratio=1.0,
            texture_ratio=1.0,
        )

    def _encode(self, pixels: Pixels) -> Encoding:
        height, width = pixels.shape[:2]
        luma = np.ascontiguousarray(pixels[..., 0])
        measures = {
            "brightness": float(luma.mean()) / 255,
            "contrast": float(luma.std()) / 255,
            "dark_fraction": float((luma < 20).mean()),
            "bright_fraction": 0.0,
            "sharpness": 0.3,
            "texture": 0.7 if luma.std() > 5 else 0.0,
            "saturation": 0.3,
            "flat_rows": 0.0,
        }
        quality = FrameQuality(**measures | self.quality)
        grids = {"coarse": np.zeros((1, 1, 1), np.float32)}
        return Encoding(self.bundle_id, _unit(pixels), grids, luma, quality, width / height)


def _unit(pixels: Pixels) -> NDArray[np.float32]:
    values = pixels[..., 0].astype(np.float32).ravel()
    values -= values.mean()
    return np.asarray(values / max(float(np.linalg.norm(values)), 1e-6), np.float32)


def _likeness(ours: NDArray[np.uint8], theirs: NDArray[np.uint8], orientation: Orientation) -> float:
    upright = turn(theirs, orientation.inverse)
    return _correlation(ours, upright) if upright.shape == ours.shape else 0.0


def _correlation(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    return float(_unit(one[..., None]) @ _unit(other[..., None]))


def _shift(ours: NDArray[np.uint8], theirs: NDArray[np.uint8]) -> float | None:
    """By how much of the width the content lies further right, or None if it is nowhere to be found."""
    if ours.shape != theirs.shape:
        return None
    for columns in range(1, WIDTH // 4):
        if _correlation(ours[:, :-columns], theirs[:, columns:]) > ALIKE:
            return columns / WIDTH
        if _correlation(ours[:, columns:], theirs[:, :-columns]) > ALIKE:
            return -columns / WIDTH
    return None


class Bench:
    """A site of two views on a real store, with all its equipment."""

    def __init__(self, folder: Path, **spec: object) -> None:
        self.folder = folder
        self.clock = SteppingClock()
        self.encoder = StubEncoder()
        self.routes: tuple[str, ...] = ("log", "webhook")
        self.inhibitions: dict[ViewKey, Inhibition] = {}
        self.addressed: list[VerdictKind] = []
        self.store = self.open_store()
        specs = [ViewSpec(key, site="harbour", interval_s=60.0, **spec) for key in (GATE, YARD)]  # type: ignore[arg-type]
        self.store.views.sync(specs, T0)

    def open_store(self) -> Store:
        return open_store(f"sqlite:///{self.folder / 'monitor.db'}", self.folder / "images")

    def restart(self) -> None:
        """What a new process knows: what is on disk."""
        self.store.close()
        self.store = self.open_store()

    @property
    def tools(self) -> EnrolmentTools:
        return EnrolmentTools(self.store, self.encoder, self.clock, picture_bytes)

    @property
    def equipment(self) -> Equipment:
        return Equipment(
            self.store,
            self.encoder,
            self.clock,
            Lookalikes(self.store),
            picture_bytes,
            self.address,
            self.inhibitions.get,
        )

    def address(self, matter: Matter) -> tuple[Addressee, ...]:
        self.addressed.append(matter.cause)
        return tuple(Addressee(name) for name in self.routes)

    def enroll(self, *frames: Frame, key: ViewKey = GATE, **options: object) -> Enrolment:
        return enroll(key, frames, self.tools, author="ada", **options)  # type: ignore[arg-type]

    def check(
        self, seconds: float, seen: Frame | SourceError | Callable[[], Frame], key: ViewKey = GATE
    ) -> Check:
        """One check at a time, of the slot of that time; a frame counts as captured then."""
        self.clock.set(at(seconds))
        answer = replace(seen, captured_at=at(seconds)) if isinstance(seen, Frame) else seen
        return observe(key, at(seconds), ScriptedSource([answer]), 5.0, self.equipment)

    def verdict(self, seconds: float, seen: Frame | SourceError, key: ViewKey = GATE) -> VerdictKind:
        observation = self.check(seconds, seen, key).observation
        assert observation is not None
        return observation.verdict.kind
