"""Batches of groups as tensors, drawn by number: group n is the same whenever and by whomever it is drawn."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass, fields

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from monitor.domain.errors import MonitorError
from monitor.vision.preprocess import InputSpec
from train.data.sampling import Sampler
from train.data.synthesis import (
    DIFFERENT,
    FRAMES_IN_GROUP,
    PICTURES_IN_GROUP,
    REFERENCE,
    SAME_FRAME,
    WILD_FRAME,
    Group,
    make_group,
)
from train.data.targets import PairTarget, pair_target


@dataclass(frozen=True, slots=True)
class Batch:
    """G groups of 6 pictures and their P pairs.

    Attributes:
        images: (6 G, 3, 192, 256) prepared pictures.
        group: (6 G,) number of the picture's group within the batch.
        place: (6 G,) what the group shows; two groups of one number may show one place.
        slot: (6 G,) which of the group's six pictures it is.
        orientation: (6 G,) how its content is turned.
        legible: (6 G,) whether it can be recognised at all.
        same_place: (6 G,) whether its relation to the group's reference, turned alike, is "same".
        reference, frame: (P,) picture indices of each pair.
        relation: (P,) truth, -1 where not judged.
        displacement: (P, 4) truth where `measurable` (P,).
        fine_flow, fine_seen, coarse_flow, coarse_seen: dense truth, see `PairTarget`.
        agreement_known: (P,).
    """

    images: Tensor
    group: Tensor
    place: Tensor
    slot: Tensor
    orientation: Tensor
    legible: Tensor
    same_place: Tensor
    reference: Tensor
    frame: Tensor
    relation: Tensor
    displacement: Tensor
    measurable: Tensor
    fine_flow: Tensor
    fine_seen: Tensor
    coarse_flow: Tensor
    coarse_seen: Tensor
    agreement_known: Tensor

    def to(self, device: torch.device) -> Batch:
        """The batch on another device."""
        return Batch(*(getattr(self, f.name).to(device, non_blocking=True) for f in fields(self)))


class Groups(Dataset[Batch]):
    """Batches by number; number n of seed s is always the same batch.

    Args:
        sampler: Draws the pictures.
        seed: Of all chance.
        groups_per_batch: G of each batch.
        first: Number of the batch at index 0.
        count: How many there are.
        stride: From one batch's number to the next's: so many processes share the batches among them.
    """

    def __init__(
        self, sampler: Sampler, seed: int, groups_per_batch: int, first: int, count: int, stride: int = 1
    ) -> None:
        self.sampler, self.seed = sampler, seed
        self.groups_per_batch, self.first, self.count, self.stride = groups_per_batch, first, count, stride
        self.spec = InputSpec()

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Batch:
        number = self.first + index * self.stride
        rng = np.random.default_rng([self.seed, number])
        groups = [
            make_group(rng, self.sampler.draw(rng, FRAMES_IN_GROUP), self.spec)
            for _ in range(self.groups_per_batch)
        ]
        return collate(rng, groups)


def collate(rng: np.random.Generator, groups: list[Group]) -> Batch:
    """Stack groups; each reference is also paired with a frame of the next group, a view that it never saw."""
    views = [view for group in groups for view in group.views]
    pairs: list[PairTarget] = []
    same_place = np.zeros(len(views), bool)
    for number, group in enumerate(groups):
        start = number * PICTURES_IN_GROUP
        same_place[start : start + 2] = True
        for pair in group.pairs:
            pairs.append(_moved_to(pair, start))
            if pair.relation == 0:
                same_place[start + pair.frame] = True
        if len(groups) > 1:
            there = (number + 1) % len(groups) * PICTURES_IN_GROUP + int(rng.integers(SAME_FRAME, WILD_FRAME))
            here = start + REFERENCE
            legible = views[here].legible and views[there].legible
            legible = legible and groups[(number + 1) % len(groups)].place != group.place
            nothing = views[here].visible
            pairs.append(pair_target(here, there, DIFFERENT if legible else -1, None, 1.0, nothing, nothing))
    count = len(views)
    return Batch(
        images=torch.from_numpy(np.stack([v.image for v in views])),
        group=torch.arange(count) // PICTURES_IN_GROUP,
        place=torch.tensor([group.place for group in groups]).repeat_interleave(PICTURES_IN_GROUP),
        slot=torch.arange(count) % PICTURES_IN_GROUP,
        orientation=torch.tensor([v.orientation for v in views]),
        legible=torch.tensor([v.legible for v in views]),
        same_place=torch.from_numpy(same_place),
        reference=torch.tensor([p.reference for p in pairs]),
        frame=torch.tensor([p.frame for p in pairs]),
        relation=torch.tensor([p.relation for p in pairs]),
        displacement=torch.from_numpy(np.stack([p.displacement for p in pairs])),
        measurable=torch.tensor([p.measurable for p in pairs]),
        fine_flow=torch.from_numpy(np.stack([p.fine_flow for p in pairs])),
        fine_seen=torch.from_numpy(np.stack([p.fine_seen for p in pairs])),
        coarse_flow=torch.from_numpy(np.stack([p.coarse_flow for p in pairs])),
        coarse_seen=torch.from_numpy(np.stack([p.coarse_seen for p in pairs])),
        agreement_known=torch.tensor([p.agreement_known for p in pairs]),
    )


class _Forgiving(Dataset[Batch | MonitorError]):
    """Hands an error over as a value: a worker's exception would arrive as a traceback without its remedy."""

    def __init__(self, groups: Groups) -> None:
        self.groups = groups

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, index: int) -> Batch | MonitorError:
        try:
            return self.groups[index]
        except MonitorError as error:
            return error


def batches(
    sampler: Sampler,
    seed: int,
    groups_per_batch: int,
    first: int,
    count: int,
    workers: int,
    stride: int = 1,
) -> Iterator[Batch]:
    """So many batches from number `first` on, made ahead by worker processes where `workers` > 0.

    Raises:
        DataError: A picture cannot be read.
    """
    loader = DataLoader(
        _Forgiving(Groups(sampler, seed, groups_per_batch, first, count, stride)),
        batch_size=None,
        shuffle=False,
        num_workers=workers,
        prefetch_factor=3 if workers else None,
        worker_init_fn=_begin_worker if workers else None,
    )
    for drawn in loader:
        if isinstance(drawn, MonitorError):
            raise drawn
        yield drawn


def _begin_worker(_worker: int) -> None:
    cv2.setNumThreads(1)
    # Ctrl-C and a service manager signal the whole group of processes. It is for the loop to end in good order and to
    # end its workers; one that died before it would look like a crash. They end with their parent in any case.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _moved_to(pair: PairTarget, start: int) -> PairTarget:
    values = {f.name: getattr(pair, f.name) for f in fields(pair)}
    return PairTarget(**{**values, "reference": pair.reference + start, "frame": pair.frame + start})
