"""What frames tell of themselves: drawn recordings of which everything is known."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from monitor.domain.frame import Pixels
from monitor.vision.quality import measure
from tests.vision.drawn import VIEW, canvas, look
from train.benchmark.frames.cases import ITSELF, SMEARED, WHOLE, Case, cases
from train.benchmark.frames.damage import (
    KINDS,
    compressed_part,
    decoded,
    encoded,
    is_visible,
    put_into,
    smeared,
)
from train.benchmark.frames.looks import colours, look_at
from train.benchmark.frames.material import take_split
from train.benchmark.frames.repeats import encoded_anew, live_pairs
from train.benchmark.frames.report import damage, verdicts
from train.benchmark.frames.reshaped import RESHAPED
from train.benchmark.frames.service import Answer, ServiceFailed, ask_service
from train.cli.main import main
from train.data.manifest import DataError, Manifest, Picture


def noisy(scene: int, seed: int) -> Pixels:
    """A scene as a live sensor sees it."""
    noise = np.random.default_rng(seed).normal(0, 4, (*VIEW, 3))
    return np.clip(look(canvas(scene)) + noise, 0, 255).astype(np.uint8)


def record(folder: Path, camera: str, pictures: Sequence[Pixels], condition: str = "day") -> list[Picture]:
    found = []
    for number, pixels in enumerate(pictures):
        path = folder / f"{camera}{number}.jpg"
        path.write_bytes(encoded(pixels, 90))
        found.append(Picture(path, camera, f"{number:02d}", condition, "same-view", "dev"))
    return found


def manifest(*recordings: list[Picture]) -> Manifest:
    return Manifest(tuple(picture for pictures in recordings for picture in pictures), "drawn")


@pytest.fixture
def gate(tmp_path: Path) -> list[Picture]:
    return record(tmp_path, "gate", [noisy(100, seed) for seed in range(5)])


def test_live_captures_differ_and_a_repeated_one_is_counted(tmp_path: Path, gate: list[Picture]) -> None:
    assert live_pairs(look_at(gate)).pairs == 4
    assert live_pairs(look_at(gate)).taken_for_one == 0
    same = Image.open(gate[4].path)
    again = replace(gate[4], path=tmp_path / "gate5.jpg")
    same.save(again.path, quality=95)
    found = live_pairs(look_at([*gate, again]))
    assert (found.pairs, found.taken_for_one, found.calmest_camera) == (5, 1, "gate")
    assert found.calmest < 0.1


def test_captures_of_two_cameras_and_the_same_bytes_are_no_pair(tmp_path: Path, gate: list[Picture]) -> None:
    yard = record(tmp_path, "yard", [noisy(200, 1)])
    assert live_pairs(look_at([gate[0], gate[0], gate[1], *yard])).pairs == 1
    with pytest.raises(DataError, match="No two captures of one camera"):
        live_pairs(look_at([gate[0], *yard]))


def test_hardly_changed_pictures_are_told_as_one_picture(gate: list[Picture]) -> None:
    finest, *_, roughest = encoded_anew(look_at(gate))
    assert (finest.quality, finest.pictures, finest.taken_for_one) == (95, 1, 1)
    assert roughest.quality == 75


def test_cameras_without_colours_are_told_apart(tmp_path: Path, gate: list[Picture]) -> None:
    grey = record(
        tmp_path, "hall", [noisy(100, 9).mean(axis=2, keepdims=True).astype(np.uint8).repeat(3, axis=2)]
    )
    by_condition, colourless = colours(look_at([*gate, *grey]))
    assert [(one.condition, one.pictures, one.monochrome) for one in by_condition] == [("day", 5, 0)]
    assert colourless.cameras == ("hall",)
    assert colourless.highest < 0.006 < by_condition[0].lowest


@pytest.mark.parametrize(("kind", "changed"), [("1 bit", 1), ("3 bits", 3)])
def test_damage_is_in_the_compressed_part_and_as_large_as_said(
    gate: list[Picture], kind: str, changed: int
) -> None:
    whole = gate[0].path.read_bytes()
    broken = put_into(whole, kind, np.random.default_rng(1))
    first, last = compressed_part(whole)
    assert whole[:first] == broken[:first]
    assert whole[last:] == broken[last:]
    turned = np.unpackbits(np.frombuffer(whole, np.uint8) ^ np.frombuffer(broken, np.uint8))
    assert turned.sum() == changed
    assert broken == put_into(whole, kind, np.random.default_rng(1))


def test_a_run_of_bytes_is_replaced(gate: list[Picture]) -> None:
    whole = gate[0].path.read_bytes()
    broken = put_into(whole, "100 bytes", np.random.default_rng(1))
    places = np.flatnonzero(np.frombuffer(whole, np.uint8) != np.frombuffer(broken, np.uint8))
    assert len(whole) == len(broken)
    assert places.max() - places.min() < 100


def test_damage_is_visible_from_two_grey_levels_on() -> None:
    whole = np.full((64, 64, 3), 100, np.uint8)
    assert not is_visible(whole, encoded(whole + 1, 95))
    assert is_visible(whole, encoded(whole + 4, 95))
    assert is_visible(whole, b"no picture")


def test_smeared_rows_repeat_one_row_and_are_told() -> None:
    seen = decoded(smeared(noisy(100, 1), np.random.default_rng(0)))
    assert seen is not None
    assert measure(seen).flat_rows > 0.2
    assert np.abs(seen[-1].astype(int) - seen[-9]).mean() < 2


def aspect(pixels: Pixels) -> float:
    height, width = pixels.shape[:2]
    return int(width) / int(height)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("half the size", 4 / 3),
        ("stretched", 1.0),
        ("cut at top and bottom", 16 / 9),
        ("cut at the sides", 1.0),
        ("with bars at the sides", 5 / 3),
    ],
)
def test_formats_have_the_shape_they_say(kind: str, expected: float) -> None:
    assert aspect(RESHAPED[kind](noisy(1, 1))) == pytest.approx(expected, abs=0.01)


def test_the_same_seed_gives_the_same_cases(gate: list[Picture]) -> None:
    first, again, other = (list(cases(take_split(manifest(gate), "dev"), seed)) for seed in (0, 0, 1))
    assert first == again != other
    # Four pictures make a block; what is left over has no reference.
    kinds = [case.kind for case in first]
    assert kinds == [ITSELF, *[WHOLE] * 3, *KINDS, SMEARED, *RESHAPED]
    assert all(case.reference == gate[0] for case in first)


def test_what_cannot_be_measured_is_refused(tmp_path: Path, gate: list[Picture]) -> None:
    with pytest.raises(DataError, match="The split train has no fixed camera"):
        take_split(manifest(gate), "train")
    path = tmp_path / "gate1.png"
    cv2.imwrite(str(path), noisy(100, 1))
    drawn = [gate[0], replace(gate[1], path=path)]
    with pytest.raises(DataError, match="is no JPEG"):
        list(cases(take_split(manifest(drawn), "dev"), 0))


def test_a_service_that_fails_is_said_so(tmp_path: Path, gate: list[Picture]) -> None:
    whole = Case(WHOLE, gate[0], gate[1], gate[1].path.read_bytes())
    with pytest.raises(ServiceFailed, match="There is no bundle"):
        ask_service([whole], tmp_path, tmp_path / "none.bundle")


def test_only_visible_damage_counts_and_a_refusal_tells_it(gate: list[Picture]) -> None:
    def case(*, visible: bool) -> Case:
        return Case("1 bit", gate[0], gate[1], b"", visible)

    answers = [
        (Case(WHOLE, gate[0], gate[1], b""), Answer("ok", "", refused=False)),
        (Case(WHOLE, gate[0], gate[2], b""), Answer("moved", "", refused=False)),
        (case(visible=True), Answer("stream_fault", "bad Huffman code", refused=False)),
        (case(visible=True), Answer("stream_fault", "", refused=True)),
        (case(visible=True), Answer("moved", "", refused=False)),
        (case(visible=False), Answer("ok", "bad Huffman code", refused=False)),
    ]
    assert damage(answers).rows[:2] == (("none", 2, 0, 0, 0), ("1 bit", 4, 3, 3, 2))
    assert verdicts(answers).rows[:3] == (
        ("none", 1, "ok 1"),
        ("1 bit, visible, told", 2, "stream_fault 1, unreadable 1"),
        ("1 bit, visible, not told", 1, "moved 1"),
    )


def test_the_command_measures_a_split_by_the_services_own_word(tmp_path: Path) -> None:
    pictures = record(tmp_path, "gate", [noisy(100, seed) for seed in range(4)])
    with (tmp_path / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "camera_id", "timestamp", "condition", "use", "split"))
        writer.writerows(
            (one.path.name, one.camera, one.timestamp, one.condition, one.use, one.split) for one in pictures
        )
    done = CliRunner().invoke(
        main, ["frames", "--data", str(tmp_path), "--split", "dev"], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    assert "4 pictures, 4 of 1 fixed cameras; 0 cameras without colour." in done.stdout
    assert row(done.stdout, "none")[1:] == ["4", "0", "0", "0"]
    assert "| none | 1 | ok 1 |" in done.stdout
    assert "| as it came | 1 | ok 1 |" in done.stdout
    assert "| smeared | 1 | stream_fault 1 |" in done.stdout
    assert "| half the size | 1 | ok 1 |" in done.stdout


def row(text: str, name: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(f"| {name} |"))
    return re.split(r" *\| *", line.strip("| "))
