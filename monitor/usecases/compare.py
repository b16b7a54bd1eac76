"""One reference, one frame, no history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monitor.domain.decision import Thresholds, decide
from monitor.domain.frame import Frame
from monitor.domain.ports import Clock, Encoder
from monitor.domain.verdict import Verdict
from monitor.domain.view import Rectangle, ViewKey


def compare(
    reference: Frame,
    frame: Frame,
    encoder: Encoder,
    clock: Clock,
    thresholds: Thresholds | None = None,
    masks: Sequence[Rectangle] = (),
) -> tuple[Verdict, float]:
    """Judge a frame against a reference.

    Returns:
        The verdict, and the milliseconds that encoding the frame, comparing and deciding took. Enrolling the
        reference is not in them: the service does that once.
    """
    enrolled = replace(encoder.enroll(reference, ViewKey("reference")), id=1)
    started_s = clock.monotonic_s()
    encoding = encoder.encode(frame)
    comparison = encoder.compare(encoding, frame, enrolled, masks)
    verdict = decide(encoding.quality, [comparison], thresholds or Thresholds())
    return verdict, (clock.monotonic_s() - started_s) * 1000
