"""Writes a bundle: graphs that were found to agree with torch, and a card that says what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.vision.bundle import Bundle, write_bundle
from monitor.vision.card import CARD_VERSION, Card, GridSpec
from monitor.vision.preprocess import InputSpec
from train.exporting.graphs import Graph, check_parity, render


@dataclass(frozen=True, slots=True)
class Exportable:
    """A trained network as a bundle shows it; see `monitor.vision.card.Card` for what the fields mean.

    Attributes:
        graphs: By member name.
        operating_point: Chosen on held-out pictures; what `calibrate` finds is added later.
        metrics: Figures found on held-out pictures.
    """

    graphs: Mapping[str, Graph]
    architecture: str
    input: InputSpec
    embedding_size: int
    grids: tuple[GridSpec, ...]
    relations: tuple[str, ...]
    can_tell: tuple[str, ...]
    licence: str
    origin: str
    operating_point: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)


def export_bundle(
    network: Exportable, path: Path, name: str, training: Mapping[str, Any], created: datetime
) -> Bundle:
    """Write a bundle.

    Raises:
        ParityError: Nothing is written.
    """
    members = {file: render(graph) for file, graph in network.graphs.items()}
    worst = check_parity(network.graphs, members)
    card = Card(
        card_version=CARD_VERSION,
        name=name,
        architecture=network.architecture,
        created=created.isoformat(timespec="seconds"),
        input=network.input,
        embedding_size=network.embedding_size,
        grids=network.grids,
        relations=network.relations,
        can_tell=network.can_tell,
        operating_point=dict(network.operating_point),
        calibration={},
        metrics={**network.metrics, "parity_worst_difference": worst},
        training=dict(training),
        licence=network.licence,
        origin=network.origin,
        members={},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_bundle(path, card, members)
