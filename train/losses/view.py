"""What the view network is trained by. Every function is the vectorised form of a loop that the tests spell out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from train.data.groups import Batch
from train.data.synthesis import MOVED, MOVED_FRAME, REFERENCE, TURNED_REFERENCE
from train.losses.metric import MetricLoss
from train.losses.pairs import displacement_loss, relation_loss
from train.networks.correlation import LocalCorrelation
from train.networks.view import Encoding, PairOutput
from train.recipes.view_settings import LossSettings


class EmbeddingPairs(NamedTuple):
    """Which pictures of a batch are compared, and how they should lie.

    Attributes:
        anchors: (N,) bool, A of them true.
        others: (N,) bool, B of them true.
        positive: (A, B) bool.
        negative: (A, B) bool.
    """

    anchors: Tensor
    others: Tensor
    positive: Tensor
    negative: Tensor


def embedding_pairs(batch: Batch) -> EmbeddingPairs:
    """A reference, upright or turned, against all frames of the batch.

    Positives of an anchor are the frames of its group that show the same place turned alike. Frames of its group
    that are turned alike but moved or covered are left out. All others are negatives: other groups, and the same
    place turned otherwise, with the sensor's marks upright. Illegible pictures take no part.
    """
    anchors = ((batch.slot == REFERENCE) | (batch.slot == TURNED_REFERENCE)) & batch.legible
    others = batch.legible
    same_group = batch.group[anchors][:, None] == batch.group[others][None]
    alike = same_group & (batch.orientation[anchors][:, None] == batch.orientation[others][None])
    itself = torch.nonzero(anchors)[:, :1] == torch.nonzero(others)[:, 0]
    positive = alike & batch.same_place[others][None] & (batch.slot[others] != MOVED_FRAME)[None] & ~itself
    # Two groups of one camera show one place: neither alike for sure nor foreign.
    elsewhere = batch.place[anchors][:, None] != batch.place[others][None]
    # Two turns of one picture differ only by the turn; both anchors of a group are each other's negatives.
    return EmbeddingPairs(anchors, others, positive, torch.where(same_group, ~alike, elsewhere))


def embedding_loss(encoding: Encoding, batch: Batch, metric: MetricLoss) -> Tensor:
    """The metric loss of a batch's embeddings over `embedding_pairs`."""
    pairs = embedding_pairs(batch)
    anchors, others = encoding.embedding[pairs.anchors], encoding.embedding[pairs.others]
    return metric(anchors, others, pairs.positive, pairs.negative)


def matching_loss(logits: Tensor, correlation: LocalCorrelation, flow: Tensor, seen: Tensor) -> Tensor:
    """Cross-entropy of the matching logits against the true offset, split over its four neighbours.

    Args:
        logits: (P, K, rows, columns).
        correlation: Knows the window.
        flow: (P, 2, rows, columns) true flow in fractions of the view.
        seen: (P, rows, columns) weight of each cell; 0 where its truth is not known.

    Returns:
        Weighted mean over the cells whose true offset lies within the window; 0 where there is none.
    """
    radius, side = correlation.radius, 2 * correlation.radius + 1
    x = flow[:, 0] * correlation.columns + radius
    y = flow[:, 1] * correlation.rows + radius
    usable = (seen > 0) & (x >= 0) & (x <= side - 1) & (y >= 0) & (y <= side - 1)
    if not usable.any():
        return logits.sum() * 0
    log_weights = correlation.log_weights(logits).permute(0, 2, 3, 1)[usable]
    x, y = x[usable], y[usable]
    left, top = x.floor().clamp(0, side - 2), y.floor().clamp(0, side - 2)
    right_share, low_share = x - left, y - top
    base = (top * side + left).long()
    shares = (
        (0, (1 - right_share) * (1 - low_share)),
        (1, right_share * (1 - low_share)),
        (side, (1 - right_share) * low_share),
        (side + 1, right_share * low_share),
    )
    picked = [log_weights.gather(1, (base + step)[:, None])[:, 0] * share for step, share in shares]
    cell_weights = seen[usable]
    return -(torch.stack(picked).sum(dim=0) * cell_weights).sum() / cell_weights.sum()


def flow_loss(flow: Tensor, correlation: LocalCorrelation, target: Tensor, seen: Tensor) -> Tensor:
    """Distance of the flow from the truth, in cells, over cells that found their match.

    Args:
        flow: (P, 2, rows, columns) in fractions of the view.
        correlation: Knows the size of a cell.
        target: (P, 2, rows, columns) true flow.
        seen: (P, rows, columns) weight of each cell; 0 where its truth is not known.

    Returns:
        Weighted mean of |error in x| + |error in y| over cells wrong by less than one cell in both; a match missed
        altogether is for `matching_loss`. 0 where there is none.
    """
    cells = flow.new_tensor([correlation.columns, correlation.rows]).reshape(1, 2, 1, 1)
    error = ((flow - target) * cells).abs()
    weights = seen * (error.detach().amax(dim=1) < 1.0)
    if not weights.any():
        return flow.sum() * 0
    return (error.sum(dim=1) * weights).sum() / weights.sum()


def agreement_loss(logits: Tensor, seen: Tensor, known: Tensor) -> Tensor:
    """Binary cross-entropy of (P, 12, 16) logits against which reference cells are seen, over pairs where known."""
    if not known.any():
        return logits.sum() * 0
    return F.binary_cross_entropy_with_logits(logits[known], seen[known])


def total_loss(
    encoding: Encoding,
    output: PairOutput,
    batch: Batch,
    weights: LossSettings,
    metric: MetricLoss,
    fine: LocalCorrelation,
    coarse: LocalCorrelation,
) -> tuple[Tensor, Mapping[str, Tensor]]:
    """The weighted sum of all losses and each of them, unweighted, by name."""
    classes = output.relation.new_tensor(weights.classes)
    # Cells of pairs that hardly moved teach mostly "stay where you are", and there are more of them.
    moving = torch.where(batch.relation == MOVED, 1.0, 0.2)[:, None, None]
    parts = {
        "relation": relation_loss(output.relation, batch.relation, classes),
        "displacement": displacement_loss(
            output.displacement, output.log_sigma, batch.displacement, batch.measurable
        ),
        "embedding": embedding_loss(encoding, batch, metric),
        "matching_fine": matching_loss(output.fine.logits, fine, batch.fine_flow, batch.fine_seen * moving),
        "matching_coarse": matching_loss(
            output.coarse.logits, coarse, batch.coarse_flow, batch.coarse_seen * moving
        ),
        "flow": flow_loss(output.fine.flow, fine, batch.fine_flow, batch.fine_seen * moving)
        + flow_loss(output.coarse.flow, coarse, batch.coarse_flow, batch.coarse_seen * moving),
        "agreement": agreement_loss(output.agreement, batch.coarse_seen, batch.agreement_known),
    }
    total = torch.stack([getattr(weights, name) * value for name, value in parts.items()]).sum()
    return total, parts
