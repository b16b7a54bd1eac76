"""The YAML of the five published designs' recipes; defaults are as published, in so far as that was said."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from train.losses.settings import ContrastiveSettings, TripletSettings
from train.recipes.settings import Part, RecipeSettings


class DesignData(Part):
    """What all designs ask of their pictures.

    Where no validation cameras are named, `validation_share` of the fixed cameras (or class folders) is held out.
    `light` is how much the light of a picture is changed, 0–1; `real_share` the share of places that are fixed
    cameras, the others being single photos that meet themselves in another light. With `crop` a part of each picture
    is shown, as of a view, of which there is more around; without, the whole.
    """

    validation_cameras: tuple[str, ...] = ()
    unsteady_cameras: tuple[str, ...] = ()
    validation_share: float = Field(default=0.2, gt=0, lt=1)
    real_share: float = Field(default=0.5, ge=0, le=1)
    light: float = Field(default=0.5, ge=0, le=1)
    crop: bool = True
    workers: int = Field(default=1, ge=0)


class TurnedPairsData(DesignData):
    """Pairs of a picture with itself: hardly turned (same), about upside down (rotated), or with a stranger."""

    pairs_per_batch: int = Field(default=8, ge=2)
    same_deg: float = Field(default=0.5, ge=0)
    rotated_deg: float = Field(default=180.0, gt=0, le=180)
    unrelated_share: float = Field(default=0.0, ge=0, lt=1)


class PlacePairsData(DesignData):
    """Pairs of one place at two times (same), or of two places; drawn by chance, so an epoch is what is called one."""

    pairs_per_batch: int = Field(default=16, ge=2)
    pairs_per_epoch: int = Field(default=320, ge=2)


class PlacesData(DesignData):
    """Batches of P places, K pictures of each."""

    places_per_batch: int = Field(default=8, ge=2)
    pictures_per_place: int = Field(default=4, ge=2)


class ClassesData(DesignData):
    """Batches of pictures with the name of their class; the last `validation_share` of each class is held out."""

    pictures_per_batch: int = Field(default=32, ge=2)


class TrunkStart(Part):
    """How a MobileNetV2 trunk starts: from a file of weights in torchvision's layout, or by chance.

    The weights are no part of the project: `weights` says where they lie, relative to the working directory.
    """

    weights: Path | None = None
    frozen_stages: int = Field(default=0, ge=0, le=17)


class CommonSettings(RecipeSettings):
    """What the recipes of all designs have."""

    data: DesignData = DesignData()


class RotationSiameseSettings(CommonSettings):
    """Design A. With `unrelated_share` it judges three classes instead of a distance: the cure of its known flaw."""

    network: Literal["rotation_siamese"]
    data: TurnedPairsData = TurnedPairsData()
    start: TrunkStart = TrunkStart()
    loss: ContrastiveSettings = ContrastiveSettings(loss="contrastive", distance="euclidean", margin=1.0)
    relation_weight: float = Field(default=1.0, ge=0)

    @property
    def three_classes(self) -> bool:
        """Whether unrelated pairs are a class of their own."""
        return self.data.unrelated_share > 0


class KochOneShotSettings(CommonSettings):
    """Design B; its loss is the cross-entropy of its own dense layer, so there is none to choose."""

    network: Literal["koch_oneshot"]
    data: PlacePairsData = PlacePairsData()


class TripletCnnSettings(CommonSettings):
    """Design C."""

    network: Literal["triplet_cnn"]
    data: PlacesData = PlacesData()
    loss: TripletSettings = TripletSettings(
        loss="triplet", distance="euclidean", miner="semi_hard", margin=0.2
    )


class MobileNetRetrievalSettings(CommonSettings):
    """Design D: a classifier, whose features are what is kept."""

    network: Literal["mobilenet_retrieval"]
    data: ClassesData = ClassesData()
    start: TrunkStart = TrunkStart()


class OsNetTripletSettings(CommonSettings):
    """Design E; `width` and `height` are of the input, the paper's 128 by 256 laid on its side."""

    network: Literal["osnet_triplet"]
    data: PlacesData = PlacesData()
    width: int = Field(default=256, ge=64)
    height: int = Field(default=128, ge=64)
    loss: TripletSettings = TripletSettings(
        loss="triplet", distance="euclidean", miner="batch_hard", margin=0.3
    )

    @model_validator(mode="after")
    def _reduces_evenly(self) -> OsNetTripletSettings:
        if self.width % 16 or self.height % 16:
            raise ValueError("width and height must be multiples of 16")
        return self


DesignSettings = Annotated[
    RotationSiameseSettings
    | KochOneShotSettings
    | TripletCnnSettings
    | MobileNetRetrievalSettings
    | OsNetTripletSettings,
    Field(discriminator="network"),
]
