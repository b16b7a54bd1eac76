"""The YAML of one run, validated: unknown keys are refused, so that a typo cannot silently train something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from monitor.domain.errors import MonitorError
from train.losses.settings import InfoNceSettings, MetricSettings


class RecipeError(MonitorError):
    """A recipe cannot be read or asks for something impossible."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataSettings(_Part):
    """Which cameras are kept back and how pictures are paired."""

    validation_cameras: tuple[str, ...] = ()
    unsteady_cameras: tuple[str, ...] = ()
    real_share: float = Field(default=0.5, ge=0, le=1)
    day_night_share: float = Field(default=0.6, ge=0, le=1)
    within: dict[str, int] = {}
    same_condition: tuple[str, ...] = ()
    groups_per_batch: int = Field(default=8, ge=1)
    workers: int = Field(default=2, ge=0)


class NetworkSettings(_Part):
    """How the network starts."""

    pretrained: bool = True
    frozen_stages: int = Field(default=3, ge=0, le=5)
    frozen_filters: bool = False


class LossSettings(_Part):
    """Weights of the losses and of the relation's classes (same, moved, different, obstructed).

    `metric` says what `embedding` weighs, for example `{loss: multi_similarity}`; see `train.losses.settings`.
    """

    relation: float = 1.0
    displacement: float = 0.5
    embedding: float = 0.5
    matching_fine: float = 0.3
    matching_coarse: float = 0.3
    flow: float = 0.5
    agreement: float = 0.3
    classes: tuple[float, float, float, float] = (1.5, 1.2, 0.8, 1.5)
    metric: MetricSettings = InfoNceSettings(loss="info_nce", distance="unit_cosine")


class OptimiserSettings(_Part):
    """AdamW with a warm-up and a cosine to the end of the budget."""

    learning_rate: float = Field(default=1e-3, gt=0)
    trunk_factor: float = Field(default=0.3, ge=0)
    weight_decay: float = Field(default=0.01, ge=0)
    warm_up: float = Field(default=0.03, ge=0, lt=1)
    last_factor: float = Field(default=0.01, ge=0, le=1)
    clip_norm: float = Field(default=5.0, gt=0)
    ema_decay: float = Field(default=0.998, ge=0, lt=1)


class ExportSettings(_Part):
    """What is done to the trained weights on export.

    `relation_logits` are added to the logits (same, moved, different, obstructed): as many training pairs moved as
    stayed, in the service next to none moves. They bring the calibrated threshold to about one half, so that the
    likeliest relation can be taken at its word.
    """

    relation_logits: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


class EarlyStoppingSettings(_Part):
    """Ends a run whose validation no longer gets better; the best averaged weights are kept and exported.

    `figure` is one of the validation's, by the name under which it is printed; after `patience_validations` without
    a better one the run ends.
    """

    figure: str
    better: Literal["lower", "higher"]
    patience_validations: int = Field(ge=1)


class RunSettings(_Part):
    """How long and on what. Exactly one of `budget_minutes` and `steps` ends the run.

    Validation falls due every `validate_steps` steps where that is given, else every `validate_minutes`, and at the
    end. With `steps` and `validate_steps` an interrupted run ends exactly where an undisturbed one does. `compile` has
    torch compile the network. `tensorboard` counts where the recipe names no `tracker`.
    """

    budget_minutes: float | None = Field(default=None, gt=0)
    steps: int | None = Field(default=None, gt=0)
    seed: int = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int = Field(default=2, ge=1)
    bf16: bool = True
    compile: bool = False
    checkpoint_minutes: float = Field(default=2.0, gt=0)
    validate_minutes: float = Field(default=10.0, gt=0)
    validate_steps: int | None = Field(default=None, gt=0)
    validation_batches: int = Field(default=6, ge=0)
    early_stopping: EarlyStoppingSettings | None = None
    tensorboard: bool = True

    @model_validator(mode="after")
    def _one_end(self) -> RunSettings:
        if (self.budget_minutes is None) == (self.steps is None):
            raise ValueError("give exactly one of budget_minutes and steps")
        if self.early_stopping and not self.validation_batches:
            raise ValueError("early_stopping needs validation_batches")
        return self


class TrackerSettings(_Part):
    """Who is told about a run. In YAML a name or a list of names will do; `none` tells nobody.

    `offline` keeps ClearML's session in the run directory, as a file that can be imported later.
    """

    kinds: tuple[Literal["tensorboard", "clearml"], ...] = ()
    project: str = "camera-view-monitor"
    offline: bool = False

    @model_validator(mode="before")
    @classmethod
    def _from_names(cls, given: Any) -> Any:
        if isinstance(given, str):
            given = [] if given == "none" else [given]
        if isinstance(given, (list, tuple)):
            return {"kinds": given}
        if isinstance(given, dict) and isinstance(given.get("kinds"), str):
            kinds = given["kinds"]
            return {**given, "kinds": [] if kinds == "none" else [kinds]}
        return given


class RecipeSettings(_Part):
    """One run, whole."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    network: Literal["view"]
    data: DataSettings = DataSettings()
    start: NetworkSettings = NetworkSettings()
    losses: LossSettings = LossSettings()
    optimiser: OptimiserSettings = OptimiserSettings()
    export: ExportSettings = ExportSettings()
    run: RunSettings
    tracker: TrackerSettings | None = None

    @property
    def told(self) -> TrackerSettings:
        """Who is told: the recipe's `tracker`, or TensorBoard alone unless `run.tensorboard` is off."""
        if self.tracker is not None:
            return self.tracker
        return TrackerSettings(kinds=("tensorboard",) if self.run.tensorboard else ())


def read_recipe(path: Path) -> RecipeSettings:
    """Read and validate a recipe.

    Raises:
        RecipeError: The file is missing, not YAML, or a value is wrong; every wrong key is named at once.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        return RecipeSettings.model_validate(values)
    except OSError as error:
        raise RecipeError(
            f"Cannot read the recipe {path}: {error.strerror}.", "See config/recipes."
        ) from error
    except yaml.YAMLError as error:
        raise RecipeError(f"{path} is not YAML: {error}.") from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise RecipeError(f"{path}: {wrong}.", "Correct these keys.") from error
