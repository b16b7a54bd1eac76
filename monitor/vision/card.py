"""The card of a bundle: what the network is, what it can tell, how good it was found to be, where it comes from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import VerdictKind
from monitor.vision.likeness import Likeness, check_relations
from monitor.vision.preprocess import InputSpec

CARD_VERSION = 1
RELATION_TEMPERATURE = "relation_temperature"
"""Name in the operating point of what the head's relation logits are divided by."""


@dataclass(frozen=True, slots=True)
class GridSpec:
    """One dense output of the encoder: `channels` by `rows` by `columns`, a cell for every `stride` input pixels."""

    name: str
    stride: int
    channels: int
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class Card:
    """Everything about a bundle that is not weights; stored as JSON.

    Attributes:
        card_version: Version of this layout; another one is refused.
        name: Short name, first part of the bundle's id.
        architecture: One line.
        created: Date and time of export, ISO 8601 UTC.
        input: Size and normalisation of the encoder's input.
        embedding_size: Length of the embedding.
        grids: The encoder's dense outputs.
        relations: Names of the head's relation logits, in their order, of `monitor.vision.likeness.MEANINGS`; empty
            without a head.
        can_tell: Verdicts that this network can support by itself, names of `VerdictKind`; others come out only where
            another witness carries them.
        operating_point: Limits by name, chosen on cameras that were not trained on. Those named as in
            `monitor.domain.thresholds.Thresholds` take the place of the built-in ones; others concern the network
            alone (`similarity_other`, `relation_temperature`, and `changed_below` with `changed_scale`).
        calibration: How the operating point was chosen, with its bounds.
        metrics: Figures found, by data set and name.
        training: Recipe, fingerprint of the data, seed, length of the run.
        licence: Of the bundle, and of what it was made from.
        origin: Where weights and pictures come from.
        members: SHA-256 of each file beside the card, hex.
    """

    card_version: int
    name: str
    architecture: str
    created: str
    input: InputSpec
    embedding_size: int
    grids: tuple[GridSpec, ...]
    relations: tuple[str, ...]
    can_tell: tuple[str, ...]
    operating_point: Mapping[str, float]
    calibration: Mapping[str, Any]
    metrics: Mapping[str, Any]
    training: Mapping[str, Any]
    licence: str
    origin: str
    members: Mapping[str, str]

    @property
    def limits(self) -> dict[str, float]:
        """The limits of the decision that this bundle was calibrated to have; empty for one that was not."""
        known = {field.name for field in fields(Thresholds)}
        return {name: float(value) for name, value in self.operating_point.items() if name in known}

    @property
    def thresholds(self) -> Thresholds:
        """The built-in limits, with those of the operating point in their places."""
        return replace(Thresholds(), **self.limits)

    @property
    def verdicts(self) -> frozenset[VerdictKind]:
        """What the network can tell by itself."""
        return frozenset(map(VerdictKind, self.can_tell))

    @property
    def likeness(self) -> Likeness | None:
        """What a similarity of embeddings says; None where the card does not give its limit."""
        return Likeness.from_point(self.operating_point)

    @property
    def relation_temperature(self) -> float:
        """What the head's relation logits are divided by; above 1 where it was found too sure of itself."""
        return self.operating_point.get(RELATION_TEMPERATURE, 1.0)


def card_to_json(card: Card) -> dict[str, Any]:
    """The card as JSON values."""
    return asdict(card)


def card_from_json(values: object) -> Card:
    """Read a card.

    Raises:
        ValueError: The version is unknown, or a field is missing, unknown or of the wrong type; the message names it.
    """
    version = values.get("card_version") if isinstance(values, dict) else "(no JSON object)"
    if not isinstance(values, dict) or version != CARD_VERSION:
        raise ValueError(f"card version {version!r} is not {CARD_VERSION}")
    expected = {f.name for f in fields(Card)}
    if wrong := sorted(expected.symmetric_difference(values)):
        raise ValueError(f"missing or unknown fields: {', '.join(map(str, wrong))}")
    checks: dict[str, Callable[[Any], bool]] = {
        "name architecture created licence origin": _is_text,
        "calibration metrics training": _is_object,
        "operating_point": _is_operating_point,
        "members": lambda v: _is_object(v) and all(map(_is_text, v.values())),
        "relations can_tell": lambda v: isinstance(v, list) and all(map(_is_text, v)),
        "embedding_size": lambda v: isinstance(v, int),
    }
    if wrong := sorted(
        name for names, fits in checks.items() for name in names.split() if not fits(values[name])
    ):
        raise ValueError(f"fields of the wrong kind: {', '.join(wrong)}")
    check_relations(values["relations"])
    Likeness.from_point(values["operating_point"])
    if unknown := [name for name in values["can_tell"] if name not in list(VerdictKind)]:
        raise ValueError(f"can_tell names unknown verdicts: {', '.join(unknown)}")
    try:
        return Card(
            **{
                **values,
                "input": _input_spec(values["input"]),
                "grids": tuple(GridSpec(**grid) for grid in values["grids"]),
                "relations": tuple(values["relations"]),
                "can_tell": tuple(values["can_tell"]),
            }
        )
    except TypeError as error:
        raise ValueError(f"input or grids: {error}") from error


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_operating_point(value: object) -> bool:
    """Whether these are numbers that a decision can be made by."""
    return (
        isinstance(value, dict)
        and all(isinstance(n, int | float) and math.isfinite(n) for n in value.values())
        and value.get(RELATION_TEMPERATURE, 1.0) > 0
    )


def _input_spec(values: dict[str, Any]) -> InputSpec:
    spec = InputSpec(**values)
    if not (1 <= spec.width <= 4096 and 1 <= spec.height <= 4096 and spec.std):
        raise ValueError("input has an impossible size or a zero std")
    return spec
