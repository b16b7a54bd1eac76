"""One reference, one frame, no history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from monitor.domain.decision import decide
from monitor.domain.frame import Frame
from monitor.domain.ports import Clock, Encoder
from monitor.domain.reference import Reference
from monitor.domain.signs import blame_line, read_signs
from monitor.domain.state import Signs, StatePolicy
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import Verdict
from monitor.domain.view import Rectangle, ViewKey


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A picture that frames are compared with.

    Attributes:
        reference: As the service keeps it.
        signs: What the picture tells of its camera; a frame that tells otherwise is remarked on.
    """

    reference: Reference
    signs: Signs


def as_reference(picture: Frame, encoder: Encoder) -> Enrolled:
    """A picture as a reference that belongs to no view; the service does this once for each of its references."""
    reference = replace(encoder.enroll(picture, ViewKey("reference")), id=1)
    signs = Signs(
        width=picture.native_width,
        height=picture.native_height,
        light=reference.upright.quality.light,
        complains=picture.complaint is not None,
    )
    return Enrolled(reference, signs)


def compare(
    enrolled: Enrolled,
    frame: Frame,
    encoder: Encoder,
    clock: Clock,
    thresholds: Thresholds | None = None,
    masks: Sequence[Rectangle] = (),
) -> tuple[Verdict, float]:
    """Judge a frame against a reference (see `as_reference`), as the service does that has seen nothing before.

    A frame that the decoder had to patch is not taken for another view, unless the reference is complained of as well.

    Returns:
        The verdict, and the milliseconds that encoding the frame, comparing and deciding took.
    """
    started_s = clock.monotonic_s()
    encoding = encoder.encode(frame)
    comparison = encoder.compare(encoding, frame, enrolled.reference, masks)
    verdict = decide(encoding.quality, [comparison], thresholds or Thresholds())
    took_ms = (clock.monotonic_s() - started_s) * 1000
    verdict = blame_line(verdict, frame.complaint, enrolled.signs)
    reading = read_signs(enrolled.signs, frame, encoding.quality, verdict, StatePolicy())
    evidence = {**verdict.evidence, **reading.evidence}
    return replace(verdict, evidence=evidence, remarks=reading.remarks), took_ms
