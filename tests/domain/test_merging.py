from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.incident import SUBJECT_LENGTH, Scope
from monitor.domain.merging import Sight, merge_of, pair_subject
from monitor.domain.site_event import SiteEventPolicy, SiteTrouble, ends_below, is_site_event
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey

GATE, YARD, SHED = ViewKey("gate"), ViewKey("yard"), ViewKey("shed", "north")
SCENE, MOVED = VerdictKind.DIFFERENT_SCENE, VerdictKind.MOVED
POLICY = SiteEventPolicy(at_least=5, share=0.3, window_s=120.0)


@pytest.mark.parametrize(
    ("mine", "other", "is_pair"),
    [
        (Sight(GATE, SCENE, YARD), Sight(YARD, SCENE, GATE), True),
        (Sight(GATE, SCENE, YARD), Sight(YARD, SCENE, SHED), False),
        (Sight(GATE, SCENE, YARD), Sight(YARD, SCENE, None), False),
        (Sight(GATE, SCENE, YARD), Sight(YARD, MOVED, GATE), False),
        (Sight(GATE, MOVED, YARD), Sight(YARD, SCENE, GATE), False),
        (Sight(GATE, SCENE, GATE), Sight(GATE, SCENE, GATE), False),
        (Sight(GATE, SCENE, YARD), None, False),
    ],
)
def test_two_views_are_swapped_when_each_shows_the_other(
    mine: Sight, other: Sight | None, is_pair: bool
) -> None:
    merge = merge_of(mine, other)
    assert (merge is not None) is is_pair
    if merge is not None:
        assert (merge.scope, merge.subject) == (Scope.PAIR, "gate + yard")
        assert other is not None
        assert merge_of(other, mine) is not None, "whichever comes second"


@pytest.mark.parametrize(
    ("views", "changed", "is_event"),
    [
        (5, 5, True),
        (5, 4, False),
        (16, 5, True),
        (17, 5, False),
        (17, 6, True),
        (10_000, 2_999, False),
        (10_000, 3_000, True),
        (0, 0, False),
    ],
)
def test_a_site_event_takes_a_number_and_a_share(views: int, changed: int, is_event: bool) -> None:
    merge = merge_of(Sight(GATE, MOVED), trouble=SiteTrouble("north", views, changed), policy=POLICY)
    assert (merge is not None) is is_event
    if merge is not None:
        assert merge.reason == f"{changed} of {views} views changed within 120 s."


def test_a_pair_says_more_than_a_site() -> None:
    merge = merge_of(Sight(GATE, SCENE, YARD), Sight(YARD, SCENE, GATE), SiteTrouble("north", 5, 5), POLICY)
    assert merge is not None
    assert merge.scope is Scope.PAIR


def test_site_events_may_be_switched_off() -> None:
    assert not is_site_event(SiteTrouble("north", 10, 10), SiteEventPolicy(at_least=0))
    assert merge_of(Sight(GATE, MOVED), trouble=SiteTrouble("north", 10, 10)) is None


@pytest.mark.parametrize("values", [{"at_least": -1}, {"share": 1.1}, {"share": -0.1}, {"window_s": -1.0}])
def test_impossible_policies_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="at_least"):
        SiteEventPolicy(**values)  # type: ignore[arg-type]


@given(st.integers(1, 50), st.floats(0, 1), st.integers(0, 20_000))
def test_what_begins_an_event_does_not_end_it(at_least: int, share: float, views: int) -> None:
    policy = SiteEventPolicy(at_least, share)
    needed = policy.needed(views)
    assert 1 <= ends_below(needed) <= needed
    for changed in {needed - 1, needed, needed + 1}:
        event = is_site_event(SiteTrouble("north", views, changed), policy)
        assert event is (changed >= needed)
        assert not event or changed >= ends_below(needed)


@given(
    st.text(min_size=1, max_size=200), st.text(min_size=1, max_size=200), st.text(min_size=1, max_size=200)
)
def test_the_name_of_a_pair_is_the_same_from_both_sides_and_fits(one: str, other: str, view: str) -> None:
    first, second = ViewKey(one, view), ViewKey(other, view)
    assert pair_subject(first, second) == pair_subject(second, first)
    assert len(pair_subject(first, second)) <= SUBJECT_LENGTH
