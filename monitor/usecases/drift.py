"""Days summed up from checks, and how views drift by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from monitor.domain.day import ViewDay, sum_up
from monitor.domain.drift import WINDOW_DAYS, Drift, Pose, judge_drift
from monitor.domain.view import ViewKey, ViewSpec
from monitor.store import Store

SETTLED_S = 3600.0
"""A day is summed up this long after its end: checks that began in it have then been recorded."""


@dataclass(frozen=True, slots=True)
class ViewDrift:
    """A view's drift against its anchor.

    Attributes:
        spec: The view.
        anchor_id: The reference that it is measured against, or None without references.
        poses: Where it lay on each day, oldest first.
        drift: What that says.
    """

    spec: ViewSpec
    anchor_id: int | None
    poses: tuple[Pose, ...]
    drift: Drift


def sum_up_days(store: Store, now: datetime) -> int:
    """Sum up every day that is over and was not yet, of every view; how many days of views that were.

    Each day is kept in a transaction of its own, so whatever interrupts this, the next call goes on there; after a time
    in which the service stood still, it catches up with whatever observations are left.
    """
    before = (now.astimezone(UTC) - timedelta(seconds=SETTLED_S)).date()
    done = 0
    for key, last in store.days.last().items():
        if last is not None and last >= before - timedelta(days=1):
            continue
        while (day := store.days.next_with_checks(key, last, before)) is not None:
            store.days.save(key, sum_up(day, store.days.checks(key, day)))
            last, done = day, done + 1
    return done


def drifts(store: Store, specs: Sequence[ViewSpec], until: date) -> list[ViewDrift]:
    """How these views drift by their days before `until`, in the order given.

    The anchor is the oldest reference in use. It is never changed, and nothing that is learned later moves it; only a
    person who enrolls anew, or accepts a new aim, begins a new series.
    """
    since = until - timedelta(days=WINDOW_DAYS)
    only = specs[0].key if len(specs) == 1 else None
    days = store.days.series(since, until, only)
    anchors = {key: ages[0].reference_id for key, ages in store.report_data.references(only).items()}
    return [drift_of(spec, anchors.get(spec.key), days) for spec in specs]


def drift_of(spec: ViewSpec, anchor_id: int | None, days: Mapping[ViewKey, Sequence[ViewDay]]) -> ViewDrift:
    """One view's drift by its days."""
    poses = tuple(
        Pose(day.day, pose.displacement)
        for day in days.get(spec.key, ())
        if anchor_id is not None and (pose := day.pose(anchor_id)) is not None
    )
    return ViewDrift(spec, anchor_id, poses, judge_drift(poses, spec.thresholds.tolerance))
