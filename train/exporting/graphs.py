"""Networks as ONNX graphs, trusted only if they compute what torch computes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from monitor.domain.errors import MonitorError
from train.inference import open_session

OPSET = 17


class ParityError(MonitorError):
    """The exported graph does not compute what the trained network computes."""


@dataclass(frozen=True, slots=True)
class Graph:
    """One graph of a bundle, before it is written.

    Attributes:
        module: Computes it.
        probe: So many random inputs, in the order of `inputs`.
        inputs: Names.
        outputs: Names, in the order in which the module returns them.
        tolerance: Largest difference between torch and ONNX that is rounding.
    """

    module: nn.Module
    probe: Callable[[int], tuple[Tensor, ...]]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    tolerance: float


def render(graph: Graph) -> bytes:
    """The graph as ONNX, for any batch size; parity is not checked here."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The tracing exporter is deprecated in favour of one that needs a further package; its graphs are checked.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph.module.eval(),
            graph.probe(2),
            buffer,  # type: ignore[arg-type]
            input_names=list(graph.inputs),
            output_names=list(graph.outputs),
            dynamic_axes={name: {0: "count"} for name in (*graph.inputs, *graph.outputs)},
            opset_version=OPSET,
            dynamo=False,
        )
    return buffer.getvalue()


def check_parity(graphs: Mapping[str, Graph], members: Mapping[str, bytes]) -> float:
    """Largest difference between torch and ONNX Runtime over random inputs, at another batch size than exported.

    Args:
        graphs: By member name.
        members: ONNX by the same names.

    Raises:
        ParityError: A difference is more than rounding.
    """
    worst = 0.0
    for file, graph in graphs.items():
        inputs = graph.probe(3)
        with torch.no_grad():
            expected = graph.module.eval()(*inputs)
        feed = {name: value.numpy() for name, value in zip(graph.inputs, inputs, strict=True)}
        got = open_session(members[file]).run(list(graph.outputs), feed)
        for want, found in zip(expected, got, strict=True):
            difference = float(np.abs(want.numpy() - found).max())
            worst = max(worst, difference)
            if not difference <= graph.tolerance:
                raise ParityError(
                    f"{file} differs from the trained network by {difference:.2g} (allowed {graph.tolerance:.2g}).",
                    "Nothing was written; check the versions of torch and onnxruntime.",
                )
    return worst
