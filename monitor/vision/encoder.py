"""The eye of the service: pictures to encodings, and a frame's encoding against a reference to evidence."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from monitor.domain.comparison import Comparison, Relation
from monitor.domain.displacement import Displacement
from monitor.domain.errors import MonitorError
from monitor.domain.frame import Frame, Pixels
from monitor.domain.orientation import Orientation, turn
from monitor.domain.reference import Encoding, Reference, Vector
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import Rectangle, ViewKey
from monitor.vision import masks as masking
from monitor.vision.alignment import Prepared
from monitor.vision.gradient import working_luma, working_picture
from monitor.vision.interlacing import without_combs
from monitor.vision.look import TURNS, Look, cosine
from monitor.vision.network import Network
from monitor.vision.preprocess import prepare
from monitor.vision.quality import measure

ALIKE = 0.7
"""Cosine similarity from which two pictures show one place, unless the bundle's calibration asks for more."""
KEPT_REFERENCES = 64
"""Prepared references kept in memory, about 2 MB each."""


class EncodingMismatch(MonitorError):
    """A reference was encoded by another bundle; it must be encoded again, never compared anyway."""


class NetworkEncoder:
    """Implements the `Encoder` port with a bundle and the gradients' second opinion.

    Args:
        network: The bundle's graphs.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._lock = threading.Lock()
        self._prepared: OrderedDict[
            tuple[int, tuple[Rectangle, ...], bytes | None], tuple[Encoding, Prepared]
        ] = OrderedDict()

    @property
    def bundle_id(self) -> str:
        """Names the bundle in use."""
        return self._network.bundle.id

    @property
    def alike_above(self) -> float:
        """Cosine similarity from which two pictures show one place; naming a wrong one sends somebody astray.

        `ALIKE` was found for the network that measures displacements. What other networks call alike only their cards
        know: without their word, no similarity is enough.
        """
        least = ALIKE if self._network.measures_displacement else math.inf
        return max(ALIKE, self._network.bundle.card.operating_point.get("similarity_other", least))

    @property
    def tells(self) -> frozenset[VerdictKind]:
        """What the network can tell by itself, by its card."""
        return self._network.bundle.card.verdicts

    @property
    def judges_for_free(self) -> bool:
        """Whether the network's word on a pair costs next to nothing."""
        return self._network.judges_for_free

    def encode(self, frame: Frame) -> Encoding:
        """One forward pass, the working picture and its quality."""
        return self.encode_pixels(without_combs(frame), frame.native_width / frame.native_height)

    def enroll(self, frame: Frame, key: ViewKey) -> Reference:
        """Encode a picture as a reference, in every orientation; its id is 0 until it is stored."""
        return Reference(
            id=0,
            key=key,
            image_digest=frame.digest,
            created_at=frame.captured_at,
            origin="enrolled",
            upright=self.encode(frame),
            turned={turned: self._embed(turn(frame.pixels, turned)) for turned in TURNS},
        )

    def learn_constancy(self, known: bytes | None, encoding: Encoding) -> bytes:
        """Add a good frame to what is known of the parts that never change, see `masks.Constancy`."""
        return masking.Constancy.from_bytes(known).add(encoding.luma).to_bytes()

    def compare(
        self,
        encoding: Encoding,
        frame: Frame,
        reference: Reference,
        masks: Sequence[Rectangle] = (),
        constancy: bytes | None = None,
    ) -> Comparison:
        """Evidence from a frame against a reference, in the orientation that fits best (see `Look.best`).

        Raises:
            EncodingMismatch: The reference was encoded by another bundle.
        """
        if reference.upright.bundle_id != encoding.bundle_id:
            raise EncodingMismatch(
                f"Reference {reference.id} of {reference.key} was encoded by bundle {reference.upright.bundle_id}, "
                f"not by {encoding.bundle_id}.",
                "Run `monitor references reencode`.",
            )
        return Look(self, encoding, reference, tuple(masks), constancy).best(frame)

    def prepared(self, upright: Encoding, masks: tuple[Rectangle, ...], constancy: bytes | None) -> Prepared:
        """A reference ready to be aligned, from memory where it was compared lately."""
        key = (id(upright), masks, constancy)
        with self._lock:
            known = self._prepared.get(key)
            # An id may be given to another object once its owner is gone; the object itself is kept to tell.
            if known is not None and known[0] is upright:
                self._prepared.move_to_end(key)
                return known[1]
        height, width = upright.luma.shape
        steady = masking.Constancy.from_bytes(constancy).steady_weight((height, width))
        made = Prepared(upright.luma, masking.combine(masking.paint(masks, (height, width)), steady))
        with self._lock:
            self._prepared[key] = (upright, made)
            while len(self._prepared) > KEPT_REFERENCES:
                self._prepared.popitem(last=False)
        return made

    def relate(
        self, reference: Encoding, frame: Mapping[str, NDArray[np.float32]]
    ) -> tuple[Relation, Displacement | None] | None:
        """The head's word on a pair of grids, or None for a bundle without a head."""
        judged = self._network.relate([(reference.grids, frame)])
        return judged[0] if judged else None

    def judge(self, reference: Encoding, frame: Encoding) -> tuple[Relation, Displacement | None] | None:
        """The network's word on a pair: its head's, else that of the similarity, where the card gives its limit."""
        likeness = self._network.bundle.card.likeness
        if self._network.has_head or likeness is None:
            return self.relate(reference, frame.grids)
        return likeness.relation(cosine(frame.embedding, reference.embedding)), None

    def encode_turned(self, frame: Frame, turned: Orientation) -> Encoding:
        """The frame as it would look if the turn were undone."""
        pixels = turn(frame.pixels, turned.inverse)
        aspect = frame.native_width / frame.native_height
        return self.encode_pixels(pixels, 1 / aspect if turned.swaps_sides else aspect)

    def encode_pixels(self, pixels: Pixels, aspect: float) -> Encoding:
        """One forward pass over a picture (H, W, 3), the working picture and its quality."""
        small = working_picture(pixels)
        outputs = dict(self._network.encode(prepare(pixels, self._network.bundle.card.input)))
        return Encoding(
            bundle_id=self.bundle_id,
            embedding=outputs.pop("embedding"),
            grids=outputs,
            luma=working_luma(small),
            quality=measure(small),
            aspect=aspect,
        )

    def _embed(self, pixels: Pixels) -> Vector:
        return self._network.encode(prepare(pixels, self._network.bundle.card.input))["embedding"]
