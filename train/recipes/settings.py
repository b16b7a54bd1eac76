"""What every recipe's YAML holds: how it is optimised, for how long, on what, and who is told.

Unknown keys are refused, so that a typo cannot silently train something else. What a network has beyond this is in
`train.recipes.view_settings` and `train.recipes.design_settings`; `train.recipes.reading` knows which is which.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.domain.errors import MonitorError


class RecipeError(MonitorError):
    """A recipe cannot be read or asks for something impossible."""


class Part(BaseModel):
    """Some keys of a recipe."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OptimiserSettings(Part):
    """The optimiser and its schedule, from a warm-up to the end of the budget.

    `schedule` is a cosine down to `last_factor`, or `step`: times `step_factor` at each share of the budget in
    `steps_at`, or `constant`. `ema_decay` 0 exports the last weights instead of their average.
    """

    kind: Literal["adamw", "adam", "sgd"] = "adamw"
    learning_rate: float = Field(default=1e-3, gt=0)
    trunk_factor: float = Field(default=0.3, ge=0)
    weight_decay: float = Field(default=0.01, ge=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    schedule: Literal["cosine", "step", "constant"] = "cosine"
    steps_at: tuple[float, ...] = (0.4, 0.7)
    step_factor: float = Field(default=0.1, gt=0, le=1)
    warm_up: float = Field(default=0.03, ge=0, lt=1)
    last_factor: float = Field(default=0.01, ge=0, le=1)
    clip_norm: float = Field(default=5.0, gt=0)
    ema_decay: float = Field(default=0.998, ge=0, lt=1)


class EarlyStoppingSettings(Part):
    """Ends a run whose validation no longer gets better; the best averaged weights are kept and exported.

    `figure` is one of the validation's, by the name under which it is printed; after `patience_validations` without
    a better one the run ends.
    """

    figure: str
    better: Literal["lower", "higher"]
    patience_validations: int = Field(ge=1)


class RunSettings(Part):
    """How long and on what. Exactly one of `budget_minutes`, `steps` and `epochs` ends the run.

    Validation falls due every `validate_steps` steps where that is given, after every epoch where epochs are counted,
    else every `validate_minutes`, and at the end. With `steps` (or `epochs`) and `validate_steps` an interrupted run
    ends exactly where an undisturbed one does. `compile` has torch compile the network. `tensorboard` counts where the
    recipe names no `tracker`.
    """

    budget_minutes: float | None = Field(default=None, gt=0)
    steps: int | None = Field(default=None, gt=0)
    epochs: int | None = Field(default=None, gt=0)
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
        if [self.budget_minutes, self.steps, self.epochs].count(None) != 2:
            raise ValueError("give exactly one of budget_minutes, steps and epochs")
        if self.early_stopping and not self.validation_batches:
            raise ValueError("early_stopping needs validation_batches")
        return self

    def in_steps(self, steps_per_epoch: int | None) -> RunSettings:
        """The same run, its epochs counted in steps.

        Raises:
            RecipeError: Epochs are asked for, and the recipe's data has no end to count them by.
        """
        if self.epochs is None:
            return self
        if steps_per_epoch is None:
            raise RecipeError(
                "This network's pairs are drawn without end: it has no epochs.", "Set run.steps."
            )
        found = {"epochs": None, "steps": self.epochs * steps_per_epoch}
        if self.validate_steps is None:
            found["validate_steps"] = steps_per_epoch
        return self.model_copy(update=found)


class TrackerSettings(Part):
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


class RecipeSettings(Part):
    """One run, whole; every network's settings add their own parts."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    network: str
    optimiser: OptimiserSettings = OptimiserSettings()
    run: RunSettings
    tracker: TrackerSettings | None = None

    @property
    def told(self) -> TrackerSettings:
        """Who is told: the recipe's `tracker`, or TensorBoard alone unless `run.tensorboard` is off."""
        if self.tracker is not None:
            return self.tracker
        return TrackerSettings(kinds=("tensorboard",) if self.run.tensorboard else ())
