"""The YAML of the default network's recipe."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from train.losses.settings import InfoNceSettings, MetricSettings
from train.recipes.settings import Part, RecipeSettings


class DataSettings(Part):
    """Which cameras are kept back and how pictures are paired."""

    validation_cameras: tuple[str, ...] = ()
    unsteady_cameras: tuple[str, ...] = ()
    real_share: float = Field(default=0.5, ge=0, le=1)
    day_night_share: float = Field(default=0.6, ge=0, le=1)
    within: dict[str, int] = Field(default={})
    same_condition: tuple[str, ...] = ()
    groups_per_batch: int = Field(default=8, ge=1)
    workers: int = Field(default=2, ge=0)


class NetworkSettings(Part):
    """How the network starts."""

    pretrained: bool = True
    frozen_stages: int = Field(default=3, ge=0, le=5)
    frozen_filters: bool = False


class LossSettings(Part):
    """Weights of the losses and of the relation's classes (same, moved, different, obstructed).

    `metric` says what `embedding` weighs, for example `{loss: multi_similarity}`; see `train.losses.settings`.
    """

    relation: float = 1.0
    displacement: float = 0.5
    embedding: float = 0.5
    matching_fine: float = 0.3
    matching_coarse: float = 0.3
    flow: float = 0.5
    agreement: float = 0.3
    classes: tuple[float, float, float, float] = (1.5, 1.2, 0.8, 1.5)
    metric: MetricSettings = InfoNceSettings(loss="info_nce", distance="unit_cosine")


class ExportSettings(Part):
    """What is done to the trained weights on export.

    `relation_logits` are added to the logits (same, moved, different, obstructed): as many training pairs moved as
    stayed, in the service next to none moves. They bring the calibrated threshold to about one half, so that the
    likeliest relation can be taken at its word.
    """

    relation_logits: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


class ViewSettings(RecipeSettings):
    """One run of the view network, whole."""

    network: Literal["view"]
    data: DataSettings = DataSettings()
    start: NetworkSettings = NetworkSettings()
    losses: LossSettings = LossSettings()
    export: ExportSettings = ExportSettings()
