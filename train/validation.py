"""What a validation finds: figures to choose by, a confusion matrix, and examples that a person can look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix

from monitor.vision.preprocess import InputSpec
from train.data.groups import Batch
from train.networks.view import RELATIONS, Encoding, PairOutput

Pixels = NDArray[np.uint8]
CAPTION_ROWS, CAPTION_SCALE = 18, 0.42
RIGHT_INK, WRONG_INK = (60, 160, 60), (200, 60, 60)


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts of answers.

    Attributes:
        labels: Names of the classes.
        counts: (C, C) truth by row, answer by column.
        name: What was asked.
    """

    labels: tuple[str, ...]
    counts: NDArray[np.int64]
    name: str = "relation"


@dataclass(frozen=True, slots=True)
class Validation:
    """What one validation found.

    Attributes:
        figures: By name.
        confusion: Of the relation, or None.
        examples: Name to (H, W, 3) RGB: reference beside frame, with truth and answer.
    """

    figures: Mapping[str, float]
    confusion: Confusion | None = None
    examples: Mapping[str, Pixels] | None = None


Result = tuple[Batch, Encoding, PairOutput]


def relation_confusion(results: Sequence[Result]) -> Confusion:
    """Truth against the likeliest relation, over all pairs whose relation is judged."""
    truth = np.concatenate([batch.relation.cpu().numpy() for batch, _, _ in results])
    said = np.concatenate([output.relation.argmax(dim=1).cpu().numpy() for _, _, output in results])
    judged = truth >= 0
    counts = confusion_matrix(truth[judged], said[judged], labels=range(len(RELATIONS)))
    return Confusion(RELATIONS, np.asarray(counts, np.int64))


def example_pairs(results: Sequence[Result], of_each: int = 2) -> dict[str, Pixels]:
    """Pairs of every relation as pictures, the ones answered worst (by the probability of the truth)."""
    found: dict[str, Pixels] = {}
    for index, name in enumerate(RELATIONS):
        pairs = []
        for batch, _, output in results:
            likely = torch.softmax(output.relation.float(), dim=1)[:, index]
            pairs += [
                (float(likely[p]), batch, output, int(p))
                for p in torch.nonzero(batch.relation == index)[:, 0]
            ]
        worst = sorted(pairs, key=lambda pair: pair[0])[:of_each]
        for place, (_, batch, output, pair) in enumerate(worst):
            found[f"{name}_{place}"] = draw_example(batch, output, pair)
    return found


def draw_example(batch: Batch, output: PairOutput, pair: int) -> Pixels:
    """One pair (H, W, 3) RGB: reference | frame, below them truth and answer, green if the relation is right."""
    sides = [_seen(batch.images[int(side[pair])]) for side in (batch.reference, batch.frame)]
    picture = np.concatenate(sides, axis=1)
    truth, likely = int(batch.relation[pair]), torch.softmax(output.relation[pair].float(), dim=0)
    said = int(likely.argmax())
    lines = [f"truth: {RELATIONS[truth]}", f"answer: {RELATIONS[said]} {float(likely[said]):.2f}"]
    if bool(batch.measurable[pair]):
        lines[0] += _displacement(batch.displacement[pair])
        lines[1] += _displacement(output.displacement[pair])
    caption = np.full((CAPTION_ROWS * len(lines), picture.shape[1], 3), 255, np.uint8)
    ink = RIGHT_INK if truth == said else WRONG_INK
    for row, line in enumerate(lines):
        at = (4, CAPTION_ROWS * row + 13)
        cv2.putText(caption, line, at, cv2.FONT_HERSHEY_SIMPLEX, CAPTION_SCALE, ink, 1, cv2.LINE_AA)
    return np.concatenate([picture, caption])


def _seen(image: torch.Tensor) -> Pixels:
    """A prepared image (3, H, W) back as (H, W, 3) pixels."""
    spec = InputSpec()
    pixels = image.float().cpu().numpy().transpose(1, 2, 0) * spec.std + spec.mean
    return np.asarray(np.clip(np.rint(pixels), 0, 255), np.uint8)


def _displacement(values: torch.Tensor) -> str:
    dx, dy, roll, log_zoom = (float(v) for v in values)
    return f"  dx {dx * 100:+.1f} %  dy {dy * 100:+.1f} %  roll {roll:+.1f} deg  zoom {np.exp(log_zoom):.3f}"
