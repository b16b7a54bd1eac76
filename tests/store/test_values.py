"""Values as bytes and as JSON."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.state import RecentCheck, StatePolicy, Status, ViewState
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewSpec
from monitor.store import EncodingUnreadable
from monitor.store.cache import EncodingCache
from monitor.store.encodings import pack, pack_embedding, unpack, unpack_embeddings
from monitor.store.serial import from_json, to_json
from tests.store.builders import KEY, reference, verdict

TIMES = st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
STATES = st.builds(
    ViewState,
    status=st.sampled_from(Status),
    since=st.none() | TIMES,
    cause=st.none() | st.sampled_from(VerdictKind),
    recent=st.lists(st.builds(RecentCheck, at=TIMES, kind=st.sampled_from(VerdictKind)), max_size=4).map(
        tuple
    ),
    opened=st.lists(TIMES, max_size=3).map(tuple),
    alert_before=st.booleans(),
)


@given(STATES)
def test_every_state_survives_json(state: ViewState) -> None:
    assert from_json(ViewState, json.loads(json.dumps(to_json(state)))) == state


def test_configuration_and_verdicts_survive_json() -> None:
    configured = ViewSpec(KEY, tags=("a",), policy=StatePolicy(min_duration_s={VerdictKind.DARK: 5.0}))
    for value in (configured, verdict(VerdictKind.MOVED)):
        assert from_json(type(value), json.loads(json.dumps(to_json(value)))) == value


def test_json_of_another_version_is_read_with_defaults_and_without_what_is_unknown() -> None:
    data = {"kind": "moved", "confidence": 1, "invented_later": {"x": 1}}
    assert from_json(Verdict, data) == Verdict(VerdictKind.MOVED, 1.0)


def test_json_takes_numpy_numbers_and_refuses_what_it_has_no_form_for() -> None:
    assert to_json({"a": np.float32(0.5), "b": np.int64(3), "c": np.bool_(True), "d": math.inf}) == {
        "a": 0.5, "b": 3, "c": True, "d": None
    }  # fmt: skip
    with pytest.raises(TypeError, match="no JSON form"):
        to_json({"a": object()})
    with pytest.raises(TypeError, match="expected"):
        from_json(Verdict, {"kind": "moved", "confidence": 1.0, "looks_like": 5})


def test_an_encoding_is_packed_the_same_way_every_time_and_takes_what_is_promised() -> None:
    packed = pack(reference(1))
    assert pack(reference(1)) == packed
    assert 140_000 < len(packed) < 160_000
    assert unpack(packed).nbytes < 260_000


def test_arrays_that_threads_share_cannot_be_written_to() -> None:
    stored = unpack(pack(reference(1)))
    with pytest.raises(ValueError, match="read-only"):
        stored.upright.embedding[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        stored.upright.grids["fine"][0, 0, 0] = 0


@pytest.mark.parametrize("damage", ["empty", "cut", "garbage", "pickle", "newer"])
def test_a_damaged_encoding_is_named_and_never_unpickled(
    damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = pack(reference(1, grids=False))
    if damage == "empty":
        content = b""
    elif damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "garbage":
        content = b"PK\x03\x04" + bytes(1000)
    elif damage == "pickle":
        import io

        buffer = io.BytesIO()
        np.savez(buffer, card=np.array([{"a": 1}], dtype=object))
        content = buffer.getvalue()
    else:
        monkeypatch.setattr("monitor.store.encodings.FORMAT", 2)
        content = pack(reference(1, grids=False))
        monkeypatch.undo()
    with pytest.raises(EncodingUnreadable, match=r"[Ee]ncod"):
        unpack(content)


def test_embeddings_of_different_length_are_not_mixed() -> None:
    short = pack_embedding(np.ones(3, dtype=np.float32))
    with pytest.raises(EncodingUnreadable, match="length"):
        unpack_embeddings([short, short + short])


def test_the_cache_keeps_its_limit_and_drops_what_was_not_used_for_longest() -> None:
    stored = unpack(pack(reference(1, grids=False)))
    cache = EncodingCache(3 * stored.nbytes)
    for number in (1, 2, 3):
        cache.put(number, stored)
    assert cache.get(1) is stored
    cache.put(4, stored)
    assert cache.get(2) is None
    assert all(cache.get(number) is stored for number in (1, 3, 4))
    cache.put(4, stored)
    assert cache.held_bytes == 3 * stored.nbytes


def test_an_encoding_larger_than_the_cache_is_simply_not_kept() -> None:
    cache = EncodingCache(10)
    cache.put(1, unpack(pack(reference(1, grids=False))))
    assert cache.get(1) is None
    assert cache.held_bytes == 0
