"""After a change of the bundle."""

from __future__ import annotations

from monitor.domain.verdict import VerdictKind
from monitor.usecases.reencode import Reencoded, reencode
from tests.usecases.doubles import GATE, YARD, Bench, read_picture, view_of


def test_references_of_another_bundle_are_encoded_again_and_compared_from_then_on(watched: Bench):
    watched.encoder.bundle_id = "net-2"
    assert watched.verdict(60, view_of(1, noise=1)) is VerdictKind.UNSURE
    assert reencode(watched.store, watched.encoder, read_picture) == Reencoded(2, ())
    assert watched.verdict(120, view_of(1, noise=2)) is VerdictKind.OK
    assert watched.verdict(120, view_of(2, noise=2), key=YARD) is VerdictKind.OK


def test_what_is_up_to_date_is_left_alone(watched: Bench):
    assert reencode(watched.store, watched.encoder, read_picture) == Reencoded(0, ())


def test_age_and_origin_of_a_reference_stay(watched: Bench):
    (before,) = watched.store.gallery.list(GATE)
    watched.encoder.bundle_id = "net-2"
    reencode(watched.store, watched.encoder, read_picture)
    (after,) = watched.store.gallery.list(GATE)
    assert after.bundle_id == "net-2"
    assert (after.reference_id, after.created_at, after.origin) == (
        before.reference_id, before.created_at, before.origin
    )  # fmt: skip


def test_a_lost_picture_is_named_and_does_not_stop_the_rest(watched: Bench):
    (entry,) = watched.store.gallery.list(GATE)
    watched.store.images.path(entry.image_digest).unlink()
    watched.encoder.bundle_id = "net-2"
    done = reencode(watched.store, watched.encoder, read_picture)
    assert done.references == 1
    (problem,) = done.problems
    assert problem.startswith(f"Reference {entry.reference_id} of gate: ")
    assert watched.verdict(60, view_of(1, noise=1)) is VerdictKind.UNSURE
    assert watched.verdict(60, view_of(2, noise=1), key=YARD) is VerdictKind.OK


def test_a_damaged_picture_is_named_too(watched: Bench):
    (entry,) = watched.store.gallery.list(YARD)
    path = watched.store.images.path(entry.image_digest)
    path.chmod(0o600)
    path.write_bytes(b"rotten")
    watched.encoder.bundle_id = "net-2"
    done = reencode(watched.store, watched.encoder, read_picture)
    assert (done.references, len(done.problems)) == (1, 1)
    assert "of yard" in done.problems[0]
