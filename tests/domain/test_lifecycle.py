from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.displacement import Displacement, Tolerance
from monitor.domain.incident import Incident
from monitor.domain.lifecycle import goes_on
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey
from monitor.domain.worst import Worst

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MOVED = VerdictKind.MOVED


def ended(seconds_ago: float | None, cause: VerdictKind = MOVED) -> Incident:
    over = None if seconds_ago is None else NOW - timedelta(seconds=seconds_ago)
    early = NOW - timedelta(hours=1)
    return Incident(1, ViewKey("gate"), cause, early, early, early, resolved_at=over)


@pytest.mark.parametrize(
    ("earlier", "cause", "within_s", "expected"),
    [
        (ended(599), MOVED, 600.0, True),
        (ended(600), MOVED, 600.0, False),
        (ended(0), MOVED, 600.0, True),
        (ended(0), MOVED, 0.0, False),
        (ended(10), VerdictKind.BLURRED, 600.0, False),
        (ended(None), MOVED, 600.0, False),
        (ended(-30), MOVED, 600.0, True),
        (ended(-7200), MOVED, 600.0, False),
    ],
)
def test_the_same_cause_soon_after_the_end_is_the_same_incident(
    earlier: Incident, cause: VerdictKind, within_s: float, expected: bool
) -> None:
    assert goes_on(earlier, cause, NOW, within_s) is expected


def seen(shift: float | None, similarity: float | None) -> Verdict:
    moved = None if shift is None else Displacement(dx=shift)
    return Verdict(MOVED, 1.0, displacement=moved, similarity=similarity)


NUMBERS = st.none() | st.floats(-1, 1) | st.just(float("nan"))


@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=8))
def test_the_worst_is_that_of_all_whatever_the_order(
    figures: list[tuple[float | None, float | None]],
) -> None:
    worst = Worst()
    for number, (shift, similarity) in enumerate(figures):
        worst = worst.after(seen(shift, similarity), NOW + timedelta(minutes=number), Tolerance())
    shifts = [abs(shift) for shift, _ in figures if shift is not None and shift == shift]
    likenesses = [one for _, one in figures if one is not None and one == one]
    assert worst.similarity == min(likenesses, default=None)
    assert (worst.displacement is None) is (not shifts)
    if worst.displacement is not None:
        assert worst.displacement.shift_fov == pytest.approx(max(shifts), abs=1e-5)
    assert (worst.displaced_at is None) is (worst.displacement is None)
    assert (worst.unlike_at is None) is (worst.similarity is None)
