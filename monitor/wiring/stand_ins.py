"""Stand-ins for pictures and for the network, where neither is what is measured: they compute nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random

import numpy as np

from monitor.domain.comparison import Alignment, Comparison, Relation
from monitor.domain.displacement import Displacement
from monitor.domain.frame import Frame, FrameQuality
from monitor.domain.orientation import Orientation
from monitor.domain.reference import Encoding, Reference, Vector
from monitor.domain.view import Rectangle, ViewKey

BUNDLE_ID = "stand-in"
_PIXELS = np.full((2, 2, 3), 128, np.uint8)
_VECTOR = np.eye(1, 8, dtype=np.float32)[0]
_QUALITY = FrameQuality(
    brightness=0.5,
    contrast=0.2,
    dark_fraction=0.0,
    bright_fraction=0.0,
    sharpness=0.3,
    texture=0.7,
    saturation=0.3,
    flat_rows=0.0,
)
_ENCODING = Encoding(
    BUNDLE_ID,
    _VECTOR,
    {"coarse": np.zeros((1, 1, 1), np.float32)},
    np.full((2, 2), 128, np.uint8),
    _QUALITY,
    aspect=1.0,
)
_AT_REST = Alignment(
    Displacement(), support=0.9, support_at_rest=0.9, spread=0.9, spread_at_rest=0.9, peak=20.0
)


def picture(random: Random) -> Frame:
    """A frame taken now, unlike any other."""
    return Frame(_PIXELS, datetime.now(UTC), f"{random.getrandbits(256):064x}", 2, 2)


class StandInEncoder:
    """An `Encoder` to which every view looks as it should."""

    @property
    def bundle_id(self) -> str:
        """Names no network."""
        return BUNDLE_ID

    def encode(self, frame: Frame) -> Encoding:
        """The same for every frame."""
        del frame
        return _ENCODING

    def enroll(self, frame: Frame, key: ViewKey) -> Reference:
        """The same for every frame."""
        turned: dict[Orientation, Vector] = {
            turn: -_VECTOR for turn in Orientation if turn is not Orientation.UPRIGHT
        }
        return Reference(0, key, frame.digest, frame.captured_at, "enrolled", _ENCODING, turned)

    def learn_constancy(self, known: bytes | None, encoding: Encoding) -> bytes:
        """Nothing is ever constant."""
        del known, encoding
        return b""

    def compare(
        self,
        encoding: Encoding,
        frame: Frame,
        reference: Reference,
        masks: Sequence[Rectangle] = (),
        constancy: bytes | None = None,
    ) -> Comparison:
        """The same view."""
        del encoding, frame, masks, constancy
        return Comparison(
            reference_id=reference.id,
            orientation=Orientation.UPRIGHT,
            similarities=dict.fromkeys(Orientation, 0.0) | {Orientation.UPRIGHT: 1.0},
            relation=Relation(same=0.97, moved=0.01, different=0.01, obstructed=0.01),
            network_displacement=None,
            alignment=_AT_REST,
            sharpness_ratio=1.0,
            texture_ratio=1.0,
        )
