"""Proposes labels for pictures from a few known ones, by the embeddings of a network that exists already.

A proposal is a vote of the nearest known pictures. How much a neighbour's word counts is learned from the known
pictures themselves: how near a picture of the same label usually is, and how near the nearest of another one comes.
"""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from train.preparation.pictures import find_pictures
from train.preparation.problems import PreparationError, Problems
from train.retrieval.embed import Embedded, Embedder

Floats = NDArray[np.float32]
NEIGHBOURS = 5
_ROWS_AT_ONCE = 1024
# Weak enough that well separated labels give nearly certain neighbours, strong enough that a handful does not.
_INVERSE_REGULARISATION = 10.0


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a picture probably shows.

    Attributes:
        path: The picture.
        label: Proposed.
        confidence: 0–1, that the label is right.
        distance: 1 − cosine similarity to `nearest`.
        nearest: The nearest known picture of that label.
    """

    path: Path
    label: str
    confidence: float
    distance: float
    nearest: Path


def read_known(known: Path) -> dict[Path, str]:
    """Labels by picture, from `LABEL/…` folders or from a CSV with the columns path,label (paths relative to it).

    Raises:
        PreparationError: It is missing, empty, not as described, or has one label only.
    """
    labels = _known_from_folders(known) if known.is_dir() else _known_from_csv(known)
    if len(set(labels.values())) < 2:
        raise PreparationError(
            f"{known} has one label only, {next(iter(labels.values()), 'none')!r}.",
            "With one label everything is proposed to be it: add pictures of others.",
        )
    return labels


def embed_readable(
    embedder: Embedder,
    paths: Sequence[Path],
    problems: Problems,
    on_done: Callable[[], object] = lambda: None,
) -> Embedded:
    """Embed pictures; those that cannot be read are noted.

    Raises:
        PreparationError: None can be read.
    """
    embedded = embedder.embed(paths, on_done)
    for skipped in embedded.skipped:
        problems.add(f"{skipped.path}: {skipped.reason}")
    if not embedded.paths:
        raise PreparationError(f"None of {len(paths)} pictures can be read.", "; ".join(problems.lines[:3]))
    return embedded


class Proposer:
    """Knows some labelled pictures, and labels others by them.

    Args:
        known: Labelled pictures.
        labels: Their labels, in order.
        neighbours: How many vote.

    Raises:
        PreparationError: They have one label only.
    """

    def __init__(self, known: Embedded, labels: Sequence[str], neighbours: int = NEIGHBOURS) -> None:
        if len(set(labels)) < 2:
            raise PreparationError(
                "The known pictures that can be read have one label only.", "Add pictures of other labels."
            )
        self._known = known
        self._labels = np.asarray(labels)
        self._neighbours = min(neighbours, len(labels))
        same, other, self.own_accuracy = _compare_known(known.vectors, self._labels)
        self._judge = _fit(same, other)

    @property
    def calibrated(self) -> bool:
        """Whether confidences mean something; without two pictures of one label they are bare similarities."""
        return self._judge is not None

    def propose(self, unknown: Embedded) -> list[Proposal]:
        """One proposal a picture, least sure first."""
        proposals = []
        for start in range(0, len(unknown.paths), _ROWS_AT_ONCE):
            rows = unknown.vectors[start : start + _ROWS_AT_ONCE]
            similarities = rows @ self._known.vectors.T
            for path, row in zip(unknown.paths[start:], similarities, strict=False):
                proposals.append(self._vote(path, row))
        return sorted(proposals, key=lambda one: (one.confidence, one.path))

    def _vote(self, path: Path, similarities: Floats) -> Proposal:
        nearest = np.argsort(-similarities, kind="stable")[: self._neighbours]
        chances = self._chances(similarities[nearest])
        votes: dict[str, float] = defaultdict(float)
        for index, chance in zip(nearest, chances, strict=True):
            votes[str(self._labels[index])] += float(chance)
        label = max(votes, key=lambda name: votes[name])
        position = next(p for p, index in enumerate(nearest) if self._labels[index] == label)
        agreement = votes[label] / max(sum(votes.values()), 1e-12)
        best = int(nearest[position])
        return Proposal(
            path,
            label,
            confidence=float(np.clip(agreement * chances[position], 0, 1)),
            distance=float(max(1 - similarities[best], 0.0)),
            nearest=self._known.paths[best],
        )

    def _chances(self, similarities: Floats) -> Floats:
        """That a known picture so similar has the same label."""
        if self._judge is None:
            return np.clip(similarities, 1e-6, 1)
        model, mean, spread = self._judge
        judged = model.predict_proba(((similarities - mean) / spread)[:, None])[:, 1]
        return np.asarray(judged, np.float32)


def _compare_known(embeddings: Floats, labels: NDArray[np.str_]) -> tuple[Floats, Floats, float]:
    """Of each known picture: similarity to the nearest other of its label (where there is one) and of other labels.

    The third is the share whose nearest is of their own label, among those whose label has a second picture.
    """
    same, other, right = [], [], []
    for index, label in enumerate(labels):
        similarities = embeddings @ embeddings[index]
        similarities[index] = -np.inf
        own = labels == label
        other.append(similarities[~own].max())
        if own.sum() > 1:
            same.append(similarities[own].max())
            right.append(same[-1] > other[-1])
    return (
        np.asarray(same, np.float32),
        np.asarray(other, np.float32),
        float(np.mean(right)) if right else 0.0,
    )


def _fit(same: Floats, other: Floats) -> tuple[LogisticRegression, float, float] | None:
    if len(same) < 2:
        return None
    values = np.concatenate([same, other])
    mean, spread = float(values.mean()), float(max(values.std(), 1e-6))
    model = LogisticRegression(C=_INVERSE_REGULARISATION, class_weight="balanced")
    model.fit(((values - mean) / spread)[:, None], np.repeat([1, 0], [len(same), len(other)]))
    return model, mean, spread


def _known_from_folders(directory: Path) -> dict[Path, str]:
    pictures = find_pictures(directory)
    loose = [path for path in pictures if path.parent == directory]
    if loose:
        raise PreparationError(
            f"{len(loose)} known pictures lie in no label's folder, for example {loose[0]}.",
            "Put each into a folder named by its label, or give a CSV with the columns path,label.",
        )
    return {path: path.relative_to(directory).parts[0] for path in pictures}


def _known_from_csv(path: Path) -> dict[Path, str]:
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
        labels = {path.parent / row["path"]: row["label"].strip() for row in rows}
    except OSError as error:
        raise PreparationError(
            f"Cannot read {path}: {os.strerror(error.errno or 0)}.", "Give a directory or a CSV with --known."
        ) from error
    except (KeyError, AttributeError, UnicodeDecodeError, csv.Error) as error:
        raise PreparationError(
            f"{path} has no columns path,label.", "Write them into its first line."
        ) from error
    return {picture: label for picture, label in labels.items() if label}
