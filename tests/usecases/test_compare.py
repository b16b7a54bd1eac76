"""One reference, one frame, no history."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.domain.frame import Frame
from monitor.domain.orientation import Orientation
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import Rectangle
from monitor.usecases.compare import as_reference, compare
from tests.usecases.doubles import SteppingClock, StubEncoder, shifted, turned, view_of


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (view_of(1, noise=9), VerdictKind.OK),
        (shifted(1, 10), VerdictKind.MOVED),
        (turned(1, Orientation.MIRRORED), VerdictKind.MIRRORED),
        (view_of(2), VerdictKind.DIFFERENT_SCENE),
    ],
)
def test_a_frame_is_judged_against_a_picture(frame: Frame, kind: VerdictKind):
    encoder = StubEncoder()
    verdict, _ = compare(as_reference(view_of(1), encoder), frame, encoder, SteppingClock())
    assert verdict.kind is kind


def test_content_further_right_has_a_positive_dx():
    encoder = StubEncoder()
    verdict, _ = compare(as_reference(view_of(1), encoder), shifted(1, 10), encoder, SteppingClock())
    assert verdict.displacement is not None
    assert verdict.displacement.dx == pytest.approx(0.05)


def test_the_time_of_the_frame_counts_and_that_of_the_reference_does_not():
    clock, encoder = SteppingClock(), StubEncoder()
    reference = as_reference(view_of(1), encoder)
    encoder.before_encoding = lambda: clock.spend(0.125)
    _, took_ms = compare(reference, view_of(1, noise=9), encoder, clock)
    assert took_ms == pytest.approx(125)


def test_limits_and_masks_are_those_given():
    encoder, mask = StubEncoder(), Rectangle(0, 0, 1, 0.1)
    reference = as_reference(view_of(1), encoder)
    wide = replace(Thresholds(), covered_texture=2.0)
    verdict, _ = compare(reference, view_of(1), encoder, SteppingClock(), wide, [mask])
    assert verdict.kind is VerdictKind.OBSTRUCTED
    assert encoder.compared == [(1, (mask,), None)]
