"""History judged again: by the same rules it comes to the same; by others, to what those would have reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from monitor.domain.errors import SourceUnreachable
from monitor.domain.inhibition import Inhibition
from monitor.domain.orientation import Orientation
from monitor.domain.state import StatePolicy
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import Rectangle
from monitor.usecases.look_back import Hindsight, look_back, read_history, under_masks
from tests.usecases.doubles import GATE, T0, Bench, at, read_picture, shifted, turned, view_of

FLIPPED = turned(1, Orientation.ROTATED_180)


def flip_for_a_while(site: Bench) -> int:
    """Calm, a flip seen at four checks, calm again; the number of its incident."""
    shown = [view_of(1, noise=1), *[turned(1, Orientation.ROTATED_180)] * 4, *[view_of(1, noise=2)] * 3]
    for place, seen in enumerate(shown):
        site.check(60.0 * (place + 1), replace(seen, digest=f"{place:064x}"))
    (incident,) = site.store.incidents.list(GATE)
    return incident.id


def hindsight(site: Bench, thresholds: Thresholds | None = None, **policy: object) -> Hindsight:
    spec = site.store.views.get(GATE).spec
    rules = replace(spec.policy, **policy)  # type: ignore[arg-type]
    return look_back(read_history(GATE, site.store, T0), thresholds or spec.thresholds, rules)


def everything(site: Bench) -> None:
    """Checks of every origin: decided, overruled by the line or by stillness, failed, and excused."""
    torn = replace(shifted(1, 12), complaint="premature end of data segment")
    still = view_of(1, noise=9)
    site.check(60, view_of(1, noise=1))
    for place, seen in enumerate((torn, shifted(1, 12), view_of(2, noise=1), view_of(1, light=0.0), FLIPPED)):
        site.check(120 + 60.0 * place, seen)
    for place in range(6):
        site.check(600 + 60.0 * place, still)
    site.check(1000, SourceUnreachable("No route."))
    site.inhibitions[GATE] = Inhibition("the recorder is unreachable", 1)
    site.check(1060, SourceUnreachable("No route."))
    site.inhibitions.clear()
    site.encoder.in_doubt = True
    site.check(1120, view_of(1, noise=3))


def test_by_the_same_limits_every_check_of_every_origin_comes_to_the_same_verdict(watched: Bench):
    everything(watched)
    rows = list(watched.store.history.onward(GATE, T0))
    assert {row.verdict.kind for row in rows} >= {
        VerdictKind.OK,
        VerdictKind.STREAM_FAULT,
        VerdictKind.MOVED,
        VerdictKind.DIFFERENT_SCENE,
        VerdictKind.DARK,
        VerdictKind.FLIPPED_180,
        VerdictKind.FROZEN,
        VerdictKind.OFFLINE,
        VerdictKind.UNSURE,
    }
    limits = watched.store.views.get(GATE).spec.thresholds
    for row in rows:
        assert row.grounds is not None
        again = row.grounds.judge(limits, row.verdict)
        assert (again.kind, again.looks_like) == (row.verdict.kind, row.verdict.looks_like)
        assert again.confidence == pytest.approx(row.verdict.confidence, abs=1e-5)
    # Numbers are kept to 32 bits, which is finer than anything is measured.
    assert hindsight(watched).changed == 0


def test_a_check_that_was_excused_is_excused_again(watched: Bench):
    everything(watched)
    excused = [row for row in watched.store.history.onward(GATE, T0) if row.slot == at(1060)]
    assert [row.grounds.inhibition for row in excused if row.grounds] == [
        Inhibition("the recorder is unreachable", 1)
    ]


def test_by_the_same_rules_the_same_is_reported_at_the_same_time(watched: Bench):
    number = flip_for_a_while(watched)
    ((then, now),) = hindsight(watched).contrast.same
    assert (then.incident_id, then.cause) == (number, VerdictKind.FLIPPED_180)
    assert (then.opened_at, then.closed_at) == (now.opened_at, now.closed_at)


def test_with_more_insistence_it_comes_later_and_with_too_much_not_at_all(watched: Bench):
    flip_for_a_while(watched)
    ((then, now),) = hindsight(watched, open_checks=3).contrast.same
    assert (now.opened_at - then.opened_at).total_seconds() == 60
    found = hindsight(watched, open_checks=5, window=6)
    assert (len(found.contrast.gone), found.contrast.same, found.contrast.new) == (1, (), ())


def test_other_limits_do_not_report_what_they_tolerate(watched: Bench):
    for place in range(1, 6):
        watched.check(
            60.0 * place, replace(shifted(1, 3) if place > 1 else view_of(1), digest=f"{place:064x}")
        )
    (then,) = watched.store.incidents.list(GATE)
    lax = look_back(
        read_history(GATE, watched.store, T0),
        Thresholds(shift_tolerance=0.05, network_trust=0.9),
        StatePolicy(),
    )
    assert [episode.incident_id for episode in lax.contrast.gone] == [then.id]
    assert lax.changed == 4


@pytest.mark.parametrize("right", [True, False])
def test_labels_tell_false_alarms_spared_from_true_ones_missed(watched: Bench, right: bool):
    number = flip_for_a_while(watched)
    watched.store.labels.add(right=not right, author="ada", now=at(900), incident_id=number)
    watched.store.labels.add(
        right=right, author="ada", now=at(901), incident_id=number
    )  # Thought better of it.
    found = hindsight(watched, open_checks=5, window=6)
    assert (len(found.missed()), len(found.spared())) == ((1, 0) if right else (0, 1))


def test_what_people_say_was_missed_counts_where_it_would_have_been_reported(watched: Bench):
    for place in range(1, 4):
        watched.check(60.0 * place, replace(FLIPPED if place == 2 else view_of(1), digest=f"{place:064x}"))
    missed = next(row for row in watched.store.history.onward(GATE, T0) if row.slot == at(120))
    watched.store.labels.add(
        right=False, author="ada", now=at(900), true_cause=VerdictKind.FLIPPED_180, observation_id=missed.id
    )
    assert hindsight(watched).caught() == ()
    eager = hindsight(watched, open_checks=1, window=1, default_duration_s=0.0)
    assert [cause for _, cause in eager.caught()] == [VerdictKind.FLIPPED_180]


def test_nothing_live_is_touched(watched: Bench):
    flip_for_a_while(watched)
    before = (
        watched.store.views.get(GATE),
        watched.store.incidents.list(),
        watched.store.deliveries.list(),
        watched.store.history.observations(GATE),
    )
    hindsight(watched, open_checks=5, window=6)
    after = (
        watched.store.views.get(GATE),
        watched.store.incidents.list(),
        watched.store.deliveries.list(),
        watched.store.history.observations(GATE),
    )
    assert repr(before) == repr(after)


def with_masks(site: Bench, masks: tuple[Rectangle, ...], read: Callable = read_picture) -> Hindsight:
    history = read_history(GATE, site.store, T0)
    compare = under_masks(site.store.load_watch(GATE), masks, site.equipment, read)
    return look_back(history, Thresholds(), StatePolicy(), compare)


def test_under_other_masks_the_pictures_that_were_kept_are_compared_anew(watched: Bench):
    flip_for_a_while(watched)
    watched.encoder.compared.clear()
    mask = Rectangle(0.0, 0.0, 0.3, 0.1)
    found = with_masks(watched, (mask,))
    kept = [row for row in watched.store.history.onward(GATE, T0) if row.image_digest]
    assert found.pictures == len(kept) == 3
    assert {masks for _, masks, _ in watched.encoder.compared} == {(mask,)}
    assert len(found.contrast.same) == 1


def test_a_picture_that_was_pruned_is_as_good_as_none(watched: Bench):
    flip_for_a_while(watched)
    for digest in {row.image_digest for row in watched.store.history.onward(GATE, T0)} - {None}:
        watched.store.images.path(str(digest)).unlink()
    assert with_masks(watched, ()).pictures == 0


def test_a_view_that_was_never_calm_has_no_history_to_judge(watched: Bench):
    watched.check(60, FLIPPED)
    history = read_history(GATE, watched.store, T0)
    assert (list(history.checks), history.left_out) == ([], 1)
