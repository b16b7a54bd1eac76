"""Many threads and processes on one database: nobody meets a lock, nothing is done twice."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from monitor.domain.alert import Outcome, Receipt
from monitor.domain.view import ViewKey
from monitor.store import DeliveryStatus, Store
from tests.store.builders import NOW, announce, at, observation, opened, recovered, reference, spec, told

KEYS = [ViewKey(f"camera-{number}") for number in range(8)]


def all_at_once(*tasks: Callable[[], object]) -> None:
    """Run every task in a thread of its own; the first error of any fails the test."""
    errors: list[BaseException] = []
    start = threading.Barrier(len(tasks))

    def run(task: Callable[[], object]) -> None:
        start.wait()
        try:
            task()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_threads_record_read_lease_and_prune_together(store: Store) -> None:
    store.views.sync([spec(key) for key in KEYS], NOW)
    delivered: list[str] = []
    recording = threading.Event()

    def watch(key: ViewKey) -> None:
        for number in range(12):
            store.load_watch(key)
            checks = (
                opened(number * 1000, key=key, image=b"same picture"),
                recovered(number * 1000, key=key),
            )
            store.record(checks[number % 2], told("log", "webhook"), announce)

    def deliver() -> None:
        idle = 0
        while idle < 3:
            leased = store.deliveries.lease(at(1e6), threading.current_thread().name, 3600.0, 4, 100)
            idle = idle + 1 if not leased and recording.is_set() else 0
            for delivery in leased:
                done = store.deliveries.finish(delivery, Receipt(Outcome.ACCEPTED), None, at(1e6))
                assert done
                delivered.append(delivery.deliveries[0])

    def enroll() -> None:
        for number, key in enumerate(KEYS):
            store.gallery.add_version(
                key,
                [(reference(number, key=key, grids=False), b"same picture")],
                reason="",
                author="",
                now=NOW,
            )

    def record_all() -> None:
        try:
            all_at_once(enroll, *(lambda key=key: watch(key) for key in KEYS))
        finally:
            recording.set()

    all_at_once(record_all, deliver, deliver)
    incidents = store.incidents.list(limit=1000)
    assert len(incidents) == len(KEYS) * 6
    expected = {
        f"{route}:{incident.id}-{n}" for incident in incidents for route in ("log", "webhook") for n in (1, 2)
    }
    assert sorted(delivered) == sorted(expected)
    assert store.deliveries.counts()[DeliveryStatus.DELIVERED] == len(expected)
    # In order for each incident and notifier, whoever delivered.
    for incident in incidents:
        for route in ("log", "webhook"):
            first, second = (delivered.index(f"{route}:{incident.id}-{number}") for number in (1, 2))
            assert first < second


def test_the_same_check_from_many_threads_is_recorded_once(store: Store) -> None:
    results = []
    all_at_once(*(lambda: results.append(store.record(opened(0), told("log"), announce)) for _ in range(8)))
    assert sorted(result.duplicate for result in results) == [False] + [True] * 7
    assert {result.incident.id for result in results if result.incident} == {store.incidents.open()[0].id}
    assert len(store.deliveries.list()) == 1


def test_processes_that_deliver_from_one_queue_share_it(
    store: Store, migrated_url: str, images_dir: Path
) -> None:
    store.views.sync([spec(key) for key in KEYS], NOW)
    for number in range(4):
        for key in KEYS:
            store.record(
                (opened if number % 2 == 0 else recovered)(number * 10, key=key), told("log"), announce
            )
    senders = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.store.child", "lease_and_deliver", migrated_url, images_dir, name],
            stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
        )
        for name in ("one", "two")
    ]  # fmt: skip
    # The queue is written to meanwhile, from this process.
    for number in range(40):
        store.record(observation(100 + number, key=KEYS[number % 8]), (), announce)
    outputs = [sender.communicate(timeout=60)[0].split() for sender in senders]
    assert [sender.returncode for sender in senders] == [0, 0]
    delivered = [delivery_id for output in outputs for delivery_id in output]
    assert len(delivered) == len(set(delivered)) == 32
    assert store.deliveries.counts()[DeliveryStatus.DELIVERED] == 32


def test_the_first_words_of_a_receiver_may_come_at_once(store: Store) -> None:
    failed = Receipt(Outcome.RETRY, "503")
    all_at_once(*[lambda: store.receivers.note("ops", failed, at(1), "digest")] * 8)
    assert store.receivers.all()["ops"].failures == 8
