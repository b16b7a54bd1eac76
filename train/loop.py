"""The only training loop. It can be killed at any moment and goes on from its last checkpoint as if never stopped."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from train.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from train.device import described, open_device
from train.distributed import Processes
from train.early_stopping import EarlyStopping
from train.interrupts import stop_requested
from train.progress import Progress, learning_rate_factor
from train.recipes.recipe import Recipe
from train.recipes.settings import OptimiserSettings
from train.tracking import Tracker

Say = Callable[[str], None]
LOG_EVERY_S = 15.0


class Trainer:
    """The state of one run and what can be done with it.

    Args:
        recipe: What is trained.
        out: Directory of the run; `checkpoint.pt` in it is resumed from when present.
        say: Where progress lines go.
        tracker: Who is told; closed by whoever opened it.
        processes: Those that train together, see `train.distributed.joined`.

    Raises:
        RecipeError: The checkpoint is damaged or belongs to another recipe, or a GPU is asked for and absent.
    """

    def __init__(
        self, recipe: Recipe, out: Path, say: Say, tracker: Tracker, processes: Processes | None = None
    ) -> None:
        self.recipe, self.out, self.say, self.tracker = recipe, out, say, tracker
        self.settings, self.processes = recipe.settings, processes or Processes()
        self.plan = run = self.settings.run.in_steps(recipe.steps_per_epoch)
        self.device = open_device(run)
        torch.manual_seed(run.seed)
        torch.set_num_threads(run.threads)
        self.network: nn.Module = recipe.build().to(self.device)
        self.averaged: nn.Module = copy.deepcopy(self.network).requires_grad_(False).eval()
        self.optimiser = open_optimiser(recipe.parameter_groups(self.network), self.settings.optimiser)
        self.progress = Progress()
        self.stopping = EarlyStopping(run.early_stopping)
        self.skipped = 0
        self.say(f"training on {described(self.device, run)}, {_number(self.processes)}")
        out.mkdir(parents=True, exist_ok=True)
        if self.checkpoint.is_file():
            self._resume()
        # The first process's judgement, which all hear of: the others do not validate.
        self._impatient = self.stopping.due
        if run.compile:
            self.network.compile()
        self._called = self.processes.wrap(self.network, self.device)

    @property
    def checkpoint(self) -> Path:
        """The resumable state of the run."""
        return self.out / "checkpoint.pt"

    @property
    def weights(self) -> Path:
        """What a finished run leaves: the weights that are exported, as a state dict."""
        return self.out / "weights.pt"

    @property
    def finished(self) -> bool:
        """Whether the budget is used up, or patience with the validation is at its end."""
        return self.progress.share(self.plan) >= 1.0 or self._impatient

    def run(self) -> None:
        """Train to the end; SIGTERM and Ctrl-C save a checkpoint and end in good order.

        All processes decide alike: time is the first one's, and a signal to one stops all.
        """
        stopped = False
        if not self.finished:
            stopped = self._train()
        if not stopped:
            self._finish()

    def _train(self) -> bool:
        """Go on until the end; whether a signal came first."""
        run, processes = self.plan, self.processes
        last = saved = time.monotonic()
        logged = -math.inf
        first = self.progress.step * processes.count + processes.rank
        with stop_requested() as stop:
            for batch in self.recipe.train_batches(first, processes.count):
                parts = self.step(batch)
                now = time.monotonic()
                before_s = self.progress.elapsed_s
                elapsed_s = before_s + now - last if processes.first else 0.0
                self.progress.elapsed_s, asked = processes.largest(elapsed_s, float(stop()))
                last = now
                if processes.first and (now - logged >= LOG_EVERY_S or self.finished):
                    logged = now
                    self._report(parts)
                if self.progress.validation_due(run, before_s):
                    self._validate()
                if self.finished or asked or now - saved >= run.checkpoint_minutes * 60:
                    self.save()
                    saved = time.monotonic()
                if self.finished:
                    return False
                if asked:
                    self.say(f"stopped at step {self.progress.step}; the same command goes on from here")
                    return True
        return False

    def step(self, batch: Any) -> Mapping[str, float]:
        """One step of the optimiser and of the averaged weights; a loss that is not finite is skipped and counted."""
        run, optimiser = self.plan, self.settings.optimiser
        factor = learning_rate_factor(self.progress.share(run), optimiser)
        for group in self.optimiser.param_groups:
            group["lr"] = optimiser.learning_rate * factor * group["factor"]
        # A seed for each step and process: nothing of chance needs to be saved, and a resumed step is the same step.
        torch.manual_seed(seed_of(run.seed, self.progress.step, self.processes.rank))
        self.network.train()
        loss, parts = self.recipe.loss(self._called, batch.to(self.device))
        self.optimiser.zero_grad(set_to_none=True)
        self.progress.step += 1
        (not_finite,) = self.processes.largest(float(not torch.isfinite(loss)))
        if not_finite:
            self.skipped += 1
            return {"total": math.nan}
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), optimiser.clip_norm)
        self.optimiser.step()
        self._average()
        values = torch.stack([loss.detach(), *(part.detach() for part in parts.values())]).tolist()
        return dict(zip(("total", *parts), values, strict=True))

    def save(self) -> None:
        """Write the checkpoint; the first process alone does."""
        if self.processes.first:
            write_checkpoint(self.checkpoint, self._state())

    def _state(self) -> Checkpoint:
        return Checkpoint(
            recipe=self.settings.model_dump(mode="json"),
            network=self.network.state_dict(),
            averaged=self.averaged.state_dict(),
            optimiser=self.optimiser.state_dict(),
            step=self.progress.step,
            elapsed_s=self.progress.elapsed_s,
            best=self.stopping.best,
            data=self.recipe.fingerprint,
        )

    def _resume(self) -> None:
        state = read_checkpoint(self.checkpoint, self.settings, self.recipe.fingerprint)
        self.network.load_state_dict(state.network)
        self.averaged.load_state_dict(state.averaged)
        self.optimiser.load_state_dict(state.optimiser)
        self.progress = Progress(state.step, state.elapsed_s)
        self.stopping.best = state.best
        minutes = self.progress.elapsed_s / 60
        self.say(f"going on from step {self.progress.step}, {minutes:.1f} min into the run")

    def _finish(self) -> None:
        """Say how the run ended, and leave the weights that are exported."""
        if not self.processes.first:
            return
        best, minutes = self.stopping.best, self.progress.elapsed_s / 60
        self.say(f"finished after {self.progress.step} steps, {minutes:.1f} min")
        if best is not None and self.settings.run.early_stopping is not None:
            early = "stopped early; " if self.stopping.due else ""
            name = self.settings.run.early_stopping.figure
            self.say(
                f"{early}the best {name} was {best.figure:.3f}, at step {best.step}: its weights are kept"
            )
        unfinished = self.weights.with_suffix(".part")
        torch.save(self._state().result, unfinished)
        unfinished.replace(self.weights)
        self.tracker.artefact("weights", self.weights)

    @torch.no_grad()
    def _average(self) -> None:
        step = self.progress.step
        decay = min(self.settings.optimiser.ema_decay, (1 + step) / (10 + step))
        averaged: list[Tensor] = [p for p in self.averaged.parameters() if p.is_floating_point()]
        current = [p.detach() for p in self.network.parameters() if p.is_floating_point()]
        torch._foreach_lerp_(averaged, current, 1 - decay)
        for kept, new in zip(self.averaged.buffers(), self.network.buffers(), strict=True):
            kept.copy_(new)

    def _report(self, parts: Mapping[str, float]) -> None:
        self.say(self.progress.line(self.plan, parts, self.skipped))
        for name, value in parts.items():
            self.tracker.scalar(f"loss/{name}", value, self.progress.step)

    def _validate(self) -> None:
        """The first process validates; all learn how that stands."""
        step = self.progress.step
        if self.processes.first:
            found = self.recipe.validate(self.averaged)
            self.say(
                "validation  " + "  ".join(f"{name} {value:.3f}" for name, value in found.figures.items())
            )
            for name, value in found.figures.items():
                self.tracker.scalar(f"validation/{name}", value, step)
            for name, pixels in (found.examples or {}).items():
                self.tracker.picture(f"examples/{name}", pixels, step)
            if found.confusion is not None:
                self.tracker.confusion(found.confusion.name, found.confusion, step)
            self.stopping.note(found.figures, step, self.averaged.state_dict())
        (due,) = self.processes.largest(float(self.processes.first and self.stopping.due))
        self._impatient = bool(due)


def open_optimiser(groups: list[dict[str, object]], settings: OptimiserSettings) -> torch.optim.Optimizer:
    """What the recipe asks for, over groups of parameters that carry their own weight decay."""
    rate = settings.learning_rate
    match settings.kind:
        case "sgd":
            return torch.optim.SGD(groups, lr=rate, momentum=settings.momentum)
        case "adam":
            return torch.optim.Adam(groups, lr=rate)
        case _:
            return torch.optim.AdamW(groups, lr=rate)


def seed_of(*numbers: int) -> int:
    """A seed for torch out of several numbers, unlike that of any others."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])


def _number(processes: Processes) -> str:
    return "one process" if processes.count == 1 else f"process {processes.rank + 1} of {processes.count}"
