"""Judging pairs by a published design's own rule: the probability of "same", or the similarity and a threshold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from torch.nn import functional as F

from train.data.design_batches import PairBatch
from train.metrics.detection import precision_recall, roc
from train.networks.design import UNIT, DesignNetwork
from train.validation import Confusion, Pixels

SAME = 0
EXAMPLES = 8
CAPTION_ROWS = 20
FPR_AT = 0.95
"""The share of same pairs at which the false positive rate is read."""
SMALLEST_SCALE = 1e-3


@dataclass(frozen=True, slots=True)
class Judged:
    """What a network said of pairs.

    Attributes:
        relation: (P,) truth; 0 is same.
        score: (P,) probability of "same" where the network judges, else cosine similarity.
        said: (P,) likeliest relation where the network judges, else None: a similarity needs a threshold.
        thumbnails: (P, h, 2 w, 3) RGB, reference beside frame, small.
    """

    relation: NDArray[np.int64]
    score: NDArray[np.float64]
    said: NDArray[np.int64] | None
    thumbnails: NDArray[np.uint8]

    @property
    def same(self) -> NDArray[np.bool_]:
        """(P,) whether both show the same view."""
        return np.asarray(self.relation == SAME)

    @property
    def own_kinds(self) -> NDArray[np.bool_]:
        """(P,) whether the pair is of the two kinds that every design knows; A is asked of strangers besides."""
        return np.asarray(self.relation <= 1)

    @property
    def threshold(self) -> float:
        """The score from which a pair is called the same: one half, or where the similarities part best."""
        return 0.5 if self.said is not None else operating_point(self)["changed_below"]

    @property
    def answers(self) -> NDArray[np.int64]:
        """(P,) relation said; by threshold, 1 for all that is not the same."""
        return self.said if self.said is not None else (self.score < self.threshold).astype(np.int64)

    def confusion(self, relations: Sequence[str]) -> Confusion:
        """Truth by row, answer by column."""
        counts = confusion_matrix(self.relation, self.answers, labels=range(len(relations)))
        return Confusion(tuple(relations), np.asarray(counts, np.int64), "pairs")

    def examples(self, relations: Sequence[str]) -> dict[str, Pixels]:
        """The pairs that are judged worst, with what is true and what was said."""
        wrongness = np.where(self.same, -self.score, self.score)
        found, answers = {}, self.answers
        for place, pair in enumerate(np.argsort(-wrongness)[:EXAMPLES]):
            truth, said = relations[self.relation[pair]], relations[answers[pair]]
            text = f"{truth}? {said} {self.score[pair]:.3f}"
            picture = self.thumbnails[pair]
            caption = np.full((CAPTION_ROWS, picture.shape[1], 3), 255, np.uint8)
            ink = (60, 160, 60) if truth == said else (200, 60, 60)
            cv2.putText(caption, text, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, ink, 1, cv2.LINE_AA)
            found[f"{place}"] = np.concatenate([picture, caption])
        return found


@torch.no_grad()
def judge_batches(network: DesignNetwork, drawn: Iterable[PairBatch], bf16: bool) -> Judged:
    """Ask a network of pairs."""
    device = next(network.parameters()).device
    relation, score, said, thumbnails = [], [], [], []
    for batch in drawn:
        images = torch.cat([batch.reference, batch.frame])
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            embeddings = network(images.to(device)).float()
        reference, frame = embeddings.chunk(2)
        if network.relations:
            likely = network.judge(reference, frame).float().softmax(dim=1)
            score.append(likely[:, SAME].cpu().numpy())
            said.append(likely.argmax(dim=1).cpu().numpy())
        else:
            score.append(F.cosine_similarity(reference, frame).cpu().numpy())
        relation.append(batch.relation.numpy())
        thumbnails.append(_thumbnails(batch))
    return Judged(
        np.concatenate(relation),
        np.concatenate(score).astype(np.float64),
        np.concatenate(said) if said else None,
        np.concatenate(thumbnails),
    )


def pair_figures(judged: Judged, relations: Sequence[str]) -> dict[str, float]:
    """AUC, EER, FPR at 95 % TPR of "same"; at the threshold precision and recall of "same", and what is called so."""
    own, called = judged.own_kinds, judged.answers == SAME
    found = roc(judged.same[own], judged.score[own])
    at = precision_recall(judged.same[own], called[own])
    figures = {
        "auc": found.auc,
        "equal_error_rate": found.equal_error_rate,
        "fpr_at_tpr_95": found.false_positive_rate_at(FPR_AT),
        "threshold": judged.threshold,
        "accuracy": float((called == judged.same)[own].mean()),
        "precision": at.precision,
        "recall": at.recall,
    }
    for index, name in enumerate(relations):
        pairs = judged.relation == index
        if pairs.any():
            figures[f"called_same_{name}"] = float(called[pairs].mean())
    return figures


def operating_point(judged: Judged) -> Mapping[str, float]:
    """Where the similarities of same and changed pairs part: a logistic curve, both kinds weighing alike (Platt 1999).

    Returns:
        `changed_below`, the cosine similarity at which either is as likely, and `changed_scale`, over which the
        log-odds change by one.

    Raises:
        FigureError: All pairs are of one kind.
    """
    own = judged.own_kinds
    same, score = judged.same[own], judged.score[own]
    roc(same, score)
    centre, width = float(score.mean()), max(float(score.std()), SMALLEST_SCALE)
    curve = LogisticRegression(class_weight="balanced", C=10.0).fit(((score - centre) / width)[:, None], same)
    slope, offset = float(curve.coef_[0, 0]), float(curve.intercept_[0])
    # A network that has learned nothing, or the reverse, gives no slope to go by.
    slope = max(slope, 1e-3)
    return {
        "changed_below": float(np.clip(centre - width * offset / slope, -1.0, 1.0)),
        "changed_scale": max(width / slope, SMALLEST_SCALE),
    }


def _thumbnails(batch: PairBatch, side: int = 112) -> NDArray[np.uint8]:
    """(P, side, 2 side, 3) RGB."""
    small = F.interpolate(torch.cat([batch.reference, batch.frame], dim=3), (side, 2 * side), mode="area")
    pixels = (small.permute(0, 2, 3, 1).numpy() * UNIT).round().clip(0, 255)
    return np.asarray(pixels, np.uint8)
