from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from monitor.vision.preprocess import InputSpec
from tests.train.retrieval.planted import read_rgb, write_colour, write_photos
from train.data.manifest import DataError
from train.networks.design import DesignNetwork
from train.networks.view import ViewNetwork
from train.retrieval.activation import activation_map, agreement_map
from train.retrieval.activation_drawing import colour, draw_activations, overlay
from train.retrieval.embed import NothingToEmbed


class ColourNetwork(DesignNetwork):
    """Its features are the mean colours of 8 by 8 cells, red, green and blue with weights 1, 2 and 3."""

    def __init__(self) -> None:
        super().__init__()
        self.input = InputSpec(32, 32, 0.0, 255.0)
        self.embedding_size = 3
        self.weights = nn.Parameter(torch.tensor([1.0, 2.0, 3.0]))

    def features(self, images: Tensor) -> Tensor:
        return nn.functional.avg_pool2d(images, 8) * self.weights[:, None, None]

    def forward(self, images: Tensor) -> Tensor:
        return self.features(images).mean(dim=(2, 3))


def spotted(height: int, width: int, rows: slice, columns: slice, rgb: tuple[int, int, int]) -> np.ndarray:
    pixels = np.full((height, width, 3), 20, np.uint8)
    pixels[rows, columns] = rgb
    return pixels


def test_the_map_is_the_sum_of_squares_from_0_to_1_over_the_picture() -> None:
    network = ColourNetwork().eval()
    pixels = spotted(32, 32, slice(8, 16), slice(16, 24), (0, 200, 100))
    heat = activation_map(network, pixels)
    assert heat.shape == (32, 32)
    assert heat.dtype == np.float32
    np.testing.assert_allclose([heat.min(), heat.max()], [0, 1], atol=1e-6)
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert 8 <= row < 16
    assert 16 <= column < 24
    # Half as strong by the weight of its channel, so a quarter by the square, of what is above the ground's.
    both = pixels.copy()
    both[24:32, 0:8] = (200, 20, 20)
    both[8:16, 16:24] = (20, 200, 20)
    low = (np.array([1, 2, 3]) * 20 / 255) ** 2
    strong, weak = 4 * (200 / 255) ** 2 - low[1], (200 / 255) ** 2 - low[0]
    assert activation_map(network, both)[27:29, 3:5].mean() == pytest.approx(weak / strong, abs=0.02)


def test_the_map_has_the_shape_of_the_picture_whatever_the_network_takes() -> None:
    heat = activation_map(
        ColourNetwork().eval(), spotted(90, 200, slice(45, 90), slice(100, 200), (255, 255, 255))
    )
    assert heat.shape == (90, 200)
    assert heat[60:, 130:].mean() > 0.9
    assert heat[:30, :70].mean() < 0.1


def test_a_picture_that_is_the_same_all_over_has_no_heat() -> None:
    for level in (0, 90):
        heat = activation_map(ColourNetwork().eval(), np.full((40, 50, 3), level, np.uint8))
        np.testing.assert_array_equal(heat, np.zeros((40, 50), np.float32))


def test_the_network_is_left_as_it_was_and_gets_no_gradient() -> None:
    network = ColourNetwork().eval()
    activation_map(network, spotted(32, 32, slice(0, 8), slice(0, 8), (9, 9, 99)))
    assert not network.training
    assert network.weights.grad is None


def test_cells_of_the_references_colour_agree_with_it_and_others_less() -> None:
    reference = np.full((32, 32, 3), (0, 200, 0), np.uint8)
    frame = np.full((32, 64, 3), (200, 0, 0), np.uint8)
    frame[:, :32] = (0, 90, 0)
    agreed = agreement_map(ColourNetwork().eval(), reference, frame)
    assert agreed.shape == (32, 64)
    np.testing.assert_allclose(agreed[:, :20], 1, atol=1e-5)
    np.testing.assert_allclose(agreed[:, -20:], 0, atol=1e-5)


def test_the_view_network_has_a_map_too_that_follows_the_picture(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = ViewNetwork().eval()
    coffee = np.ascontiguousarray(read_rgb(write_photos(tmp_path, "coffee")[0]))
    heat, upside_down = (
        activation_map(network, coffee),
        activation_map(network, np.ascontiguousarray(coffee[::-1])),
    )
    assert heat.shape == coffee.shape[:2]
    assert heat.min() >= 0
    assert heat.max() == pytest.approx(1)
    assert heat.std() > 0.05
    assert np.abs(heat - upside_down).mean() > 0.02
    own = agreement_map(network, coffee, coffee)
    assert -1.0001 <= own.min() < own.max() <= 1.0001


def test_sheets_have_a_row_a_picture_and_at_most_six(tmp_path: Path) -> None:
    network = ColourNetwork().eval()
    paths = [write_colour(tmp_path / f"{i}.png", 30 * i, 0, 0) for i in range(7)]
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"nothing")
    sheets, skipped = draw_activations(network, [bad, *paths], tmp_path / "out")
    assert [sheet.name for sheet in sheets] == ["activations-01.png", "activations-02.png"]
    assert [skip.path for skip in skipped] == [bad]
    six, one = (read_rgb(sheet).shape for sheet in sheets)
    assert six[1] == one[1]
    assert 5 < six[0] / one[0] < 6.5
    [with_reference], _ = draw_activations(network, paths[:1], tmp_path / "against", paths[3])
    assert read_rgb(with_reference).shape[1] > 1.5 * one[1]


def test_the_sheet_shows_picture_heat_and_overlay_side_by_side(tmp_path: Path) -> None:
    photo = write_photos(tmp_path, "coffee")[0]
    [sheet], _ = draw_activations(ColourNetwork().eval(), [photo], tmp_path)
    shown = read_rgb(sheet)
    assert shown.shape[1] > 3 * shown.shape[0] * 0.8
    thirds = np.array_split(shown, 3, axis=1)
    colourful = [float((third.max(axis=2).astype(int) - third.min(axis=2) > 40).mean()) for third in thirds]
    assert min(colourful) > 0.2
    assert np.abs(thirds[0][:, :300].astype(int) - thirds[1][:, :300]).mean() > 20
    assert np.abs(thirds[1][:, :300].astype(int) - thirds[2][:, :300]).mean() > 10


def test_the_overlay_is_the_picture_in_grey_under_the_heat() -> None:
    pixels = np.full((2, 2, 3), (250, 0, 0), np.uint8)
    heat = np.array([[0, 0], [1, 1]], np.float32)
    laid = overlay(pixels, heat).astype(int)
    assert laid[0, 0].max() - laid[0, 0].min() < 5
    assert (laid[1, 0] > laid[0, 0]).all()
    assert colour(heat)[1, 0].sum() > 500 > 20 > colour(heat)[0, 0].sum()


def test_no_picture_and_no_reference_that_can_be_read_are_named(tmp_path: Path) -> None:
    network = ColourNetwork().eval()
    with pytest.raises(NothingToEmbed, match=r"gone\.png"):
        draw_activations(network, [tmp_path / "gone.png"], tmp_path)
    with pytest.raises(DataError, match=r"gone\.png"):
        draw_activations(
            network, [write_colour(tmp_path / "a.png", 1, 2, 3)], tmp_path, tmp_path / "gone.png"
        )
