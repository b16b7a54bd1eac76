"""Batches by number, made ahead by worker processes: number n is the same whenever and by whomever it is drawn.

So nothing of chance needs to be saved: a run that was killed goes on with the number that was next.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Protocol, TypeVar, cast

import cv2
from torch.utils.data import DataLoader, Dataset

from monitor.domain.errors import MonitorError

B_co = TypeVar("B_co", covariant=True)
B = TypeVar("B")
ENDLESS = 10**9
"""So many batches no run sees."""


class Numbered(Protocol[B_co]):
    """Gives batches by number."""

    def batch(self, number: int) -> B_co:
        """The batch of that number; chance depends on nothing but the number.

        Raises:
            DataError: A picture cannot be read.
        """
        ...


class _Ahead(Dataset[object]):
    """Hands an error over as a value: a worker's exception would arrive as a traceback without its remedy."""

    def __init__(self, source: Numbered[object], first: int, count: int, stride: int) -> None:
        self.source, self.first, self.count, self.stride = source, first, count, stride

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> object:
        try:
            return self.source.batch(self.first + index * self.stride)
        except MonitorError as error:
            return error


def batches(
    source: Numbered[B], first: int, count: int = ENDLESS, workers: int = 0, stride: int = 1
) -> Iterator[B]:
    """So many batches, number `first`, `first + stride` and so on, made ahead where there are `workers`.

    Several processes that train together share the batches among them by `stride`.

    Raises:
        DataError: A picture cannot be read.
    """
    loader = DataLoader(
        _Ahead(source, first, count, stride),
        batch_size=None,
        shuffle=False,
        num_workers=workers,
        prefetch_factor=3 if workers else None,
        # A forked worker hangs where its parent has used OpenCV's threads before, as after another training.
        multiprocessing_context="spawn" if workers else None,
        worker_init_fn=_begin_worker if workers else None,
    )
    for drawn in loader:
        if isinstance(drawn, MonitorError):
            raise drawn
        yield cast("B", drawn)


def _begin_worker(_worker: int) -> None:
    cv2.setNumThreads(1)
    # Ctrl-C and a service manager signal the whole group of processes. It is for the loop to end in good order and to
    # end its workers; one that died before it would look like a crash. They end with their parent in any case.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
