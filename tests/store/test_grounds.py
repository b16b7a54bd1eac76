"""What checks went by comes back from either database as it was, and small."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.comparison import Alignment, Comparison, Format, Relation
from monitor.domain.displacement import Displacement
from monitor.domain.frame import FrameQuality
from monitor.domain.grounds import Grounds
from monitor.domain.inhibition import Inhibition
from monitor.domain.orientation import Orientation
from monitor.domain.verdict import VerdictKind
from monitor.store import Store, grounds
from monitor.store.grounds import pack, unpack
from tests.domain.builders import GOOD, comparison, quick
from tests.store.builders import KEY, NOW, announce, at, observation

numbers = st.floats(-1e6, 1e6, width=32)
displacements = st.builds(Displacement, *[numbers] * 7)
comparisons = st.builds(
    Comparison,
    reference_id=st.integers(0, 2**62),
    orientation=st.sampled_from(Orientation),
    similarities=st.dictionaries(st.sampled_from(Orientation), numbers),
    relation=st.none() | st.builds(Relation, *[numbers] * 4),
    network_displacement=st.none() | displacements,
    alignment=st.none() | st.builds(Alignment, displacements, *[numbers] * 5, landmarks=st.integers(0, 5000)),
    sharpness_ratio=numbers,
    texture_ratio=numbers,
    told_by_network=st.frozensets(st.sampled_from(VerdictKind)),
    format=st.sampled_from(Format),
)
texts = st.none() | st.text(max_size=80).filter(lambda text: len(text.encode()) <= grounds.LONGEST_TEXT)
all_grounds = st.builds(
    Grounds,
    quality=st.none() | st.builds(FrameQuality, *[numbers] * 9),
    comparisons=st.lists(comparisons, max_size=4).map(tuple),
    complaint=texts,
    frozen=texts,
    inhibition=st.none()
    | st.builds(
        Inhibition,
        st.text(max_size=40),
        st.none() | st.integers(1, 2**62),
        st.booleans(),
    ),
)
FULL = Grounds(
    GOOD,
    (comparison(network=Displacement(dx=0.01)), comparison(reference_id=2, network=Displacement(dx=0.02))),
)


@quick
@given(all_grounds)
def test_everything_comes_back_as_it_was(before: Grounds) -> None:
    assert unpack(pack(before)) == before


def test_what_is_no_number_stays_none() -> None:
    back = unpack(pack(Grounds(replace(GOOD, sharpness=math.nan))))
    assert back is not None
    assert back.quality is not None
    assert math.isnan(back.quality.sharpness)


def test_every_kind_orientation_and_format_has_its_place() -> None:
    # New ones are added at the end of the tables: what is stored counts places.
    assert set(grounds._KINDS) == set(VerdictKind)
    assert set(grounds._ORIENTATIONS) == set(Orientation)
    assert set(grounds._FORMATS) == set(Format)


def test_a_view_with_two_references_takes_less_than_400_bytes() -> None:
    assert len(pack(FULL)) <= 400
    assert len(pack(Grounds(GOOD, FULL.comparisons[:1]))) <= 220


def test_texts_are_cut_between_letters_and_comparisons_at_what_a_byte_counts() -> None:
    long = Grounds(GOOD, FULL.comparisons[:1] * 300, complaint="ß" * 300)
    back = unpack(pack(long))
    assert back is not None
    assert back.complaint == "ß" * 100
    assert len(back.comparisons) == 255


@pytest.mark.parametrize("content", [None, b"", b"\x02 of a newer version"])
def test_what_cannot_be_read_is_as_if_it_were_not_there(content: bytes | None) -> None:
    assert unpack(content) is None


def test_a_check_keeps_what_it_went_by(store: Store) -> None:
    store.record(replace(observation(0), grounds=FULL), (), announce)
    (row,) = store.history.observations(KEY)
    assert row.grounds is not None
    assert row.grounds.quality is not None
    assert row.grounds.quality.contrast == pytest.approx(GOOD.contrast)
    assert [one.reference_id for one in row.grounds.comparisons] == [1, 2]


def test_rows_older_than_that_have_none(store: Store) -> None:
    store.record(observation(0), (), announce)
    assert [row.grounds for row in store.history.observations(KEY)] == [None]


def test_history_comes_oldest_first_in_parts_and_whole(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.store.observations.PART", 3)
    for place in (4, 0, 6, 2, 1, 3, 5):
        store.record(observation(60.0 * place), (), announce)
    assert [row.slot for row in store.history.onward(KEY, NOW)] == [at(60.0 * place) for place in range(7)]
    assert [row.slot for row in store.history.onward(KEY, at(60))] == [
        at(60.0 * place) for place in range(1, 7)
    ]
    assert list(store.history.onward(KEY, at(9999))) == []
