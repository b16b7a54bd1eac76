"""The batches that the five designs learn from, each by its number, see `train.data.loading`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from monitor.vision.preprocess import InputSpec
from train.data.manifest import Picture
from train.data.places import Place, Places
from train.data.shots import Image, Window, whole

SAME, ROTATED, UNRELATED = range(3)
CHANGED = 1
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PairBatch:
    """P pairs of pictures.

    Attributes:
        reference, frame: (P, 3, h, w).
        relation: (P,) index of what is true: 0 is same; what the others are, the source says.
    """

    reference: Tensor
    frame: Tensor
    relation: Tensor

    def to(self, device: torch.device) -> PairBatch:
        """The batch on another device."""
        return PairBatch(*(getattr(self, f.name).to(device, non_blocking=True) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class LabelBatch:
    """N pictures (N, 3, h, w) with the number of their place or class (N,)."""

    images: Tensor
    label: Tensor

    def to(self, device: torch.device) -> LabelBatch:
        """The batch on another device."""
        return LabelBatch(self.images.to(device, non_blocking=True), self.label.to(device, non_blocking=True))


@dataclass(frozen=True, slots=True)
class TurnedPairs:
    """A picture beside itself hardly turned (`SAME`), about upside down (`ROTATED`), or a stranger (`UNRELATED`).

    Attributes:
        places: To draw from; every picture is a reference once in an epoch.
        spec: The network's input.
        seed: Of all chance.
        count: P.
        light: How much the light is changed, 0–1.
        same_deg: A same picture is turned by up to so much, either way.
        rotated_deg: About so far a rotated one is turned, give or take `same_deg`.
        unrelated_share: Share of pairs with another place.
        crop: Whether a part is shown, see `train.data.shots.Window`.
    """

    places: Places
    spec: InputSpec
    seed: int
    count: int
    light: float
    same_deg: float = 0.5
    rotated_deg: float = 180.0
    unrelated_share: float = 0.0
    crop: bool = True

    def batch(self, number: int) -> PairBatch:
        """Pairs of that number; same and rotated ones are equally frequent."""
        rng = np.random.default_rng([self.seed, number])
        drawn = [self._pair(rng, place, picture) for place, picture in self._references(number)]
        return _paired(drawn)

    def _references(self, number: int) -> list[tuple[Place, Picture]]:
        everything = [(place, picture) for place in self.places.all for picture in place.pictures]
        return _in_turn(everything, self.seed, number, self.count)

    def _pair(self, rng: np.random.Generator, place: Place, picture: Picture) -> tuple[Image, Image, int]:
        window = Window(rng, picture, self.spec, self.crop)
        reference = window.shot(rng, picture, self.light)
        jitter = float(rng.uniform(-self.same_deg, self.same_deg))
        if rng.random() < self.unrelated_share:
            _, stranger = _another(rng, self.places, place)
            frame = Window(rng, stranger, self.spec, self.crop).shot(rng, stranger, self.light)
            return reference, frame, UNRELATED
        if rng.random() < 0.5:
            return reference, window.shot(rng, picture, self.light, jitter), SAME
        return reference, window.shot(rng, picture, self.light, self.rotated_deg + jitter), ROTATED


@dataclass(frozen=True, slots=True)
class PlacePairs:
    """Two pictures of one place (`SAME`), or of two places (`CHANGED`); half and half.

    Attributes:
        places: To draw from.
        spec: The network's input.
        seed: Of all chance.
        count: P.
        light: How much the light is changed, 0–1.
        real_share: Share of references that are of places seen often, where there are any.
        crop: Whether a part is shown, see `train.data.shots.Window`.
    """

    places: Places
    spec: InputSpec
    seed: int
    count: int
    light: float
    real_share: float = 0.5
    crop: bool = True

    def batch(self, number: int) -> PairBatch:
        """Pairs of that number."""
        rng = np.random.default_rng([self.seed, number])
        return _paired([self._pair(rng) for _ in range(self.count)])

    def _pair(self, rng: np.random.Generator) -> tuple[Image, Image, int]:
        place = _some_place(rng, self.places, self.real_share)
        picture = _one_of(rng, place.pictures)
        window = Window(rng, picture, self.spec, self.crop)
        reference = window.shot(rng, picture, self.light)
        if rng.random() < 0.5:
            return reference, window.shot(rng, _later(rng, place, picture), self.light), SAME
        _, stranger = _another(rng, self.places, place)
        return reference, Window(rng, stranger, self.spec, self.crop).shot(rng, stranger, self.light), CHANGED


@dataclass(frozen=True, slots=True)
class PlaceBatches:
    """P places, K pictures of each: pictures of one place share a label.

    Attributes:
        places: To draw from.
        spec: The network's input.
        seed: Of all chance.
        count: P.
        of_each: K; a place seen once is seen K times in other light.
        light: How much the light is changed, 0–1.
        real_share: Share of places that are seen often, where there are any.
        crop: Whether a part is shown, see `train.data.shots.Window`.
    """

    places: Places
    spec: InputSpec
    seed: int
    count: int
    of_each: int
    light: float
    real_share: float = 0.5
    crop: bool = True

    def batch(self, number: int) -> LabelBatch:
        """Pictures of that number, those of a place together."""
        rng = np.random.default_rng([self.seed, number])
        images: list[Image] = []
        labels: list[int] = []
        for label, place in enumerate(self._drawn(rng)):
            picture = _one_of(rng, place.pictures)
            window = Window(rng, picture, self.spec, self.crop)
            shown = [picture, *(_later(rng, place, picture) for _ in range(self.of_each - 1))]
            images += [window.shot(rng, one, self.light) for one in shown]
            labels += [label] * self.of_each
        return LabelBatch(torch.from_numpy(np.stack(images)), torch.tensor(labels))

    def _drawn(self, rng: np.random.Generator) -> list[Place]:
        often = min(round(self.real_share * self.count), len(self.places.often))
        once = min(self.count - often, len(self.places.once))
        # Where there are too few of the ones, there are more of the others.
        often = min(self.count - once, len(self.places.often))
        return [*_some_of(rng, self.places.often, often), *_some_of(rng, self.places.once, once)]


@dataclass(frozen=True, slots=True)
class ClassBatches:
    """Pictures with their classes, each once in an epoch.

    Attributes:
        classes: Their places in the order of their numbers.
        spec: The network's input.
        seed: Of all chance.
        count: N.
        light: How much the light is changed, 0–1; at 0 pictures are shown as they are.
        crop: Whether a part is shown, see `train.data.shots.Window`.
    """

    classes: Sequence[Place]
    spec: InputSpec
    seed: int
    count: int
    light: float
    crop: bool = True

    @property
    def pictures(self) -> list[tuple[int, Picture]]:
        """All of them, with the numbers of their classes."""
        return [(label, picture) for label, place in enumerate(self.classes) for picture in place.pictures]

    def batch(self, number: int) -> LabelBatch:
        """Pictures of that number."""
        rng = np.random.default_rng([self.seed, number])
        drawn = _in_turn(self.pictures, self.seed, number, self.count)
        images = [
            Window(rng, picture, self.spec, self.crop).shot(rng, picture, self.light)
            if self.light
            else whole(picture, self.spec)
            for _, picture in drawn
        ]
        return LabelBatch(torch.from_numpy(np.stack(images)), torch.tensor([label for label, _ in drawn]))


def _in_turn(everything: Sequence[T], seed: int, number: int, count: int) -> list[T]:
    """Batch `number` of an endless list in which everything comes once an epoch, in an order of the epoch's own."""
    total = len(everything)
    drawn: list[T] = []
    place = number * count
    while len(drawn) < count:
        epoch, index = divmod(place + len(drawn), total)
        order: NDArray[np.int64] = np.random.default_rng([seed, epoch, 1]).permutation(total)
        drawn += [everything[i] for i in order[index : index + count - len(drawn)]]
    return drawn


def _paired(pairs: Sequence[tuple[Image, Image, int]]) -> PairBatch:
    return PairBatch(
        torch.from_numpy(np.stack([reference for reference, _, _ in pairs])),
        torch.from_numpy(np.stack([frame for _, frame, _ in pairs])),
        torch.tensor([relation for _, _, relation in pairs]),
    )


def _some_place(rng: np.random.Generator, places: Places, real_share: float) -> Place:
    often = bool(places.often) and (not places.once or rng.random() < real_share)
    return _one_of(rng, places.often if often else places.once)


def _another(rng: np.random.Generator, places: Places, place: Place) -> tuple[Place, Picture]:
    """A place that is not this one, half of the time of the same kind, and one of its pictures."""
    kinds = [places.often, places.once] if place.seen_often else [places.once, places.often]
    if rng.random() < 0.5:
        kinds.reverse()
    for kind in kinds:
        others = [other for other in kind if other.label != place.label]
        if others:
            other = _one_of(rng, others)
            return other, _one_of(rng, other.pictures)
    raise ValueError(f"there is no other place than {place.label}")


def _later(rng: np.random.Generator, place: Place, picture: Picture) -> Picture:
    others = [other for other in place.pictures if other.path != picture.path]
    return _one_of(rng, others) if others else picture


def _one_of(rng: np.random.Generator, things: Sequence[T]) -> T:
    return things[int(rng.integers(len(things)))]


def _some_of(rng: np.random.Generator, things: Sequence[T], count: int) -> list[T]:
    return [things[int(i)] for i in rng.choice(len(things), count, replace=False)] if count else []
