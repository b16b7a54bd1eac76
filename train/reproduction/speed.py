"""Seconds that a network takes for a picture: torch on the CPU and on a GPU, and the bundle as the service runs it."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import torch

from monitor.vision.bundle import load_bundle
from monitor.vision.network import Network
from train.networks.design import DesignNetwork

ROUNDS = 15


@dataclass(frozen=True, slots=True)
class Speed:
    """Median seconds for one picture at a time, one thread on a CPU; the picture is prepared already.

    Attributes:
        torch_cpu_s: Torch.
        torch_gpu_s: Torch on the first GPU; None where there is none.
        onnx_cpu_s: ONNX Runtime, as the service runs it.
        bundle_mb: Size of the bundle's file, in millions of bytes.
    """

    torch_cpu_s: float
    torch_gpu_s: float | None
    onnx_cpu_s: float
    bundle_mb: float


@torch.inference_mode()
def measure_speed(network: DesignNetwork, bundle: Path) -> Speed:
    """Time a design's network, in torch and as a bundle."""
    loaded = load_bundle(bundle)
    spec = loaded.card.input
    image = torch.rand(1, 3, spec.height, spec.width)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        network = network.eval()
        torch_cpu_s = _seconds(lambda: network(image))
        torch_gpu_s = _on_gpu(network, image) if torch.cuda.is_available() else None
    finally:
        torch.set_num_threads(threads)
    runner = Network(loaded, threads=1)
    given = np.ascontiguousarray(image[0].numpy())
    return Speed(
        torch_cpu_s, torch_gpu_s, _seconds(lambda: runner.encode(given)), bundle.stat().st_size / 1e6
    )


def _on_gpu(network: DesignNetwork, image: torch.Tensor) -> float:
    there, picture = copy.deepcopy(network).to("cuda"), image.to("cuda")

    def look() -> None:
        there(picture)
        torch.cuda.synchronize()

    return _seconds(look)


def _seconds(work: Callable[[], object]) -> float:
    # The first time also allocates.
    work()
    times = []
    for _ in range(ROUNDS):
        began_s = time.perf_counter()
        work()
        times.append(time.perf_counter() - began_s)
    return median(times)
