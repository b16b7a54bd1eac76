"""The default network's batches: groups of pictures and the pairs among them, as tensors."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

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


class Groups:
    """Batches by number, see `train.data.loading.Numbered`.

    Args:
        sampler: Draws the pictures.
        seed: Of all chance.
        groups_per_batch: G of each batch.
    """

    def __init__(self, sampler: Sampler, seed: int, groups_per_batch: int) -> None:
        self.sampler, self.seed, self.groups_per_batch = sampler, seed, groups_per_batch
        self.spec = InputSpec()

    def batch(self, number: int) -> Batch:
        """Batch of that number; the same whenever and by whomever it is drawn."""
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


def _moved_to(pair: PairTarget, start: int) -> PairTarget:
    values = {f.name: getattr(pair, f.name) for f in fields(pair)}
    return PairTarget(**{**values, "reference": pair.reference + start, "frame": pair.frame + start})
