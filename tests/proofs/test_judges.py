"""The judges of proofs see what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.domain.alert import Alert, AlertKind
from monitor.domain.view import ViewKey
from monitor.store import DeliveryStatus
from monitor.store.rows import DeliveryRow
from monitor.usecases.tend import NO_LONGER_ROUTED
from tests.proofs.arrivals import Arrival, complaints_about_arrivals
from tests.proofs.books import complaints_about_stories

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


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


def row(
    number: int, kind: str, status: DeliveryStatus = DeliveryStatus.DELIVERED, detail: str = ""
) -> DeliveryRow:
    alert = Alert(
        f"1-{number}", AlertKind(f"incident.{kind}"), ViewKey("gate"), "near", 1, NOON, "it says so"
    )
    return DeliveryRow(f"ops:{alert.id}", "ops", alert, status, 1, NOON, NOON, NOON, detail)


def of_story(*kinds: str, by_cause: bool = False) -> list[str]:
    rows = [row(number, kind) for number, kind in enumerate(kinds, 1)]
    return list(complaints_about_stories(rows, {1}, {"ops"} if by_cause else set()))


def test_an_incident_is_told_from_its_beginning_to_its_end_and_again() -> None:
    assert of_story("opened", "changed", "resolved", "reopened", "reminder", "resolved") == []


@pytest.mark.parametrize(
    ("kinds", "complaint"),
    [
        (["opened", "changed"], "not of its end"),
        (["opened", "reopened", "resolved"], "not of its end"),
        (["changed", "resolved"], "not that it began"),
        (["opened", "resolved", "changed", "resolved"], "not that it began"),
        (["opened", "resolved", "resolved"], "not that it began"),
    ],
)
def test_half_a_story_is_complained_about(kinds: list[str], complaint: str) -> None:
    assert any(complaint in text for text in of_story(*kinds))


def test_whom_routes_by_cause_lead_to_later_hears_of_the_change_first_and_still_of_the_end() -> None:
    assert of_story("changed", "resolved", by_cause=True) == []
    assert of_story("changed", by_cause=True) != []


def test_a_beginning_may_be_kept_from_nobody_whom_routes_led_to() -> None:
    rest = [row(2, "changed"), row(3, "resolved")]
    for detail, complaints in ((NO_LONGER_ROUTED, 0), ("a later alert says more", 1)):
        rows = [row(1, "opened", DeliveryStatus.DROPPED, detail), *rest]
        assert len(list(complaints_about_stories(rows, {1}, {"ops"}))) == complaints
