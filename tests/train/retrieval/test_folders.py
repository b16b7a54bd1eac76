from __future__ import annotations

from pathlib import Path

import pytest

from tests.train.drawn import draw_data
from tests.train.retrieval.planted import write_colour
from train.preparation.problems import PreparationError
from train.retrieval.embed import NothingToEmbed
from train.retrieval.folders import label_pictures, labelled_pictures, thin_out


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("gate/0001_0002.jpg", "gate"),
        ("gate/day/a.jpg", "gate"),
        ("0007_0003.jpg", "0007"),
        ("0007_c1s2_000.jpg", "0007"),
        ("alone.jpg", "alone"),
    ],
)
def test_a_label_is_the_first_folder_or_what_stands_before_the_first_underscore(
    name: str, label: str
) -> None:
    assert label_pictures(Path("root"), [Path("root") / name]) == [label]


def test_a_folder_with_a_manifest_gives_its_rows_by_camera(tmp_path: Path) -> None:
    paths, labels = labelled_pictures(draw_data(tmp_path))
    found = {path.name: label for path, label in zip(paths, labels, strict=True)}
    assert len(found) == 15
    assert found["steady1.png"] == "steady"
    assert found["scene3.png"] == "(none)"


def test_a_folder_without_a_manifest_gives_all_its_pictures_but_hidden_ones(tmp_path: Path) -> None:
    for name in ("b/2.png", "a/1.png", ".gallery/no.png"):
        write_colour(tmp_path / name, 1, 2, 3)
    assert labelled_pictures(tmp_path) == ([tmp_path / "a" / "1.png", tmp_path / "b" / "2.png"], ["a", "b"])


def test_nothing_to_show_is_named(tmp_path: Path) -> None:
    with pytest.raises(PreparationError, match="no picture"):
        labelled_pictures(tmp_path)
    columns = "path,camera_id,timestamp,condition,use,split"
    (tmp_path / "manifest.csv").write_text(f"{columns}\nclip.mp4,a,1,day,same-view,train\n")
    with pytest.raises(NothingToEmbed, match="names no pictures"):
        labelled_pictures(tmp_path)


def test_thinning_spreads_over_each_label_and_keeps_the_order() -> None:
    paths = [Path(str(number)) for number in range(12)]
    labels = ["many"] * 10 + ["few"] * 2
    assert thin_out(paths, labels, None) == (paths, labels)
    kept, names = thin_out(paths, labels, 3)
    assert [int(path.name) for path in kept] == [0, 3, 6, 10, 11]
    assert names == ["many"] * 3 + ["few"] * 2
