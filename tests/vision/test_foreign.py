"""Bundles that are not the project's own through the encoder: what they say, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from monitor.domain.comparison import Comparison
from monitor.domain.decision import decide
from monitor.domain.frame import Frame, Pixels
from monitor.domain.orientation import Orientation, turn
from monitor.domain.reference import Encoding
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey
from monitor.store.encodings import pack, unpack
from monitor.vision.bundle import Bundle, BundleError, load_bundle, shipped_bundle_path
from monitor.vision.card import GridSpec
from monitor.vision.encoder import ALIKE, NetworkEncoder
from monitor.vision.network import Network
from tests.vision.foreign import (
    SIZE,
    encoder,
    foreign_card,
    graph,
    head,
    headless,
    in_other_light,
    picture,
    with_head,
)

FLIPS = ("ok", "flipped_180")
CHANGES = ("ok", "different_scene")


def framed(pixels: Pixels) -> Frame:
    height, width = pixels.shape[:2]
    return Frame(np.ascontiguousarray(pixels), datetime(2026, 6, 1, tzinfo=UTC), "0" * 64, width, height)


def look(bundle: Bundle, reference: Pixels, pixels: Pixels) -> tuple[Comparison, Verdict]:
    """Enrolled, stored, read again and compared, as the service does."""
    eye = NetworkEncoder(Network(bundle))
    enrolled = replace(eye.enroll(framed(reference), ViewKey("gate")), id=1)
    stored = unpack(pack(enrolled))
    frame = framed(pixels)
    encoding = eye.encode(frame)
    comparison = eye.compare(encoding, frame, replace(enrolled, upright=stored.upright, turned=stored.turned))
    return comparison, decide(encoding.quality, [comparison], Thresholds())


def four(path: Path) -> list[Bundle]:
    """One of each make: by similarity or by a head, of flips, of changes, of both."""
    return [
        headless(path / "a", *FLIPS),
        headless(path / "c", *CHANGES),
        with_head(path / "b", *CHANGES, relations=("same", "changed")),
        with_head(
            path / "a3", "ok", "flipped_180", "different_scene", relations=("same", "rotated", "unrelated")
        ),
    ]


@pytest.mark.parametrize("make", range(4))
def test_the_same_view_is_ok_with_every_make(tmp_path: Path, make: int) -> None:
    seen, verdict = look(four(tmp_path)[make], picture("coffee"), in_other_light(picture("coffee")))
    assert verdict.kind is VerdictKind.OK
    # Their word costs nothing, and is asked though the gradients had settled it.
    assert seen.relation is not None
    assert seen.relation.same + seen.relation.moved > 0.9


@pytest.mark.parametrize("make", range(4))
def test_a_view_upside_down_is_named_with_every_make(tmp_path: Path, make: int) -> None:
    upside_down = turn(in_other_light(picture("coffee")), Orientation.ROTATED_180)
    assert look(four(tmp_path)[make], picture("coffee"), upside_down)[1].kind is VerdictKind.FLIPPED_180


@pytest.mark.parametrize(
    ("make", "kind"), [(0, "unsure"), (1, "different_scene"), (2, "different_scene"), (3, "different_scene")]
)
def test_another_scene_is_named_by_those_that_can_tell(tmp_path: Path, make: int, kind: str) -> None:
    verdict = look(four(tmp_path)[make], picture("coffee"), picture("astronaut"))[1]
    assert verdict.kind == kind
    if make == 0:
        assert "card" in verdict.reasons[0]


@pytest.mark.parametrize("make", range(4))
def test_a_move_that_the_gradients_measure_is_a_move(tmp_path: Path, make: int) -> None:
    whole = picture("coffee")
    _, verdict = look(four(tmp_path)[make], whole[20:320, 60:400], in_other_light(whole[20:320, 20:360]))
    assert verdict.kind is VerdictKind.MOVED
    assert verdict.displacement is not None
    assert verdict.displacement.dx == pytest.approx(40 / 340, abs=0.01)


def test_a_network_of_flips_that_calls_another_scene_the_same_is_not_believed(tmp_path: Path) -> None:
    gullible = headless(tmp_path / "a", *FLIPS, changed_below=-1.5)
    seen, verdict = look(gullible, picture("coffee"), picture("astronaut"))
    assert seen.relation is not None
    assert seen.relation.same + seen.relation.moved > 0.99
    assert verdict.kind is not VerdictKind.OK
    believed = headless(tmp_path / "c", *CHANGES, changed_below=-1.5)
    assert look(believed, picture("coffee"), picture("astronaut"))[1].kind is VerdictKind.OK


class Passes(NetworkEncoder):
    """Remembers which turns were undone for a further pass."""

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self.turned_back: list[Orientation] = []

    def encode_turned(self, frame: Frame, turned: Orientation) -> Encoding:
        self.turned_back.append(turned)
        return super().encode_turned(frame, turned)


def test_only_turns_that_the_network_can_tell_cost_a_pass(tmp_path: Path) -> None:
    for can_tell, turned in ((CHANGES, []), (FLIPS, [Orientation.ROTATED_180])):
        eye = Passes(Network(headless(tmp_path / "x", *can_tell)))
        enrolled = eye.enroll(framed(picture("coffee")), ViewKey("gate"))
        frame = framed(picture("astronaut"))
        eye.compare(eye.encode(frame), frame, enrolled)
        assert eye.turned_back == turned


def test_without_a_scale_the_similarity_speaks_as_before(tmp_path: Path) -> None:
    bundle = headless(tmp_path / "x", *CHANGES)
    silent = replace(bundle, card=replace(bundle.card, operating_point={}))
    seen, verdict = look(silent, picture("coffee"), in_other_light(picture("coffee")))
    assert seen.relation is None
    assert verdict.kind is VerdictKind.OK
    assert look(silent, picture("coffee"), picture("astronaut"))[1].kind is VerdictKind.DIFFERENT_SCENE


def test_other_views_are_named_only_where_a_calibration_says_from_where(tmp_path: Path) -> None:
    def alike_above(bundle: Bundle) -> float:
        return NetworkEncoder(Network(bundle)).alike_above

    assert alike_above(headless(tmp_path / "x", *CHANGES)) == math.inf
    assert alike_above(headless(tmp_path / "x", *CHANGES, similarity_other=0.93)) == 0.93
    assert alike_above(load_bundle(shipped_bundle_path())) == ALIKE


@pytest.mark.parametrize("size", [28, 4096])
def test_embeddings_of_any_length_survive_their_storage(tmp_path: Path, size: int) -> None:
    bundle = headless(tmp_path / "x", *CHANGES, size=size)
    seen, verdict = look(bundle, picture("coffee"), picture("coffee"))
    assert seen.similarity == pytest.approx(1.0, abs=1e-3)
    assert verdict.kind is VerdictKind.OK


GRIDS = (GridSpec("features", 64, SIZE, 1, 1),)
TWO = ("same", "changed")


@pytest.mark.parametrize(
    ("change", "members", "says"),
    [
        ({"embedding_size": 7}, {}, r"embedding has the shape \(192,\), not \(7,\)"),
        ({}, {"encoder_onnx": encoder(unit=False)}, "length"),
        ({}, {"encoder_onnx": head(*TWO)}, "no output embedding"),
        ({"grids": GRIDS, "relations": TWO}, {"head_onnx": head(*TWO)}, "no output features"),
        (
            {"relations": TWO},
            {"encoder_onnx": encoder(features=True), "head_onnx": head(*TWO)},
            "no grid for the head's inputs frame_features, reference_features",
        ),
        (
            {"grids": (GridSpec("features", 64, SIZE, 2, 2),), "relations": TWO},
            {"encoder_onnx": encoder(features=True), "head_onnx": head(*TWO)},
            "features has the shape",
        ),
        (
            {"grids": GRIDS, "relations": (*TWO, "rotated")},
            {"encoder_onnx": encoder(features=True), "head_onnx": head(*TWO)},
            "logits stand for 3 relations",
        ),
        ({"grids": GRIDS}, {"encoder_onnx": encoder(features=True), "head_onnx": head(*TWO)}, "names for its logits"),
    ],
)  # fmt: skip
def test_a_card_that_does_not_fit_its_graphs_is_refused(
    tmp_path: Path, change: dict[str, object], members: dict[str, bytes], says: str
) -> None:
    bundle = headless(tmp_path / "x", *CHANGES)
    wrong = replace(bundle, card=replace(bundle.card, **change), **members)  # type: ignore[arg-type]
    with pytest.raises(BundleError, match=says):
        Network(wrong)


def test_a_graph_for_one_picture_at_a_time_is_refused(tmp_path: Path) -> None:
    from onnx import helper

    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Reshape", ["mean", "shape"], ["column"]),
        helper.make_node("Div", ["column", "column"], ["embedding"]),
    ]
    alone = graph(nodes, {"images": (1, 3, 64, 64)}, {"embedding": (1, 1)}, shape=np.array([1, 1], np.int64))
    bundle = headless(tmp_path / "x", *CHANGES)
    with pytest.raises(BundleError, match="not what its card says"):
        Network(replace(bundle, encoder_onnx=alone, card=replace(bundle.card, embedding_size=1)))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"relations": ("same", "upside_down")}, "unknown relations: upside_down"),
        ({"relations": ("changed", "moved")}, "`same` among them"),
        ({"relations": ("same", "same")}, "different ones"),
        ({"can_tell": ("ok", "sunny")}, "unknown verdicts: sunny"),
        ({"operating_point": {"changed_below": 0.5, "changed_scale": 0.0}}, "not above 0"),
        ({"operating_point": {"changed_below": 0.5, "changed_scale": -1.0}}, "not above 0"),
        ({"operating_point": {"changed_below": 0.5}}, "only one of"),
    ],
)
def test_a_card_whose_words_cannot_be_understood_is_refused(
    tmp_path: Path, change: dict[str, Sequence[str]], says: str
) -> None:
    from monitor.vision.bundle import write_bundle

    with pytest.raises(BundleError, match=says):
        write_bundle(tmp_path / "x", replace(foreign_card(CHANGES), **change), {"encoder.onnx": b"x"})  # type: ignore[arg-type]
