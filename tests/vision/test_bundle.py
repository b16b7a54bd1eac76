"""Bundles: what is written is read back, and nothing else is accepted."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from monitor.vision.bundle import BundleError, load_bundle, rewrite_card, shipped_bundle_path, write_bundle
from monitor.vision.card import Card, GridSpec
from monitor.vision.preprocess import InputSpec

MEMBERS = {"encoder.onnx": b"encoder" * 100, "head.onnx": b"head" * 50}


def card(**changes: object) -> Card:
    values: dict[str, object] = {
        "card_version": 1,
        "name": "drawn",
        "architecture": "none",
        "created": "2026-01-01T00:00:00+00:00",
        "input": InputSpec(),
        "embedding_size": 256,
        "grids": (GridSpec("coarse", 16, 64, 12, 16),),
        "relations": ("same", "moved", "different", "obstructed"),
        "can_tell": ("ok",),
        "operating_point": {"alarm_above": 0.5},
        "calibration": {},
        "metrics": {},
        "training": {},
        "licence": "Apache-2.0",
        "origin": "drawn",
        "members": {},
    }
    return Card(**{**values, **changes})  # type: ignore[arg-type]


def test_a_bundle_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    written = write_bundle(tmp_path / "a.bundle", card(), MEMBERS)
    assert written == load_bundle(tmp_path / "a.bundle")
    assert written.encoder_onnx == MEMBERS["encoder.onnx"]
    assert written.head_onnx == MEMBERS["head.onnx"]
    assert written.card.grids == card().grids
    assert written.id.startswith("drawn-")
    assert len(written.id) == len("drawn-") + 12


def test_equal_contents_give_an_equal_file_and_other_weights_another_id(tmp_path: Path) -> None:
    one = write_bundle(tmp_path / "a", card(), MEMBERS)
    write_bundle(tmp_path / "b", card(), dict(reversed(MEMBERS.items())))
    other = write_bundle(tmp_path / "c", card(), {**MEMBERS, "head.onnx": b"other"})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert one.id != other.id


def test_an_encoder_alone_is_a_bundle(tmp_path: Path) -> None:
    assert write_bundle(tmp_path / "a", card(), {"encoder.onnx": b"x"}).head_onnx is None


def test_a_new_operating_point_leaves_weights_and_id_alone(tmp_path: Path) -> None:
    before = write_bundle(tmp_path / "a", card(), MEMBERS)
    after = rewrite_card(tmp_path / "a", operating_point={"alarm_above": 0.9})
    assert after.id == before.id
    assert after.card.operating_point == {"alarm_above": 0.9}


@pytest.mark.parametrize("members", [{}, {"head.onnx": b"x"}, {"encoder.onnx": b"x", "evil.sh": b"x"}])
def test_members_that_do_not_belong_are_not_written(tmp_path: Path, members: dict[str, bytes]) -> None:
    with pytest.raises(BundleError, match="holds"):
        write_bundle(tmp_path / "a", card(), members)
    assert not list(tmp_path.iterdir())


def test_a_missing_file_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"no bundle at .*gone"):
        load_bundle(tmp_path / "gone")


def test_a_folder_is_named_as_unreadable(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="Cannot read"):
        load_bundle(tmp_path)


def test_every_truncation_of_a_bundle_is_refused(tmp_path: Path) -> None:
    write_bundle(tmp_path / "a", card(), MEMBERS)
    whole = (tmp_path / "a").read_bytes()
    for length in range(0, len(whole) - 1, 97):
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(BundleError):
            load_bundle(tmp_path / "cut")


def test_every_changed_byte_of_the_weights_is_noticed(tmp_path: Path) -> None:
    write_bundle(tmp_path / "a", card(), MEMBERS)
    whole = bytearray((tmp_path / "a").read_bytes())
    start = whole.index(MEMBERS["encoder.onnx"])
    for position in (start, start + 350, start + 699):
        changed = whole.copy()
        changed[position] ^= 1
        (tmp_path / "changed").write_bytes(changed)
        with pytest.raises(BundleError, match="damaged"):
            load_bundle(tmp_path / "changed")


def rewrite(path: Path, contents: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def contents_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_weights_swapped_for_others_do_not_match_the_card(tmp_path: Path) -> None:
    write_bundle(tmp_path / "a", card(), MEMBERS)
    contents = {**contents_of(tmp_path / "a"), "encoder.onnx": b"other weights"}
    with pytest.raises(BundleError, match="not what its card says"):
        load_bundle(rewrite(tmp_path / "b", contents))


def test_a_removed_head_is_noticed(tmp_path: Path) -> None:
    write_bundle(tmp_path / "a", card(), MEMBERS)
    contents = contents_of(tmp_path / "a")
    del contents["head.onnx"]
    with pytest.raises(BundleError, match="names other files"):
        load_bundle(rewrite(tmp_path / "b", contents))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"card_version": 2}, "card version 2"),
        ({"card_version": None}, "card version None"),
        ({"surprise": 1}, "surprise"),
        ({"embedding_size": "many"}, "embedding_size"),
        ({"operating_point": {"alarm_above": "high"}}, "operating_point"),
        ({"operating_point": []}, "operating_point"),
        ({"relations": "same"}, "relations"),
        ({"grids": [{"name": "coarse"}]}, "grids"),
        ({"input": {"width": 0, "height": 1, "mean": 0, "std": 1}}, "input"),
        ({"input": {"width": 1, "height": 1, "mean": 0, "std": 0}}, "input"),
        ({"input": 7}, "input"),
        ({"members": {"encoder.onnx": 1}}, "members"),
        ({"name": 5}, "name"),
    ],
)
def test_a_card_that_cannot_be_understood_is_refused_and_the_field_named(
    tmp_path: Path, change: dict[str, object], says: str
) -> None:
    write_bundle(tmp_path / "a", card(), MEMBERS)
    contents = contents_of(tmp_path / "a")
    values = json.loads(contents["card.json"])
    contents["card.json"] = json.dumps({**values, **change}).encode()
    with pytest.raises(BundleError, match=says):
        load_bundle(rewrite(tmp_path / "b", contents))


@pytest.mark.parametrize("text", [b"", b"[]", b"\xff\xfe", b"{", b"[" * 100_000])
def test_a_card_that_is_no_json_object_is_refused(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(BundleError, match="card"):
        load_bundle(rewrite(tmp_path / "a", {"card.json": text, "encoder.onnx": b"x"}))


@pytest.mark.parametrize("names", [["card.json"], ["card.json", "encoder.onnx", "../evil"], ["readme.txt"]])
def test_archives_with_other_members_are_no_bundles(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(BundleError, match="not what a bundle holds"):
        load_bundle(rewrite(tmp_path / "a", dict.fromkeys(names, b"{}")))


def test_a_zip_bomb_is_not_unpacked_beyond_the_bound(tmp_path: Path) -> None:
    bomb = rewrite(
        tmp_path / "a", {"card.json": b" " * 50_000_000, "encoder.onnx": b"x"}, zipfile.ZIP_DEFLATED
    )
    assert bomb.stat().st_size < 100_000
    with pytest.raises(BundleError, match="larger than"):
        load_bundle(bomb)


def test_the_shipped_bundle_loads_and_stays_within_ten_megabytes() -> None:
    path = shipped_bundle_path()
    bundle = load_bundle(path)
    assert path.stat().st_size <= 10_000_000
    assert bundle.head_onnx is not None
    assert bundle.card.relations == ("same", "moved", "different", "obstructed")
    assert "alarm_above" in bundle.card.operating_point
