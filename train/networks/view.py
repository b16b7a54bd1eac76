"""The view network: one shared encoder run once per frame, and a head that compares two frames' grids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from train.networks.cells import CoordinateAttention, UsualCell
from train.networks.correlation import AffineFit, LocalCorrelation
from train.networks.trunk import Lite0Trunk

RELATIONS = ("same", "moved", "different", "obstructed")
COARSE_CHANNELS, FINE_CHANNELS, EMBEDDING_SIZE = 64, 32, 256
ROWS, COLUMNS = 192, 256
# The regression works in units that are of order one: fractions of the view, degrees over 10, log zoom.
ROLL_UNIT_DEG = 10.0
# Roll read off an affine field needs the picture's shape, which the squashed input hides; cameras lie around this.
TYPICAL_ASPECT = 1.5
# How far the sharpened flow may leave the correlations' own, in cells: enough for between, too little for a prior.
SHARPEN_CELLS = 0.7
# Up to here a view counts as the same: 1 % of the view, 0.5 degrees (in units of 10), 1 % of zoom.
TOLERANCES = (0.01, 0.01, 0.05, 0.01)


class Encoding(NamedTuple):
    """What the encoder gives for N frames: (N, 256) embedding, (N, 64, 12, 16) and (N, 32, 24, 32) grids."""

    embedding: Tensor
    coarse: Tensor
    fine: Tensor

    def pick(self, indices: Tensor) -> Encoding:
        """The encodings of some of the frames."""
        return Encoding(self.embedding[indices], self.coarse[indices], self.fine[indices])


class Reading(NamedTuple):
    """What one correlation volume says of P pairs.

    Attributes:
        logits: (P, K, rows, columns) matching logits.
        flow: (P, 2, rows, columns) where each cell went, fractions of the view.
        features: (P, width, rows, columns) for the judge.
        affine: (P, 2, 3) fitted displacement field.
        facts: (P, 4) share of trusted cells, means of the best correlation, its trusted mean, the one at rest.
    """

    logits: Tensor
    flow: Tensor
    features: Tensor
    affine: Tensor
    facts: Tensor


@dataclass(frozen=True, slots=True)
class PairOutput:
    """What the head says of P pairs.

    Attributes:
        relation: (P, 4) logits in the order of `RELATIONS`.
        displacement: (P, 4) dx, dy, roll in degrees, log zoom of the frame's content against the reference.
        log_sigma: (P, 4) log of the Laplace scale of each, same units.
        agreement: (P, 12, 16) logits that a reference cell is seen in the frame, after alignment.
        fine: Dense reading at stride 8, for the dense losses; not exported.
        coarse: Likewise at stride 16.
    """

    relation: Tensor
    displacement: Tensor
    log_sigma: Tensor
    agreement: Tensor
    fine: Reading
    coarse: Reading


class ViewEncoder(nn.Module):
    """Frames to an embedding and two grids of L2-normalised cells."""

    def __init__(self, frozen_stages: int = 2, frozen_filters: bool = False) -> None:
        super().__init__()
        self.trunk = Lite0Trunk(frozen_stages, frozen_filters)
        stride_8, stride_16 = self.trunk.channels[8], self.trunk.channels[16]
        self.attention = CoordinateAttention(stride_16)
        self.coarse = nn.Conv2d(stride_16, COARSE_CHANNELS, 1)
        self.fine_lateral = nn.Conv2d(stride_8, 64, 1)
        self.fine_context = nn.Conv2d(stride_16, 64, 1)
        self.fine = nn.Conv2d(64, FINE_CHANNELS, 3, padding=1)
        self.layout = nn.Conv2d(stride_16, 64, 1)
        self.global_size = 64 * 12 + stride_16
        self.embedding = nn.Linear(self.global_size, EMBEDDING_SIZE)
        self.power = nn.Parameter(torch.tensor(3.0))
        self.coarse_cells = UsualCell(COARSE_CHANNELS, ROWS // 16, COLUMNS // 16)
        self.fine_cells = UsualCell(FINE_CHANNELS, ROWS // 8, COLUMNS // 8)

    def forward(self, images: Tensor) -> Encoding:
        """Prepared images (N, 3, 192, 256), as `monitor.vision.preprocess.prepare` makes them, to their encoding."""
        stride_8, stride_16 = self.trunk(images)
        attended = self.attention(stride_16)
        context = F.interpolate(self.fine_context(attended), scale_factor=2.0, mode="nearest")
        fine = self.fine(F.relu6(self.fine_lateral(stride_8) + context))
        # The embedding must know orientation and aim: a 3x4 layout keeps where things are, GeM adds what there is.
        layout = F.avg_pool2d(F.relu6(self.layout(attended)), 4).flatten(1)
        present = attended.clamp(min=1e-3).float().pow(self.power).mean(dim=(2, 3)).pow(1.0 / self.power)
        embedding = self.embedding(torch.cat([layout, present.to(layout.dtype)], dim=1))
        return Encoding(
            F.normalize(embedding.float(), dim=1),
            self.coarse_cells(self.coarse(attended)),
            self.fine_cells(fine),
        )


class OffsetConsensus(nn.Module):
    """Adds to each match the matches of the neighbouring cells at the same offset.

    One small kernel is shared by all offsets, so that no offset can be preferred: a layer that mixes them learns
    "nothing moved" within minutes, because most pairs did not move, and is slow to forget it.
    """

    def __init__(self, reach: int = 2) -> None:
        super().__init__()
        side = 2 * reach + 1
        self.kernel = nn.Parameter(torch.full((1, 1, side, side), 0.5 / side**2))
        self.reach = reach

    def forward(self, volume: Tensor) -> Tensor:
        """(P, K, rows, columns) to the same shape."""
        _, window, rows, columns = volume.shape
        flat = F.relu(volume).reshape(-1, 1, rows, columns)
        support = F.conv2d(flat, self.kernel, padding=self.reach).reshape(-1, window, rows, columns)
        return volume + support


class VolumeReader(nn.Module):
    """Reads one correlation volume: where each cell went, what can be trusted, and features for the judge."""

    cell: Tensor

    def __init__(self, rows: int, columns: int, radius: int, width: int) -> None:
        super().__init__()
        self.correlation = LocalCorrelation(rows, columns, radius)
        window = self.correlation.window
        self.first = nn.Conv2d(window, width, 1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        self.weigh = nn.Conv2d(width, 1, 1)
        # Correlations lock to whole cells; what the window looks like says where between them the match lies.
        self.sharpen = nn.Conv2d(width, 2, 1)
        nn.init.zeros_(self.sharpen.weight)
        nn.init.zeros_(self.sharpen.bias)  # type: ignore[arg-type]
        cell = torch.tensor([1 / columns, 1 / rows]).reshape(1, 2, 1, 1)
        self.register_buffer("cell", cell, persistent=False)
        self.consensus = OffsetConsensus()
        self.log_temperature = nn.Parameter(torch.tensor(3.2))
        self.fit = AffineFit(rows, columns)

    def forward(self, reference: Tensor, frame: Tensor) -> Reading:
        """Compare the grids of P references with those of P frames."""
        with torch.autocast(reference.device.type, enabled=False):
            volume = self.correlation(reference.float(), frame.float())
        features = F.relu(self.second(F.relu(self.first(volume * 4.0))))
        weigh, sharpen = self.weigh(features), self.sharpen(features)
        with torch.autocast(volume.device.type, enabled=False):
            logits = self.consensus(volume) * self.log_temperature.exp()
            flow, certainty = self.correlation.flow(logits)
            flow = flow + torch.tanh(sharpen.float()) * SHARPEN_CELLS * self.cell
            affine, weights = self.fit.robust(flow, torch.sigmoid(weigh.float()) * certainty)
            best = volume.amax(dim=1)
            facts = torch.stack(
                [
                    weights.mean(dim=(1, 2, 3)),
                    best.mean(dim=(1, 2)),
                    (best * weights[:, 0]).sum(dim=(1, 2)) / (weights.sum(dim=(1, 2, 3)) + 1e-3),
                    volume[:, volume.shape[1] // 2].mean(dim=(1, 2)),
                ],
                dim=1,
            )
        return Reading(logits, flow, features, affine, facts)


class ViewHead(nn.Module):
    """Two frames' grids to relation, displacement with uncertainty, and which cells agree."""

    def __init__(self, radius: int = 4) -> None:
        super().__init__()
        self.fine_reader = VolumeReader(24, 32, radius, 64)
        self.coarse_reader = VolumeReader(12, 16, radius, 64)
        self.descend = nn.Conv2d(64, 64, 3, stride=2, padding=1)
        self.join = nn.Conv2d(128, 96, 3, padding=1)
        self.agree = nn.Conv2d(96, 1, 1)
        self.judge = nn.Conv2d(96, 96, 3, stride=2, padding=1)
        pooled = 96 * 4 + 96 + 2 * (6 + 4 + 4)
        self.measure = nn.Sequential(nn.Linear(pooled, 128), nn.ReLU(), nn.Linear(128, 12))
        self.relate = nn.Sequential(
            nn.Linear(pooled + 8 + 9 + 1, 128), nn.ReLU(), nn.Linear(128, len(RELATIONS))
        )
        units = torch.tensor([1.0, 1.0, ROLL_UNIT_DEG, 1.0])
        self.register_buffer("units", units, persistent=False)

    units: Tensor

    def shift_relations(self, logits: Sequence[float]) -> None:
        """Add to the relation's four logits, for good: what is known of a pair before it is looked at."""
        last = self.relate[-1]
        assert isinstance(last, nn.Linear)
        with torch.no_grad():
            last.bias.add_(torch.tensor(logits))

    def forward(self, reference: Encoding, frame: Encoding) -> PairOutput:
        """Compare P references with P frames."""
        fine = self.fine_reader(reference.fine, frame.fine)
        coarse = self.coarse_reader(reference.coarse, frame.coarse)
        joined = F.relu(self.join(torch.cat([F.relu(self.descend(fine.features)), coarse.features], dim=1)))
        agreement = self.agree(joined)[:, 0].float()
        judged = F.relu(self.judge(joined))
        layout = F.avg_pool2d(judged, (3, 4)).flatten(1)
        with torch.autocast(judged.device.type, enabled=False):
            from_fine, from_coarse = displacement_of(fine.affine), displacement_of(coarse.affine)
            known = [
                fine.affine.flatten(1) * 10,
                coarse.affine.flatten(1) * 10,
                from_fine * 10,
                from_coarse * 10,
            ]
            evidence = torch.cat(
                [layout.float(), judged.float().amax(dim=(2, 3)), *known, fine.facts, coarse.facts], dim=1
            )
            blend, correction, log_scale = self.measure(evidence).split(4, dim=1)
            share = torch.sigmoid(blend)
            scaled = share * from_fine + (1 - share) * from_coarse + correction * 0.1
            log_scale = log_scale.clamp(-4.0, 4.0) - 4.0
            told = magnitudes(scaled, log_scale)
            seen = torch.sigmoid(agreement).mean(dim=(1, 2))[:, None]
            relation = self.relate(torch.cat([evidence, scaled * 10, log_scale, told, seen], dim=1))
        return PairOutput(
            relation,
            scaled * self.units,
            log_scale + self.units.log(),
            agreement,
            fine,
            coarse,
        )


def displacement_of(affine: Tensor) -> Tensor:
    """An affine displacement field (P, 2, 3) to (P, 4): dx, dy, roll in units of 10 degrees, log zoom."""
    xx, xy, x = affine[:, 0, 0] + 1, affine[:, 0, 1], affine[:, 0, 2]
    yx, yy, y = affine[:, 1, 0], affine[:, 1, 1] + 1, affine[:, 1, 2]
    zoom = (xx * yy - xy * yx).clamp(min=0.05).sqrt()
    sine = (xy * TYPICAL_ASPECT - yx / TYPICAL_ASPECT) / (2 * zoom)
    roll = sine.clamp(-0.9, 0.9) * (180.0 / torch.pi / ROLL_UNIT_DEG)
    return torch.stack([x, y, roll, zoom.log()], dim=1)


def magnitudes(displacement: Tensor, log_scale: Tensor) -> Tensor:
    """How large a displacement (P, 4), roll in units of 10 degrees, is: what tells "moved" from "same".

    Returns:
        (P, 9): log of each number in units of its tolerance, the largest of them, and each in units of its scale.
    """
    size = displacement.abs()
    in_tolerances = torch.log1p(size / size.new_tensor(TOLERANCES))
    return torch.cat(
        [in_tolerances, in_tolerances.amax(dim=1, keepdim=True), torch.log1p(size * (-log_scale).exp())],
        dim=1,
    )


class ViewNetwork(nn.Module):
    """Encoder and head together, as they are trained."""

    def __init__(self, frozen_stages: int = 2, frozen_filters: bool = False) -> None:
        super().__init__()
        self.encoder = ViewEncoder(frozen_stages, frozen_filters)
        self.head = ViewHead()

    def forward(self, images: Tensor, reference: Tensor, frame: Tensor) -> tuple[Encoding, PairOutput]:
        """Encode images (N, 3, 192, 256) once; compare those at `reference` (P,) with those at `frame` (P,)."""
        encoding = self.encoder(images)
        return encoding, self.head(encoding.pick(reference), encoding.pick(frame))
