"""The benchmark's raw result: one row a pair and method, kept as CSV so that every figure can be drawn again."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.domain.verdict import VerdictKind

ABSTENTIONS = frozenset({VerdictKind.UNSURE, VerdictKind.DARK})
"""Verdicts that neither report a change nor claim that all is well; counted beside the alarms, never hidden."""


@dataclass(frozen=True, slots=True)
class Row:
    """One method's answer on one pair, beside the truth.

    Attributes:
        method: Its name.
        pair: Id of the pair.
        kind: Row of the protocol.
        camera: Of the reference.
        light: Of reference and frame.
        truth: The best right verdict.
        accepted: All right verdicts, the best first.
        verdict: What the method said.
        change: Its score for "not the same".
        confidence: Its probability that its verdict is right, or None.
        true_dx: Known displacement, fractions of the view; None where unknown. Likewise the next three.
        true_dy: Down.
        true_roll_deg: Counter-clockwise.
        true_zoom: Ratio.
        dx: Measured displacement; None where nothing was measured. Likewise the next three.
        dy: Down.
        roll_deg: Counter-clockwise.
        zoom: Ratio.
        judge_ms: CPU time of the judgement (of this thread and its workers), encoding of the frame included.
    """

    method: str
    pair: str
    kind: str
    camera: str
    light: str
    truth: VerdictKind
    accepted: tuple[VerdictKind, ...]
    verdict: VerdictKind
    change: float
    confidence: float | None
    true_dx: float | None
    true_dy: float | None
    true_roll_deg: float | None
    true_zoom: float | None
    dx: float | None
    dy: float | None
    roll_deg: float | None
    zoom: float | None
    judge_ms: float

    @property
    def right(self) -> bool:
        """Whether the change, or that there is none, was named right."""
        return self.verdict in self.accepted

    @property
    def abstained(self) -> bool:
        """Whether the method neither reported a change nor said that all is well."""
        return self.verdict in ABSTENTIONS

    @property
    def alarm(self) -> bool:
        """Whether a change was reported."""
        return self.verdict is not VerdictKind.OK and not self.abstained
