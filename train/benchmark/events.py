"""Events: recordings of fixed cameras replayed through the service's state machine, untouched and with faults put in.

Every camera's frames are seen through one window (see `monitor.vision.injection`). Untouched, every incident that
opens is a false one. With a fault from the middle of the recording on, an incident of the right cause must open
freshly: one that was open before does not count. In a second variant the fault ends half-way, and the view must be
told to have recovered.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from monitor.domain.state import Change, Status
from monitor.domain.verdict import VerdictKind
from monitor.vision.injection import NOTHING, Injection
from train.benchmark.event_cases import EventRules, Events, Fault, FaultCase, UntouchedSeries
from train.benchmark.series import Series, Spacing, UnfitSeries, check_times, divide, shown
from train.benchmark.watching import Enrolled, Eye, Moment, Sight, Watch, look_on
from train.data.manifest import Picture
from train.data.splits import Pool

FEWEST_CHECKS = 9
"""A lasting fault then has five at least: at the default policy a cover is believed at the third."""
ALERTS = (Change.OPENED, Change.CAUSE_CHANGED)
DAY_S = 86_400.0


def replay_events(pool: Pool, eye: Eye, rules: EventRules | None = None) -> Events:
    """Replay every fixed camera of a pool, untouched and with each fault.

    Every shown picture is seen by the eye once, whatever the number of spacings and variants it is judged in.

    Raises:
        UnfitSeries: No camera can be replayed.
        DataError: A picture cannot be read.
    """
    rules = rules or EventRules()
    series, left_out = _divided(pool, rules)
    untouched: list[UntouchedSeries] = []
    cases: list[FaultCase] = []
    # The view that a camera shows after a swap is that of the camera before it in the list.
    stranger = _sights(eye, series[-1].checked)
    for one in series:
        own = _sights(eye, one.checked)
        replayed = _Replay(one, eye, own, rules)
        if len(replayed.times) < len(rules.spacings):
            left_out[one.camera] = "its times are not told: not replayed as recorded"
        untouched += [replayed.untouched(spacing) for spacing in replayed.times]
        for fault in rules.faults:
            cases += replayed.with_fault(fault, stranger if len(series) > 1 else [])
        stranger = own
    return Events(eye.name, rules, tuple(untouched), tuple(cases), left_out)


def _divided(pool: Pool, rules: EventRules) -> tuple[list[Series], dict[str, str]]:
    series, left_out = [], {}
    for camera, pictures in pool.cameras.items():
        try:
            one = divide(camera, pictures, rules.first_references, rules.other_lights)
        except UnfitSeries as error:
            left_out[camera] = error.problem
            continue
        if len(one.checked) < FEWEST_CHECKS:
            left_out[camera] = f"only {len(one.checked)} pictures to check"
        else:
            series.append(one)
    if not series:
        raise UnfitSeries(
            "No camera can be replayed.",
            f"Give a split with fixed cameras of more than {FEWEST_CHECKS} pictures.",
        )
    return series, left_out


def _sights(eye: Eye, pictures: Sequence[Picture], injection: Injection = NOTHING) -> list[Sight]:
    frames = (shown(picture, injection) for picture in pictures)
    return [Sight(eye.see(frame), frame.digest) for frame in frames]


class _Replay:
    """One camera's recording, looked at up to its middle and from there on in several ways."""

    def __init__(self, series: Series, eye: Eye, own: list[Sight], rules: EventRules) -> None:
        self._series = series
        self._eye = eye
        self._own = own
        self._policy = rules.policy
        self._doubtful = series.camera in rules.doubtful
        self._enrolled = Enrolled(
            series.camera, [eye.enroll(shown(picture)) for picture in series.references]
        )
        self._middle = len(own) // 2
        self._end = self._middle + (len(own) - self._middle) // 2
        found = {spacing: check_times(series.checked, spacing) for spacing in rules.spacings}
        self.times: dict[Spacing, list[datetime]] = {
            spacing: times for spacing, times in found.items() if times
        }
        self._before = {
            spacing: self._look_on(Watch.begin(times[0]), own[: self._middle], times)
            for spacing, times in self.times.items()
        }

    def untouched(self, spacing: Spacing) -> UntouchedSeries:
        """The recording as it is."""
        times = self.times[spacing]
        watch, moments = self._before[spacing]
        moments = moments + self._look_on(watch, self._own[self._middle :], times[self._middle :])[1]
        lasted_s = (times[-1] - times[0]).total_seconds()
        return UntouchedSeries(
            camera=self._series.camera,
            spacing=spacing,
            references=len(self._enrolled.references),
            checks=len(moments),
            exposure_days=lasted_s * len(moments) / (len(moments) - 1) / DAY_S,
            verdicts=Counter(moment.kind for moment in moments),
            incidents=tuple(
                (number, cause)
                for number, moment in enumerate(moments)
                for cause in _alerts([moment], (Change.OPENED,))
            ),
            cause_changes=sum(1 for _ in _alerts(moments, (Change.CAUSE_CHANGED,))),
            alert_checks=_checks_in_alert(moments),
            doubtful=self._doubtful,
        )

    def with_fault(self, fault: Fault, stranger: Sequence[Sight]) -> Iterator[FaultCase]:
        """Both variants at every spacing; none where another camera is needed and there is none."""
        if fault.injection is not None:
            seen = _sights(
                self._eye,
                self._series.checked[self._middle :],
                fault.injection(self._series.camera),
            )
        elif stranger:
            later = itertools.cycle([*stranger[len(stranger) // 2 :], *stranger[: len(stranger) // 2]])
            seen = list(itertools.islice(later, len(self._own) - self._middle))
        else:
            return
        cut = self._end - self._middle
        for spacing, times in self.times.items():
            before, _ = self._before[spacing]
            first, early = self._look_on(before, seen[:cut], times[self._middle :])
            last, late = self._look_on(first, seen[cut:], times[self._end :])
            _, after = self._look_on(first, self._own[self._end :], times[self._end :])
            yield self._case(fault, spacing, before, first, early, after)
            yield self._case(fault, spacing, before, last, early + late, None)

    def _look_on(
        self, watch: Watch, sights: Sequence[Sight], times: Sequence[datetime]
    ) -> tuple[Watch, list[Moment]]:
        pairs = zip(sights, times, strict=False)
        return look_on(watch, self._eye, self._enrolled, pairs, self._policy)

    def _case(
        self,
        fault: Fault,
        spacing: Spacing,
        before: Watch,
        at_end: Watch,
        during: Sequence[Moment],
        after: Sequence[Moment] | None,
    ) -> FaultCase:
        found = next(
            (n for n, moment in enumerate(during) if fault.expected in _alerts([moment], ALERTS)), None
        )
        recovered = next(
            (
                n + 1
                for n, moment in enumerate(after or ())
                if moment.transition is not None and moment.transition.change is Change.RECOVERED
            ),
            None,
        )
        return FaultCase(
            camera=self._series.camera,
            spacing=spacing,
            fault=fault.name,
            expected=fault.expected,
            taken_back=after is not None,
            checks=len(during),
            open_before=before.state.cause if before.state.has_open_incident else None,
            found_at=None if found is None else found + 1,
            found_after_s=None if found is None else (during[found].at - during[0].at).total_seconds(),
            other_causes=tuple(cause for cause in _alerts(during, ALERTS) if cause is not fault.expected),
            checks_after=len(after or ()),
            open_at_end=at_end.state.has_open_incident,
            recovered_at=recovered,
            doubtful=self._doubtful,
        )


def _alerts(moments: Sequence[Moment], changes: tuple[Change, ...]) -> list[VerdictKind]:
    """Causes of the fresh edges among these checks."""
    return [
        moment.transition.cause
        for moment in moments
        if moment.transition is not None
        and moment.transition.change in changes
        and moment.transition.cause is not None
    ]


def _checks_in_alert(moments: Sequence[Moment]) -> int:
    count, is_open = 0, False
    for moment in moments:
        if moment.transition is not None:
            is_open = moment.transition.after is Status.ALERT or (
                is_open and moment.transition.after is Status.UNKNOWN
            )
        count += is_open
    return count
