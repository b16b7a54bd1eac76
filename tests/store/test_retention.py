from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from monitor.domain.alert import Outcome, Receipt
from monitor.domain.state import Change
from monitor.domain.verdict import VerdictKind
from monitor.store import (
    ImageMissing,
    RetentionPolicy,
    Store,
    UnknownIncident,
    UnknownObservation,
    retention,
)
from tests.store.builders import KEY, NOW, announce, at, observation, opened, recovered, reference, told

DAY = 86_400.0
POLICY = RetentionPolicy(observations_days=10, resolved_incident_days=20, evidence_days=5)


def age(images_dir: Path, seconds: float = 7200) -> None:
    """Make every picture file look that old."""
    for path in images_dir.glob("??/??/*"):
        os.utime(path, (time.time() - seconds, time.time() - seconds))


def kept(store: Store, digest: str | None) -> bool:
    assert digest is not None
    try:
        return store.images.path(digest).exists()
    except ImageMissing:
        return False


def image_of(store: Store, number: int = 0) -> str | None:
    return store.history.observations(KEY)[number].image_digest


def test_old_observations_go_and_newer_ones_stay(store: Store) -> None:
    for day in range(12):
        store.record(observation(day * DAY), (), announce)
    result = store.retention.prune(at(12 * DAY), POLICY)
    assert result.observations == 2
    assert [row.slot for row in store.history.observations(KEY)] == [
        at(day * DAY) for day in range(11, 1, -1)
    ]


def test_more_than_one_batch_is_pruned(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    for number in range(8):
        store.record(observation(number), (), announce)
    assert store.retention.prune(at(11 * DAY), POLICY).observations == 8
    assert store.history.observations(KEY) == []


def test_pictures_go_before_their_observations(store: Store, images_dir: Path) -> None:
    store.record(observation(0, image=b"evidence"), (), announce)
    digest = image_of(store)
    age(images_dir)
    store.retention.prune(at(4 * DAY), POLICY)
    assert kept(store, digest)
    result = store.retention.prune(at(6 * DAY), POLICY)
    assert (result.images, result.freed_bytes) == (1, len(b"evidence"))
    assert not kept(store, digest)
    assert image_of(store) is None
    assert len(store.history.observations(KEY)) == 1


def test_an_open_incident_and_its_pictures_stay_however_old(store: Store, images_dir: Path) -> None:
    incident = store.record(opened(0, image=b"the flip"), (), announce).incident
    assert incident is not None
    store.record(observation(60, VerdictKind.MOVED, Change.CAUSE_CHANGED, image=b"the move"), (), announce)
    move = image_of(store)
    age(images_dir)
    store.retention.prune(at(1000 * DAY), POLICY)
    assert kept(store, incident.frame_digest)
    assert kept(store, move)
    assert [open_one.id for open_one in store.incidents.open()] == [incident.id]


def test_resolved_incidents_go_with_their_deliveries_once_those_are_done(
    store: Store, images_dir: Path
) -> None:
    incident = store.record(opened(0, image=b"the flip"), told("log"), announce).incident
    assert incident is not None
    store.record(recovered(60), (), announce)
    age(images_dir)
    assert store.retention.prune(at(21 * DAY), POLICY).incidents == 0
    while leased := store.deliveries.lease(at(100), "me", 30, 9, 9):
        store.deliveries.finish(leased[0], Receipt(Outcome.ACCEPTED), None, at(101))
    assert store.retention.prune(at(21 * DAY), POLICY).incidents == 1
    with pytest.raises(UnknownIncident):
        store.incidents.get(incident.id)
    assert store.deliveries.list() == []
    assert not kept(store, incident.frame_digest)


def test_what_is_labelled_is_kept_with_its_pictures(store: Store, images_dir: Path) -> None:
    incident = store.record(opened(0, image=b"the flip"), (), announce).incident
    assert incident is not None
    store.record(recovered(60), (), announce)
    store.record(observation(120, image=b"looks fine"), (), announce)
    (row, *_) = store.history.observations(KEY)
    store.labels.add(right=True, author="ann", now=at(130), incident_id=incident.id)
    store.labels.add(
        right=False, author="ann", now=at(140), observation_id=row.id, true_cause=VerdictKind.BLURRED
    )
    age(images_dir)
    store.retention.prune(at(1000 * DAY), POLICY)
    assert store.incidents.get(incident.id).frame_digest is not None
    assert kept(store, incident.frame_digest)
    assert [left.id for left in store.history.observations(KEY)] == [row.id]
    assert kept(store, row.image_digest)
    newest, oldest = store.labels.list()
    assert (newest.right, newest.true_cause, newest.observation_id) == (False, VerdictKind.BLURRED, row.id)
    assert (oldest.right, oldest.incident_id, oldest.author) == (True, incident.id, "ann")
    assert [label.id for label in store.labels.list(since=at(135))] == [newest.id]


def test_a_label_needs_exactly_one_subject_and_that_it_exists(store: Store) -> None:
    with pytest.raises(UnknownIncident, match="7"):
        store.labels.add(right=True, author="ann", now=NOW, incident_id=7)
    with pytest.raises(UnknownObservation, match="7"):
        store.labels.add(right=True, author="ann", now=NOW, observation_id=7)
    with pytest.raises(ValueError, match="not both"):
        store.labels.add(right=True, author="ann", now=NOW, observation_id=7, incident_id=7)


def test_pictures_of_references_stay_even_of_versions_long_gone(store: Store, images_dir: Path) -> None:
    for number, content in enumerate((b"first", b"second")):
        store.gallery.add_version(
            KEY, [(reference(number, grids=False), content)], reason="", author="me", now=NOW
        )
    age(images_dir)
    store.retention.prune(at(10_000 * DAY), POLICY)
    entries = store.gallery.list(KEY, include_inactive=True)
    assert [store.images.get(entry.image_digest) for entry in entries] == [b"first", b"second"]


def test_orphans_and_unfinished_files_go_when_they_are_older_than_an_hour(
    store: Store, images_dir: Path
) -> None:
    old = store.images.put(b"left by a crash")
    store.images.path(old).with_name(".unfinished-x").write_bytes(b"half")
    age(images_dir)
    touched = store.images.put(b"kept again just now")
    age(images_dir)
    store.images.put(b"kept again just now")
    young = store.images.put(b"waits for its transaction")
    result = store.retention.prune(NOW, POLICY)
    assert result.images == 2
    assert not kept(store, old)
    assert kept(store, young)
    assert kept(store, touched)
