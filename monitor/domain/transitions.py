"""The view state machine: one verdict in, the next state and the transition it brings out. Pure functions."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from monitor.domain.state import (
    SILENT,
    Change,
    RecentCheck,
    StatePolicy,
    Status,
    Transition,
    ViewState,
)
from monitor.domain.verdict import Verdict, VerdictKind


def advance(
    state: ViewState, verdict: Verdict, at: datetime, policy: StatePolicy
) -> tuple[ViewState, Transition | None]:
    """The state after a verdict, and the transition if the state changed.

    Args:
        state: Before the verdict; never `unenrolled` (a view without references is not checked).
        verdict: Of one frame.
        at: When it was reached, aware UTC; not before the last one (a clock set back counts as no time passed).
        policy: How insistent verdicts must be.
    """
    at = max(at, state.recent[-1].at) if state.recent else at
    if verdict.kind in SILENT:
        return _tells_nothing(state, verdict, at, policy)
    check = RecentCheck(at, verdict.kind, verdict.displacement)
    state = replace(
        state,
        recent=(*state.recent, check)[-_kept(policy) :],
        unclear_since=None,
        dark_since=None,
    )
    if verdict.kind is VerdictKind.OK:
        return _good(state, at, policy)
    earlier = state.recent[-policy.window : -1]
    if verdict.kind is not state.named or all(past.kind is not verdict.kind for past in earlier):
        state = replace(state, named=verdict.kind, named_since=at)
    return _bad(state, verdict.kind, at, policy)


def next_check_after_s(state: ViewState, interval_s: float, policy: StatePolicy) -> float:
    """Seconds until the view should be looked at again: soon while something is in doubt."""
    recovering = (
        state.status is Status.ALERT and bool(state.recent) and state.recent[-1].kind is VerdictKind.OK
    )
    if state.status is Status.SUSPECT or recovering:
        return min(interval_s, policy.recheck_s)
    return interval_s


def _kept(policy: StatePolicy) -> int:
    return max(policy.window, policy.close_checks)


def _tells_nothing(
    state: ViewState, verdict: Verdict, at: datetime, policy: StatePolicy
) -> tuple[ViewState, Transition | None]:
    """Night and doubt neither confirm nor clear; if they last, that is said, and a dark lasting beyond any night
    is an incident of its own (a lens painted over at dusk looks like a night that never ends).
    """
    dark = verdict.kind is VerdictKind.DARK
    state = replace(
        state,
        unclear_since=state.unclear_since or at,
        dark_since=(state.dark_since or at) if dark else None,
    )
    if (
        dark
        and state.dark_since is not None
        and not state.has_open_incident
        and _seconds(state.dark_since, at) >= policy.dark_alert_after_s
    ):
        return _open(state, VerdictKind.DARK, at, policy)
    unclear_s = _seconds(state.unclear_since or at, at)
    if state.status in (Status.OK, Status.SUSPECT, Status.ALERT) and unclear_s >= policy.unknown_after_s:
        after = replace(
            state, status=Status.UNKNOWN, since=at, alert_before=state.status is Status.ALERT, recent=()
        )
        return after, Transition(
            Change.LOST_SIGHT,
            state.status,
            Status.UNKNOWN,
            verdict.kind,
            f"Nothing could be told for {unclear_s / 60:.0f} minutes ({verdict.kind}).",
        )
    return state, None


def _good(state: ViewState, at: datetime, policy: StatePolicy) -> tuple[ViewState, Transition | None]:
    match state.status:
        case Status.OK:
            return state, None
        case Status.SUSPECT:
            still_possible = sum(
                check.kind is not VerdictKind.OK for check in state.recent[1 - policy.window :]
            )
            if policy.window > 1 and still_possible + 1 >= policy.open_checks:
                return state, None
            return _settle(state, at, Change.CLEARED, f"The suspicion of {state.cause} was not confirmed.")
        case Status.ALERT:
            pass
        case _:
            if not state.alert_before:
                change = Change.ENROLLED if state.status is Status.UNENROLLED else Change.REGAINED_SIGHT
                return _settle(state, at, change, "The view can be told again.")
            state = replace(state, status=Status.ALERT, since=at, alert_before=False)
    run = []
    for check in reversed(state.recent):
        if check.kind is not VerdictKind.OK:
            break
        run.append(check)
    lasted_s = _seconds(run[-1].at, at)
    if len(run) >= policy.close_checks and lasted_s >= policy.close_after_s:
        return _settle(state, at, Change.RECOVERED, f"{len(run)} good checks over {lasted_s:.0f} s.")
    return state, None


def _bad(
    state: ViewState, cause: VerdictKind, at: datetime, policy: StatePolicy
) -> tuple[ViewState, Transition | None]:
    insists, reason = _insists(state, cause, at, policy)
    if state.status is Status.UNKNOWN and state.alert_before:
        state = replace(state, status=Status.ALERT, since=at, alert_before=False)
    if state.status is Status.ALERT:
        if cause is state.cause or not insists:
            return state, None
        after = replace(state, cause=cause, since=at)
        return after, Transition(
            Change.CAUSE_CHANGED, Status.ALERT, Status.ALERT, cause, f"Was {state.cause}. {reason}"
        )
    if insists:
        return _open(state, cause, at, policy, reason)
    if state.status is Status.SUSPECT:
        return replace(state, cause=cause), None
    after = replace(state, status=Status.SUSPECT, since=at, cause=cause)
    return after, Transition(
        Change.SUSPECTED, state.status, Status.SUSPECT, cause, "One check says so; looking again."
    )


def _insists(state: ViewState, cause: VerdictKind, at: datetime, policy: StatePolicy) -> tuple[bool, str]:
    """Whether this cause has been named often, long and consistently enough to be believed."""
    named = [check for check in state.recent[-policy.window :] if check.kind is cause]
    if len(named) < policy.open_checks:
        return False, ""
    lasted_s = _seconds(state.named_since or at, at)
    if lasted_s < policy.duration_needed_s(cause):
        return False, ""
    if cause is VerdictKind.MOVED:
        latest = named[-1].displacement
        agreeing = [
            check
            for check in named
            if latest is not None
            and check.displacement is not None
            and latest.agrees_with(check.displacement, policy.tolerance)
        ]
        if len(agreeing) < policy.open_checks:
            return False, ""
    return (
        True,
        f"{len(named)} of the last {min(policy.window, len(state.recent))} checks over {lasted_s:.0f} s say so.",
    )


def _open(
    state: ViewState,
    cause: VerdictKind,
    at: datetime,
    policy: StatePolicy,
    reason: str = "It has stayed dark.",
) -> tuple[ViewState, Transition]:
    lately = tuple(t for t in (*state.opened, at) if _seconds(t, at) <= policy.flap_window_s)
    flapping = len(lately) >= policy.flap_changes
    after = replace(
        state,
        status=Status.ALERT,
        since=at,
        cause=cause,
        opened=lately[-policy.flap_changes :],
        alert_before=False,
    )
    return after, Transition(Change.OPENED, state.status, Status.ALERT, cause, reason, flapping)


def _settle(state: ViewState, at: datetime, change: Change, reason: str) -> tuple[ViewState, Transition]:
    after = replace(
        state, status=Status.OK, since=at, cause=None, named=None, named_since=None, alert_before=False
    )
    return after, Transition(change, state.status, Status.OK, state.cause, reason)


def _seconds(since: datetime, until: datetime) -> float:
    return max(timedelta(), until - since).total_seconds()
