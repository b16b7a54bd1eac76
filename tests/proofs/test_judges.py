"""The judges of proofs see what is wrong."""

from __future__ import annotations

import pytest

from tests.proofs.arrivals import Arrival, complaints_about_arrivals


def arrived(*messages: tuple[str, tuple[str, ...]]) -> list[str]:
    return complaints_about_arrivals([Arrival("ops", key, alerts) for key, alerts in messages])


def test_a_message_may_come_again_and_a_later_one_after_it() -> None:
    one, both = ("1-1", ("1-1",)), ("group-a", ("1-2", "2-1", "1-3"))
    assert arrived(one, one, both, both, ("2-2", ("2-2",))) == []


@pytest.mark.parametrize(
    ("messages", "complaint"),
    [
        ([("1-1", ("1-1",)), ("group-a", ("1-1", "2-1"))], "alert 1-1 came as 1-1 and as group-a"),
        ([("group-a", ("1-1",)), ("group-a", ("1-1", "2-1"))], "other alerts than before"),
        ([("group-a", ("1-1", "1-1"))], "holds an alert twice"),
        ([("1-2", ("1-2",)), ("1-1", ("1-1",))], "came after"),
        ([("1-1", ("1-1",)), ("1-2", ("1-2",)), ("1-1", ("1-1",))], "came after"),
        ([("group-a", ("1-2", "1-1"))], "in no order"),
    ],
)
def test_what_may_not_arrive_is_complained_about(
    messages: list[tuple[str, tuple[str, ...]]], complaint: str
) -> None:
    assert any(complaint in text for text in arrived(*messages))
