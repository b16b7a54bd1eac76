"""One line of YAML makes a loss; what does not fit together is refused, and what would fit is named."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

from train.losses.distances import DISTANCES
from train.losses.metric import MINERS, metric_loss
from train.losses.miners import MultiSimilarityMiner
from train.losses.settings import AnyDistance, MetricSettings, MinerName
from train.losses.terms import (
    BinaryCrossEntropyLoss,
    ContrastiveLoss,
    InfoNceLoss,
    MultiSimilarityLoss,
    TripletLoss,
)
from train.recipes.reading import read_recipe, recipe_from
from train.recipes.settings import RecipeError
from train.recipes.view_settings import LossSettings

ADAPTER: TypeAdapter[Any] = TypeAdapter(MetricSettings)
TERMS = (ContrastiveLoss, BinaryCrossEntropyLoss, TripletLoss, InfoNceLoss, MultiSimilarityLoss)


def test_settings_know_every_distance_and_every_miner() -> None:
    assert set(get_args(AnyDistance)) == set(DISTANCES)
    assert set(get_args(MinerName)) == set(MINERS)


@pytest.mark.parametrize(("term", "distance"), product(TERMS, DISTANCES))
def test_settings_take_a_distance_exactly_if_the_loss_does(term: type[TripletLoss], distance: str) -> None:
    values = {"loss": term.name, "distance": distance}
    if distance in term.distances:
        made = metric_loss(ADAPTER.validate_python(values))
        assert (type(made.loss), made.distance) == (term, DISTANCES[distance])
    else:
        with pytest.raises(ValidationError):
            ADAPTER.validate_python(values)


@pytest.mark.parametrize("term", TERMS)
def test_the_defaults_of_settings_and_loss_agree(term: type[TripletLoss]) -> None:
    assert metric_loss(ADAPTER.validate_python({"loss": term.name})).loss == term()


def test_one_line_says_it_all() -> None:
    values = yaml.safe_load("{loss: triplet, distance: cosine, miner: semi_hard, margin: 0.2}")
    made = metric_loss(ADAPTER.validate_python(values))
    assert made.loss == TripletLoss(0.2)
    assert made.distance is DISTANCES["cosine"]
    assert made.miner is MINERS["semi_hard"]


def test_every_number_reaches_its_loss() -> None:
    for values, expected in (
        ({"loss": "contrastive", "margin": 0.3}, ContrastiveLoss(0.3)),
        ({"loss": "triplet", "margin": "soft"}, TripletLoss("soft")),
        ({"loss": "info_nce", "temperature": 0.2}, InfoNceLoss(0.2)),
        (
            {"loss": "multi_similarity", "alpha": 1.5, "beta": 40, "base": 0.9},
            MultiSimilarityLoss(1.5, 40, 0.9),
        ),
        ({"loss": "binary_cross_entropy", "scale": 2, "threshold": 3}, BinaryCrossEntropyLoss(2, 3)),
    ):
        assert metric_loss(ADAPTER.validate_python(values)).loss == expected
    mined = ADAPTER.validate_python({"loss": "multi_similarity", "mining_margin": 0.25})
    assert metric_loss(mined).miner == MultiSimilarityMiner(0.25)


@pytest.mark.parametrize(
    ("metric", "says"),
    [
        (
            "{loss: info_nce, distance: euclidean}",
            "losses.metric.info_nce.distance: .*'cosine' or 'unit_cosine'",
        ),
        ("{loss: quadruplet}", "'quadruplet'.*'contrastive', 'triplet', 'info_nce'"),
        ("{loss: triplet, miner: hardest}", "losses.metric.triplet.miner: .*'semi_hard', 'batch_hard'"),
        ("{loss: triplet, temperature: 0.1}", "losses.metric.triplet.temperature: Extra"),
        ("{loss: triplet, margin: -1}", "greater than 0"),
        ("{loss: triplet, mining_margin: 0.2}", "for miner multi_similarity, the miner here is batch_hard"),
        ("{distance: cosine}", "losses.metric: .*'loss'"),
    ],
)
def test_a_recipe_with_parts_that_do_not_fit_is_refused(tmp_path: Path, metric: str, says: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(f"name: x\nnetwork: view\nrun: {{steps: 1}}\nlosses: {{metric: {metric}}}\n")
    with pytest.raises(RecipeError, match=says):
        read_recipe(path)


def test_a_recipe_stored_before_there_was_a_choice_is_todays_default() -> None:
    today = recipe_from({"name": "x", "network": "view", "run": {"steps": 1}})
    stored = today.model_dump(mode="json")
    del stored["losses"]["metric"]
    assert recipe_from(stored) == today
    assert recipe_from(today.model_dump(mode="json")) == today
    assert metric_loss(LossSettings().metric).loss == InfoNceLoss(0.07)
