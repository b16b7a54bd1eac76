"""Keeping a view's state in order when the clock is not: it may be set back, and a future it stamped may not count."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from monitor.domain.state import ViewState

CLOCK_TRUST = timedelta(hours=1)
"""A clock set back by less is waited out; by more, it ran ahead before, and the state's times move with it,
and what is stored from ahead has no say."""


def in_order(state: ViewState, at: datetime) -> tuple[ViewState, datetime]:
    """The state and the time of a check, in an order in which time never runs backwards.

    Either way a clock set back counts as no time passed, so that nothing opens early. Waiting for a clock that was
    a year ahead would leave the view without an alert for a year; therefore the times are moved then.

    Args:
        state: Before the check.
        at: Of the check, aware UTC.
    """
    last = state.checked_at
    if last is None or at >= last:
        return state, at
    if last - at <= CLOCK_TRUST:
        return state, last
    return _moved_back(state, last - at), at


def _moved_back(state: ViewState, by: timedelta) -> ViewState:
    def earlier(time: datetime | None) -> datetime | None:
        return None if time is None else time - by

    return replace(
        state,
        since=earlier(state.since),
        recent=tuple(replace(check, at=check.at - by, since=earlier(check.since)) for check in state.recent),
        named_since=earlier(state.named_since),
        unclear_since=earlier(state.unclear_since),
        dark_since=earlier(state.dark_since),
        opened=tuple(time - by for time in state.opened),
        checked_at=earlier(state.checked_at),
    )
