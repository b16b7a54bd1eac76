"""Grouping, reminders, and sparing a receiver that fails."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.domain.alert import Alert, AlertKind, Outcome, Receipt
from monitor.domain.circuit import CircuitPolicy, ReceiverState
from monitor.domain.grouping import LONGEST_KEY, Grouping, is_trait
from monitor.domain.matcher import Matter
from monitor.domain.reminders import ReminderPolicy, reminder
from monitor.domain.severity import Severity
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey, ViewSpec

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
GATE = ViewSpec(ViewKey("gate"), site="north", tags=("perimeter",), labels={"building": "B2"})
YARD = ViewSpec(ViewKey("yard", "left"), site="south")
HOSTS = {GATE.key: "192.0.2.20"}


@pytest.mark.parametrize(
    ("by", "views", "key"),
    [
        ((), (GATE,), ""),
        (("site",), (GATE,), "site north"),
        (("site", "cause"), (GATE,), "site north, cause moved"),
        (("camera", "severity"), (YARD,), "camera yard, severity warning"),
        (("tag:perimeter",), (GATE,), "tag:perimeter yes"),
        (("tag:perimeter",), (YARD,), "tag:perimeter no"),
        (("label:building",), (GATE,), "label:building B2"),
        (("host",), (GATE,), "host 192.0.2.20"),
        (("host",), (YARD,), "host none"),
        # About several views: what they have together, in one order.
        (("site",), (YARD, GATE), "site north+south"),
    ],
)
def test_a_group_is_named_by_what_is_alike(
    by: tuple[str, ...], views: tuple[ViewSpec, ...], key: str
) -> None:
    matter = Matter(views, VerdictKind.MOVED, Severity.WARNING)
    assert Grouping(by, 30.0).key_of(matter, lambda view: HOSTS.get(view, "")) == key


def test_the_name_of_a_group_is_bounded_and_still_its_own() -> None:
    def key(last: int) -> str:
        views = tuple(ViewSpec(ViewKey(f"camera-{number:04}")) for number in (*range(100), last))
        return Grouping(("camera",)).key_of(Matter(views, VerdictKind.MOVED, Severity.INFO), lambda _: "")

    assert len(key(500)) == LONGEST_KEY
    assert key(500) != key(501)


@pytest.mark.parametrize("text", ["site", "host", "tag:indoor", "label:a"])
def test_traits_are_known(text: str) -> None:
    assert is_trait(text)


@pytest.mark.parametrize("text", ["tag", "tag:", "colour", "site:north", ""])
def test_other_traits_are_not(text: str) -> None:
    assert not is_trait(text)


def test_a_reminder_is_due_so_long_after_the_last_word_and_so_often() -> None:
    policy = ReminderPolicy(3600.0, 2)
    assert not policy.is_due(NOW, 0, NOW + timedelta(minutes=59))
    assert policy.is_due(NOW, 1, NOW + timedelta(minutes=60))
    assert not policy.is_due(NOW, 2, NOW + timedelta(days=9))


@pytest.mark.parametrize(
    ("open_for", "words"), [(90, "90 min"), (120, "2 h"), (47 * 60, "47 h"), (48 * 60, "2 d")]
)
def test_a_reminder_says_the_same_again_and_for_how_long_it_lasts(open_for: int, words: str) -> None:
    last = Alert(
        "7-2", AlertKind.CHANGED, GATE.key, "north", 7, NOW, "Changed: gate is offline", {"cause": "offline"}
    )
    made = reminder(last, NOW - timedelta(minutes=open_for), NOW, 3)
    assert (made.id, made.kind, made.incident_id) == ("7-3", AlertKind.REMINDER, 7)
    assert made.headline == f"Reminder, open for {words}: gate is offline"
    assert made.details == last.details


def test_a_receiver_that_fails_again_and_again_is_tried_by_one_probe_at_a_time() -> None:
    policy, state = CircuitPolicy(opens_after=3), ReceiverState()
    failed = Receipt(Outcome.RETRY, "answered 503")
    for number in range(1, 4):
        assert policy.room(state, 4, NOW) == 4
        state = state.after(failed, NOW, "d")
        assert (state.failures, state.failing_since) == (number, NOW)
    assert policy.room(state, 4, NOW + timedelta(seconds=9)) == 0
    assert policy.room(state, 4, NOW + timedelta(seconds=10)) == 1
    later = state.after(failed, NOW + timedelta(seconds=10), "d")
    assert policy.probe_at(later) == NOW + timedelta(seconds=30)
    assert later.failing_since == NOW
    assert policy.probe_at(replace(later, failures=10_000)) == NOW + timedelta(seconds=310)
    # A clock that was set back by a day leaves it untried no longer.
    assert policy.room(later, 4, NOW - timedelta(days=1)) == 1


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.REJECTED])
def test_any_answer_ends_that(outcome: Outcome) -> None:
    state = ReceiverState(failures=9, failing_since=NOW, last_failed_at=NOW)
    after = state.after(Receipt(outcome, "fine"), NOW, "d")
    assert CircuitPolicy().room(after, 4, NOW) == 4
    assert after.failing_since is None
    assert (after.last_delivered_at is None) == (outcome is Outcome.REJECTED)


def test_a_receiver_that_is_gone_is_off_as_long_as_its_settings_are_the_same() -> None:
    state = ReceiverState().after(Receipt(Outcome.GONE, "answered 410"), NOW, "first")
    assert state.is_disabled("first")
    assert not state.is_disabled("second")
