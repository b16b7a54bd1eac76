"""A view watched over time by any method, through the service's own state machine.

`monitor.usecases.observe` does this with a store and a source; here the same pure functions are driven directly, so
that a watch is a value: it can be kept in the middle of a recording and continued in several ways.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from monitor.domain.decision import decide
from monitor.domain.frame import Frame
from monitor.domain.reference import Encoding, Reference
from monitor.domain.state import StatePolicy, Status, Transition, ViewState
from monitor.domain.stillness import Capture, is_frozen, watch_stillness
from monitor.domain.thresholds import Thresholds
from monitor.domain.transitions import advance
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey
from monitor.vision.encoder import NetworkEncoder
from monitor.vision.masks import CONSTANCY_SIZE, Constancy
from train.benchmark.method import Answer, Method

CONSTANCY_EVERY_S = 1800
"""As in `monitor.usecases.observe`: one good frame in so many seconds teaches what stays constant in a view."""


class Eye(Protocol):
    """What looks at frames and judges them against a view's references; it keeps nothing between checks."""

    @property
    def name(self) -> str:
        """As the report shows it."""
        ...

    def enroll(self, frame: Frame) -> Any:
        """A reference."""
        ...

    def see(self, frame: Frame) -> Any:
        """The part of a check that needs no reference; done once a picture, however often it is judged."""
        ...

    def judge(self, seen: Any, references: Sequence[Any], constancy: bytes | None) -> Verdict:
        """The verdict on a picture seen; `constancy` is what `learn` made of earlier ones."""
        ...

    def learn(self, constancy: bytes | None, seen: Any) -> bytes | None:
        """What is known of the view's constant parts after one more good picture."""
        ...

    def masking(self, constancy: bytes | None) -> bytes | None:
        """The same where it makes a difference to `judge`, else None: equal values mean equal verdicts."""
        ...


class ServiceEye:
    """The service's own judgement: network, geometry and decision over all references.

    Args:
        encoder: A bundle with the gradients' second opinion.
        thresholds: Of the decision.
    """

    def __init__(self, encoder: NetworkEncoder, thresholds: Thresholds | None = None) -> None:
        self._encoder = encoder
        self._thresholds = thresholds or Thresholds()
        self._enrolled = 0

    @property
    def name(self) -> str:
        """The bundle's id."""
        return self._encoder.bundle_id

    def enroll(self, frame: Frame) -> Reference:
        """Encoded in every orientation."""
        self._enrolled += 1
        return replace(self._encoder.enroll(frame, ViewKey("benchmark")), id=self._enrolled)

    def see(self, frame: Frame) -> tuple[Frame, Encoding]:
        """One forward pass."""
        return frame, self._encoder.encode(frame)

    def judge(
        self, seen: tuple[Frame, Encoding], references: Sequence[Reference], constancy: bytes | None
    ) -> Verdict:
        """As `observe` does, but for the search among other views."""
        frame, encoding = seen
        compared = [
            self._encoder.compare(encoding, frame, reference, (), constancy) for reference in references
        ]
        return decide(encoding.quality, compared, self._thresholds)

    def learn(self, constancy: bytes | None, seen: tuple[Frame, Encoding]) -> bytes | None:
        """Burnt-in text and dirt give themselves away."""
        return self._encoder.learn_constancy(constancy, seen[1])

    def masking(self, constancy: bytes | None) -> bytes | None:
        """Nothing is masked before the scene has changed much."""
        width, height = CONSTANCY_SIZE
        return None if Constancy.from_bytes(constancy).steady_weight((height, width)) is None else constancy


class MethodEye:
    """Any method of the benchmark; of several references the one that the frame differs least from counts.

    Args:
        method: What judges.
    """

    def __init__(self, method: Method) -> None:
        self._method = method

    @property
    def name(self) -> str:
        """The method's."""
        return self._method.name

    def enroll(self, frame: Frame) -> Any:
        """Whatever the method keeps."""
        return self._method.enroll(frame.pixels)

    def see(self, frame: Frame) -> Frame:
        """Nothing to do ahead."""
        return frame

    def judge(self, seen: Frame, references: Sequence[Any], constancy: bytes | None) -> Verdict:
        """The answer to the nearest reference, as a verdict."""
        answers: list[Answer] = [self._method.judge(reference, seen.pixels) for reference in references]
        nearest = min(answers, key=lambda answer: answer.change)
        sure = 1.0 if nearest.confidence is None else nearest.confidence
        return Verdict(nearest.verdict, sure, displacement=nearest.displacement)

    def learn(self, constancy: bytes | None, seen: Frame) -> bytes | None:
        """Methods learn nothing from a view."""
        return None

    def masking(self, constancy: bytes | None) -> bytes | None:
        """Never anything."""
        return None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A view's references, under a name that no other view has."""

    view: str
    references: Sequence[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """A picture as an eye has seen it.

    Attributes:
        seen: What the eye keeps of it.
        digest: Of the bytes behind it.
        verdicts: Those given already, by view and mask: one picture is shown at several times.
    """

    seen: Any
    digest: str
    verdicts: dict[tuple[str, bytes | None], Verdict] = field(default_factory=dict)

    def judged(self, eye: Eye, enrolled: Enrolled, constancy: bytes | None) -> Verdict:
        """The eye's verdict, asked for once."""
        mask = eye.masking(constancy)
        known = self.verdicts.get((enrolled.view, mask))
        if known is None:
            known = eye.judge(self.seen, enrolled.references, mask)
            self.verdicts[enrolled.view, mask] = known
        return known


@dataclass(frozen=True, slots=True)
class Watch:
    """All that is remembered of a view between two checks."""

    state: ViewState
    constancy: bytes | None = None

    @classmethod
    def begin(cls, at: datetime) -> Watch:
        """Of a view enrolled just now."""
        return cls(ViewState(status=Status.OK, since=at))


@dataclass(frozen=True, slots=True)
class Moment:
    """What came of one check."""

    at: datetime
    kind: VerdictKind
    transition: Transition | None


def look(
    watch: Watch, eye: Eye, enrolled: Enrolled, sight: Sight, at: datetime, policy: StatePolicy
) -> tuple[Watch, Moment]:
    """One check, as `monitor.usecases.observe` makes it, without source, store and deliveries."""
    state = watch.state
    stillness = watch_stillness(state.stillness, Capture(sight.digest, at))
    verdict = sight.judged(eye, enrolled, watch.constancy)
    if is_frozen(stillness, policy) and verdict.kind is not VerdictKind.DARK:
        verdict = Verdict(VerdictKind.FROZEN, 1.0)
    after, transition = advance(replace(state, stillness=stillness), verdict, at, policy)
    constancy = watch.constancy
    if _teaches(state, verdict, at):
        constancy = eye.learn(constancy, sight.seen)
    return Watch(after, constancy), Moment(at, verdict.kind, transition)


def look_on(
    watch: Watch,
    eye: Eye,
    enrolled: Enrolled,
    sights: Iterable[tuple[Sight, datetime]],
    policy: StatePolicy,
) -> tuple[Watch, list[Moment]]:
    """Checks one after the other; the watch after the last, and what came of each."""
    moments = []
    for sight, at in sights:
        watch, moment = look(watch, eye, enrolled, sight, at, policy)
        moments.append(moment)
    return watch, moments


def _teaches(state: ViewState, verdict: Verdict, at: datetime) -> bool:
    """Whether this is a good frame of a good view, and the first check of its half hour."""
    if verdict.kind is not VerdictKind.OK or state.status is not Status.OK:
        return False
    before = state.checked_at
    return before is None or _half_hour(before) != _half_hour(at)


def _half_hour(time: datetime) -> int:
    return int(time.timestamp() // CONSTANCY_EVERY_S)
