"""One reference, one frame, no history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monitor.domain.decision import decide
from monitor.domain.frame import Frame
from monitor.domain.ports import Clock, Encoder
from monitor.domain.reference import Reference
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import Verdict
from monitor.domain.view import Rectangle, ViewKey


def as_reference(picture: Frame, encoder: Encoder) -> Reference:
    """A picture as a reference that belongs to no view; the service does this once for each of its references."""
    return replace(encoder.enroll(picture, ViewKey("reference")), id=1)


def compare(
    reference: Reference,
    frame: Frame,
    encoder: Encoder,
    clock: Clock,
    thresholds: Thresholds | None = None,
    masks: Sequence[Rectangle] = (),
) -> tuple[Verdict, float]:
    """Judge a frame against a reference (see `as_reference`).

    Returns:
        The verdict, and the milliseconds that encoding the frame, comparing and deciding took.
    """
    started_s = clock.monotonic_s()
    encoding = encoder.encode(frame)
    comparison = encoder.compare(encoding, frame, reference, masks)
    verdict = decide(encoding.quality, [comparison], thresholds or Thresholds())
    return verdict, (clock.monotonic_s() - started_s) * 1000
