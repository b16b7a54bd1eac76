"""The circuit breaker of a host: when several of its cameras fail and none works, the host is down, not they.

Closed, every camera is looked at, and cameras that fail while none works make up the *run*. Once the run says enough
the breaker trips: cameras are not looked at any more, but for one *trial* at a time. When that has lasted as long as an
offline camera needs for an incident, the host has one. A camera that works closes the breaker.

Pure: a value and an event in, the next value and what follows of it out. Times are seconds that never jump.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Step(StrEnum):
    """What follows of an event."""

    NONE = "none"
    TRIPPED = "tripped"
    REPORT = "report"
    CLOSED = "closed"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """When a host is believed to be down.

    Attributes:
        cameras: So many cameras must fail in a row; a host with fewer has no breaker.
        report_after_s: How long the host must have been down before there is an incident about it.
        trial_every_s: With an open breaker, seconds from one trial to the next …
        longest_trial_every_s: … growing with the time for which the host is down, up to this.
    """

    cameras: int = 3
    report_after_s: float = 120.0
    trial_every_s: float = 15.0
    longest_trial_every_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """Where one host stands.

    Attributes:
        is_open: Whether its cameras are spared.
        is_reported: Whether an incident about it is open.
        failing: Cameras that did not work when last looked at.
        run: Those that failed since any camera of the host last worked …
        fresh: … and of these, those that had worked before, or had not been looked at yet.
        down_since_s: When the first of the run failed, or None without a run.
        worked_s: When a camera last worked, or None if that was never seen.
        tried_s: When the last trial began, or None before the first.
    """

    is_open: bool = False
    is_reported: bool = False
    failing: frozenset[str] = frozenset()
    run: frozenset[str] = frozenset()
    fresh: frozenset[str] = frozenset()
    down_since_s: float | None = None
    worked_s: float | None = None
    tried_s: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of an event.

    Attributes:
        breaker: Where the host stands now.
        step: What follows of it.
        reason: Why, one sentence for a person; empty where nothing follows.
    """

    breaker: Breaker
    step: Step = Step.NONE
    reason: str = ""


def known_down(now_s: float) -> Breaker:
    """A host whose incident is open from before the start."""
    return Breaker(is_open=True, is_reported=True, down_since_s=now_s)


def failed(
    breaker: Breaker, camera: str, cameras: frozenset[str], now_s: float, policy: BreakerPolicy
) -> Decision:
    """A camera could not be reached, or did not answer in time.

    The run trips the breaker when it has enough cameras, and either that many of them worked until then, or no camera
    of the host works. Cameras that have been dead for long beside living ones therefore never trip it.

    Args:
        breaker: Before.
        camera: Which failed.
        cameras: All that the host has.
        now_s: When.
        policy: When a host is believed to be down.
    """
    is_fresh = camera not in breaker.failing
    after = replace(
        breaker,
        failing=breaker.failing | {camera},
        run=breaker.run | {camera},
        fresh=breaker.fresh | {camera} if is_fresh else breaker.fresh,
        down_since_s=now_s if breaker.down_since_s is None else breaker.down_since_s,
    )
    if after.is_open:
        return _still_down(after, now_s, policy)
    nothing_works = cameras <= after.failing
    if len(after.run) < policy.cameras or not (len(after.fresh) >= policy.cameras or nothing_works):
        return Decision(after)
    return Decision(
        replace(after, is_open=True, tried_s=now_s),
        Step.TRIPPED,
        f"{len(after.run)} cameras in a row could not be reached, and none worked in between.",
    )


def unanswered(breaker: Breaker, now_s: float, policy: BreakerPolicy) -> Decision:
    """Nothing accepts connections at the host."""
    return _still_down(breaker, now_s, policy) if breaker.is_open else Decision(breaker)


def worked(breaker: Breaker, camera: str, now_s: float) -> Decision:
    """A camera gave a picture, or at least an answer of its own: the host is up."""
    after = Breaker(failing=breaker.failing - {camera}, worked_s=now_s)
    if not breaker.is_open:
        return Decision(after)
    step = Step.RESTORED if breaker.is_reported else Step.CLOSED
    return Decision(after, step, f"{camera} answers again.")


def reported(breaker: Breaker) -> Breaker:
    """The incident about the host is recorded."""
    return replace(breaker, is_reported=True)


def may_try(breaker: Breaker, now_s: float, policy: BreakerPolicy) -> bool:
    """Whether an open breaker lets a trial through now."""
    if breaker.tried_s is None:
        return True
    wait_s = max(policy.trial_every_s, min(down_s(breaker, now_s) / 4, policy.longest_trial_every_s))
    return now_s - breaker.tried_s >= wait_s


def tried(breaker: Breaker, now_s: float) -> Breaker:
    """A trial begins."""
    return replace(breaker, tried_s=now_s)


def down_s(breaker: Breaker, now_s: float) -> float:
    """For how long no camera of the host has worked; 0 without a run."""
    return 0.0 if breaker.down_since_s is None else now_s - breaker.down_since_s


def _still_down(breaker: Breaker, now_s: float, policy: BreakerPolicy) -> Decision:
    lasted_s = down_s(breaker, now_s)
    if breaker.is_reported or lasted_s < policy.report_after_s:
        return Decision(breaker)
    return Decision(breaker, Step.REPORT, f"None of its cameras could be reached for {lasted_s:.0f} s.")
