"""What a tracker takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from monitor.domain.errors import MonitorError
from train.validation import Confusion, Pixels


class TrackingError(MonitorError):
    """Nobody can be told about the run."""


class Tracker(Protocol):
    """Takes what is worth knowing of a run. Names are paths such as `loss/total`."""

    def hyperparameters(self, values: Mapping[str, Any]) -> None:
        """Note what the run was asked to do: nested values, as JSON knows them."""
        ...

    def scalar(self, name: str, value: float, step: int) -> None:
        """Note one value of a curve."""
        ...

    def picture(self, name: str, pixels: Pixels, step: int) -> None:
        """Show a picture (H, W, 3) RGB."""
        ...

    def confusion(self, name: str, confusion: Confusion, step: int) -> None:
        """Show a confusion matrix."""
        ...

    def artefact(self, name: str, path: Path) -> None:
        """Keep a file that the run made."""
        ...

    def close(self) -> None:
        """Write out everything; nothing is noted after."""
        ...


class NoTracker:
    """Keeps nothing."""

    def hyperparameters(self, values: Mapping[str, Any]) -> None:
        """Forget them."""

    def scalar(self, name: str, value: float, step: int) -> None:
        """Forget it."""

    def picture(self, name: str, pixels: Pixels, step: int) -> None:
        """Forget it."""

    def confusion(self, name: str, confusion: Confusion, step: int) -> None:
        """Forget it."""

    def artefact(self, name: str, path: Path) -> None:
        """Forget it."""

    def close(self) -> None:
        """Nothing is open."""


class SeveralTrackers:
    """Tells each of several."""

    def __init__(self, trackers: Sequence[Tracker]) -> None:
        self.trackers = tuple(trackers)

    def hyperparameters(self, values: Mapping[str, Any]) -> None:
        """Tell each."""
        for tracker in self.trackers:
            tracker.hyperparameters(values)

    def scalar(self, name: str, value: float, step: int) -> None:
        """Tell each."""
        for tracker in self.trackers:
            tracker.scalar(name, value, step)

    def picture(self, name: str, pixels: Pixels, step: int) -> None:
        """Tell each."""
        for tracker in self.trackers:
            tracker.picture(name, pixels, step)

    def confusion(self, name: str, confusion: Confusion, step: int) -> None:
        """Tell each."""
        for tracker in self.trackers:
            tracker.confusion(name, confusion, step)

    def artefact(self, name: str, path: Path) -> None:
        """Tell each."""
        for tracker in self.trackers:
            tracker.artefact(name, path)

    def close(self) -> None:
        """Close each, also where another cannot be closed."""
        errors = []
        for tracker in self.trackers:
            try:
                tracker.close()
            except Exception as error:  # noqa: BLE001 - raised below, after the others had their turn
                errors.append(error)
        if errors:
            raise errors[0]


def flattened(values: Mapping[str, Any], at: str = "") -> dict[str, bool | int | float | str]:
    """Nested values as one level of `part/name`; lists as text, None as an empty text."""
    flat: dict[str, bool | int | float | str] = {}
    for name, value in values.items():
        path = f"{at}/{name}" if at else name
        if isinstance(value, Mapping):
            flat |= flattened(value, path)
        elif isinstance(value, (bool, int, float, str)):
            flat[path] = value
        else:
            flat[path] = "" if value is None else str(value)
    return flat
