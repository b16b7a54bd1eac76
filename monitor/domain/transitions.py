"""The view state machine: one verdict in, the next state and the transition it brings out. Pure functions."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.domain.chronology import in_order
from monitor.domain.inhibition import Inhibition
from monitor.domain.state import (
    SILENT,
    Change,
    RecentCheck,
    StatePolicy,
    Status,
    Transition,
    ViewState,
)
from monitor.domain.verdict import PICTURELESS, Verdict, VerdictKind


def advance(
    state: ViewState,
    verdict: Verdict,
    at: datetime,
    policy: StatePolicy,
    inhibition: Inhibition | None = None,
) -> tuple[ViewState, Transition | None]:
    """The state after a verdict, and the transition if the state changed.

    Args:
        state: Before the verdict; never `unenrolled` (a view without references is not checked).
        verdict: Of one frame.
        at: When it was reached, aware UTC; a clock set back counts as no time passed.
        policy: How insistent verdicts must be.
        inhibition: What stands for the view's own incident if the verdict is that no frame came; or None.
    """
    if verdict.kind is not VerdictKind.OFFLINE:
        inhibition = None
    state, at = in_order(state, at)
    if state.checked_at is not None and _may_hide_a_day(_seconds(state.checked_at, at), policy):
        state = replace(state, dark_since=None)
    state = replace(state, checked_at=at)
    if inhibition is not None and inhibition.certain:
        return _is_explained(state, at, policy, inhibition)
    if verdict.kind in SILENT:
        return _tells_nothing(state, verdict.kind, at, policy)
    check = _placed(state, RecentCheck(at, verdict.kind, verdict.displacement), policy)
    state = replace(
        state,
        recent=(*state.recent, check)[-max(policy.window, policy.close_checks) :],
        unclear_since=None,
        # One lost frame in a long darkness does not end it.
        dark_since=state.dark_since if verdict.kind in PICTURELESS else None,
    )
    if verdict.kind is VerdictKind.OK:
        return _good(state, at, policy)
    state = replace(state, named=verdict.kind, named_since=check.since)
    return _bad(state, verdict.kind, at, policy, is_withheld=inhibition is not None)


def next_check_after_s(
    state: ViewState, interval_s: float, policy: StatePolicy, *, is_inhibited: bool = False
) -> float:
    """Seconds until the view should be looked at again: soon while something is in doubt, late where nothing comes.

    In doubt is a suspect view, and an alert whose last check says something else: it may be over, or another. A view
    known to give no frame is asked again after as long as it has given none: each wait is twice the one before.

    Args:
        state: After a check.
        interval_s: Of the view.
        policy: Of the view.
        is_inhibited: Whether that check failed, and something else is known to be the cause.
    """
    failing_since = state.unclear_since if is_inhibited else _frameless_since(state)
    if failing_since is not None and state.checked_at is not None:
        lasted_s = _seconds(failing_since, state.checked_at)
        return max(interval_s, min(lasted_s, policy.longest_wait_s))
    if is_inhibited:
        return interval_s
    contradicted = (
        state.status is Status.ALERT and bool(state.recent) and state.recent[-1].kind is not state.cause
    )
    if state.status is Status.SUSPECT or contradicted:
        return min(interval_s, policy.recheck_s)
    return interval_s


def _frameless_since(state: ViewState) -> datetime | None:
    """Since when a view has given no frame, if an incident says so and its last check said so, too."""
    if state.status is not Status.ALERT or state.cause not in PICTURELESS or not state.recent:
        return None
    latest = state.recent[-1]
    return (latest.since or latest.at) if latest.kind is state.cause else None


def _may_hide_a_day(unwatched_s: float, policy: StatePolicy) -> bool:
    """Whether daylight may have come and gone between two checks (the shortest day that cameras see by)."""
    return unwatched_s > policy.dark_alert_after_s / 4


def _says_the_same(one: RecentCheck, other: RecentCheck, policy: StatePolicy) -> bool:
    """Whether two checks speak of one and the same thing; without a measurement no two moves are the same."""
    if one.kind is not other.kind:
        return False
    if one.kind is not VerdictKind.MOVED:
        return True
    if one.displacement is None or other.displacement is None:
        return False
    return one.displacement.agrees_with(other.displacement, policy.tolerance)


def _placed(state: ViewState, check: RecentCheck, policy: StatePolicy) -> RecentCheck:
    """The check with the time since when the same has been said, which may lie long before the window.

    A bad cause survives other verdicts between its own, as N of M checks are enough; good ones must follow each other.
    """
    is_ok = check.kind is VerdictKind.OK
    earlier = state.recent[-1:] if is_ok else (*state.recent, check)[-policy.window : -1]
    since = [past.since or past.at for past in earlier if _says_the_same(past, check, policy)]
    return replace(check, since=min(since, default=check.at))


def _tells_nothing(
    state: ViewState, kind: VerdictKind, at: datetime, policy: StatePolicy
) -> tuple[ViewState, Transition | None]:
    """Night and doubt neither confirm nor clear; if they last, that is said, and a dark lasting beyond any night
    is an incident of its own (a lens painted over at dusk looks like a night that never ends).
    """
    dark_since = (state.dark_since or at) if kind is VerdictKind.DARK else None
    unclear_since = state.unclear_since or at
    state = replace(state, unclear_since=unclear_since, dark_since=dark_since)
    if dark_since is not None and state.has_open_incident and state.cause is VerdictKind.DARK:
        state = replace(state, recent=(), unclear_since=None)
        return _back_in_alert(state, at) if state.status is Status.UNKNOWN else (state, None)
    if dark_since is not None and not state.has_open_incident:
        dark_s = _seconds(dark_since, at)
        if dark_s >= policy.dark_alert_after_s:
            # What was good before the dark must not count towards its end.
            state = replace(state, recent=(), unclear_since=None, named=kind, named_since=dark_since)
            return _open(state, kind, at, policy, f"It has been dark for {dark_s / 3600:.1f} hours.")
    return _doubt_lasts(state, kind, at, policy, f"({kind})")


def _is_explained(
    state: ViewState, at: datetime, policy: StatePolicy, inhibition: Inhibition
) -> tuple[ViewState, Transition | None]:
    """No frame came, and something else is known to be the cause: this says nothing about the view itself.

    What was held against it before is dropped as well, or it would open an incident with its first failure after the
    cause has gone, while it is still starting up. An incident of its own that was open before stays as it is.
    """
    if state.has_open_incident and state.cause in PICTURELESS:
        return state, None
    state = replace(
        state,
        recent=tuple(check for check in state.recent if check.kind not in PICTURELESS),
        unclear_since=state.unclear_since or at,
    )
    return _doubt_lasts(state, VerdictKind.OFFLINE, at, policy, f"({inhibition.reason})")


def _doubt_lasts(
    state: ViewState, kind: VerdictKind, at: datetime, policy: StatePolicy, why: str
) -> tuple[ViewState, Transition | None]:
    """Nothing was told again; when that has lasted too long, the view's state is not known any more."""
    unclear_s = _seconds(state.unclear_since or at, at)
    if state.status in (Status.OK, Status.SUSPECT, Status.ALERT) and unclear_s >= policy.unknown_after_s:
        interrupted = state.status is Status.ALERT
        after = replace(
            state,
            status=Status.UNKNOWN,
            since=at,
            cause=state.cause if interrupted else None,
            alert_before=interrupted,
            recent=(),
        )
        reason = f"Nothing could be told for {unclear_s / 60:.0f} minutes {why}."
        return after, Transition(Change.LOST_SIGHT, state.status, Status.UNKNOWN, kind, reason)
    return state, None


def _good(state: ViewState, at: datetime, policy: StatePolicy) -> tuple[ViewState, Transition | None]:
    match state.status:
        case Status.OK:
            return state, None
        case Status.SUSPECT:
            if _may_still_insist(state, policy):
                return state, None
            return _settle(state, at, Change.CLEARED, f"The suspicion of {state.cause} was not confirmed.")
        case _ if not state.has_open_incident:
            change = Change.ENROLLED if state.status is Status.UNENROLLED else Change.REGAINED_SIGHT
            return _settle(state, at, change, "The view can be told again.")
    latest, good = state.recent[-1], len(_good_run(state))
    lasted_s = _seconds(latest.since or latest.at, at)
    if good >= policy.close_checks and lasted_s >= policy.close_after_s:
        return _settle(state, at, Change.RECOVERED, f"{good} good checks over {lasted_s:.0f} s.")
    return _back_in_alert(state, at) if state.status is Status.UNKNOWN else (state, None)


def _good_run(state: ViewState) -> tuple[RecentCheck, ...]:
    """The good checks since the last that was not, oldest first."""
    bad = [index for index, check in enumerate(state.recent) if check.kind is not VerdictKind.OK]
    return state.recent[bad[-1] + 1 :] if bad else state.recent


def _may_still_insist(state: ViewState, policy: StatePolicy) -> bool:
    """Whether a cause named lately could, with the checks to come, still fill its share of one window."""
    for to_come in range(1, policy.window):
        left = state.recent[to_come - policy.window :]
        named = Counter(check.kind for check in left if check.kind is not VerdictKind.OK)
        if named and max(named.values()) + to_come >= policy.open_checks:
            return True
    return False


def _bad(
    state: ViewState, cause: VerdictKind, at: datetime, policy: StatePolicy, *, is_withheld: bool
) -> tuple[ViewState, Transition | None]:
    insistence = None if is_withheld else _insistence(state, policy)
    if state.has_open_incident:
        window = state.recent[-policy.window :]
        # Two causes that alternate would else be a message each time.
        if insistence is not None and all(check.kind is not state.cause for check in window):
            return _change_cause(state, cause, at, policy, insistence)
        return _back_in_alert(state, at) if state.status is Status.UNKNOWN else (state, None)
    if insistence is not None:
        return _open(state, cause, at, policy, insistence)
    if state.status is Status.SUSPECT:
        return replace(state, cause=cause), None
    after = replace(state, status=Status.SUSPECT, since=at, cause=cause)
    return after, Transition(
        Change.SUSPECTED, state.status, Status.SUSPECT, cause, "One check says so; looking again."
    )


def _insistence(state: ViewState, policy: StatePolicy) -> str | None:
    """Why the latest check is to be believed: its cause was named often, long and consistently enough; else None."""
    latest = state.recent[-1]
    window = state.recent[-policy.window :]
    same = sum(_says_the_same(check, latest, policy) for check in window)
    lasted_s = _seconds(latest.since or latest.at, latest.at)
    if same < policy.open_checks or lasted_s < policy.duration_needed_s(latest.kind):
        return None
    return f"{same} of the last {len(window)} checks over {lasted_s:.0f} s say so."


def _open(
    state: ViewState, cause: VerdictKind, at: datetime, policy: StatePolicy, reason: str
) -> tuple[ViewState, Transition]:
    opened, flapping = _flaps(state, at, policy)
    after = replace(
        state,
        status=Status.ALERT,
        since=at,
        cause=cause,
        dark_since=state.dark_since if cause is VerdictKind.DARK else None,
        opened=opened,
    )
    return after, Transition(Change.OPENED, state.status, Status.ALERT, cause, reason, flapping)


def _change_cause(
    state: ViewState, cause: VerdictKind, at: datetime, policy: StatePolicy, reason: str
) -> tuple[ViewState, Transition]:
    opened, flapping = _flaps(state, at, policy)
    after = replace(state, status=Status.ALERT, since=at, cause=cause, opened=opened, alert_before=False)
    reason = f"Was {state.cause}. {reason}"
    return after, Transition(Change.CAUSE_CHANGED, state.status, Status.ALERT, cause, reason, flapping)


def _flaps(state: ViewState, at: datetime, policy: StatePolicy) -> tuple[tuple[datetime, ...], bool]:
    """The times of the latest alerts, this one included, and whether they are too many."""
    lately = tuple(time for time in (*state.opened, at) if _seconds(time, at) <= policy.flap_window_s)
    return lately[-policy.flap_changes :], len(lately) >= policy.flap_changes


def _back_in_alert(state: ViewState, at: datetime) -> tuple[ViewState, Transition]:
    """The view can be told again, and the alert that `unknown` interrupted is not over."""
    after = replace(state, status=Status.ALERT, since=at, alert_before=False)
    reason = f"The view can be told again; the alert ({state.cause}) is still open."
    return after, Transition(Change.REGAINED_SIGHT, state.status, Status.ALERT, state.cause, reason)


def _settle(state: ViewState, at: datetime, change: Change, reason: str) -> tuple[ViewState, Transition]:
    """Normal again; what was named before does not count a second time."""
    after = replace(
        state,
        status=Status.OK,
        since=at,
        cause=None,
        recent=_good_run(state),
        named=None,
        named_since=None,
        alert_before=False,
    )
    return after, Transition(change, state.status, Status.OK, state.cause, reason)


def _seconds(since: datetime, until: datetime) -> float:
    return max(timedelta(), until - since).total_seconds()
