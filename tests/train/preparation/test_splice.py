"""Synthetic pictures: what is labelled is what is there, and the same seed gives the same files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from tests.train.drawn import draw_scene
from train.cli.synthesize import synthesize as command
from train.preparation.annotations import read_annotations
from train.preparation.crops import crop_boxes
from train.preparation.problems import PreparationError, Problems
from train.preparation.splice import SpliceSettings, synthesize
from train.preparation.stickers import Placement, Sticker, box_of, read_stickers, splice


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three clean pictures, a round sticker with alpha, and a square one without."""
    directory = tmp_path_factory.mktemp("material")
    (directory / "clean").mkdir()
    for seed in range(3):
        cv2.imwrite(str(directory / "clean" / f"{seed}.png"), draw_scene(seed))
    (directory / "stickers" / "disc").mkdir(parents=True)
    disc = np.zeros((80, 80, 4), np.uint8)
    cv2.circle(disc, (40, 40), 30, (40, 220, 250, 255), -1)
    cv2.circle(disc, (50, 30), 9, (20, 20, 20, 255), -1)
    cv2.imwrite(str(directory / "stickers" / "disc" / "1.png"), disc)
    cv2.imwrite(str(directory / "stickers" / "square.png"), np.full((40, 60, 3), (200, 30, 220), np.uint8))
    return directory


def make(material: Path, out: Path, **settings: object) -> Path:
    chosen = SpliceSettings(**{"count": 6, "seed": 4, **settings})  # type: ignore[arg-type]
    synthesize(material / "clean", material / "stickers", out, chosen, Problems(strict=True))
    return out


def digests(directory: Path) -> dict[str, str]:
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return {p.relative_to(directory).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def place(**changes: object) -> Placement:
    values: dict[str, object] = {
        "x": 160.0,
        "y": 120.0,
        "height": 40.0,
        "roll_deg": 0.0,
        "opacity": 1.0,
        "feather": 0.4,
        "light_match": 0.0,
        "seamless": False,
    }
    return Placement(**{**values, **changes})  # type: ignore[arg-type]


def test_equal_seeds_give_equal_files_and_another_seed_gives_others(material: Path, tmp_path: Path) -> None:
    first, again = make(material, tmp_path / "1"), make(material, tmp_path / "2")
    other = make(material, tmp_path / "3", seed=5)
    assert digests(first) == digests(again)
    assert digests(first) != digests(other)


def test_boxes_and_masks_say_where_pictures_were_changed(material: Path, tmp_path: Path) -> None:
    out = make(material, tmp_path / "out", count=12, most_stickers=1)
    content = json.loads((out / "annotations.json").read_text())
    by_image = {one["image_id"]: one for one in content["annotations"]}
    assert len(by_image) >= 9
    for image in content["images"]:
        clean = cv2.imread(str(material / "clean" / image["source"])).astype(int)
        made = cv2.imread(str(out / "pictures" / image["file_name"])).astype(int)
        mask = cv2.imread(
            str(out / "masks" / Path(image["file_name"]).with_suffix(".png")), cv2.IMREAD_GRAYSCALE
        )
        difference = np.abs(made - clean).mean(axis=2)
        assert mask.shape == difference.shape
        grown = cv2.dilate((mask > 0).astype(np.uint8), np.ones((19, 19)))
        assert difference[grown == 0].mean() < 4, "outside the mask only JPEG has changed anything"
        annotation = by_image.get(image["id"])
        assert (annotation is None) == (not mask.any())
        if annotation:
            assert difference[mask > 0].mean() > 6
            rows, columns = np.nonzero(mask)
            x, y, width, height = annotation["bbox"]
            assert (x, y) == (columns.min(), rows.min())
            assert (x + width, y + height) == (columns.max() + 1, rows.max() + 1)
            assert annotation["area"] == (mask > 0).sum()


def test_the_share_that_stays_clean_is_exact_and_really_clean(material: Path, tmp_path: Path) -> None:
    words = ["--clean", material / "clean", "--stickers", material / "stickers", "--out", tmp_path / "out"]
    words += ["--count", 10, "--seed", 1, "--clean-share", 0.3]
    said = CliRunner().invoke(command, [str(word) for word in words], catch_exceptions=False).output
    assert "10 pictures" in said
    assert "3 of them clean" in said
    masks = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in (tmp_path / "out" / "masks").iterdir()]
    assert sum(not mask.any() for mask in masks) == 3


def test_crop_reads_what_synthesize_wrote(material: Path, tmp_path: Path) -> None:
    out = make(material, tmp_path / "out", clean_share=0.0)
    boxes = read_annotations(out / "annotations.json", Problems(strict=True))
    crops = crop_boxes(boxes, out / "pictures", tmp_path / "crops", Problems(strict=True))
    assert len(crops) == len(boxes) >= 6
    assert {one.label for one in crops} == {"disc", "square"}


def test_ids_are_scenes_so_that_a_split_by_id_separates_them(material: Path, tmp_path: Path) -> None:
    out = make(material, tmp_path / "out")
    content = json.loads((out / "annotations.json").read_text())
    scenes = {(one["file_name"].split("_")[0], one["source"]) for one in content["images"]}
    assert len(scenes) == 3
    assert len({one["file_name"] for one in content["images"]}) == 6


def test_a_sticker_lands_where_it_was_put_and_as_large(material: Path) -> None:
    disc, square = read_stickers(material / "stickers", Problems(strict=True))
    assert (disc.label, disc.alpha.shape) == ("disc", (61, 61)), "cut to what is not transparent"
    pixels = np.full((240, 320, 3), 128, np.uint8)
    for seamless in (False, True):
        _, mask = splice(pixels, square, place(seamless=seamless))
        x, y, width, height = box_of(mask) or (0, 0, 0, 0)
        assert (width, height) == (pytest.approx(60, abs=1), pytest.approx(40, abs=1))
        assert (x + width / 2, y + height / 2) == (pytest.approx(160, abs=1), pytest.approx(120, abs=1))
    _, turned = splice(pixels, square, place(roll_deg=90.0))
    assert (box_of(turned) or ())[2:] == (pytest.approx(40, abs=1), pytest.approx(60, abs=1))


def test_light_goes_to_that_of_the_place_and_opacity_lets_it_through() -> None:
    sticker = Sticker("x", np.full((40, 40, 3), 200, np.uint8), np.ones((40, 40), np.float32))
    dark = np.full((240, 320, 3), 60, np.uint8)

    def middle(**changes: object) -> float:
        return float(splice(dark, sticker, place(**changes))[0][115:125, 155:165].mean())

    assert middle() == pytest.approx(200, abs=1)
    assert 60 < middle(light_match=1.0) < 100
    assert middle(opacity=0.5) == pytest.approx(130, abs=1)


def test_gradients_are_blended_where_the_sticker_was_put() -> None:
    rng = np.random.default_rng(0)
    texture = cv2.resize(rng.integers(0, 255, (8, 8, 3), np.uint8), (64, 64), interpolation=cv2.INTER_NEAREST)
    sticker = Sticker("x", texture, np.ones((64, 64), np.float32))
    pixels = draw_scene(1)
    plain, mask = splice(pixels, sticker, place(height=64.0))
    blended, _ = splice(pixels, sticker, place(height=64.0, seamless=True))
    assert (blended[mask == 0] == pixels[mask == 0]).all()
    inside = (slice(95, 145), slice(135, 185))
    edges = [
        cv2.Laplacian(cv2.cvtColor(one[inside], cv2.COLOR_RGB2GRAY), cv2.CV_32F).ravel()
        for one in (plain, blended)
    ]
    assert np.corrcoef(*edges)[0, 1] > 0.9, "the sticker's own structure is where it was put"


def test_directories_without_use_are_explained(material: Path, tmp_path: Path) -> None:
    (tmp_path / "void").mkdir()
    cv2.imwrite(str(tmp_path / "void" / "clear.png"), np.zeros((9, 9, 4), np.uint8))
    with pytest.raises(PreparationError, match="transparent all over"):
        synthesize(material / "clean", tmp_path / "void", tmp_path / "out", SpliceSettings(1), Problems())
    with pytest.raises(PreparationError, match="no directory"):
        synthesize(tmp_path / "no", material / "stickers", tmp_path / "out", SpliceSettings(1), Problems())
    (tmp_path / "spoilt").mkdir()
    (tmp_path / "spoilt" / "a.jpg").write_bytes(b"nothing")
    with pytest.raises(PreparationError, match="can be read"):
        synthesize(
            tmp_path / "spoilt", material / "stickers", tmp_path / "out", SpliceSettings(1), Problems()
        )
