"""The only training loop. It can be killed at any moment and goes on from its last checkpoint as if never stopped."""

from __future__ import annotations

import copy
import math
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from train.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from train.data.loading import Batch
from train.recipes.settings import OptimiserSettings, RecipeSettings
from train.tracking import Tracker

Say = Callable[[str], None]
LOG_EVERY_S = 15.0


class Recipe(Protocol):
    """What the loop needs to know of a network's training."""

    settings: RecipeSettings

    def build(self) -> Any:
        """The network at its start."""
        ...

    def parameter_groups(self, network: Any) -> list[dict[str, object]]:
        """Groups for the optimiser, each with its `factor` of the learning rate."""
        ...

    def train_batches(self, first: int) -> Iterator[Batch]:
        """Batches from number `first` on."""
        ...

    def loss(self, network: Any, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """The loss of a batch and its parts by name."""
        ...

    def validate(self, network: Any) -> Mapping[str, float]:
        """Figures on cameras that are held out."""
        ...


@dataclass(slots=True)
class Progress:
    """Where a run stands; saved with every checkpoint."""

    step: int = 0
    elapsed_s: float = 0.0

    def share(self, settings: RecipeSettings) -> float:
        """How much of the budget is used, 0–1."""
        run = settings.run
        if run.steps is not None:
            return min(self.step / run.steps, 1.0)
        return min(self.elapsed_s / ((run.budget_minutes or 1.0) * 60), 1.0)


def learning_rate_factor(share: float, optimiser: OptimiserSettings) -> float:
    """Linear warm-up, then a cosine down to `last_factor`; `share` is the used part of the budget."""
    if share < optimiser.warm_up:
        return max(share / optimiser.warm_up, 0.01)
    along = (share - optimiser.warm_up) / (1 - optimiser.warm_up)
    return optimiser.last_factor + (1 - optimiser.last_factor) * 0.5 * (1 + math.cos(math.pi * along))


class Trainer:
    """The state of one run and what can be done with it.

    Args:
        recipe: What is trained.
        out: Directory of the run; `checkpoint.pt` in it is resumed from when present.
        say: Where progress lines go.
        tracker: Where scalars go.

    Raises:
        RecipeError: The checkpoint is damaged or belongs to another recipe.
    """

    def __init__(self, recipe: Recipe, out: Path, say: Say, tracker: Tracker) -> None:
        self.recipe, self.out, self.say, self.tracker = recipe, out, say, tracker
        self.settings = recipe.settings
        torch.manual_seed(self.settings.run.seed)
        torch.set_num_threads(self.settings.run.threads)
        self.network: nn.Module = recipe.build()
        self.averaged: nn.Module = copy.deepcopy(self.network).requires_grad_(False).eval()
        self.optimiser = torch.optim.AdamW(
            recipe.parameter_groups(self.network), lr=self.settings.optimiser.learning_rate
        )
        self.progress = Progress()
        self.skipped = 0
        out.mkdir(parents=True, exist_ok=True)
        if self.checkpoint.is_file():
            self._resume()

    @property
    def checkpoint(self) -> Path:
        """The resumable state of the run."""
        return self.out / "checkpoint.pt"

    def run(self) -> None:
        """Train to the end of the budget; SIGTERM and Ctrl-C save a checkpoint and end in good order."""
        run = self.settings.run
        saved = validated = logged = time.monotonic()
        last = saved
        with stop_requested() as stop:
            for batch in self.recipe.train_batches(self.progress.step):
                parts = self.step(batch)
                now = time.monotonic()
                self.progress.elapsed_s += now - last
                last = now
                if now - logged >= LOG_EVERY_S:
                    logged = now
                    self._report(parts)
                done = self.progress.share(self.settings) >= 1.0
                if run.validation_batches and (done or now - validated >= run.validate_minutes * 60):
                    self._validate()
                    validated = time.monotonic()
                if done or stop() or now - saved >= run.checkpoint_minutes * 60:
                    self.save()
                    saved = time.monotonic()
                if done or stop():
                    break
        if self.progress.share(self.settings) >= 1.0:
            self.say(f"finished after {self.progress.step} steps, {self.progress.elapsed_s / 60:.1f} min")
        else:
            self.say(f"stopped at step {self.progress.step}; the same command goes on from here")

    def step(self, batch: Batch) -> Mapping[str, float]:
        """One step of the optimiser and of the averaged weights; a loss that is not finite is skipped and counted."""
        share = self.progress.share(self.settings)
        factor = learning_rate_factor(share, self.settings.optimiser)
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.optimiser.learning_rate * factor * group["factor"]
        self.network.train()
        loss, parts = self.recipe.loss(self.network, batch)
        self.optimiser.zero_grad(set_to_none=True)
        self.progress.step += 1
        if not torch.isfinite(loss):
            self.skipped += 1
            return {"total": math.nan}
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), self.settings.optimiser.clip_norm)
        self.optimiser.step()
        self._average()
        return {"total": float(loss.detach()), **{k: float(v.detach()) for k, v in parts.items()}}

    def save(self) -> None:
        """Write the checkpoint."""
        state = Checkpoint(
            recipe=self.settings.model_dump(mode="json"),
            network=self.network.state_dict(),
            averaged=self.averaged.state_dict(),
            optimiser=self.optimiser.state_dict(),
            step=self.progress.step,
            elapsed_s=self.progress.elapsed_s,
            random=torch.get_rng_state(),
        )
        write_checkpoint(self.checkpoint, state)

    def _resume(self) -> None:
        state = read_checkpoint(self.checkpoint, self.settings)
        self.network.load_state_dict(state.network)
        self.averaged.load_state_dict(state.averaged)
        self.optimiser.load_state_dict(state.optimiser)
        self.progress = Progress(state.step, state.elapsed_s)
        torch.set_rng_state(state.random)
        self.say(
            f"going on from step {self.progress.step}, {self.progress.elapsed_s / 60:.1f} min into the run"
        )

    @torch.no_grad()
    def _average(self) -> None:
        step = self.progress.step
        decay = min(self.settings.optimiser.ema_decay, (1 + step) / (10 + step))
        averaged: list[Tensor] = [p for p in self.averaged.parameters() if p.is_floating_point()]
        current = [p.detach() for p in self.network.parameters() if p.is_floating_point()]
        torch._foreach_lerp_(averaged, current, 1 - decay)

    def _report(self, parts: Mapping[str, float]) -> None:
        share = max(self.progress.share(self.settings), 1e-6)
        left_s = self.progress.elapsed_s * (1 - share) / share
        rate = self.progress.step / max(self.progress.elapsed_s, 1e-6)
        shown = "  ".join(f"{name} {value:.3f}" for name, value in parts.items())
        self.say(
            f"step {self.progress.step}  {share:.1%}  {rate:.2f}/s  left {left_s / 60:.1f} min  {shown}"
            + (f"  skipped {self.skipped}" if self.skipped else "")
        )
        for name, value in parts.items():
            self.tracker.scalar(f"loss/{name}", value, self.progress.step)

    def _validate(self) -> None:
        figures = self.recipe.validate(self.averaged)
        self.say("validation  " + "  ".join(f"{name} {value:.3f}" for name, value in figures.items()))
        for name, value in figures.items():
            self.tracker.scalar(f"validation/{name}", value, self.progress.step)


@contextmanager
def stop_requested() -> Iterator[Callable[[], bool]]:
    """Within this context SIGTERM and SIGINT only set what the yielded function returns."""
    requested = False

    def request(_number: int, _frame: FrameType | None) -> None:
        nonlocal requested
        requested = True

    before = {number: signal.signal(number, request) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: requested
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
