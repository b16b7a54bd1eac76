"""Each design becomes a bundle that computes what torch computes, says what it can tell, and runs in the service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from monitor.vision.bundle import Bundle, load_bundle
from monitor.vision.network import Network
from monitor.vision.preprocess import prepare
from tests.train.drawn import draw_scene
from tests.train.networks.pictures import settled
from tests.train.recipes.designs import BY_SIMILARITY, DESIGNS, draw_places, small_recipe_of, small_settings
from tests.train.recipes.test_runs import written
from train.cli.main import main
from train.exporting.bundle import export_bundle
from train.exporting.design import design_exportable
from train.exporting.graphs import ParityError, check_parity, render
from train.networks.design import DesignNetwork
from train.networks.koch_oneshot import KochOneShot
from train.networks.mobilenet_retrieval import MobileNetRetrieval
from train.networks.osnet import OsNet
from train.networks.rotation_siamese import RotationSiamese, RotationSiameseThreeWay
from train.networks.triplet_cnn import TripletCnn
from train.recipes.design import DesignRecipe

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POINT = {"changed_below": 0.25, "changed_scale": 0.125}


def narrow_osnet() -> OsNet:
    """A small input: what it computes is the same."""
    return OsNet(64, 64)


def classifier() -> MobileNetRetrieval:
    """Of eight classes."""
    return MobileNetRetrieval(8)


BUILD: dict[str, Callable[[], DesignNetwork]] = {
    "rotation_siamese": RotationSiamese,
    "rotation_siamese_three_way": RotationSiameseThreeWay,
    "koch_oneshot": KochOneShot,
    "triplet_cnn": TripletCnn,
    "mobilenet_retrieval": classifier,
    "osnet_triplet": narrow_osnet,
}
CAN_TELL = {
    "rotation_siamese": ("ok", "flipped_180"),
    "rotation_siamese_three_way": ("ok", "flipped_180", "different_scene"),
    "koch_oneshot": ("ok", "different_scene"),
    "triplet_cnn": ("ok", "different_scene"),
    "mobilenet_retrieval": ("ok", "different_scene"),
    "osnet_triplet": ("ok", "different_scene"),
}
RELATIONS = {
    "rotation_siamese_three_way": ("same", "rotated", "unrelated"),
    "koch_oneshot": ("same", "changed"),
}


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn class folders."""
    return draw_places(tmp_path_factory.mktemp("places"))


@pytest.fixture(scope="module", params=DESIGNS)
def exported(
    request: pytest.FixtureRequest, places: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Bundle]:
    """Each design in turn, written to a file and loaded from it."""
    design = request.param
    recipe = small_recipe_of(design, places)
    assert isinstance(recipe, DesignRecipe)
    network = settled(BUILD[design])
    point = POINT if design in BY_SIMILARITY else {}
    exportable = design_exportable(network, recipe.facts, point, {"auc": 0.75}, recipe.pretrained)
    path = tmp_path_factory.mktemp(design) / "a.bundle"
    export_bundle(exportable, path, "drawn", {"steps": 0}, NOW)
    return design, load_bundle(path)


def test_the_card_says_what_the_design_can_tell_and_by_what(exported: tuple[str, Bundle]) -> None:
    design, bundle = exported
    card = bundle.card
    assert card.can_tell == CAN_TELL[design]
    assert card.relations == RELATIONS.get(design, ())
    assert (bundle.head_onnx is not None) == (design in RELATIONS)
    assert card.operating_point == (POINT if design in BY_SIMILARITY else {})
    assert (card.likeness is not None) == (design in BY_SIMILARITY)
    assert card.metrics["held_out"] == {"auc": 0.75}
    assert card.metrics["parity_worst_difference"] < 1e-3
    assert card.origin.startswith("Trained from chance")


def test_the_service_encodes_and_judges_with_it_as_torch_does(exported: tuple[str, Bundle]) -> None:
    design, bundle = exported
    ours, service = settled(BUILD[design]), Network(bundle)
    images = [prepare(draw_scene(seed), bundle.card.input) for seed in (1, 2)]
    encoded = [service.encode(image) for image in images]
    with torch.no_grad():
        raw = ours(torch.from_numpy(np.stack(images)))
    unit = torch.nn.functional.normalize(raw, dim=1).numpy()
    for found, wanted in zip(encoded, unit, strict=True):
        assert found["embedding"] == pytest.approx(wanted, abs=1e-4)
        assert float(np.linalg.norm(found["embedding"])) == pytest.approx(1.0, abs=1e-3)
    assert service.has_head == (design in RELATIONS)
    assert not service.measures_displacement
    if design not in RELATIONS:
        return
    ((said, displacement),) = service.judge([(encoded[0], encoded[1])])
    with torch.no_grad():
        likely = ours.judge(raw[:1], raw[1:]).softmax(dim=1)[0].tolist()
    assert displacement is None
    assert tuple(said) == RELATIONS[design]
    assert list(said.values()) == pytest.approx(likely, abs=1e-3)


@pytest.mark.parametrize("design", ["osnet_triplet", "triplet_cnn"])
def test_graphs_of_other_weights_are_refused(design: str, places: Path) -> None:
    recipe = small_recipe_of(design, places)
    assert isinstance(recipe, DesignRecipe)
    torch.manual_seed(5)
    ours, other = (
        design_exportable(network, recipe.facts, {}, {}, pretrained=False).graphs
        for network in (settled(BUILD[design]), BUILD[design]().eval())
    )
    members = {file: render(graph) for file, graph in other.items()}
    with pytest.raises(ParityError, match="differs"):
        check_parity(ours, members)


def test_nothing_is_written_when_the_graph_differs_from_the_network(places: Path, tmp_path: Path) -> None:
    recipe = small_recipe_of("triplet_cnn", places)
    assert isinstance(recipe, DesignRecipe)
    exportable = design_exportable(settled(TripletCnn), recipe.facts, POINT, {}, pretrained=False)
    for graph in exportable.graphs.values():
        object.__setattr__(graph, "tolerance", -1.0)
    with pytest.raises(ParityError, match="Nothing was written"):
        export_bundle(exportable, tmp_path / "a.bundle", "drawn", {}, NOW)
    assert not (tmp_path / "a.bundle").exists()


@pytest.mark.parametrize(
    ("design", "validation_batches"), [("koch_oneshot", 1), ("triplet_cnn", 1), ("triplet_cnn", 0)]
)
def test_fit_and_export_make_a_bundle_with_the_threshold_that_the_held_out_pairs_give(
    design: str, validation_batches: int, places: Path, tmp_path: Path
) -> None:
    recipe = written(
        tmp_path / "r.yaml", small_settings(design, steps=1, validation_batches=validation_batches)
    )
    run = tmp_path / "run"
    for words in (["fit", recipe, "--out", str(run)], ["export", recipe, "--run", str(run)]):
        result = CliRunner().invoke(main, [*words, "--data", str(places)], catch_exceptions=False)
        assert result.exit_code == 0, result.output
    name = design.replace("_", "-")
    bundle = load_bundle(run / f"{name}.bundle")
    Network(bundle)
    card = bundle.card
    assert card.training["recipe"]["network"] == design
    assert card.training["steps"] == 1
    assert card.metrics["held_out"].keys() >= {"auc", "equal_error_rate", "precision", "recall"}
    if design == "koch_oneshot":
        assert card.operating_point == {}
    else:
        assert set(card.operating_point) == {"changed_below", "changed_scale"}
        assert card.metrics["held_out"]["threshold"] == pytest.approx(
            card.operating_point["changed_below"], abs=1e-4
        )
        assert f"changed_below {card.operating_point['changed_below']:.3f}" in result.output


@pytest.mark.parametrize("design", ["rotation_siamese", "mobilenet_retrieval"])
def test_a_card_says_whose_weights_the_training_started_from(design: str, places: Path) -> None:
    settings = small_settings(design)
    start = settings.start.model_copy(update={"weights": Path("weights.pth")})  # type: ignore[union-attr]
    recipe = small_recipe_of(design, places)
    assert isinstance(recipe, DesignRecipe)
    assert not recipe.pretrained
    recipe.settings = settings.model_copy(update={"start": start})
    # The network comes from a checkpoint, without the file of weights: the recipe knows, the network does not.
    exportable = design_exportable(settled(BUILD[design]), recipe.facts, POINT, {}, recipe.pretrained)
    assert exportable.origin.startswith("ImageNet weights of MobileNetV2")
