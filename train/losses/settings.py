"""How a recipe names its metric loss: one line of YAML, refused where distance, loss and miner do not fit.

For example `metric: {loss: triplet, distance: cosine, miner: semi_hard, margin: 0.2}`. What is left out is as in the
paper that the loss is from.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

AnyDistance = Literal["euclidean", "squared_euclidean", "manhattan", "cosine", "unit_cosine"]
CosineDistance = Literal["cosine", "unit_cosine"]
MinerName = Literal["all", "random", "semi_hard", "batch_hard", "multi_similarity"]


class _Settings(BaseModel):
    """`mining_margin` belongs to the miner `multi_similarity`, in units of the distance; 0.1 where left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    miner: MinerName = "all"
    mining_margin: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _margin_has_its_miner(self) -> _Settings:
        if self.mining_margin is not None and self.miner != "multi_similarity":
            raise ValueError(f"mining_margin is for miner multi_similarity, the miner here is {self.miner}")
        return self


class ContrastiveSettings(_Settings):
    """`train.losses.terms.ContrastiveLoss`; the margin is in units of the distance."""

    loss: Literal["contrastive"]
    distance: AnyDistance = "euclidean"
    margin: float = Field(default=1.0, gt=0)


class TripletSettings(_Settings):
    """`train.losses.terms.TripletLoss`; the margin is in units of the distance, or `soft`."""

    loss: Literal["triplet"]
    distance: AnyDistance = "euclidean"
    miner: MinerName = "batch_hard"
    margin: Annotated[float, Field(gt=0)] | Literal["soft"] = "soft"


class InfoNceSettings(_Settings):
    """`train.losses.terms.InfoNceLoss`."""

    loss: Literal["info_nce"]
    distance: CosineDistance = "cosine"
    temperature: float = Field(default=0.07, gt=0)


class MultiSimilaritySettings(_Settings):
    """`train.losses.terms.MultiSimilarityLoss`."""

    loss: Literal["multi_similarity"]
    distance: CosineDistance = "cosine"
    miner: MinerName = "multi_similarity"
    alpha: float = Field(default=2.0, gt=0)
    beta: float = Field(default=50.0, gt=0)
    base: float = Field(default=0.5, ge=-1, le=1)


class BinaryCrossEntropySettings(_Settings):
    """`train.losses.terms.BinaryCrossEntropyLoss`; the threshold is in units of the distance."""

    loss: Literal["binary_cross_entropy"]
    distance: Literal["manhattan"] = "manhattan"
    scale: float = Field(default=1.0, gt=0)
    threshold: float = Field(default=1.0, gt=0)


MetricSettings = Annotated[
    ContrastiveSettings
    | TripletSettings
    | InfoNceSettings
    | MultiSimilaritySettings
    | BinaryCrossEntropySettings,
    Field(discriminator="loss"),
]
