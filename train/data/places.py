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

    Else about that share of the places, by a hash of their names, so that adding one moves none, but at least two and
    at most half; of fewer than `FEWEST_TO_HOLD_OUT` places seen often, the last pictures of each.

    Raises:
        DataError: There are no pictures to learn from, or all show one place, so that there is nothing to tell apart;
            or of what there is, less than two places are left to learn from or to choose by.
    """
    train, validation = places_of(splits.train), places_of(splits.validation)
    if not train.all and not validation.all:
        raise DataError(
            "The data set has no pictures to learn from.", "Give pictures whose `split` is train, not dev."
        )
    if len(train.all) + len(validation.all) < 2:
        raise DataError(
            "All pictures show one place (one class only): there is nothing to tell apart.",
            "Add pictures of other places, in folders of their own.",
        )
    whole = list({place.label: place for place in (*train.all, *validation.all)}.values())
    if not validation.often:
        if len(train.often) >= FEWEST_TO_HOLD_OUT:
            often, held = _apart(train.often, share)
        else:
            often, held = _by_pictures(train.often, share)
        once, once_held = (train.once, ()) if validation.once else _apart(train.once, share)
        train, validation = Places(often, once), Places(held, (*validation.once, *once_held))
    for places, purpose in ((train, "to learn from"), (validation, "to choose by")):
        if len(places.all) < 2:
            raise DataError(
                f"Of {_counted(whole)} {_counted(places.all)} would be left {purpose}: there must be two.",
                "Add places (classes), or pictures of nothing in particular; or name other validation cameras.",
            )
    return train, validation


def _counted(places: Sequence[Place]) -> str:
    return f"{len(places)} place{'s' * (len(places) != 1)}"


def _apart(places: Sequence[Place], share: float) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    ranked = sorted(places, key=_lot)
    # Two, where that leaves as many to learn from: with one there is nothing to tell it apart from.
    fewest, most = min(2, len(ranked) // 2), len(ranked) // 2
    count = min(max(sum(_lot(place) < share for place in ranked), fewest), most)
    held = {place.label for place in ranked[:count]}
    return (
        tuple(place for place in places if place.label not in held),
        tuple(place for place in places if place.label in held),
    )


def _lot(place: Place) -> float:
    """0–1, of nothing but its name; a single photo's is its file's, wherever the data set lies."""
    name = place.label if place.seen_often else place.pictures[0].path.name
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64


def _by_pictures(places: Sequence[Place], share: float) -> tuple[tuple[Place, ...], tuple[Place, ...]]:
    learned, held = [], []
    for place in places:
        count = min(max(1, round(share * len(place.pictures))), len(place.pictures) - 1)
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
