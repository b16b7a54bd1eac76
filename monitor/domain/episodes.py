"""Stored checks judged again: the verdicts and the incidents that other limits, or another insistence, come to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.domain.grounds import Grounds
from monitor.domain.state import Change, StatePolicy, Status, ViewState
from monitor.domain.thresholds import Thresholds
from monitor.domain.transitions import advance
from monitor.domain.verdict import Verdict, VerdictKind


@dataclass(frozen=True, slots=True)
class PastCheck:
    """A check as it was recorded.

    Attributes:
        id: Of the observation.
        at: When its verdict was reached.
        verdict: What it said.
        status: Where the view stood after it.
        grounds: What it went by, or None for checks older than that.
        image_digest: Its picture in the image store, or None.
    """

    id: int
    at: datetime
    verdict: Verdict
    status: Status
    grounds: Grounds | None = None
    image_digest: str | None = None

    def judge(self, thresholds: Thresholds) -> Verdict:
        """The verdict that these limits come to; the recorded one where nothing was kept to judge by."""
        return self.verdict if self.grounds is None else self.grounds.judge(thresholds, self.verdict)


@dataclass(frozen=True, slots=True)
class Episode:
    """A period in which a view was, or would have been, reported as not normal.

    Attributes:
        cause: Reported last.
        opened_at: When it was reported.
        closed_at: When the view recovered, or None if that did not come.
        incident_id: The incident that it was, or None where it only would have been.
    """

    cause: VerdictKind
    opened_at: datetime
    closed_at: datetime | None = None
    incident_id: int | None = None

    def overlaps(self, other: Episode) -> bool:
        """Whether both were going on at some moment."""
        ours_first = self.closed_at is None or other.opened_at <= self.closed_at
        return ours_first and (other.closed_at is None or self.opened_at <= other.closed_at)

    def covers(self, at: datetime) -> bool:
        """Whether it was going on at this moment."""
        return self.opened_at <= at and (self.closed_at is None or at <= self.closed_at)


def from_calm(checks: Sequence[PastCheck]) -> Sequence[PastCheck]:
    """The checks from the first one on after which the view was `ok`: what was before it is not known."""
    for place, check in enumerate(checks):
        if check.status is Status.OK:
            return checks[place:]
    return ()


def tell_again(
    checks: Iterable[PastCheck], verdicts: Iterable[Verdict], policy: StatePolicy
) -> Iterator[Episode]:
    """The episodes that verdicts come to, in order of their beginnings.

    Args:
        checks: In order of time, from a calm one on.
        verdicts: One for each of them, recorded or judged again.
        policy: How insistent verdicts must be.
    """
    state: ViewState | None = None
    current: Episode | None = None
    for check, verdict in zip(checks, verdicts, strict=True):
        if state is None:
            state = ViewState(Status.OK, check.at)
        inhibition = None if check.grounds is None else check.grounds.inhibition
        state, transition = advance(state, verdict, check.at, policy, inhibition)
        change = None if transition is None else transition.change
        if change is Change.OPENED:
            current = Episode(verdict.kind, check.at)
        elif change is Change.CAUSE_CHANGED and current is not None:
            current = replace(current, cause=verdict.kind)
        elif change is Change.RECOVERED and current is not None:
            yield replace(current, closed_at=check.at)
            current = None
    if current is not None:
        yield current


@dataclass(frozen=True, slots=True)
class Contrast:
    """What was reported beside what would have been.

    Attributes:
        same: Pairs of episodes, as they were and as they would have been.
        gone: Reported then, and not any more.
        new: Not reported then.
    """

    same: tuple[tuple[Episode, Episode], ...]
    gone: tuple[Episode, ...]
    new: tuple[Episode, ...]


def contrast(then: Sequence[Episode], now: Sequence[Episode]) -> Contrast:
    """Pair episodes that overlap, each with the first that does; what is left over is gone or new.

    A second episode within one of the other side is the same one interrupted, and no news.
    """
    pairs: list[tuple[Episode, Episode]] = []
    for before in then:
        after = next((episode for episode in now if episode.overlaps(before)), None)
        if after is not None:
            pairs.append((before, after))
    new = tuple(after for after in now if not any(after.overlaps(before) for before in then))
    paired = {id(before) for before, _ in pairs}
    return Contrast(tuple(pairs), tuple(before for before in then if id(before) not in paired), new)
