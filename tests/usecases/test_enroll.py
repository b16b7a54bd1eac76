"""Registering what a view should see."""

from __future__ import annotations

import pytest

from monitor.domain.errors import SourceError, SourceUnreachable, UnfitReference, UnknownView
from monitor.domain.fitness import Severity
from monitor.domain.frame import Frame
from monitor.domain.orientation import Orientation
from monitor.domain.state import Status
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey
from monitor.store.errors import UnknownReference
from monitor.usecases.enroll import grab_distinct
from tests.usecases.doubles import (
    GATE,
    T0,
    Bench,
    ScriptedSource,
    at,
    draw,
    frame,
    picture_bytes,
    shifted,
    turned,
    view_of,
)

TURNS = [VerdictKind.ROTATED_90, VerdictKind.FLIPPED_180, VerdictKind.ROTATED_270, VerdictKind.MIRRORED]


def test_a_good_picture_becomes_the_first_version_of_the_gallery(bench: Bench):
    done = bench.enroll(view_of(1))
    assert (done.version, done.references, done.kept, done.findings) == (1, 1, 0, ())
    row = bench.store.views.get(GATE)
    assert (row.state.status, row.state.since, row.reference_count) == (Status.OK, T0, 1)
    (entry,) = bench.store.gallery.list(GATE)
    assert (entry.origin, entry.bundle_id, entry.created_at) == ("enrolled", "net-1", T0)
    assert bench.store.images.get(entry.image_digest) == picture_bytes(view_of(1))


def test_a_plain_view_passes_its_own_test(bench: Bench):
    test = bench.enroll(view_of(1)).self_test
    assert sorted(test.told) == sorted(TURNS)
    assert test.missed == ()
    assert test.smallest_shift == 0.015


def test_no_picture_is_no_reference(bench: Bench):
    with pytest.raises(UnfitReference, match="no picture to enroll gate"):
        bench.enroll()


def test_an_unknown_view_is_refused(bench: Bench):
    with pytest.raises(UnknownView):
        bench.enroll(view_of(1), key=ViewKey("nowhere"))


@pytest.mark.parametrize(
    ("quality", "says"),
    [
        ({"flat_rows": 0.5}, "torn"),
        ({"brightness": 0.01}, "too dark"),
        ({"texture": 0.0}, "too uniform"),
        ({"sharpness": 0.0}, "out of focus"),
        ({"sharpness": float("nan")}, "could not be measured"),
    ],
)
def test_an_unfit_picture_is_refused_and_changes_nothing(bench: Bench, quality: dict[str, float], says: str):
    bench.encoder.quality = quality
    with pytest.raises(UnfitReference, match=says) as caught:
        bench.enroll(view_of(1))
    assert "--force" in caught.value.remedy
    assert bench.store.views.get(GATE).reference_count == 0
    assert bench.store.views.get(GATE).state.status is Status.UNENROLLED


def test_one_unfit_picture_among_good_ones_is_enough_to_refuse(bench: Bench):
    with pytest.raises(UnfitReference, match="too dark"):
        bench.enroll(view_of(1), view_of(1, light=0.02))


def test_force_enrolls_what_is_not_fit_and_says_so(bench: Bench):
    bench.encoder.quality = {"texture": 0.0}
    done = bench.enroll(view_of(1), force=True)
    assert done.references == 1
    assert [finding.severity for finding in done.findings] == [Severity.REFUSED]


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        (view_of(2), "different_scene"),
        (shifted(1, 20), "moved"),
        (turned(1, Orientation.ROTATED_180), "flipped_180"),
    ],
)
def test_pictures_that_disagree_are_refused(bench: Bench, other: Frame, kind: str):
    with pytest.raises(UnfitReference, match=f"one and the same view \\({kind}"):
        bench.enroll(view_of(1), other)


def test_a_picture_that_cannot_be_compared_is_only_warned_of(bench: Bench):
    bench.encoder.in_doubt = True
    done = bench.enroll(view_of(1), view_of(1, noise=9))
    assert any("could not be compared" in finding.text for finding in done.findings)


def test_of_pictures_that_are_alike_the_most_typical_is_taken(bench: Bench):
    """The odd one out is not it, wherever it stands."""
    odd = draw(1)
    odd[:, :6] //= 2
    done = bench.enroll(frame(odd), view_of(1), view_of(1, noise=9))
    assert done.references == 1
    (entry,) = bench.store.gallery.list(GATE)
    kept = bench.store.images.get(entry.image_digest)
    assert kept in (picture_bytes(view_of(1)), picture_bytes(view_of(1, noise=9)))


def test_a_picture_in_another_light_becomes_a_further_reference(bench: Bench):
    done = bench.enroll(view_of(1), view_of(1, light=0.4), view_of(1, light=0.4, noise=9))
    assert done.references == 2, "one a light"
    brightness = {
        round(reference.upright.quality.brightness, 1)
        for reference in bench.store.load_watch(GATE).references
    }
    assert brightness == {0.5, 0.2}


def test_a_symmetric_view_says_which_turns_cannot_be_told(bench: Bench):
    bench.encoder.blind_to = frozenset({Orientation.MIRRORED, Orientation.ROTATED_180})
    done = bench.enroll(view_of(1))
    assert [kind for kind, _ in done.self_test.missed] == [VerdictKind.FLIPPED_180, VerdictKind.MIRRORED]
    assert all(seen is VerdictKind.OK for _, seen in done.self_test.missed)
    assert {finding.severity for finding in done.findings} == {Severity.WARNING}
    assert "mirrored cannot be told here" in done.findings[1].text


def test_a_view_on_which_no_move_is_seen_says_so(bench: Bench):
    bench.encoder.blind_to_moves = True
    done = bench.enroll(view_of(1))
    assert done.self_test.smallest_shift is None
    assert any("No move" in finding.text for finding in done.findings)


def test_enrolling_again_makes_another_version_and_keeps_what_is_named(watched: Bench):
    (first,) = watched.store.gallery.list(GATE)
    watched.clock.set(at(60))
    done = watched.enroll(view_of(1, light=0.4), keep=[first.reference_id])
    assert (done.version, done.references, done.kept) == (2, 1, 1)
    assert [entry.versions for entry in watched.store.gallery.list(GATE)] == [(1, 2), (2,)]
    third = watched.enroll(view_of(1, noise=9))
    assert third.version == 3
    assert len(watched.store.gallery.list(GATE)) == 1, "what is not named rests"
    assert len(watched.store.gallery.list(GATE, include_inactive=True)) == 3


def test_a_reference_of_another_view_of_things_does_not_join_those_that_stay(watched: Bench):
    (first,) = watched.store.gallery.list(GATE)
    with pytest.raises(UnfitReference, match=f"reference {first.reference_id}, which stays"):
        watched.enroll(view_of(3), keep=[first.reference_id])
    assert watched.enroll(view_of(3), keep=[first.reference_id], force=True).kept == 1


def test_references_of_another_bundle_stay_without_being_compared(watched: Bench):
    (first,) = watched.store.gallery.list(GATE)
    watched.encoder.bundle_id = "net-2"
    assert watched.enroll(view_of(3), keep=[first.reference_id]).kept == 1


def test_keeping_what_is_not_there_is_refused(watched: Bench):
    with pytest.raises(UnknownReference):
        watched.enroll(view_of(1), keep=[999])


def test_enrolling_starts_the_state_anew(watched: Bench):
    watched.check(60, turned(1, Orientation.ROTATED_180))
    watched.clock.set(at(70))
    watched.enroll(turned(1, Orientation.ROTATED_180))
    state = watched.store.load_watch(GATE).state
    assert (state.status, state.recent) == (Status.OK, ())
    assert watched.verdict(100, turned(1, Orientation.ROTATED_180)) is VerdictKind.OK


# Grabbing


def grab(count: int, *answers: Frame | SourceError) -> tuple[list[Frame], int]:
    waits = []
    source = ScriptedSource([*answers])
    frames = grab_distinct(source, count, 5.0, lambda: waits.append(1))
    assert set(source.timeouts_s) == {5.0}
    return frames, len(waits)


def test_as_many_frames_as_asked_for_are_grabbed_with_a_wait_between_two():
    frames, waits = grab(3, *[view_of(1, noise=number) for number in range(5)])
    assert (len(frames), waits) == (3, 2)


def test_a_source_with_nothing_new_ends_the_grabbing():
    assert len(grab(5, view_of(1), view_of(1, noise=1), view_of(1))[0]) == 2


def test_a_failure_after_the_first_frame_ends_the_grabbing():
    assert len(grab(5, view_of(1), SourceUnreachable("Gone."), view_of(1, noise=1))[0]) == 1


def test_a_failure_at_the_first_frame_is_the_callers():
    with pytest.raises(SourceUnreachable):
        grab(5, SourceUnreachable("Gone."))
