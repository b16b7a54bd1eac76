"""Bundles of networks that are not the project's own: small graphs made by hand, that judge photos well enough.

The embedding is the picture in 8 × 8 mean colours, without its mean, at unit length. It tells scenes and turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

from monitor.vision.bundle import ENCODER_FILE, HEAD_FILE, Bundle, write_bundle
from monitor.vision.card import Card, GridSpec
from monitor.vision.preprocess import InputSpec
from tests.vision.test_bundle import card

CELLS = 8
SIZE = CELLS * CELLS * 3
SPEC = InputSpec(width=64, height=64)
SCALE = {"changed_below": 0.7, "changed_scale": 0.05}
OPSET = helper.make_opsetid("", 17)


def picture(name: str) -> NDArray[np.uint8]:
    """A photo that comes within scikit-image, 480 × 360."""
    photo = getattr(skimage.data, name)()
    return np.asarray(cv2.resize(photo, (480, 360), interpolation=cv2.INTER_AREA), np.uint8)


def in_other_light(pixels: NDArray[np.uint8], seed: int = 1) -> NDArray[np.uint8]:
    """A little darker, and with a sensor's noise."""
    noise = np.random.default_rng(seed).normal(0.0, 3.0, pixels.shape)
    return (pixels * 0.9 + noise).clip(0, 255).astype(np.uint8)


def graph(
    nodes: Sequence[NodeProto],
    inputs: dict[str, tuple[object, ...]],
    outputs: dict[str, tuple[object, ...]],
    **constants: NDArray[np.generic],
) -> bytes:
    """An ONNX model of float tensors; sizes may be names."""

    def describe(sizes: dict[str, tuple[object, ...]]) -> list[object]:
        return [helper.make_tensor_value_info(name, TensorProto.FLOAT, size) for name, size in sizes.items()]

    made: ModelProto = helper.make_model(
        helper.make_graph(
            nodes,
            "by hand",
            describe(inputs),
            describe(outputs),
            [numpy_helper.from_array(value, name) for name, value in constants.items()],
        ),
        opset_imports=[OPSET],
        ir_version=9,
    )
    checker.check_model(made)
    return made.SerializeToString()


def encoder(*, features: bool = False, unit: bool = True, size: int = SIZE) -> bytes:
    """Pictures to mean colours; with `features` also before normalisation, as a grid of one cell.

    A larger `size` repeats them, as if the embedding were that long.
    """
    stride = SPEC.width // CELLS
    node = helper.make_node
    nodes = [
        node("AveragePool", ["images"], ["cells"], kernel_shape=[stride, stride], strides=[stride, stride]),
        node("Flatten", ["cells"], ["once"], axis=1),
        node("Concat", ["once"] * -(-size // SIZE), ["often"], axis=1),
        node("Slice", ["often", "start", "end", "axis"], ["flat"]),
        node("ReduceMean", ["flat"], ["mean"], axes=[1], keepdims=1),
        node("Sub", ["flat", "mean"], ["centred"]),
        node("ReduceL2", ["centred"], ["length"], axes=[1], keepdims=1),
        node("Max", ["length", "tiny"], ["safe"]),
        node("Div" if unit else "Add", ["centred", "safe"], ["embedding"]),
    ]
    outputs: dict[str, tuple[object, ...]] = {"embedding": ("n", size)}
    if features:
        nodes.append(node("Reshape", ["embedding", "shape"], ["features"]))
        outputs["features"] = ("n", size, 1, 1)
    constants = {
        "tiny": np.array(1e-6, np.float32),
        "start": np.array([0], np.int64),
        "end": np.array([size], np.int64),
        "axis": np.array([1], np.int64),
    }
    if features:
        constants["shape"] = np.array([-1, size, 1, 1], np.int64)
    return graph(nodes, {"images": ("n", 3, SPEC.height, SPEC.width)}, outputs, **constants)


def head(*relations: str) -> bytes:
    """Logits for `same` and `rotated` by how far the features lie from each other, upright and upside down.

    Whatever else there is gets the logit 0.
    """
    node = helper.make_node
    upside_down = np.arange(SIZE).reshape(3, CELLS, CELLS)[:, ::-1, ::-1].ravel()
    nodes = [node("Gather", ["reference_features", "turned"], ["upside_down"], axis=1)]
    for name, reference in (("same", "reference_features"), ("rotated", "upside_down")):
        nodes += [
            node("Sub", [reference, "frame_features"], [f"{name}_apart"]),
            node("ReduceL2", [f"{name}_apart"], [f"{name}_distance"], axes=[1, 2, 3], keepdims=0),
            node("Sub", ["near", f"{name}_distance"], [f"{name}_nearer"]),
            node("Mul", [f"{name}_nearer", "steep"], [f"{name}_logit"]),
        ]
    nodes.append(node("Mul", ["same_logit", "nothing"], ["even"]))
    logits = [f"{name}_logit" if name in ("same", "rotated") else "even" for name in relations]
    column = np.array([1], np.int64)
    nodes += [
        node("Unsqueeze", [logit, "column"], [f"column_{number}"]) for number, logit in enumerate(logits)
    ]
    nodes.append(node("Concat", [f"column_{number}" for number in range(len(logits))], ["relation"], axis=1))
    return graph(
        nodes,
        dict.fromkeys(("reference_features", "frame_features"), ("n", SIZE, 1, 1)),
        {"relation": ("n", len(relations))},
        turned=upside_down.astype(np.int64),
        near=np.array(0.7, np.float32),
        steep=np.array(20.0, np.float32),
        nothing=np.array(0.0, np.float32),
        column=column,
    )


def foreign_card(can_tell: Sequence[str], **changes: object) -> Card:
    """Of a network without a head."""
    values: dict[str, object] = {
        "name": "foreign",
        "input": SPEC,
        "embedding_size": SIZE,
        "grids": (),
        "relations": (),
        "can_tell": tuple(can_tell),
        "operating_point": SCALE,
    }
    return card(**{**values, **changes})


def headless(path: Path, *can_tell: str, size: int = SIZE, **point: float) -> Bundle:
    """A network that judges by similarity alone."""
    described = foreign_card(can_tell, embedding_size=size, operating_point={**SCALE, **point})
    return write_bundle(path, described, {ENCODER_FILE: encoder(size=size)})


def with_head(path: Path, *can_tell: str, relations: Sequence[str]) -> Bundle:
    """A network that judges pairs of vectors by a head, which measures no displacement."""
    described = foreign_card(
        can_tell,
        grids=(GridSpec("features", SPEC.height, SIZE, 1, 1),),
        relations=tuple(relations),
        operating_point={},
    )
    members = {ENCODER_FILE: encoder(features=True), HEAD_FILE: head(*relations)}
    return write_bundle(path, described, members)
