"""What becomes of an alert, given what became of those before it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.alert import AlertKind
from monitor.domain.telling import Earlier, Fate, Telling, how_to_tell, is_being_told

OPENED, CHANGED, RESOLVED, REOPENED = (
    AlertKind.OPENED,
    AlertKind.CHANGED,
    AlertKind.RESOLVED,
    AlertKind.REOPENED,
)
WHY = "silenced"


def history(*steps: tuple[AlertKind, Fate]) -> list[Earlier]:
    return [Earlier(number, kind, fate) for number, (kind, fate) in enumerate(steps, start=1)]


TOLD, HELD, DROPPED = Fate.TOLD, Fate.HELD, Fate.DROPPED


@pytest.mark.parametrize(
    ("earlier", "kind", "held", "fate", "release", "drop"),
    [
        ([], OPENED, "", TOLD, (), ()),
        ([], OPENED, WHY, HELD, (), ()),
        # The end of what was never told takes it back.
        ([(OPENED, HELD)], RESOLVED, WHY, DROPPED, (), (1,)),
        ([(OPENED, HELD)], RESOLVED, "", DROPPED, (), (1,)),
        ([(OPENED, HELD), (CHANGED, HELD)], RESOLVED, WHY, DROPPED, (), (1, 2)),
        ([(OPENED, DROPPED)], RESOLVED, "", DROPPED, (), ()),
        # The end of what was told is told, muted or not.
        ([(OPENED, TOLD)], RESOLVED, WHY, TOLD, (), ()),
        ([(OPENED, TOLD), (CHANGED, HELD)], RESOLVED, WHY, TOLD, (), (2,)),
        # Of what nothing is known, the end is told as the routes say, unless that is held.
        ([], RESOLVED, "", TOLD, (), ()),
        ([], RESOLVED, WHY, DROPPED, (), ()),
        # What is told brings its beginning along and leaves behind what has been overtaken.
        ([(OPENED, HELD)], CHANGED, "", TOLD, (1,), ()),
        ([(OPENED, HELD), (CHANGED, HELD)], CHANGED, "", TOLD, (1,), (2,)),
        ([(OPENED, TOLD), (CHANGED, HELD)], CHANGED, "", TOLD, (), (2,)),
        ([(OPENED, TOLD)], CHANGED, WHY, HELD, (), ()),
        # An incident that is taken up again begins anew.
        ([(OPENED, TOLD), (RESOLVED, TOLD)], REOPENED, WHY, HELD, (), ()),
        ([(OPENED, TOLD), (RESOLVED, TOLD), (REOPENED, HELD)], RESOLVED, WHY, DROPPED, (), (3,)),
        ([(OPENED, HELD), (RESOLVED, DROPPED), (REOPENED, TOLD)], RESOLVED, WHY, TOLD, (), ()),
    ],
)
def test_the_fate_of_an_alert(
    earlier: list[tuple[AlertKind, Fate]],
    kind: AlertKind,
    held: str,
    fate: Fate,
    release: tuple[int, ...],
    drop: tuple[int, ...],
) -> None:
    telling = how_to_tell(kind, held, history(*earlier))
    assert (telling.fate, telling.release, telling.drop) == (fate, release, drop)
    assert bool(telling.reason) == (fate is not TOLD)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=12))
def test_a_receiver_never_hears_of_an_end_without_a_beginning_nor_waits_for_one_in_vain(
    steps: list[tuple[bool, bool]],
) -> None:
    """Random incidents, opened and ended again and again while mutes come and go."""
    earlier: list[Earlier] = []
    is_open = False
    for number, (goes_on, muted) in enumerate(steps, start=1):
        if is_open and not goes_on:
            kind, is_open = RESOLVED, False
        elif is_open:
            kind = CHANGED
        else:
            kind, is_open = (REOPENED if earlier else OPENED), True
        telling: Telling = how_to_tell(kind, WHY if muted else "", earlier)
        earlier = [Earlier(one.sequence, one.kind, _after(one, telling)) for one in earlier] + [
            Earlier(number, kind, telling.fate)
        ]
        told = [one.kind for one in earlier if one.fate is TOLD]
        knows_of_open = False
        for one in told:
            if one is RESOLVED:
                assert knows_of_open
                knows_of_open = False
            else:
                assert one is not CHANGED or knows_of_open
                knows_of_open = True
        if not is_open:
            assert not knows_of_open
            assert all(one.fate is not HELD for one in earlier)
        assert is_being_told(earlier) == knows_of_open


def _after(one: Earlier, telling: Telling) -> Fate:
    if one.sequence in telling.release:
        return TOLD
    return DROPPED if one.sequence in telling.drop else one.fate
