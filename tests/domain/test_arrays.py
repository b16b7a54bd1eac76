"""Arrays read by many threads at once, while the interpreter switches between them wherever it can."""

from __future__ import annotations

import gc
import io
import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from monitor.domain.arrays import read_arrays

NAMES = [f"array{number}" for number in range(20)]


@pytest.fixture
def content() -> bytes:
    target = io.BytesIO()
    np.savez(target, allow_pickle=False, **{name: np.arange(3) for name in NAMES})  # type: ignore[arg-type]
    return target.getvalue()


@pytest.fixture
def restless() -> Iterator[None]:
    """Garbage is collected all the time, and whoever hears of that lets another thread go on."""
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()

    def linger(_phase: str, _info: object) -> None:
        sum(range(200))

    sys.setswitchinterval(1e-6)
    gc.set_threshold(5)
    gc.callbacks.append(linger)
    yield
    gc.callbacks.remove(linger)
    gc.set_threshold(*threshold)
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("restless")
def test_threads_that_read_at_once_do_not_trip_over_each_other(content: bytes) -> None:
    failed: list[BaseException] = []

    def read() -> None:
        try:
            for _ in range(40):
                assert list(read_arrays(content)) == NAMES
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_only_what_is_asked_for_is_read(content: bytes) -> None:
    assert list(read_arrays(content, "array7")) == ["array7"]
    with pytest.raises(KeyError):
        read_arrays(content, "another")
