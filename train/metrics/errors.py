"""What a figure cannot be computed from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monitor.domain.errors import MonitorError


class FigureError(MonitorError):
    """A figure was asked of data that do not determine it, such as a ROC curve of one class."""


def check_lengths(**arrays: NDArray[np.generic]) -> int:
    """The common length of the first axes.

    Raises:
        FigureError: They differ, or there is nothing at all.
    """
    lengths = {name: len(values) for name, values in arrays.items()}
    if len(set(lengths.values())) != 1:
        listed = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise FigureError(
            f"Figures need arrays of one length, not {listed}.", "Pass one entry a case in each."
        )
    length = next(iter(lengths.values()))
    if not length:
        raise FigureError("There is nothing to compute a figure from.", "Pass at least one case.")
    return length


def check_numbers(name: str, values: NDArray[np.float64]) -> None:
    """Refuse what cannot be ranked.

    Raises:
        FigureError: A value is not a number (infinities can be ranked and pass).
    """
    unranked = int(np.isnan(values).sum())
    if unranked:
        raise FigureError(
            f"{unranked} of {values.size} {name} are not a number.",
            "Find out why the network or method gives NaN.",
        )
