"""Which rules keep a view's false alarms within a budget, and what they cost: judged by the view's own history.

Every check is taken as of a normal view, but for those within incidents that nobody has called wrong. What rules then
report is false, and counted against the time watched. The price is told in three ways: incidents that would not have
been reported, the smallest move still named, and checks needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from itertools import pairwise, product

from monitor.domain.budget import Budget, Rate
from monitor.domain.comparison import Comparison, Relation
from monitor.domain.decision import decide
from monitor.domain.displacement import Displacement, Tolerance
from monitor.domain.episodes import Episode, PastCheck, tell_again
from monitor.domain.orientation import Orientation
from monitor.domain.state import StatePolicy
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import Verdict, VerdictKind

EXCESSES = (0.67, 0.8, 1.0, 1.33, 2.0, 3.0, 4.0, 6.0)
"""Times the present margin of a move."""
CONFIDENCES = (0.5, 0.65, 0.75, 0.85, 0.95)
INSISTENCES = ((3, 4), (3, 5), (4, 6), (5, 8))
"""Checks of one cause, among so many."""
SHIFTS = tuple(round(0.004 * 1.15**step, 4) for step in range(32))
"""Moves that are tried by arithmetic, fractions of the view: from 0.4 to 30 %."""
NAMED = 0.9
"""Share of checks that must name a move."""
SAMPLE = 40
"""Checks that moves are tried on."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Limits, and how insistent verdicts must be."""

    thresholds: Thresholds
    policy: StatePolicy

    def beyond(self, present: Rules) -> dict[str, dict[str, float]]:
        """What differs from the present rules, as sections of a configuration."""
        sections = {
            "thresholds": _differences(present.thresholds, self.thresholds),
            "policy": _differences(present.policy, self.policy),
        }
        return {name: values for name, values in sections.items() if values}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What rules come to on a history.

    Attributes:
        rules: The rules.
        rate: False episodes.
        lost: Incidents that nobody has called wrong, and that would not have been reported.
        smallest_shift: The smallest move still named, fraction of the view; None where none is, or none could be
            tried.
    """

    rules: Rules
    rate: Rate
    lost: int
    smallest_shift: float | None

    @property
    def price(self) -> tuple[float, ...]:
        """Orders outcomes by what they cost in sensitivity."""
        policy = self.rules.policy
        shift = 1.0 if self.smallest_shift is None else self.smallest_shift
        return (self.lost, shift, policy.open_checks, policy.window, self.rules.thresholds.confidence)


@dataclass(frozen=True, slots=True)
class Proposal:
    """The outcome to choose.

    Attributes:
        outcome: It; None where no candidate keeps the budget even in the time seen.
        is_shown: Whether the history shows that the budget is kept, or was only long enough for it not to be broken.
    """

    outcome: Outcome | None
    is_shown: bool


def candidates(present: Rules) -> Iterator[Rules]:
    """Rules worth a try, the present ones first: other margins, confidences and insistences, and margins with these."""
    yield present
    limits, policy = present.thresholds, present.policy
    margins = [limits] + [
        replace(
            limits,
            moved_excess=round(limits.moved_excess * times, 3),
            unaligned_excess=round(limits.unaligned_excess * times, 3),
        )
        for times in EXCESSES
        # Less than the tolerance itself is no move by the view's own word.
        if times != 1.0 and limits.moved_excess * times >= 1.0
    ]
    insistences = [policy] + [
        replace(policy, open_checks=checks, window=window)
        for checks, window in INSISTENCES
        if (checks, window) > (policy.open_checks, policy.window)
    ]
    for margin, insistence in product(margins, insistences):
        if (margin, insistence) != (limits, policy):
            yield Rules(margin, insistence)
    for confidence in CONFIDENCES:
        if confidence != limits.confidence:
            yield Rules(replace(limits, confidence=confidence), policy)


def try_out(
    checks: Sequence[PastCheck], true_incidents: Sequence[Episode], rules: Iterable[Rules], interval_s: float
) -> Iterator[Outcome]:
    """What each of the rules comes to.

    Args:
        checks: Of a view, in order of time, from a calm one on.
        true_incidents: That nobody has called wrong.
        rules: To try; those with the same thresholds best one after the other, as they share their verdicts.
        interval_s: Of the view: longer silences do not count as watched.
    """
    watched = watched_calmly(checks, true_incidents, timedelta(seconds=max(3 * interval_s, 600.0)))
    sample = _sample(checks, true_incidents)
    latest: tuple[Thresholds, list[Verdict], float | None] | None = None
    for tried in rules:
        if latest is None or latest[0] != tried.thresholds:
            limits = tried.thresholds
            latest = limits, [check.judge(limits) for check in checks], smallest_named(sample, limits)
        episodes = tuple(tell_again(checks, latest[1], tried.policy))
        wrong = sum(not any(episode.overlaps(true) for true in true_incidents) for episode in episodes)
        lost = sum(not any(true.overlaps(episode) for episode in episodes) for true in true_incidents)
        yield Outcome(tried, Rate(wrong, watched), lost, latest[2])


def propose(outcomes: Sequence[Outcome], budget: Budget) -> Proposal:
    """The most sensitive rules whose budget is shown to be kept; else those that kept it, and are no more sensitive
    than the present ones.

    Args:
        outcomes: The first is that of the present rules.
        budget: Of false episodes.
    """
    shown = [outcome for outcome in outcomes if outcome.rate.shows(budget)]
    if shown:
        return Proposal(min(shown, key=lambda outcome: outcome.price), is_shown=True)
    present = outcomes[0]
    if present.rate.fits(budget):
        return Proposal(present, is_shown=False)
    fitting = [
        outcome for outcome in outcomes if outcome.rate.fits(budget) and outcome.price >= present.price
    ]
    return Proposal(min(fitting, key=lambda outcome: outcome.price, default=None), is_shown=False)


def watched_calmly(
    checks: Sequence[PastCheck], incidents: Sequence[Episode], longest_gap: timedelta
) -> timedelta:
    """For how long a view was looked at outside of incidents; of a long gap no more than so much counts."""
    total = timedelta()
    for before, after in pairwise(checks):
        if not any(incident.covers(after.at) for incident in incidents):
            total += min(max(after.at - before.at, timedelta()), longest_gap)
    return total


def smallest_named(sample: Sequence[PastCheck], thresholds: Thresholds) -> float | None:
    """The smallest move that nearly all of the checks would have named, had the content lain so much further right.

    By arithmetic on what the alignment measured: as if it, and the network, had followed the move. What is true of
    the place's noise and the limits is in it; how far alignment and network can follow is not.
    """
    seen = [check.grounds for check in sample if check.grounds is not None]
    for shift in SHIFTS if seen else ():
        named = 0
        for grounds in seen:
            assert grounds.quality is not None
            moved = [_moved(comparison, shift) for comparison in grounds.comparisons[:1]]
            named += decide(grounds.quality, moved, thresholds).kind is VerdictKind.MOVED
        if named >= NAMED * len(seen):
            return shift
    return None


def _moved(comparison: Comparison, shift: float) -> Comparison:
    alignment, relation, guess = comparison.alignment, comparison.relation, comparison.network_displacement
    assert alignment is not None
    if relation is not None:
        guess = guess or Displacement()
        # What the network was trained to call a move, whatever the limits of a view are.
        if shift >= Thresholds().moved_excess * Tolerance().shift_fov:
            relation = Relation(0.0, relation.same + relation.moved, relation.different, relation.obstructed)
    at = alignment.displacement
    return replace(
        comparison,
        alignment=replace(alignment, displacement=replace(at, dx=at.dx + shift)),
        relation=relation,
        network_displacement=None if guess is None else replace(guess, dx=guess.dx + shift),
    )


def _sample(checks: Sequence[PastCheck], incidents: Sequence[Episode]) -> list[PastCheck]:
    """Good checks all over the history, each with the one comparison that speaks clearest for the view."""
    good = [
        check
        for check in checks
        if check.verdict.kind is VerdictKind.OK
        and check.grounds is not None
        and check.grounds.quality is not None
        and any(map(_is_at_rest, check.grounds.comparisons))
        and not any(incident.covers(check.at) for incident in incidents)
    ]
    return [_with_clearest(check) for check in good[:: max(1, len(good) // SAMPLE)][:SAMPLE]]


def _with_clearest(check: PastCheck) -> PastCheck:
    assert check.grounds is not None
    usable = [comparison for comparison in check.grounds.comparisons if _is_at_rest(comparison)]
    clearest = max(usable, key=_support)
    return replace(check, grounds=replace(check.grounds, comparisons=(clearest,)))


def _is_at_rest(comparison: Comparison) -> bool:
    return comparison.alignment is not None and comparison.orientation is Orientation.UPRIGHT


def _support(comparison: Comparison) -> float:
    return comparison.alignment.support if comparison.alignment is not None else 0.0


def _differences(before: Thresholds | StatePolicy, after: Thresholds | StatePolicy) -> dict[str, float]:
    return {
        field.name: getattr(after, field.name)
        for field in fields(before)
        if getattr(after, field.name) != getattr(before, field.name)
    }
