"""`python -m train export`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from train.cli.common import BUNDLE, DATA, RECIPE, say


@click.command()
@RECIPE
@click.option("--run", "run_", type=click.Path(path_type=Path), help="Run directory [default: runs/NAME].")
@BUNDLE
@DATA
def export(recipe: Path, run_: Path | None, bundle: Path | None, data: Path) -> None:
    """Write the averaged weights of a run's last checkpoint as a bundle; refused unless ONNX agrees with torch.

    Where the recipe stops early, the weights of the best validation are written instead of the last ones.

    Example: python -m train export config/recipes/view.yaml --run runs/view
    """
    from monitor.vision.bundle import shipped_bundle_path
    from train.checkpoint import read_checkpoint
    from train.data.manifest import read_manifest
    from train.export import export_bundle
    from train.networks.view import ViewNetwork
    from train.recipes.reading import read_recipe

    settings = read_recipe(recipe)
    checkpoint = read_checkpoint((run_ or Path("runs") / settings.name) / "checkpoint.pt", settings)
    network = ViewNetwork(settings.start.frozen_stages)
    network.load_state_dict(checkpoint.result)
    network.head.shift_relations(settings.export.relation_logits)
    training = {
        "recipe": settings.model_dump(mode="json"),
        "data_fingerprint": read_manifest(data).fingerprint,
        "steps": checkpoint.step if checkpoint.best is None else checkpoint.best.step,
        "minutes": round(checkpoint.elapsed_s / 60, 1),
    }
    written = export_bundle(
        network, bundle or shipped_bundle_path(), settings.name, training, datetime.now(UTC)
    )
    say(
        f"wrote {written.id}, largest difference to torch {written.card.metrics['parity_worst_difference']:.2g}"
    )
