"""On what a run computes."""

from __future__ import annotations

import os

import torch

from train.recipes.settings import RecipeError, RunSettings


def open_device(run: RunSettings) -> torch.device:
    """The device of this process: of several processes on one machine each has a GPU of its own.

    Raises:
        RecipeError: A GPU is asked for and there is none, or more processes than GPUs were started.
    """
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if run.device == "cpu" or (run.device == "auto" and not gpus):
        return torch.device("cpu")
    if not gpus:
        raise RecipeError(
            "The recipe asks for a GPU (run.device: cuda), and torch finds none.",
            "Set run.device to auto or cpu, or install the driver and a build of torch that goes with it.",
        )
    place = int(os.environ.get("LOCAL_RANK", "0"))
    if place >= gpus:
        raise RecipeError(
            f"Process {place} of this machine has no GPU: there are {gpus}.",
            f"Start torchrun with --nproc-per-node {gpus}, or set run.device to cpu.",
        )
    torch.cuda.set_device(place)
    return torch.device("cuda", place)


def described(device: torch.device, run: RunSettings) -> str:
    """The device and the precision, for people."""
    name = f"cpu, {run.threads} thread{'s' * (run.threads != 1)}"
    if device.type == "cuda":
        name = f"{device} ({torch.cuda.get_device_name(device)})"
    precision = "bfloat16" if run.bf16 else "float32"
    return f"{name}, {precision}{', compiled' if run.compile else ''}"
