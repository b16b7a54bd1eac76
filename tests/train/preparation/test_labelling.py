"""Labels proposed by the shipped network, reviewed, and taken over."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from tests.train.drawn import draw_scene
from train.cli.label import label as command
from train.preparation.labelling import Proposer, read_known
from train.preparation.problems import PreparationError, Problems
from train.preparation.review import write_review
from train.preparation.reviewing import Row, accept, read_rows, write_rows
from train.retrieval.embed import Embedded

SCENES = {"gate": 1, "yard": 2, "dock": 3}


def draw(path: Path, seed: int, brightness: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.clip(draw_scene(seed).astype(int) + brightness, 0, 255).astype(np.uint8)
    cv2.imwrite(str(path), pixels)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`known/` with two pictures of each of three scenes, `new/` with one of each, a stranger and a broken file."""
    directory = tmp_path_factory.mktemp("labelling")
    for label, seed in SCENES.items():
        draw(directory / "known" / label / "a.png", seed, 0)
        draw(directory / "known" / label / "b.png", seed, 20)
        draw(directory / "new" / f"{label} again.png", seed, -20)
    draw(directory / "new" / "stranger.png", 77, 0)
    (directory / "new" / "broken.png").write_bytes(b"no picture")
    return directory


@pytest.fixture(scope="module")
def table(pictures: Path) -> Path:
    out = pictures / "labels.csv"
    words = [str(pictures / "new"), "--known", str(pictures / "known"), "--out", str(out)]
    result = CliRunner().invoke(command, words, catch_exceptions=False)
    assert "100.0% are nearest to one of their own label" in result.output
    assert "not a picture" in result.output
    return out


def test_pictures_get_the_label_of_what_they_resemble_and_strangers_are_least_sure(table: Path) -> None:
    rows = {row.path: row for row in read_rows(table)}
    assert len(rows) == 4
    for label in SCENES:
        assert rows[f"{label} again.png"].proposed == label
        assert rows[f"{label} again.png"].confidence > 0.8
        assert Path(rows[f"{label} again.png"].nearest).parent.name == label
    assert next(iter(rows)) == "stranger.png", "least sure first"
    assert rows["stranger.png"].confidence < 0.5
    assert rows["stranger.png"].distance > max(rows[f"{label} again.png"].distance for label in SCENES)
    assert all(row.decision == "" for row in rows.values())


def test_nothing_is_taken_that_nobody_decided_on_unless_told_so(
    pictures: Path, table: Path, tmp_path: Path
) -> None:
    new = str(pictures / "new")
    refused = CliRunner().invoke(command, [new, "--accept", str(table), "--out", str(tmp_path / "none")])
    assert isinstance(refused.exception, PreparationError)
    assert "None of 4 proposals was accepted" in str(refused.exception)
    assert not (tmp_path / "none").exists()
    out = tmp_path / "sure"
    words = [new, "--accept", str(table), "--out", str(out), "--take-sure"]
    assert (
        "4 of 4 proposals were not reviewed"
        in CliRunner().invoke(command, words, catch_exceptions=False).output
    )
    assert sorted(path.name for path in out.iterdir()) == ["dock", "gate", "labels.csv", "yard"]
    assert "sure, not reviewed" in (out / "labels.csv").read_text()
    assert len(read_known(out / "labels.csv")) == 3, "what was accepted serves as known"


def test_decisions_of_a_person_count_whatever_the_network_says(pictures: Path, tmp_path: Path) -> None:
    reviewed = tmp_path / "reviewed.csv"
    write_rows(
        reviewed,
        [
            Row("gate again.png", "yard", 0.1, 0.5, "k", "gate, north", "changed"),
            Row("yard again.png", "yard", 0.99, 0.0, "k", "yard", "accepted"),
            Row("dock again.png", "dock", 0.99, 0.0, "k", "", "rejected"),
            Row("stranger.png", "dock", 0.99, 0.0, "k"),
        ],
    )
    counts = accept(read_rows(reviewed), pictures / "new", tmp_path / "out", Problems())
    assert counts == {"gate, north": 1, "yard": 1}
    copied = tmp_path / "out" / "gate_ north" / "0001_0001.png"
    assert copied.read_bytes() == (pictures / "new" / "gate again.png").read_bytes()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("../a.png,x,0.5,0.5,k,,accepted", "does not lie"),
        ("a.png,x,0.5,0.5,k,,perhaps", "no decision"),
        ("a.png,x,0.5,0.5,k,,changed", "changed to no label"),
        ("a.png,x,very,0.5,k,,", "no table of proposals"),
    ],
)
def test_tables_that_are_not_as_they_should_be_are_explained(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "reviewed.csv"
    path.write_text(f"path,proposed,confidence,distance,nearest,label,decision\n{line}\n")
    with pytest.raises(PreparationError, match=said):
        read_rows(path)


def test_one_label_only_and_loose_pictures_are_explained(pictures: Path, tmp_path: Path) -> None:
    shutil.copytree(pictures / "known" / "gate", tmp_path / "known" / "gate")
    with pytest.raises(PreparationError, match="one label only"):
        read_known(tmp_path / "known")
    with pytest.raises(PreparationError, match="in no label's folder"):
        read_known(pictures / "new")
    (tmp_path / "known.csv").write_text("file,class\na,b\n")
    with pytest.raises(PreparationError, match="no columns path,label"):
        read_known(tmp_path / "known.csv")


def test_votes_of_many_far_neighbours_do_not_outweigh_a_near_one() -> None:
    def at(*degrees: float) -> np.ndarray:
        angles = np.radians(degrees)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    known = Embedded(tuple(map(Path, "abcdef")), at(0, 2, 60, 62, 64, 66), None, ())
    proposer = Proposer(known, ["near", "near", "far", "far", "far", "far"])
    [proposal] = proposer.propose(Embedded((Path("new"),), at(1), None, ()))
    assert proposal.label == "near"
    assert proposal.confidence > 0.8
    [stranger] = proposer.propose(Embedded((Path("stranger"),), at(-45), None, ()))
    assert stranger.confidence < 0.5
    assert proposer.own_accuracy == 1.0


def page(pictures: Path, tmp_path: Path, rows: list[Row]) -> Path:
    path = tmp_path / "review.html"
    assert write_review(path, rows, pictures / "new", Problems()) == len(rows)
    return path


def hostile_rows(pictures: Path) -> list[Row]:
    known = str(pictures / "known" / "gate" / "a.png")
    return [
        Row("gate again.png", "</script><script>alert(1)</script>", 0.4, 0.2, known),
        Row("yard again.png", "@@DATA@@", 0.3, 0.2, known),
        Row("dock again.png", '"><img src=http://x>', 0.2, 0.2, "/gone"),
    ]


def test_the_page_needs_nothing_from_outside_and_runs_its_own_script_only(
    pictures: Path, tmp_path: Path
) -> None:
    text = page(pictures, tmp_path, hostile_rows(pictures)).read_text()
    policy = html.unescape(re.findall(r'Content-Security-Policy" content="([^"]+)"', text)[0])
    assert policy.startswith("default-src 'none'; img-src data:;")
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(scripts) == 1
    fingerprint = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{fingerprint}'" in policy
    assert "unsafe" not in policy
    assert not re.findall(r"<(?:link|iframe|img|script)[^>]+(?:src|href)=", text)
    assert "alert(1)</script>" not in text


def test_a_page_without_anything_to_decide_is_refused(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(PreparationError, match="decided on"):
        write_review(
            tmp_path / "a.html", [Row("a", "b", 1, 0, "k", "b", "accepted")], pictures / "new", Problems()
        )
