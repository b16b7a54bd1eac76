"""Silences are asked for at every alert, and read once a second."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from monitor.domain.matcher import Matcher
from monitor.domain.silence import Silence
from monitor.wiring.silences import FreshSilences

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
ONE = Silence(1, Matcher(cameras=["gate"]), "ann", "cleaning", NOW, NOW, NOW + timedelta(hours=1))


class Shelf:
    """Where silences are read; counts how often."""

    def __init__(self) -> None:
        self.silences: list[Silence] = []
        self.reads = 0
        self.gate = threading.Event()
        self.gate.set()

    def read(self, now: datetime) -> Sequence[Silence]:
        self.reads += 1
        self.gate.wait(10.0)
        return [one for one in self.silences if one.is_active(now)]


def test_they_are_read_again_after_a_second_whichever_way_the_clock_goes() -> None:
    shelf = Shelf()
    fresh = FreshSilences(shelf.read, NOW)
    shelf.silences.append(ONE)
    assert fresh.active(NOW + timedelta(seconds=1)) == ()
    assert shelf.reads == 1
    assert fresh.active(NOW + timedelta(seconds=1.1)) == (ONE,)
    assert fresh.active(NOW - timedelta(days=1)) == ()
    assert shelf.reads == 3


def test_one_reads_and_the_others_do_not_wait_for_it() -> None:
    shelf = Shelf()
    fresh = FreshSilences(shelf.read, NOW)
    shelf.silences.append(ONE)
    shelf.gate.clear()
    later = NOW + timedelta(seconds=5)
    found: list[Sequence[Silence]] = []
    reader = threading.Thread(target=lambda: found.append(fresh.active(later)))
    reader.start()
    while shelf.reads < 2:
        threading.Event().wait(0.005)
    assert fresh.active(later) == ()
    shelf.gate.set()
    reader.join()
    assert found == [(ONE,)]
    assert fresh.active(later) == (ONE,)
