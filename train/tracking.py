"""Where the curves of a run go."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Tracker(Protocol):
    """Takes scalars."""

    def scalar(self, name: str, value: float, step: int) -> None:
        """Note one value."""
        ...


class NoTracker:
    """Keeps nothing."""

    def scalar(self, name: str, value: float, step: int) -> None:
        """Forget the value."""


class TensorBoardTracker:
    """Writes event files that TensorBoard reads."""

    def __init__(self, directory: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(directory))

    def scalar(self, name: str, value: float, step: int) -> None:
        """Note one value; flushed to disk by the writer's own thread."""
        self._writer.add_scalar(name, value, step)
