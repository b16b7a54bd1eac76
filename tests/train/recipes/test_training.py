"""Each design learns through the one loop, and its validation says what the recipe's reader expects."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from tests.train.recipes.designs import DESIGNS, small_recipe_of
from train.checkpoint import read_checkpoint
from train.loop import Trainer
from train.recipes.design import DesignRecipe
from train.recipes.mobilenet_retrieval import MobileNetRetrievalRecipe
from train.recipes.opening import OpenRecipe, load_network
from train.tracking import NoTracker
from train.validation import Validation

FEW_PAIRS = 6
PAIRS = {"auc", "equal_error_rate", "fpr_at_tpr_95", "threshold", "accuracy", "precision", "recall"}
LOOKED_UP = {"mean_average_precision", "rank_1", "rank_5", "rank_10", "rank_20"}
CALLED = {f"called_same_{name}" for name in ("same", "changed")}
TURNED = {f"called_same_{name}" for name in ("same", "rotated", "unrelated")}
FIGURES = {
    "rotation_siamese": PAIRS | TURNED,
    "rotation_siamese_three_way": PAIRS | TURNED,
    "koch_oneshot": PAIRS | CALLED | {"one_shot"},
    "triplet_cnn": PAIRS | CALLED | LOOKED_UP,
    "mobilenet_retrieval": PAIRS | CALLED | LOOKED_UP | {"top_1"},
    "osnet_triplet": PAIRS | CALLED | LOOKED_UP,
}
PARTS = {
    "rotation_siamese": {"contrastive"},
    "rotation_siamese_three_way": {"contrastive", "relation"},
    "koch_oneshot": {"cross_entropy"},
    "triplet_cnn": {"triplet"},
    "mobilenet_retrieval": {"cross_entropy"},
    "osnet_triplet": {"triplet"},
}


@dataclass
class Ran:
    """A run of one step and its validation."""

    design: str
    recipe: OpenRecipe
    trainer: Trainer
    parts: dict[str, float]
    found: Validation


@pytest.fixture(scope="module", params=DESIGNS)
def ran(request: pytest.FixtureRequest, places: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """Each design in turn."""
    recipe = small_recipe_of(request.param, places, validation_batches=1)
    assert isinstance(recipe, DesignRecipe)
    trainer = Trainer(recipe, tmp_path_factory.mktemp(request.param), lambda _: None, NoTracker())
    before = {name: value.clone() for name, value in trainer.network.named_parameters()}
    parts = dict(trainer.step(next(recipe.train_batches(0))))
    moved = [
        name for name, value in trainer.network.named_parameters() if not torch.equal(value, before[name])
    ]
    assert moved, "no weight has learned"
    trainer.save()
    with pytest.MonkeyPatch.context() as patch:
        # A picture of 448x448 takes long: fewer pairs are enough to see that there are figures.
        patch.setattr("train.recipes.rotation_siamese.VALIDATION_PAIRS", FEW_PAIRS)
        found = recipe.validate(trainer.averaged)
    return Ran(request.param, recipe, trainer, parts, found)


def test_a_step_has_the_parts_of_the_design_s_loss_and_their_sum_is_finite(ran: Ran) -> None:
    assert ran.parts.keys() == {"total", *PARTS[ran.design]}
    assert math.isfinite(ran.parts["total"])
    assert ran.parts["total"] == pytest.approx(sum(ran.parts[name] for name in PARTS[ran.design]), abs=1e-5)
    assert ran.trainer.skipped == 0


def test_the_validation_gives_the_figures_of_the_design_and_pairs_to_look_at(ran: Ran) -> None:
    names = {"one_shot" if name.startswith("one_shot_") else name for name in ran.found.figures}
    assert names == FIGURES[ran.design]
    assert all(math.isfinite(value) for value in ran.found.figures.values())
    assert all(0 <= value <= 1 for name, value in ran.found.figures.items() if name != "threshold")
    assert ran.found.examples
    assert all(pixels.ndim == 3 and pixels.dtype.name == "uint8" for pixels in ran.found.examples.values())


def test_the_confusion_is_of_all_validated_pairs_or_of_the_classes(ran: Ran) -> None:
    assert ran.found.confusion is not None
    assert isinstance(ran.recipe, DesignRecipe)
    if isinstance(ran.recipe, MobileNetRetrievalRecipe):
        assert ran.found.confusion.labels == tuple("abcdefgh")
        # The last of the four pictures of each class.
        assert ran.found.confusion.counts.sum(axis=1).tolist() == [1] * 8
    else:
        assert ran.found.confusion.labels == ran.recipe.RELATIONS
        assert ran.found.confusion.counts.sum() == (
            FEW_PAIRS if ran.design.startswith("rotation_siamese") else 16
        )


def test_every_validation_asks_of_the_same_pairs(ran: Ran, places: Path) -> None:
    other = small_recipe_of(ran.design, places)
    assert isinstance(ran.recipe, DesignRecipe)
    assert isinstance(other, DesignRecipe)
    one, again = ran.recipe.validation().batch(0), other.validation().batch(0)
    assert torch.equal(one.reference, again.reference)
    assert torch.equal(one.frame, again.frame)
    assert torch.equal(one.relation, again.relation)


def test_the_trained_network_comes_back_from_its_checkpoint_without_the_data(ran: Ran) -> None:
    settings = ran.recipe.settings
    network = load_network(settings, read_checkpoint(ran.trainer.checkpoint, settings))
    kept = ran.trainer.averaged.state_dict()
    assert network.state_dict().keys() == kept.keys()
    assert all(torch.equal(value, kept[name]) for name, value in network.state_dict().items())
    assert not network.training


def test_design_c_learns_its_places_and_finds_them_again(places: Path, tmp_path: Path) -> None:
    def figures(trainer: Trainer) -> dict[str, float]:
        # Its own training places: whether it can learn at all, not how well that carries over.
        recipe = trainer.recipe
        assert isinstance(recipe, DesignRecipe)
        recipe.held = recipe.learned
        return dict(recipe.validate(trainer.averaged).figures)

    recipe = small_recipe_of("triplet_cnn", places, steps=60, validation_batches=4, seed=2)
    trainer = Trainer(recipe, tmp_path, lambda _: None, NoTracker())
    before = figures(trainer)
    batches = recipe.train_batches(0)
    losses = [trainer.step(next(batches))["total"] for _ in range(60)]
    found = figures(trainer)
    assert sum(losses[-15:]) < 0.8 * sum(losses[:15])
    assert found["auc"] > 0.85
    assert found["auc"] > before["auc"] + 0.02
    assert found["called_same_same"] > found["called_same_changed"] + 0.4
    assert found["rank_1"] > 0.7


@pytest.mark.parametrize("design", ["koch_oneshot", "mobilenet_retrieval", "osnet_triplet"])
def test_the_loss_of_one_batch_seen_again_and_again_falls(design: str, places: Path, tmp_path: Path) -> None:
    recipe = small_recipe_of(design, places, steps=100)
    trainer = Trainer(recipe, tmp_path, lambda _: None, NoTracker())
    batch = next(recipe.train_batches(0))
    losses = [trainer.step(batch)["total"] for _ in range(8)]
    assert min(losses[-3:]) < 0.8 * losses[0]


@pytest.mark.parametrize("kind", ["adam", "adamw", "sgd"])
def test_every_optimiser_learns(kind: str, places: Path, tmp_path: Path) -> None:
    rate = 0.05 if kind == "sgd" else 1e-3
    recipe = small_recipe_of("triplet_cnn", places, steps=40, optimiser={"kind": kind, "learning_rate": rate})
    trainer = Trainer(recipe, tmp_path, lambda _: None, NoTracker())
    assert type(trainer.optimiser).__name__.lower() == kind
    batch = next(recipe.train_batches(0))
    losses = [trainer.step(batch)["total"] for _ in range(15)]
    assert losses[-1] < losses[0]


def test_the_step_schedule_lowers_the_rate_of_every_step_after_its_shares(
    places: Path, tmp_path: Path
) -> None:
    schedule = {"learning_rate": 0.01, "schedule": "step", "steps_at": [0.4, 0.7], "step_factor": 0.1}
    recipe = small_recipe_of("triplet_cnn", places, steps=10, optimiser=schedule)
    trainer = Trainer(recipe, tmp_path, lambda _: None, NoTracker())
    batches, rates = recipe.train_batches(0), []
    for _ in range(10):
        trainer.step(next(batches))
        rates.append(trainer.optimiser.param_groups[0]["lr"])
    assert rates == pytest.approx([0.01] * 4 + [0.001] * 3 + [0.0001] * 3)


def test_frozen_and_fresh_weights_have_groups_of_their_own_rate(places: Path) -> None:
    recipe = small_recipe_of("triplet_cnn", places, optimiser={"trunk_factor": 0.1, "weight_decay": 0.3})
    (group,) = recipe.parameter_groups(recipe.build())
    assert (group["factor"], group["weight_decay"]) == (1.0, 0.3)


@pytest.mark.parametrize(
    ("design", "per_epoch"),
    # Six of the eight classes and four of the six single photos are learned at the least: see `hold_out`.
    [("koch_oneshot", 3), ("mobilenet_retrieval", 6)],
)
def test_epochs_are_counted_in_steps_and_validated_after_each(
    design: str, per_epoch: int, places: Path, tmp_path: Path
) -> None:
    recipe = small_recipe_of(design, places, epochs=7, validation_batches=1)
    assert recipe.steps_per_epoch == per_epoch
    plan = recipe.settings.run.in_steps(recipe.steps_per_epoch)
    assert (plan.steps, plan.epochs, plan.validate_steps) == (7 * per_epoch, None, per_epoch)


def test_an_epoch_of_triplets_has_as_many_pictures_as_there_are(places: Path) -> None:
    recipe = small_recipe_of("triplet_cnn", places)
    assert isinstance(recipe, DesignRecipe)
    assert recipe.steps_per_epoch == math.ceil(recipe.learned.pictures / 12)


def test_design_a_sees_no_stranger_unless_it_is_to_learn_them_but_is_always_asked_of_some(
    places: Path,
) -> None:
    taught, asked = {}, {}
    for design in ("rotation_siamese", "rotation_siamese_three_way"):
        recipe = small_recipe_of(design, places)
        assert isinstance(recipe, DesignRecipe)
        taught[design] = {r for n in range(3) for r in recipe.training().batch(n).relation.tolist()}
        asked[design] = set(recipe.validation().batch(0).relation.tolist())
    assert taught == {"rotation_siamese": {0, 1}, "rotation_siamese_three_way": {0, 1, 2}}
    assert asked == {"rotation_siamese": {0, 1, 2}, "rotation_siamese_three_way": {0, 1, 2}}


def test_without_validation_cameras_a_classifier_is_judged_by_pictures_that_it_does_not_learn(
    places: Path,
) -> None:
    recipe = small_recipe_of("mobilenet_retrieval", places)
    assert isinstance(recipe, MobileNetRetrievalRecipe)
    learned = {picture.path for _, picture in recipe.training().pictures}
    judged = {picture.path for place in recipe.held.all for picture in place.pictures}
    assert judged
    assert not learned & judged
