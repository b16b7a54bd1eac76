"""Real processes, killed at every step: nothing lost, nothing doubled."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.domain.alert import Outcome, Receipt
from monitor.domain.incident import Scope
from monitor.domain.site_event import SiteEventPolicy
from monitor.domain.state import Status, ViewState
from monitor.domain.timeline import EntryKind
from monitor.domain.view import ViewKey
from monitor.store import RetentionPolicy, Store
from tests.store.builders import KEY, ROUTES, TOLD, announce, at, opened, spec, told
from tests.store.child import IMAGE

Spawn = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def spawn(migrated_url: str, images_dir: Path) -> Iterator[Spawn]:
    """Starts a scene of `tests.store.child` on the store's database."""
    children: list[subprocess.Popen[str]] = []

    def start(scene: str, *arguments: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.store.child", scene, migrated_url, images_dir, *arguments],
            stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        child.wait()
        assert child.stdout is not None
        child.stdout.close()


def kill_at_the_point(child: subprocess.Popen[str]) -> None:
    assert child.stdout is not None
    assert child.stdout.readline() == "here\n"
    child.kill()
    child.wait()


def images_in(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob("??/??/*"))]


def test_killed_before_the_commit_nothing_is_recorded_and_the_check_can_be_made_again(
    store: Store, spawn: Spawn, images_dir: Path
) -> None:
    kill_at_the_point(spawn("between_image_and_commit"))
    assert images_in(images_dir) == [IMAGE]
    assert store.history.observations(KEY) == []
    assert store.incidents.list() == []
    assert store.deliveries.list() == []
    assert [due.key for due in store.views.due(at(0))] == [KEY]
    recorded = store.record(opened(0, image=IMAGE), TOLD, announce)
    assert (recorded.duplicate, recorded.alerts) == (False, 2)
    assert images_in(images_dir) == [IMAGE]


def test_the_picture_that_a_crash_left_behind_is_pruned(store: Store, spawn: Spawn, images_dir: Path) -> None:
    kill_at_the_point(spawn("between_image_and_commit"))
    for path in images_dir.glob("??/??/*"):
        os.utime(path, (time.time() - 7200, time.time() - 7200))
    assert store.retention.prune(at(0), RetentionPolicy()).images == 1
    assert images_in(images_dir) == []


def test_killed_after_the_commit_everything_is_there_and_a_second_try_doubles_nothing(
    store: Store, spawn: Spawn
) -> None:
    kill_at_the_point(spawn("after_commit"))
    again = store.record(opened(0, image=IMAGE), TOLD, announce)
    assert (again.duplicate, again.alerts) == (True, 2)
    assert again.incident is not None
    assert store.incidents.list() == [again.incident]
    assert len(store.history.observations(KEY)) == 1
    assert len(store.deliveries.list()) == 2
    assert store.views.get(KEY).state.status is Status.ALERT


def test_killed_between_lease_and_finish_the_delivery_is_attempted_again_under_the_same_id(
    store: Store, spawn: Spawn
) -> None:
    kill_at_the_point(spawn("between_lease_and_finish"))
    assert store.deliveries.lease(at(39), "me", 30.0, 9, 9) == []
    leased = store.deliveries.lease(at(40), "me", 30.0, 9, 9)
    (incident,) = store.incidents.open()
    assert [(batch.deliveries[0], batch.attempt) for batch in leased] == [
        (f"{route}:{incident.id}-1", 2) for route in ROUTES
    ]


def test_killed_within_an_acceptance_view_gallery_and_incident_are_as_before(
    store: Store, spawn: Spawn
) -> None:
    kill_at_the_point(spawn("within_acceptance"))
    assert store.gallery.versions(KEY) == []
    assert len(store.incidents.open()) == 1
    assert store.views.get(KEY).state == opened(0).state != ViewState()
    assert len(store.deliveries.list()) == 2


def test_killed_within_a_merge_neither_the_view_nor_its_site_has_the_incident(
    store: Store, spawn: Spawn
) -> None:
    kill_at_the_point(spawn("within_merge"))
    (first,) = store.incidents.open()
    assert (first.key, first.scope, first.parent_id) == (ViewKey("one"), Scope.VIEW, None)
    assert [entry.kind for entry in store.timelines.of(first.id)] == [EntryKind.OPENED]
    assert store.history.observations(ViewKey("two")) == []
    policy = SiteEventPolicy(at_least=2, share=0.0)
    view = spec(ViewKey("two"), site="north", site_event=policy)
    store.record(opened(0, key=view.key), TOLD, announce, spec=view, addressing=lambda _matter: TOLD)
    (event,) = store.group_incidents.open(Scope.SITE)
    assert event.members == (ViewKey("one"), ViewKey("two"))


def test_killed_again_and_again_at_any_moment_no_check_is_lost_or_doubled(store: Store, spawn: Spawn) -> None:
    reported = -1
    for round_number in range(3):
        child = spawn("record_on_and_on", str(max(0, reported)))
        assert child.stdout is not None
        for _ in range(7 + 5 * round_number):
            reported = int(child.stdout.readline())
        child.kill()
        child.wait()
        reported = max([reported, *map(int, child.stdout.read().split())])
    rows = list(reversed(store.history.observations(KEY, limit=10_000)))
    slots = [int((row.slot - at(0)).total_seconds()) // 1000 for row in rows]
    # What was reported is there; of the check that was under way, all or nothing.
    assert slots == list(range(len(slots)))
    assert reported <= slots[-1] <= reported + 1
    numbers = [number for number in slots if number % 3 == 0]
    incidents = list(reversed(store.incidents.list(limit=10_000)))
    assert len(incidents) == len(numbers)
    assert [incident.opened_at for incident in incidents] == [at(number * 1000 + 1) for number in numbers]
    ended = [incident for incident in incidents if incident.resolved_at is not None]
    assert len(ended) == len([number for number in slots if number % 3 == 1])
    assert all(
        incident.frame_digest is not None and store.images.get(incident.frame_digest) == b"%d" % number
        for incident, number in zip(incidents, numbers, strict=True)
    )
    expected = {
        f"{route}:{incident.id}-{sequence}"
        for incident in incidents
        for route in ROUTES
        for sequence in ((1, 2) if incident.resolved_at else (1,))
    }
    delivered = [row.id for row in store.deliveries.list(limit=10_000)]
    assert sorted(delivered) == sorted(expected)
    assert store.views.get(KEY).last_checked_at == rows[-1].checked_at


def test_a_sender_that_was_killed_has_no_say_any_more_when_its_lease_has_passed_on(store: Store) -> None:
    store.record(opened(0), told("log"), announce)
    (dead,) = store.deliveries.lease(at(10), "dead", 30.0, 9, 9)
    (alive,) = store.deliveries.lease(at(60), "alive", 30.0, 9, 9)
    assert store.deliveries.finish(alive, Receipt(Outcome.ACCEPTED), None, at(61))
    assert not store.deliveries.finish(dead, Receipt(Outcome.RETRY), at(90), at(62))
    assert store.deliveries.lease(at(1000), "me", 30.0, 9, 9) == []
