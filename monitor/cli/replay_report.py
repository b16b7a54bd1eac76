"""The timeline of a replay, for people and as JSON lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from monitor.cli.injections import FaultRecord, ScoreBoard
from monitor.cli.screen import Screen
from monitor.cli.words import (
    describe,
    instant,
    moment,
    name,
    span,
    transition_json,
    verdict_json,
)
from monitor.domain.state import Change
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewSpec
from monitor.usecases.replay import Moment

LOUD = (Change.OPENED, Change.CAUSE_CHANGED)


class Report:
    """Writes what happens as it happens, and a summary at the end.

    Args:
        screen: Where to.
        directory: The recording, for the heading.
        as_json: One JSON object a line instead of sentences.
    """

    def __init__(self, screen: Screen, directory: Path, *, as_json: bool) -> None:
        self._screen = screen
        self._directory = directory
        self._as_json = as_json

    def begin(self, spec: ViewSpec, times: Sequence[datetime], frames: int) -> None:
        """The heading."""
        lasts = times[-1] - times[0]
        if not self._as_json:
            self._screen.say(
                f"{spec.key}: {frames} frames in {self._directory}, {moment(times[0])} to {moment(times[-1])} UTC "
                f"({span(lasts)})",
                "strong",
            )
        least_s = spec.policy.default_duration_s
        if lasts < timedelta(seconds=least_s):
            self._screen.note(
                f"The recording lasts less than the {least_s:g} s that any cause must last to be reported; "
                f"--spacing sets the frames further apart.",
                "doubt",
            )

    def tell(self, seen: Moment, found: FaultRecord | None) -> None:
        """One check; only what changes something is told to people."""
        if self._as_json:
            self._screen.json(
                {
                    "type": "check",
                    "at": instant(seen.at),
                    "file": seen.name,
                    "verdict": verdict_json(seen.verdict),
                    "state": seen.status,
                    "change": transition_json(seen.transition),
                    "finds": found.fault.text if found else None,
                }
            )
            return
        change = seen.transition
        if change is None:
            return
        loud = change.change in LOUD
        mood = "bad" if loud else "good" if change.change is Change.RECOVERED else "quiet"
        what = describe(seen.verdict) if seen.verdict.kind is VerdictKind.OK else _what(seen)
        headline = "INCIDENT" if loud else change.change.value.replace("_", " ")
        flapping = " Flapping." if change.flapping else ""
        self._screen.say(f"{moment(seen.at)}  {headline:<14} {what}  [{seen.name}]", mood)
        if loud or change.change is Change.LOST_SIGHT:
            self._screen.say(f"{'':21}{change.reason}{flapping}", "quiet")
        if found is not None:
            self._screen.say(f"{'':21}{_found(found)}", "good")

    def end(self, board: ScoreBoard) -> None:
        """The summary."""
        if self._as_json:
            self._end_as_json(board)
            return
        counts = sorted(board.verdicts.items(), key=lambda item: -item[1])
        verdicts = ", ".join(f"{count} {name(kind)}" for kind, count in counts) or "none"
        self._screen.say()
        self._screen.say(f"{board.checks} checks: {verdicts}.", "strong")
        for record in board.records:
            self._screen.say(
                f"{record.fault.text}: {_outcome(record)}", "bad" if record.is_missed else "good"
            )
        unexplained = board.unexplained
        if not unexplained:
            self._screen.say(
                "No incident besides." if board.records else "No incident: nothing would have been reported.",
                "good",
            )
            return
        whose = "that no injected fault explains" if board.records else "would have been reported"
        self._screen.say(f"{len(unexplained)} incident{'s' * (len(unexplained) > 1)} {whose}:", "bad")
        for one in unexplained:
            self._screen.say(f"  {moment(one.at)}  {_what(one)}  [{one.name}]", "bad")
            for reason in one.verdict.reasons:
                self._screen.say(f"{'':23}{reason}", "quiet")

    def _end_as_json(self, board: ScoreBoard) -> None:
        for record in board.records:
            self._screen.json(
                {
                    "type": "fault",
                    "fault": record.fault.text,
                    "from": instant(record.fault.at),
                    "expected": record.fault.expected.value if record.fault.expected else None,
                    "checks": record.checks,
                    "found_after_checks": record.found_after_checks,
                    "found_after_s": record.found_after.total_seconds()
                    if record.found_after is not None
                    else None,
                    "reported_as": [kind.value for kind in record.reported_as],
                    "missed": record.is_missed,
                }
            )
        self._screen.json(
            {
                "type": "summary",
                "checks": board.checks,
                "verdicts": {kind.value: count for kind, count in board.verdicts.items()},
                "incidents": len(board.incidents),
                "unexplained": [
                    {
                        "at": instant(one.at),
                        "file": one.name,
                        "cause": one.transition.cause.value
                        if one.transition and one.transition.cause
                        else None,
                        "verdict": verdict_json(one.verdict),
                    }
                    for one in board.unexplained
                ],
                "missed": [record.fault.text for record in board.missed],
            }
        )


def _what(seen: Moment) -> str:
    """The cause of a change; the latest verdict tells more of it, if it is of that cause."""
    cause = seen.transition.cause if seen.transition else None
    return describe(seen.verdict) if cause in (None, seen.verdict.kind) else name(cause)


def _found(record: FaultRecord) -> str:
    checks, after = record.found_after_checks or 0, record.found_after or timedelta()
    if record.fault.expected is None:
        return f"{record.fault.text}: recovery seen at check {checks}, {span(after)} after the fault's end."
    return f"{record.fault.text}: found at check {checks}, {span(after)} after the first frame with it."


def _outcome(record: FaultRecord) -> str:
    if record.found_after_checks is not None:
        return _found(record).removeprefix(f"{record.fault.text}: ")
    checks = f"{record.checks} check{'s' * (record.checks != 1)}"
    if record.fault.expected is None:
        return f"NO RECOVERY in {checks}." if record.is_missed else "no incident was open that could end."
    instead = ", ".join(name(kind) for kind in dict.fromkeys(record.reported_as))
    reported = f" It was reported as {instead}." if instead else ""
    return f"MISSED in {checks}.{reported}"
