"""Plain values for tests of the domain, and strategies for those that hold for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from monitor.domain.comparison import Alignment, Comparison, Relation
from monitor.domain.displacement import Displacement
from monitor.domain.frame import FrameQuality
from monitor.domain.inhibition import Inhibition
from monitor.domain.orientation import Orientation
from monitor.domain.state import Change, StatePolicy, Status, Transition, ViewState
from monitor.domain.transitions import advance
from monitor.domain.verdict import Verdict, VerdictKind

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
POLICY = StatePolicy()
GOOD = FrameQuality(
    brightness=0.45,
    contrast=0.2,
    dark_fraction=0.01,
    bright_fraction=0.01,
    sharpness=0.3,
    texture=0.7,
    saturation=0.3,
    flat_rows=0.0,
)
AT_REST = Alignment(
    Displacement(), support=0.9, support_at_rest=0.9, spread=0.9, spread_at_rest=0.9, peak=20.0
)
SAME = Relation(same=0.97, moved=0.01, different=0.01, obstructed=0.01)
MOVED = Relation(same=0.01, moved=0.97, different=0.01, obstructed=0.01)
DIFFERENT = Relation(same=0.01, moved=0.01, different=0.97, obstructed=0.01)
OBSTRUCTED = Relation(same=0.01, moved=0.01, different=0.01, obstructed=0.97)
A_MOVE = Displacement(dx=0.06, dy=-0.01)

# Half the usual examples are enough for rules this small, and the whole layer has seconds.
# A busy machine is no fault of theirs.
quick = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def quality(**changes: float) -> FrameQuality:
    return replace(GOOD, **changes)


def alignment(displacement: Displacement = A_MOVE, support: float = 0.9, at_rest: float = 0.1) -> Alignment:
    return Alignment(displacement, support, at_rest, spread=0.9, spread_at_rest=0.1, peak=20.0)


def comparison(
    relation: Relation | None = SAME,
    geometry: Alignment | None = AT_REST,
    *,
    reference_id: int = 1,
    orientation: Orientation = Orientation.UPRIGHT,
    similarity: float = 0.95,
    network: Displacement | None = None,
    sharpness_ratio: float = 1.0,
    texture_ratio: float = 1.0,
) -> Comparison:
    """Evidence; by default of a view that is as it should be."""
    return Comparison(
        reference_id=reference_id,
        orientation=orientation,
        similarities=dict.fromkeys(Orientation, 0.0) | {orientation: similarity},
        relation=relation,
        network_displacement=network,
        alignment=geometry,
        sharpness_ratio=sharpness_ratio,
        texture_ratio=texture_ratio,
    )


def verdict(kind: VerdictKind, displacement: Displacement | None = None) -> Verdict:
    """A verdict; `moved` is by default one and the same move each time."""
    if kind is VerdictKind.MOVED and displacement is None:
        displacement = A_MOVE
    return Verdict(kind, 0.9, ("it says so",), displacement)


class Watched:
    """A view under watch: takes verdicts at times, and remembers the transitions."""

    def __init__(self, policy: StatePolicy = POLICY, status: Status = Status.OK) -> None:
        self.policy = policy
        self.state = ViewState(status, since=T0)
        self.transitions: list[tuple[datetime, Transition]] = []

    def see(
        self,
        seconds: float,
        said: VerdictKind | Verdict,
        displacement: Displacement | None = None,
        inhibition: Inhibition | None = None,
    ) -> Transition | None:
        judged = said if isinstance(said, Verdict) else verdict(said, displacement)
        self.state, transition = advance(self.state, judged, at(seconds), self.policy, inhibition)
        if transition is not None:
            self.transitions.append((at(seconds), transition))
        return transition

    def see_all(self, checks: Iterable[tuple[float, VerdictKind]]) -> None:
        for seconds, kind in checks:
            self.see(seconds, kind)

    def see_every(self, step_s: float, kinds: Sequence[VerdictKind], start_s: float = 0.0) -> None:
        self.see_all((start_s + number * step_s, kind) for number, kind in enumerate(kinds))

    @property
    def changes(self) -> list[Change]:
        return [transition.change for _, transition in self.transitions]

    @property
    def status(self) -> Status:
        return self.state.status


kinds = st.sampled_from(VerdictKind)
displacements = st.builds(
    Displacement,
    dx=st.floats(-0.5, 0.5),
    dy=st.floats(-0.5, 0.5),
    roll_deg=st.floats(-45, 45),
    zoom=st.floats(0.5, 2.0),
)
verdicts = st.builds(verdict, kinds, st.none() | displacements)
policies = st.builds(
    lambda needed, more, **rest: StatePolicy(open_checks=needed, window=needed + more, **rest),
    st.integers(1, 3),
    st.integers(0, 3),
    default_duration_s=st.sampled_from([0.0, 20.0, 90.0]),
    close_checks=st.integers(1, 4),
    close_after_s=st.sampled_from([0.0, 20.0, 300.0]),
    unknown_after_s=st.sampled_from([300.0, 1800.0]),
    dark_alert_after_s=st.sampled_from([1200.0, 64_800.0]),
)
# Times between checks: rechecks, intervals, hours.
steps_s = st.sampled_from([1.0, 10.0, 30.0, 60.0, 300.0, 3600.0, 20_000.0])
# Verdicts come in runs, or hardly anything would ever open or close.
common = st.sampled_from(
    [VerdictKind.OK, VerdictKind.FLIPPED_180, VerdictKind.MOVED, VerdictKind.DARK, VerdictKind.OFFLINE]
)
histories = st.lists(
    st.tuples(steps_s, st.one_of(common.map(verdict), verdicts), st.integers(1, 5)), max_size=10
).map(lambda runs: [(step_s, judged) for step_s, judged, count in runs for _ in range(count)])
