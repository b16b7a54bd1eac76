"""From the recipe's `tracker` to trackers; what nobody asks for is not imported."""

from __future__ import annotations

from pathlib import Path

from train.recipes.settings import RecipeSettings
from train.tracking.tracker import NoTracker, SeveralTrackers, Tracker


def open_tracker(settings: RecipeSettings, directory: Path, first_step: int = 0) -> Tracker:
    """Whoever the recipe wants told, with the recipe noted.

    Args:
        settings: The recipe.
        directory: Of the run; each tracker has a folder in it.
        first_step: Where the run goes on.

    Raises:
        TrackingError: ClearML is asked for and cannot be reached.
    """
    opened: list[Tracker] = []
    for kind in settings.told.kinds:
        if kind == "tensorboard":
            from train.tracking.tensorboard import TensorBoardTracker

            opened.append(TensorBoardTracker(directory / "tensorboard", first_step))
        else:
            from train.tracking.clearml_session import ClearMLTracker

            opened.append(ClearMLTracker(settings.told, settings.name, directory / "clearml"))
    tracker: Tracker = SeveralTrackers(opened) if opened else NoTracker()
    tracker.hyperparameters(settings.model_dump(mode="json"))
    return tracker
