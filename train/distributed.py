"""Several processes that train one network: which one this is, and how they agree.

`torchrun` starts them and tells each its number through the environment. Each draws batches of its own, gradients are
averaged over all, and the first process alone validates, saves and reports.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True, slots=True)
class Processes:
    """The processes of a run.

    Attributes:
        rank: Number of this one.
        count: How many there are; with 1 nothing is ever exchanged.
    """

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the one that validates, saves and reports."""
        return self.rank == 0

    def largest(self, *numbers: float) -> tuple[float, ...]:
        """The largest of each number over all processes, the same for all; every process must call this."""
        if self.count == 1:
            return numbers
        device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
        exchanged = torch.tensor(numbers, dtype=torch.float64, device=device)
        distributed.all_reduce(exchanged, distributed.ReduceOp.MAX)
        return tuple(exchanged.tolist())

    def wrap(self, network: nn.Module, device: torch.device) -> nn.Module:
        """The network as it is to be called in training; a call of several processes averages their gradients."""
        if self.count == 1:
            return network
        return DistributedDataParallel(network, device_ids=[device] if device.type == "cuda" else None)


def bare(network: nn.Module) -> nn.Module:
    """The network itself, where several processes have wrapped it."""
    return network.module if isinstance(network, DistributedDataParallel) else network


@contextmanager
def joined(device: torch.device) -> Iterator[Processes]:
    """Meet the other processes that `torchrun` started, if it did; leave them at the end."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Processes()
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Processes(distributed.get_rank(), count)
    finally:
        distributed.destroy_process_group()
