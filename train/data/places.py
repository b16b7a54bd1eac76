"""Places: pictures that show one thing, be it a fixed camera's view, a class of things, or a single photo."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from train.data.manifest import DataError, Picture
from train.data.splits import Pool, Splits

FEWEST_TO_HOLD_OUT = 4
"""With fewer places of several pictures, pictures of each are held out instead of whole places."""


@dataclass(frozen=True, slots=True)
class Place:
    """Pictures that show one place.

    Attributes:
        label: Names it: a camera, a class, or the photo itself.
        pictures: At least one, in time order.
    """

    label: str
    pictures: tuple[Picture, ...]

    @property
    def seen_often(self) -> bool:
        """Whether there is more than one picture of it."""
        return len(self.pictures) > 1


@dataclass(frozen=True, slots=True)
class Places:
    """What batches are drawn from."""

    often: tuple[Place, ...]
    once: tuple[Place, ...]

    @property
    def all(self) -> tuple[Place, ...]:
        """Every place."""
        return (*self.often, *self.once)

    @property
    def pictures(self) -> int:
        """How many pictures there are of all."""
        return sum(len(place.pictures) for place in self.all)

    def __repr__(self) -> str:
        frames = sum(len(place.pictures) for place in self.often)
        return f"<Places {len(self.often)} seen often in {frames} pictures, {len(self.once)} once>"


def places_of(pool: Pool) -> Places:
    """Each camera is a place, each scene another."""
    often = tuple(Place(camera, pictures) for camera, pictures in pool.cameras.items())
    return Places(often, tuple(Place(str(picture.path), (picture,)) for picture in pool.scenes))


def hold_out(splits: Splits, share: float) -> tuple[Places, Places]:
    """Places to learn from, and places to choose by: those of the split where it holds out cameras.

    Else a share of the places, by a hash of their names, so that adding one moves none; of fewer than
    `FEWEST_TO_HOLD_OUT` places seen often, the last pictures of each.

    Raises:
        DataError: All pictures show one place, so that there is nothing to tell apart.
    """
    train, validation = places_of(splits.train), places_of(splits.validation)
    if len(train.all) + len(validation.all) < 2:
        raise DataError(
            "All pictures show one place (one class only): there is nothing to tell apart.",
            "Add pictures of other places, in folders of their own.",
        )
    if not validation.often:
        kept = Places(train.often, train.once)
        if len(train.often) >= FEWEST_TO_HOLD_OUT:
            often, held = _apart(train.often, share)
        else:
            often, held = _by_pictures(train.often, share)
        once, once_held = (train.once, ()) if validation.once else _apart(train.once, share)
        train, validation = Places(often, once), Places(held, (*validation.once, *once_held))
        if not validation.all or not train.all:
            raise DataError(
                f"Of {kept!r} nothing can be held out to choose by.", "Add pictures, at least five a class."
            )
    return train, validation


def _apart(places: Sequence[Place], share: float) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    ranked = sorted(places, key=lambda place: hashlib.sha256(place.label.encode()).digest())
    count = max(1, round(share * len(ranked))) if len(ranked) > 1 else 0
    held = {place.label for place in ranked[:count]}
    return (
        tuple(place for place in places if place.label not in held),
        tuple(place for place in places if place.label in held),
    )


def _by_pictures(places: Sequence[Place], share: float) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    learned, held = [], []
    for place in places:
        count = max(1, round(share * len(place.pictures)))
        learned.append(Place(place.label, place.pictures[:-count]))
        held.append(Place(place.label, place.pictures[-count:]))
    return tuple(learned), tuple(held)


def last_of_each(places: Sequence[Place], share: float) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    """Each place's pictures, and its last ones apart: how a classifier is tested, whose classes it must have seen.

    Raises:
        DataError: Fewer than two classes of at least two pictures.
    """
    usable = [place for place in places if place.seen_often]
    if len(usable) < 2:
        raise DataError(
            f"A classifier needs two classes of at least two pictures, there are {len(usable)}.",
            "Give one folder of pictures for each class.",
        )
    return _by_pictures(usable, share)
