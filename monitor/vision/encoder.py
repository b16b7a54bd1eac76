"""The eye of the service: pictures to encodings, and a frame's encoding against a reference to evidence."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from monitor.domain.comparison import Comparison, Format, Relation
from monitor.domain.displacement import Displacement
from monitor.domain.errors import MonitorError
from monitor.domain.frame import Frame, Pixels
from monitor.domain.orientation import Orientation, turn
from monitor.domain.reference import Encoding, Reference, Vector
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import Rectangle, ViewKey
from monitor.vision import masks as masking
from monitor.vision.alignment import CONVINCING, Prepared, align, glance
from monitor.vision.formats import fit_format, in_shape, shapes_differ, sides_swapped
from monitor.vision.gradient import working_luma, working_picture
from monitor.vision.interlacing import without_combs
from monitor.vision.network import Network
from monitor.vision.phase import correlate
from monitor.vision.preprocess import prepare
from monitor.vision.quality import measure

TURNS = (Orientation.ROTATED_180, Orientation.MIRRORED, Orientation.ROTATED_90, Orientation.ROTATED_270)
ALIKE = 0.7
"""Cosine similarity from which two pictures show one place, unless the bundle's calibration asks for more."""
CLEAR_PEAK = 8.0
"""Strength of a correlation's peak, in standard deviations, that pictures of other scenes do not reach."""
WORTH_A_TRY = 0.2
"""The network's probability for `moved` from which the alignment tries the network's displacement too."""
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
        """Evidence from a frame against a reference, in the orientation that fits best.

        The upright comparison costs no further forward pass. Only when neither the gradients nor the network
        recognise the view are the other orientations tried, the promising ones with a pass of their own.

        Raises:
            EncodingMismatch: The reference was encoded by another bundle.
        """
        if reference.upright.bundle_id != encoding.bundle_id:
            raise EncodingMismatch(
                f"Reference {reference.id} of {reference.key} was encoded by bundle {reference.upright.bundle_id}, "
                f"not by {encoding.bundle_id}.",
                "Run `monitor references reencode`.",
            )
        similarities = {Orientation.UPRIGHT: _cosine(encoding.embedding, reference.upright.embedding)} | {
            turned: _cosine(encoding.embedding, vector) for turned, vector in reference.turned.items()
        }
        look = _Look(self, encoding, reference, similarities, tuple(masks), constancy)
        candidates = []
        if not sides_swapped(reference.upright.aspect, encoding.aspect):
            candidates = [max(look.in_other_shapes(frame), key=_fit, default=None) or look.upright()]
        if not candidates or not _recognised(candidates[0]):
            candidates += [look.turned(frame, turned) for turned in look.promising()]
        return max(candidates, key=_likeness)

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
        return likeness.relation(_cosine(frame.embedding, reference.embedding)), None

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


class _Look:
    """One frame against one reference, in one orientation after the other."""

    def __init__(
        self,
        encoder: NetworkEncoder,
        encoding: Encoding,
        reference: Reference,
        similarities: Mapping[Orientation, float],
        masks: tuple[Rectangle, ...],
        constancy: bytes | None,
    ) -> None:
        self._encoder = encoder
        self._encoding = encoding
        self._reference = reference
        self._similarities = similarities
        self._masks = masks
        self._constancy = constancy
        self._ours = encoder.prepared(reference.upright, masks, constancy)
        self._theirs = self._prepare(encoding)

    def upright(self) -> Comparison:
        return self._compare(Orientation.UPRIGHT, self._encoding, self._theirs)

    def in_other_shapes(self, frame: Frame) -> list[Comparison]:
        """A frame of another aspect in the ways in which it may show the view; none where the aspect is the same."""
        aspect = self._reference.upright.aspect
        if not shapes_differ(aspect, self._encoding.aspect):
            return []
        found = [replace(self.upright(), format=Format.STRETCHED)]
        for fitted in (Format.SAME_WIDTH, Format.SAME_HEIGHT):
            pixels, grey = in_shape(frame.pixels, aspect, fitted)
            encoding = self._encoder.encode_pixels(pixels, aspect)
            ours = self._encoder.prepared(self._reference.upright, self._masks + grey, self._constancy)
            seen = self._compare(Orientation.UPRIGHT, encoding, self._prepare(encoding), ours)
            alike = {**self._similarities, Orientation.UPRIGHT: _cosine(encoding.embedding, self._known)}
            found.append(replace(seen, format=fitted, similarities=alike))
        return found

    def turned(self, frame: Frame, orientation: Orientation) -> Comparison:
        encoding = self._encoder.encode_turned(frame, orientation)
        return self._compare(orientation, encoding, self._prepare(encoding))

    def promising(self) -> list[Orientation]:
        """Orientations worth a forward pass: of those that the network tells the two most alike, and the phases'."""
        if sides_swapped(self._reference.upright.aspect, self._encoding.aspect):
            return [Orientation.ROTATED_90, Orientation.ROTATED_270]
        spectra = {
            Orientation.ROTATED_180: self._theirs.flipped_spectrum,
            Orientation.MIRRORED: self._theirs.mirrored_spectrum,
        }
        by_phase = [
            turned
            for turned, seen in spectra.items()
            if correlate(self._ours.spectrum, seen).strength > CLEAR_PEAK
        ]
        told = [turned for turned in TURNS if turned.verdict in self._encoder.tells]
        by_network = sorted(told, key=lambda turned: self._similarities.get(turned, -1.0), reverse=True)[:2]
        return list(dict.fromkeys([*by_phase, *by_network]))

    def _prepare(self, encoding: Encoding) -> Prepared:
        return Prepared(fit_format(encoding.luma, self._ours.shape))

    @property
    def _known(self) -> Vector:
        return self._reference.upright.embedding

    def _compare(
        self, orientation: Orientation, encoding: Encoding, theirs: Prepared, ours: Prepared | None = None
    ) -> Comparison:
        ours = ours or self._ours
        alignment, still = glance(ours, theirs)
        judged = None
        if not still or self._encoder.judges_for_free:
            judged = self._encoder.judge(self._reference.upright, encoding)
        if not still:
            hints = [judged[1]] if judged and judged[1] and judged[0].moved > WORTH_A_TRY else []
            alignment = align(ours, theirs, hints, alignment)
        return Comparison(
            reference_id=self._reference.id,
            orientation=orientation,
            similarities=self._similarities,
            relation=judged[0] if judged else None,
            network_displacement=judged[1] if judged else None,
            alignment=alignment,
            sharpness_ratio=encoding.quality.sharpness / max(self._reference.upright.quality.sharpness, 1e-6),
            texture_ratio=encoding.quality.texture / max(self._reference.upright.quality.texture, 1e-6),
            told_by_network=self._encoder.tells,
        )


def _recognised(comparison: Comparison) -> bool:
    """Whether the upright view is recognised so surely that no other orientation need be tried.

    The pattern of a sensor agrees with itself however the camera is turned: where the network was asked, and sees
    another place, agreement alone is not enough.
    """
    relation = comparison.relation
    known = 1.0 if relation is None else relation.same + relation.moved
    if comparison.alignment is not None and comparison.alignment.support > CONVINCING and known > 0.5:
        return True
    ahead = comparison.similarity >= max(comparison.similarities.values()) - 1e-6
    # A network that cannot tell a view from its mirror image recognises both: then only the phases know.
    tells_turns = all(turned.verdict in comparison.told_by_network for turned in TURNS)
    return relation is not None and known > 0.9 and ahead and tells_turns


def _fit(comparison: Comparison) -> tuple[float, float]:
    """How well a frame of another shape was fitted: by the gradients where they agree, else by all evidence."""
    support = comparison.alignment.support if comparison.alignment else 0.0
    return (support if support > CONVINCING else 0.0), _likeness(comparison)


def _likeness(comparison: Comparison) -> float:
    """How much frame and reference look like one view in this orientation; orders candidates, nothing else."""
    support = comparison.alignment.support if comparison.alignment else 0.0
    relation = comparison.relation
    known = relation.same + relation.moved if relation else 0.0
    return 2.0 * min(support, 0.5) + 0.5 * known + 0.5 * comparison.similarity


def _cosine(one: Vector, other: Vector) -> float:
    return float(np.dot(one, other))
