"""A run's result as a bundle, with what the card is to say of its training."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.vision.bundle import Bundle
from train.checkpoint import Checkpoint
from train.exporting.bundle import export_bundle
from train.recipes.recipe import Recipe


def export_run(recipe: Recipe, network: Any, checkpoint: Checkpoint, path: Path) -> Bundle:
    """Write a bundle.

    Args:
        recipe: Says what the card says, and finds the threshold on its held-out pictures.
        network: With the checkpoint's weights.
        checkpoint: Of the run.
        path: The file.

    Raises:
        ParityError: ONNX gives something else than torch; nothing is written.
    """
    settings = recipe.settings
    training = {
        "recipe": settings.model_dump(mode="json"),
        "data_fingerprint": recipe.fingerprint,
        "steps": checkpoint.step if checkpoint.best is None else checkpoint.best.step,
        "minutes": round(checkpoint.elapsed_s / 60, 1),
    }
    return export_bundle(recipe.exportable(network), path, settings.name, training, datetime.now(UTC))
