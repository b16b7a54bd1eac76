"""Windows by the wall clock, also in the nights in which clocks change, and on leap days."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.schedules.cron import Cron
from monitor.schedules.errors import BadSchedule
from monitor.schedules.window import Calendar, Recurring

BERLIN, NEW_YORK, LORD_HOWE, KATHMANDU = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # changes its clocks by half an hour
    "Asia/Kathmandu",  # 5:45 ahead, no changes
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        ("30 2 * * *", BERLIN, "2026-06-01T00:00", "2026-06-01T00:30"),
        # 2026-03-29: 02:00 to 03:00 does not exist in Berlin; what falls into it happens at 03:00.
        ("30 2 * * *", BERLIN, "2026-03-28T12:00", "2026-03-29T01:00"),
        # 2026-10-25: 02:00 to 03:00 comes twice; once is enough …
        ("30 2 * * *", BERLIN, "2026-10-24T12:00", "2026-10-25T00:30"),
        ("30 2 * * *", BERLIN, "2026-10-25T00:31", "2026-10-26T01:30"),
        # … unless it is due every hour.
        ("0 * * * *", BERLIN, "2026-10-25T00:00", "2026-10-25T01:00"),
        ("0 * * * *", BERLIN, "2026-10-25T01:00", "2026-10-25T02:00"),
        ("0 3 * * *", NEW_YORK, "2026-03-08T00:00", "2026-03-08T07:00"),
        ("15 2 * * *", LORD_HOWE, "2026-10-03T12:00", "2026-10-03T15:30"),
        ("0 0 * * *", KATHMANDU, "2026-06-01T00:00", "2026-06-01T18:15"),
        ("0 0 29 2 *", "UTC", "2026-01-01T00:00", "2028-02-29T00:00"),
        ("0 0 L * *", "UTC", "2026-02-01T00:00", "2026-02-28T00:00"),
        ("0 0 * * SUN#1", "UTC", "2026-11-02T00:00", "2026-12-06T00:00"),
    ],
)
def test_cron_follows_the_wall_clock_of_its_zone(
    expression: str, zone: str, after: str, expected: str
) -> None:
    assert Cron(expression, zone).next_after(utc(after)) == utc(expected)


@pytest.mark.parametrize("expression", ["", "every night", "60 * * * *", "0 0 31 2 *", "* * * *"])
def test_an_expression_that_never_comes_true_is_refused(expression: str) -> None:
    with pytest.raises(BadSchedule, match="no cron expression that ever comes true"):
        Cron(expression)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-06-01T00:29:59", None),
        ("2026-06-01T00:30:00", "2026-06-01T02:30"),
        ("2026-06-01T02:29:59", "2026-06-01T02:30"),
        ("2026-06-01T02:30:00", None),
        # The night in which 02:30 does not exist: two real hours from 03:00 on.
        ("2026-03-29T00:59:59", None),
        ("2026-03-29T01:00:00", "2026-03-29T03:00"),
        # The night in which it exists twice: open once, for two real hours.
        ("2026-10-25T00:30:00", "2026-10-25T02:30"),
        ("2026-10-25T01:45:00", "2026-10-25T02:30"),
        ("2026-10-25T02:30:00", None),
    ],
)
def test_a_recurring_window_is_open_for_its_length(now: str, until: str | None) -> None:
    window = Recurring(Cron("30 2 * * *", BERLIN), 7200.0)
    assert window.open_until(utc(now)) == (until and utc(until))


def test_a_window_may_last_over_midnight_and_over_the_next_opening() -> None:
    window = Recurring(Cron("0 22 * * *", "UTC"), 26 * 3600.0)
    assert window.open_until(utc("2026-06-02T12:00")) == utc("2026-06-03T00:00")
    assert window.open_until(utc("2026-06-02T22:00")) == utc("2026-06-04T00:00")


@pytest.mark.parametrize(
    ("begins", "ends", "zone", "opens_at", "closes_at"),
    [
        ("2026-06-01T08:00", "2026-06-01T16:00", BERLIN, "2026-06-01T06:00", "2026-06-01T14:00"),
        # Begins at a time that is skipped: at the change.
        ("2026-03-29T02:15", "2026-03-29T05:00", BERLIN, "2026-03-29T01:00", "2026-03-29T03:00"),
        # Ends at a time that is skipped: the same.
        ("2026-03-29T01:00", "2026-03-29T02:45", BERLIN, "2026-03-29T00:00", "2026-03-29T01:00"),
        # Times that come twice: from the first to the second.
        ("2026-10-25T02:15", "2026-10-25T02:45", BERLIN, "2026-10-25T00:15", "2026-10-25T01:45"),
        ("2026-10-04T02:10", "2026-10-04T04:00", LORD_HOWE, "2026-10-03T15:30", "2026-10-03T17:00"),
        ("2028-02-29T00:00", "2028-03-01T00:00", "UTC", "2028-02-29T00:00", "2028-03-01T00:00"),
        # A leap second (2016-12-31T23:59:60Z) is one that datetimes do not have: the window is what they show.
        ("2016-12-31T23:00", "2017-01-01T00:00", "UTC", "2016-12-31T23:00", "2017-01-01T00:00"),
    ],
)
def test_a_calendar_window_is_open_from_its_first_to_its_last_local_time(
    begins: str, ends: str, zone: str, opens_at: str, closes_at: str
) -> None:
    window = Calendar(local(begins), local(ends), zone)
    second = timedelta(seconds=1)
    assert window.open_until(utc(opens_at) - second) is None
    assert window.open_until(utc(opens_at)) == utc(closes_at)
    assert window.open_until(utc(closes_at) - second) == utc(closes_at)
    assert window.open_until(utc(closes_at)) is None


@pytest.mark.parametrize(
    ("begins", "ends", "problem"),
    [
        ("2026-06-01T16:00", "2026-06-01T08:00", "must end after it begins"),
        ("2026-06-01T16:00", "2026-06-01T16:00", "must end after it begins"),
        ("2026-06-01T08:00+02:00", "2026-06-01T16:00", "local ones"),
    ],
)
def test_a_calendar_window_that_makes_no_sense_is_refused(begins: str, ends: str, problem: str) -> None:
    with pytest.raises(BadSchedule, match=problem):
        Calendar(local(begins), local(ends), "UTC")


def test_a_window_must_last() -> None:
    with pytest.raises(BadSchedule, match="longer than 0"):
        Recurring(Cron("0 0 * * *"), 0.0)
