"""A bundle small enough to know by heart, pictures of one colour, and photos."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import NodeProto, TensorProto, helper

from monitor.vision.bundle import load_bundle, shipped_bundle_path, write_bundle
from monitor.vision.card import GridSpec
from monitor.vision.preprocess import InputSpec

SIDE, SIZE = 8, 12


def write_colour_bundle(path: Path, name: str = "colours", raw: bool = True) -> Path:
    """The mean colour of each quarter of a picture, 12 numbers, normalised; if wanted with a head, and so also raw."""
    half = SIDE // 2
    nodes = [
        helper.make_node(
            "AveragePool", ["images"], ["pooled"], kernel_shape=[half, half], strides=[half, half]
        ),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("LpNormalization", ["flat"], ["embedding"], axis=1, p=2),
    ]
    outputs = {"embedding": ["n", SIZE]}
    if raw:
        nodes.append(helper.make_node("Reshape", ["flat", "shape"], ["features"]))
        outputs["features"] = ["n", SIZE, 1, 1]
    shape = helper.make_tensor("shape", TensorProto.INT64, [4], [-1, SIZE, 1, 1])
    members = {"encoder.onnx": write_graph(nodes, {"images": ["n", 3, SIDE, SIDE]}, outputs, [shape] * raw)}
    if raw:
        sides = {f"{side}_features": ["n", SIZE, 1, 1] for side in ("reference", "frame")}
        judge = [
            helper.make_node("Sub", list(sides), ["difference"]),
            helper.make_node("ReduceL1", ["difference"], ["away"], axes=[1, 2, 3], keepdims=0),
            helper.make_node("Neg", ["away"], ["near"]),
            helper.make_node("Concat", ["near_row", "away_row"], ["relation"], axis=1),
        ]
        column = helper.make_tensor("column", TensorProto.INT64, [2], [-1, 1])
        rows = [helper.make_node("Reshape", [side, "column"], [f"{side}_row"]) for side in ("near", "away")]
        members["head.onnx"] = write_graph(
            [*judge[:3], *rows, judge[3]], sides, {"relation": ["n", 2]}, [column]
        )
    card = replace(
        load_bundle(shipped_bundle_path()).card,
        name=name,
        input=InputSpec(SIDE, SIDE, 0.0, 255.0),
        embedding_size=SIZE,
        grids=(GridSpec("features", SIDE, SIZE, 1, 1),) if raw else (),
        relations=("same", "changed") if raw else (),
        can_tell=("ok", "different_scene"),
        operating_point={"changed_below": 0.5, "changed_scale": 0.1},
    )
    write_bundle(path, card, members)
    return path


def write_graph(
    nodes: list[NodeProto],
    inputs: dict[str, list[int | str]],
    outputs: dict[str, list[int | str]],
    constants: list[TensorProto],
) -> bytes:
    """An ONNX model of 32-bit floats."""
    given, wanted = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in values.items()]
        for values in (inputs, outputs)
    )
    graph = helper.make_graph(nodes, "planted", given, wanted, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def write_colour(path: Path, red: int, green: int, blue: int) -> Path:
    """A picture of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((12, 16, 3), (blue, green, red), np.uint8))
    return path


def write_photos(directory: Path, *names: str) -> list[Path]:
    """Photos that come with scikit-image."""
    data = pytest.importorskip("skimage.data")
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in names:
        paths.append(directory / f"{name}.png")
        assert cv2.imwrite(str(paths[-1]), cv2.cvtColor(getattr(data, name)(), cv2.COLOR_RGB2BGR))
    return paths


def read_rgb(path: Path) -> np.ndarray:
    pixels = cv2.imread(str(path))
    assert pixels is not None, path
    return pixels[..., ::-1]


def share_of_colour(path: Path, red: int, green: int, blue: int) -> float:
    """How much of a picture is (nearly) of one colour."""
    return float((np.abs(read_rgb(path).astype(int) - (red, green, blue)).max(axis=2) <= 6).mean())
