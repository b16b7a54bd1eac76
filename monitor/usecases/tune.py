"""Rules for one view out of its own history; nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from monitor.domain.budget import Budget
from monitor.domain.tuning import Outcome, Proposal, Rules, candidates, propose, try_out
from monitor.usecases.look_back import History


def tune(
    history: History,
    present: Rules,
    budget: Budget,
    interval: timedelta,
    tell: Callable[[], None] = lambda: None,
) -> tuple[list[Outcome], Proposal]:
    """Try other rules on what is stored of a view.

    Args:
        history: Of the view; incidents that people call wrong count as false alarms, all others as true.
        present: The rules of today.
        budget: Of false episodes.
        interval: Of the view.
        tell: Called after each of the rules.

    Returns:
        What came of all rules, the present ones first, and what to choose.
    """
    true = [
        incident
        for incident in history.incidents
        if incident.incident_id is None or history.opinions.get(incident.incident_id) is not False
    ]
    outcomes = []
    for outcome in try_out(history.checks, true, candidates(present), interval.total_seconds()):
        outcomes.append(outcome)
        tell()
    return outcomes, propose(outcomes, budget)
