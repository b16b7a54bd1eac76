"""When a failed delivery is tried again."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.alert import Outcome, Receipt, RetryPolicy
from tests.domain.builders import T0, quick

POLICY = RetryPolicy()
RETRY = Receipt(Outcome.RETRY)
MINUTE, HOUR = 60.0, 3600.0


class MiddleRandom(Random):
    """No jitter."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def wait_s(attempt: int, receipt: Receipt = RETRY, random: Random | None = None) -> float | None:
    then = POLICY.next_attempt(T0, attempt, receipt, random or MiddleRandom())
    return None if then is None else (then - T0).total_seconds()


def test_the_waits_are_those_of_the_documentation():
    waits = [wait_s(attempt) for attempt in range(1, 10)]
    documented = [5, 25, 2 * MINUTE, 10 * MINUTE, 52 * MINUTE, 4.3 * HOUR, 21.7 * HOUR, 75 * HOUR]
    assert waits[:-1] == pytest.approx(documented, rel=0.05)
    assert waits[-1] is None


@quick
@given(st.integers(1, 8), st.integers())
def test_jitter_stays_within_a_fifth(attempt: int, seed: int):
    jittered, plain = wait_s(attempt, random=Random(seed)), wait_s(attempt)
    assert jittered is not None
    assert plain is not None
    assert 0.8 * plain <= jittered <= 1.2 * plain


def test_deliveries_that_failed_together_do_not_come_back_together():
    random = Random(1)
    assert len({wait_s(1, random=random) for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("asked_s", "waited_s"),
    [(1.0, 5.0), (600.0, 600.0), (1e9, POLICY.longest_s), (-5.0, 5.0), (float("nan"), 5.0)],
)
def test_a_receiver_may_ask_for_a_longer_wait_up_to_the_longest(asked_s: float, waited_s: float):
    assert wait_s(1, Receipt(Outcome.RETRY, retry_after_s=asked_s)) == pytest.approx(waited_s)


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.REJECTED, Outcome.GONE])
def test_what_is_final_is_not_tried_again(outcome: Outcome):
    assert wait_s(1, Receipt(outcome, retry_after_s=10)) is None


def test_a_policy_of_one_attempt_never_tries_again():
    assert RetryPolicy(attempts=1).next_attempt(T0, 1, RETRY, Random(1)) is None


def test_the_next_attempt_keeps_the_time_zone():
    then = POLICY.next_attempt(T0, 1, RETRY, MiddleRandom())
    assert then == T0 + timedelta(seconds=5)
    assert then.tzinfo is T0.tzinfo
