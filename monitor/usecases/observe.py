"""One check of one view: the path of one frame, from the camera to the record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from monitor.domain.addressee import Addressee, Addressing
from monitor.domain.angles import in_degrees
from monitor.domain.announcement import announcement, announces
from monitor.domain.beats import jittered
from monitor.domain.comparison import Comparison
from monitor.domain.decision import decide
from monitor.domain.errors import SourceError
from monitor.domain.frame import Frame
from monitor.domain.grounds import Grounds, overrule
from monitor.domain.incident import Observation
from monitor.domain.inhibition import Inhibition
from monitor.domain.matcher import Matter
from monitor.domain.ports import Clock, Encoder, FrameSource
from monitor.domain.reference import Encoding
from monitor.domain.signs import read_signs
from monitor.domain.state import Change, Status, Transition, ViewState
from monitor.domain.stillness import capture_of, frozen_because, is_repeat, watch_stillness
from monitor.domain.transitions import advance, next_check_after_s
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey, ViewSpec
from monitor.store import Recorded, Store, Watch
from monitor.usecases.lookalikes import Lookalikes

CONSTANCY_EVERY_S = 1800
"""A view's constant parts are learned from one good frame in so many seconds: light must change in between."""
EVIDENCE_CHANGES = frozenset({Change.SUSPECTED, Change.OPENED, Change.CAUSE_CHANGED, Change.RECOVERED})


@dataclass(frozen=True, slots=True)
class Equipment:
    """What every check needs; made once by `monitor.wiring`.

    Attributes:
        store: Where views are known and results go.
        encoder: The network and the geometry.
        clock: Time.
        lookalikes: Finds which other view a frame shows.
        picture_bytes: Encodes a frame's picture for keeping.
        addressing: Who is told of an incident.
        inhibition: What stands for a view's own incident when it gives no frame, or None.
    """

    store: Store
    encoder: Encoder
    clock: Clock
    lookalikes: Lookalikes
    picture_bytes: Callable[[Frame], bytes]
    addressing: Addressing
    inhibition: Callable[[ViewKey], Inhibition | None] = lambda _key: None


@dataclass(frozen=True, slots=True)
class Check:
    """What a check did.

    Attributes:
        observation: What was found, or None when there was nothing to judge (not enrolled, nothing new).
        recorded: What came of it, or None likewise.
        note: Why there was nothing to judge.
        error: The source's error when no frame came, or None.
    """

    observation: Observation | None
    recorded: Recorded | None
    note: str = ""
    error: SourceError | None = None


@dataclass(slots=True)
class _Stopwatch:
    clock: Clock
    timings_ms: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started_s = self.clock.monotonic_s()
        try:
            yield
        finally:
            self.timings_ms[name] = round((self.clock.monotonic_s() - started_s) * 1000, 3)


def observe(
    key: ViewKey, slot: datetime, source: FrameSource, timeout_s: float, equipment: Equipment
) -> Check:
    """Look at a view once.

    1. Load what is known of it. 2. Grab a frame; a failed grab is an observation like any other. 3. Encode it.
    4. Compare it with every reference, decide, advance the state. 5. Record all of it in one transaction, with the
    deliveries that the transition calls for. Nothing is sent here.

    Args:
        key: The view.
        slot: The due time that this check serves; a slot served before changes nothing.
        source: Where its frames come from.
        timeout_s: Time limit for the grab.
        equipment: Everything else.

    Raises:
        UnknownView: The view is not in the store.
        StoreError: Nothing was recorded, and the view stays due; or all was, but for what stays constant in the view.
    """
    watch_time = _Stopwatch(equipment.clock)
    with watch_time.step("load"):
        watch = equipment.store.load_watch(key)
    if not watch.references:
        _look_again(key, slot, watch, equipment)
        return Check(None, None, "not enrolled")

    frame: Frame | None = None
    error: SourceError | None = None
    encoding: Encoding | None = None
    state, grounds = watch.state, Grounds()
    try:
        with watch_time.step("grab"):
            frame = source.grab(timeout_s)
    except SourceError as raised:
        error = raised
        verdict = Verdict(raised.verdict, 1.0, (str(raised),), evidence={"fault": type(raised).__name__})
    else:
        if is_repeat(state.stillness, frame.digest, frame.captured_at):
            _look_again(key, slot, watch, equipment)
            return Check(None, None, "nothing new since the last check")
        with watch_time.step("encode"):
            encoding = equipment.encoder.encode(frame)
        with watch_time.step("compare"):
            comparisons = compare_all(frame, encoding, watch, equipment)
            verdict = judge(encoding, comparisons, watch, equipment)
        verdict, state, grounds = _check_camera(verdict, frame, encoding, comparisons, watch)

    now = equipment.clock.now()
    inhibition = None if error is None else equipment.inhibition(key)
    grounds = replace(grounds, inhibition=inhibition)
    after, transition = advance(state, verdict, now, watch.spec.policy, inhibition)
    is_inhibited = inhibition is not None and inhibition.certain and verdict.kind is VerdictKind.OFFLINE
    due_s = wait_after(after, watch.spec, slot, is_inhibited=is_inhibited)
    keep = frame is not None and transition is not None and transition.change in EVIDENCE_CHANGES
    picture = None
    if frame is not None and (keep or _shows_the_latest(watch, now)):
        picture = equipment.picture_bytes(frame)
    observation = Observation(
        key=key,
        slot=slot,
        checked_at=now,
        captured_at=frame.captured_at if frame else None,
        verdict=verdict,
        frame_digest=frame.digest if frame else None,
        state=after,
        transition=transition,
        next_due_at=_next_due(slot, now, due_s),
        timings_ms=watch_time.timings_ms,
        bundle_id=encoding.bundle_id if encoding else None,
        keep_image=picture if keep else None,
        latest_image=picture,
        grounds=grounds,
    )
    with watch_time.step("record"):
        recorded = equipment.store.record(
            observation,
            _addressees(transition, watch.spec, equipment),
            lambda incident, seen, sequence: announcement(incident, seen, sequence, watch.spec),
            spec=watch.spec,
            addressing=equipment.addressing,
        )
    is_news = not (recorded.duplicate or recorded.superseded)
    if encoding is not None and is_news and _teaches_constancy(verdict, now, watch):
        learned = equipment.encoder.learn_constancy(watch.constancy, encoding)
        equipment.store.save_constancy(key, learned)
    return Check(observation, recorded, error=error)


def _addressees(transition: Transition | None, spec: ViewSpec, equipment: Equipment) -> Sequence[Addressee]:
    """A recovery names the cause that it ends, so whoever heard of the beginning hears of the end."""
    if transition is None or transition.cause is None or not announces(transition.change):
        return ()
    return equipment.addressing(Matter.of([spec], transition.cause))


def compare_all(
    frame: Frame, encoding: Encoding, watch: Watch, equipment: Equipment
) -> tuple[Comparison, ...]:
    """Compare a frame with every reference of its view.

    References that another bundle encoded are left out: `monitor run` encodes them again before it starts.
    """
    return tuple(
        equipment.encoder.compare(encoding, frame, reference, watch.spec.masks, watch.constancy)
        for reference in watch.references
        if reference.upright.bundle_id == encoding.bundle_id
    )


def judge(
    encoding: Encoding, comparisons: Sequence[Comparison], watch: Watch, equipment: Equipment
) -> Verdict:
    """Decide by a frame's comparisons, and ask which other view it shows where it is not this one."""
    if not comparisons:
        return Verdict(
            VerdictKind.UNSURE,
            1.0,
            ("No reference was encoded by the network in use; run `monitor references reencode`.",),
        )
    verdict = _in_degrees(decide(encoding.quality, comparisons, watch.spec.thresholds), watch)
    if verdict.kind is VerdictKind.DIFFERENT_SCENE:
        other = equipment.lookalikes.find(encoding, apart_from=watch.spec.key)
        if other is not None:
            return replace(
                verdict, looks_like=str(other), reasons=(f"It looks like {other}.", *verdict.reasons)
            )
    return verdict


def _check_camera(
    verdict: Verdict, frame: Frame, encoding: Encoding, comparisons: tuple[Comparison, ...], watch: Watch
) -> tuple[Verdict, ViewState, Grounds]:
    """The verdict with what the frame tells of its camera: a broken line, a frozen picture, remarks.

    Also returns the state with what it is to remember of that, and all that the verdict went by.
    """
    spec, state = watch.spec, watch.state
    stillness = watch_stillness(state.stillness, capture_of(frame, encoding.luma, spec))
    grounds = Grounds(
        encoding.quality,
        comparisons,
        complaint=None if state.signs.complains else frame.complaint,
        frozen=frozen_because(stillness, spec.policy),
    )
    verdict = overrule(verdict, grounds.complaint, grounds.frozen)
    reading = read_signs(state.signs, frame, encoding.quality, verdict, spec.policy)
    verdict = replace(verdict, evidence={**verdict.evidence, **reading.evidence}, remarks=reading.remarks)
    return verdict, replace(state, stillness=stillness, signs=reading.signs), grounds


def _in_degrees(verdict: Verdict, watch: Watch) -> Verdict:
    """The verdict, its displacement in degrees as well where the view's field is known."""
    spoke = [reference for reference in watch.references if reference.id == verdict.reference_id]
    if verdict.displacement is None or not spoke:
        return verdict
    moved = in_degrees(verdict.displacement, watch.spec.field_of_view, spoke[0].upright.aspect)
    return replace(verdict, displacement=moved)


def wait_after(state: ViewState, spec: ViewSpec, slot: datetime, *, is_inhibited: bool = False) -> float:
    """Seconds from a check to the next one, with a little jitter where that is put off."""
    wait_s = next_check_after_s(state, spec.interval_s, spec.policy, is_inhibited=is_inhibited)
    return jittered(wait_s, str(spec.key), slot) if wait_s > spec.interval_s else wait_s


def _teaches_constancy(verdict: Verdict, now: datetime, watch: Watch) -> bool:
    """Whether this frame is a good one of a good view, and this check the first of its half hour."""
    if verdict.kind is not VerdictKind.OK or watch.state.status is not Status.OK:
        return False
    before = watch.state.checked_at
    return before is None or _half_hour(before) != _half_hour(now)


def _shows_the_latest(watch: Watch, now: datetime) -> bool:
    """Whether a picture is kept as the latest of an open incident: of the first check in a minute.

    Not where another incident stands for it: of ten thousand views in trouble at once, each keeps that of its cause.
    """
    if watch.open_incident is None or watch.open_incident.parent_id is not None:
        return False
    before = watch.state.checked_at
    return before is None or _minute(before) != _minute(now)


def _minute(time: datetime) -> int:
    return int(time.timestamp() // 60)


def _half_hour(time: datetime) -> int:
    return int(time.timestamp() // CONSTANCY_EVERY_S)


def _next_due(slot: datetime, now: datetime, due_s: float) -> datetime:
    """The next slot: on the view's own beat, but never in the past; missed beats are skipped, not made up for.

    Nor later than a whole wait from now: a slot given out by a clock that has been set back since lies far ahead.
    """
    following = slot + timedelta(seconds=due_s)
    latest = now + timedelta(seconds=due_s)
    return following if now < following <= latest else latest


def _look_again(key: ViewKey, slot: datetime, watch: Watch, equipment: Equipment) -> None:
    now = equipment.clock.now()
    due_s = next_check_after_s(watch.state, watch.spec.interval_s, watch.spec.policy)
    equipment.store.views.schedule(key, _next_due(slot, now, due_s))
