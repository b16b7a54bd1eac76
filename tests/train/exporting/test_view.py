"""Exported graphs compute what torch computes, and nothing is written when they do not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import torch

from monitor.vision.bundle import load_bundle
from train.exporting.bundle import export_bundle
from train.exporting.graphs import ParityError, check_parity, render
from train.exporting.view import view_exportable
from train.inference import BundleRunner
from train.networks.view import ViewNetwork

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def network() -> ViewNetwork:
    torch.manual_seed(0)
    return ViewNetwork().eval()


def test_a_fresh_network_is_exported_with_parity_and_runs_in_any_batch_size(
    network: ViewNetwork, tmp_path: Path
) -> None:
    bundle = export_bundle(view_exportable(network), tmp_path / "a.bundle", "drawn", {"steps": 0}, NOW)
    assert bundle == load_bundle(tmp_path / "a.bundle")
    assert bundle.card.metrics["parity_worst_difference"] < 1e-3
    runner = BundleRunner(bundle)
    pictures = [np.random.default_rng(n).integers(0, 256, (120, 160, 3), np.uint8) for n in range(3)]
    together = runner.encode(pictures)
    alone = runner.encode(pictures[:1])
    for name, values in together.items():
        assert values[:1] == pytest.approx(alone[name], abs=1e-5)
    said = runner.compare(together, [0, 0], [1, 2])
    assert said["relation"].shape == (2, 4)
    assert said["agreement"].shape == (2, 12, 16)


def test_graphs_of_other_weights_are_refused(network: ViewNetwork) -> None:
    torch.manual_seed(1)
    others = view_exportable(ViewNetwork()).graphs
    members = {file: render(graph) for file, graph in others.items()}
    with pytest.raises(ParityError, match="differs"):
        check_parity(view_exportable(network).graphs, members)
