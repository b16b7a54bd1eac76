"""Errors of the simulated site."""

from __future__ import annotations

from collections.abc import Sequence

from monitor.domain.errors import MonitorError


class SimulatorError(MonitorError):
    """The simulated site was asked for something it cannot do; the message names what it can."""


class ScriptError(SimulatorError):
    """A script or an event is not valid; every problem is listed, each with the place it was found."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        super().__init__(
            f"{len(self.problems)} problem(s) in what the simulator was told:\n{lines}\n", "Correct them all."
        )
