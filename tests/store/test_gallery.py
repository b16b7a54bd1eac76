from __future__ import annotations

import numpy as np
import pytest

from monitor.domain.state import Status, ViewState
from monitor.domain.view import ViewKey
from monitor.store import LastReference, Resolution, Store, UnknownGalleryVersion, UnknownReference
from tests.store.builders import (
    KEY,
    NOW,
    ROUTES,
    TOLD,
    announce,
    announce_resolved,
    at,
    opened,
    reference,
    spec,
)

OTHER = ViewKey("yard")


def enroll(store: Store, *seeds: int, key: ViewKey = KEY, bundle_id: str = "net-1") -> list[int]:
    """A version with one small reference a seed; returns the ids of the active references."""
    references = [
        (reference(seed, bundle_id, key, grids=False), f"picture {seed}".encode()) for seed in seeds
    ]
    store.gallery.add_version(key, references, reason="enrolled", author="me", now=NOW)
    return active(store, key)


def active(store: Store, key: ViewKey = KEY) -> list[int]:
    return [stored.id for stored in store.load_watch(key).references]


def test_a_reference_comes_back_as_it_was_enrolled(store: Store) -> None:
    given = reference(3)
    assert store.gallery.add_version(KEY, [(given, b"picture")], reason="first", author="me", now=NOW) == 1
    (stored,) = store.load_watch(KEY).references
    assert (stored.key, stored.created_at, stored.origin) == (KEY, NOW, "enrolled")
    assert store.images.get(stored.image_digest) == b"picture"
    assert stored.upright.bundle_id == "net-1"
    assert stored.upright.quality == given.upright.quality
    assert stored.upright.aspect == given.upright.aspect
    assert np.array_equal(stored.upright.luma, given.upright.luma)
    assert stored.upright.grids.keys() == given.upright.grids.keys()
    for name, grid in given.upright.grids.items():
        assert stored.upright.grids[name].dtype == np.float32
        assert np.allclose(stored.upright.grids[name], grid, atol=2e-3)
    assert stored.turned.keys() == given.turned.keys()
    for orientation, vector in given.turned.items():
        assert float(stored.turned[orientation] @ vector) == pytest.approx(1, abs=1e-3)
    assert float(stored.upright.embedding @ given.upright.embedding) == pytest.approx(1, abs=1e-3)
    assert store.views.get(KEY).reference_count == 1


def test_a_new_version_keeps_only_what_it_is_told_to_keep(store: Store) -> None:
    first, second = enroll(store, 1, 2)
    number = store.gallery.add_version(
        KEY,
        [(reference(3, grids=False), b"third")],
        keep=[second],
        reason="accepted",
        author="ann",
        now=at(5),
    )
    assert number == 2
    now_active = active(store)
    assert second in now_active
    assert first not in now_active
    assert len(now_active) == 2
    listed = store.gallery.list(KEY, include_inactive=True)
    assert [(entry.reference_id, entry.active, entry.versions) for entry in listed] == [
        (first, False, (1,)),
        (second, True, (1, 2)),
        (now_active[1], True, (2,)),
    ]
    assert [entry.reference_id for entry in store.gallery.list(KEY)] == now_active
    newest, oldest = store.gallery.versions(KEY)
    assert (newest.number, newest.reason, newest.author, newest.active) == (2, "accepted", "ann", True)
    assert (oldest.number, oldest.reference_ids, oldest.active) == (1, (first, second), False)


def test_going_back_makes_a_new_version_with_the_old_references(store: Store) -> None:
    first = enroll(store, 1)
    second = enroll(store, 2)
    assert store.gallery.rollback(KEY, author="me", now=at(1)) == 3
    assert active(store) == first
    assert store.gallery.rollback(KEY, to=2, author="me", now=at(2)) == 4
    assert active(store) == second
    assert [version.number for version in store.gallery.versions(KEY)] == [4, 3, 2, 1]


@pytest.mark.parametrize("to", [None, 0, 7])
def test_there_is_no_going_back_to_a_version_that_never_was(store: Store, to: int | None) -> None:
    enroll(store, 1)
    with pytest.raises(UnknownGalleryVersion, match="no version"):
        store.gallery.rollback(KEY, to=to, author="me", now=NOW)


def test_removing_a_reference_leaves_the_others_and_can_be_undone(store: Store) -> None:
    first, second = enroll(store, 1, 2)
    assert store.gallery.remove(KEY, first, author="me", now=NOW) == 2
    assert active(store) == [second]
    store.gallery.rollback(KEY, author="me", now=NOW)
    assert active(store) == [first, second]


def test_the_last_reference_goes_only_by_force_and_then_the_view_is_unenrolled(store: Store) -> None:
    (only,) = enroll(store, 1)
    store.record(opened(0), (), announce)
    with pytest.raises(LastReference, match="force"):
        store.gallery.remove(KEY, only, author="me", now=NOW)
    store.gallery.remove(KEY, only, author="me", now=at(10), force=True)
    row = store.views.get(KEY)
    assert (row.reference_count, row.state.status) == (0, Status.UNENROLLED)
    store.gallery.rollback(KEY, author="me", now=at(20))
    assert active(store) == [only]


def test_an_empty_version_and_references_of_other_views_are_refused(store: Store) -> None:
    store.views.sync([spec(), spec(OTHER)], NOW)
    (mine,) = enroll(store, 1)
    with pytest.raises(LastReference):
        store.gallery.add_version(KEY, [], reason="", author="me", now=NOW)
    with pytest.raises(UnknownReference, match=str(mine)):
        store.gallery.add_version(OTHER, [], keep=[mine], reason="", author="me", now=NOW)
    with pytest.raises(UnknownReference, match="99"):
        store.gallery.remove(KEY, 99, author="me", now=NOW)
    assert store.gallery.versions(OTHER) == []


def test_accepting_a_new_normal_changes_gallery_state_and_incident_at_once(store: Store) -> None:
    old = enroll(store, 1)
    incident = store.record(opened(0), TOLD, announce).incident
    assert incident is not None
    normal = ViewState(Status.OK, at(30))
    store.gallery.add_version(
        KEY,
        [(reference(2, grids=False), b"new normal")],
        keep=old,
        reason="accepted",
        author="ann",
        now=at(30),
        state=normal,
        resolution=Resolution("ann", "we turned it on purpose", TOLD, announce_resolved),
    )
    ended = store.incidents.get(incident.id)
    assert (ended.resolved_at, ended.acknowledged_by, ended.comment) == (
        at(30),
        "ann",
        "we turned it on purpose",
    )
    row = store.views.get(KEY)
    assert (row.state, row.open_incident_id, row.next_due_at, row.reference_count) == (
        normal,
        None,
        at(30),
        2,
    )
    assert {delivery.id for delivery in store.deliveries.list()} == {
        f"{route}:{incident.id}-{number}" for route in ROUTES for number in (1, 2)
    }


def test_a_failed_acceptance_changes_nothing(store: Store) -> None:
    old = enroll(store, 1)
    incident = store.record(opened(0), TOLD, announce).incident
    assert incident is not None

    def refuse(*_: object) -> None:
        raise RuntimeError("no words")

    with pytest.raises(RuntimeError):
        store.gallery.add_version(
            KEY, [(reference(2, grids=False), b"x")], reason="", author="ann", now=at(30), state=ViewState(),
            resolution=Resolution("ann", addressees=TOLD, announce=refuse),  # type: ignore[arg-type]
        )  # fmt: skip
    assert active(store) == old
    assert store.incidents.open() == [incident]
    assert store.views.get(KEY).state == opened(0).state


def test_the_bank_holds_every_enabled_view_as_one_bundle_sees_it(store: Store) -> None:
    store.views.sync([spec(), spec(OTHER), spec(ViewKey("off"))], NOW)
    enroll(store, 1)
    enroll(store, 2, 3)
    enroll(store, 4, key=OTHER)
    enroll(store, 5, key=ViewKey("off"))
    store.gallery.add_version(
        OTHER,
        [(reference(6, "net-2", OTHER, grids=False), b"x")],
        active(store, OTHER),
        reason="",
        author="",
        now=NOW,
    )
    store.views.sync([spec(), spec(OTHER)], NOW)
    keys, matrix = store.gallery.embeddings("net-1")
    assert keys == (KEY, KEY, OTHER)
    assert matrix.shape == (3, 256)
    assert matrix.dtype == np.float32
    assert int(np.argmax(matrix @ reference(3, grids=False).upright.embedding)) == 1
    assert np.allclose(np.linalg.norm(matrix, axis=1), 1, atol=1e-6)
    nothing = store.gallery.embeddings("net-9")
    assert nothing.keys == ()
    assert len(nothing.matrix) == 0


def test_references_of_another_bundle_are_found_re_encoded_and_then_seen_by_everybody(store: Store) -> None:
    (old,) = enroll(store, 1)
    before = store.gallery.stamp()
    assert store.gallery.needing_reencode("net-1") == []
    (stale,) = store.gallery.needing_reencode("net-2")
    assert (stale.reference_id, stale.key, stale.bundle_id) == (old, KEY, "net-1")
    assert store.images.get(stale.image_digest) == b"picture 1"
    assert store.load_watch(KEY).references[0].upright.bundle_id == "net-1"
    store.gallery.replace_encoding(old, reference(7, "net-2", grids=False))
    assert store.gallery.needing_reencode("net-2") == []
    (stored,) = store.load_watch(KEY).references
    assert (stored.id, stored.upright.bundle_id, stored.image_digest) == (old, "net-2", stale.image_digest)
    assert store.gallery.stamp() != before
    with pytest.raises(UnknownReference):
        store.gallery.replace_encoding(99, reference(7, "net-2", grids=False))
