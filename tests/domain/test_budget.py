import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.budget import (
    PERIODS,
    YEAR,
    BadBudget,
    Budget,
    Rate,
    at_most_events,
    least_expected,
    most_expected,
)
from tests.domain.builders import quick


# From the chi-squared distribution: the 95 % quantile with 2 (k + 1) degrees of freedom, halved, and the 5 % one with
# 2 k degrees.
@pytest.mark.parametrize(
    ("events", "least", "most"),
    [(0, 0.0, 2.9957), (1, 0.0513, 4.7439), (2, 0.3554, 6.2958), (5, 1.9701, 10.5130), (10, 5.4254, 16.9622)],
)
def test_the_bounds_are_those_of_the_tables(events: int, least: float, most: float) -> None:
    assert least_expected(events) == pytest.approx(least, abs=1e-4)
    assert most_expected(events) == pytest.approx(most, abs=1e-4)


@quick
@given(st.integers(0, 2000), st.floats(0.6, 0.999))
def test_at_the_bounds_what_was_seen_is_just_as_unlikely_as_agreed(events: int, confidence: float) -> None:
    assert at_most_events(events, most_expected(events, confidence)) == pytest.approx(
        1 - confidence, abs=1e-6
    )
    if events:
        least = least_expected(events, confidence)
        assert 1 - at_most_events(events - 1, least) == pytest.approx(1 - confidence, abs=1e-6)


def test_a_history_without_events_shows_what_the_rule_of_three_says() -> None:
    month = PERIODS["month"]
    rate = Rate(0, 2.3 * month)
    assert rate.at_most(month) == pytest.approx(1.3, abs=0.01)
    assert Budget.parse("1/year").needed / month == pytest.approx(36, abs=0.1)
    assert not rate.shows(Budget.parse("1/year"))
    assert Rate(0, 37 * month).shows(Budget.parse("1/year"))
    assert not Rate(1, 37 * month).shows(Budget.parse("1/year"))


def test_nothing_watched_shows_nothing() -> None:
    rate = Rate(0, timedelta())
    assert (rate.expected(), rate.at_least(), rate.at_most()) == (0.0, 0.0, math.inf)
    assert not rate.shows(Budget.parse("1000/day"))


@pytest.mark.parametrize(
    ("text", "a_year"),
    [("1/year", 1.0), ("2/month", 24.0), ("0.5/week", 0.5 * 365.25 / 7), (" 3 / day", 3 * 365.25)],
)
def test_a_budget_is_a_number_and_a_period(text: str, a_year: float) -> None:
    assert Budget.parse(text).a_year == pytest.approx(a_year)
    assert Budget.parse(str(Budget.parse(text))) == Budget.parse(text)


@pytest.mark.parametrize("text", ["", "1", "0/year", "-1/year", "1/decade", "one/year", "1/year/2"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadBudget, match="is no budget"):
        Budget.parse(text)


def test_half_the_time_has_twice_the_rate() -> None:
    assert Rate(3, YEAR / 2).expected() == pytest.approx(6)
    assert Rate(3, YEAR / 2).at_most() == pytest.approx(2 * Rate(3, YEAR).at_most())
