"""How a bundle is calibrated, and on whose pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.domain.errors import MonitorError
from monitor.domain.state import StatePolicy
from train.calibration.limits import Demands
from train.data.sampling import PairingRules
from train.data.splits import Pool


class CalibrationError(MonitorError):
    """A bundle cannot be calibrated with these cameras."""


@dataclass(frozen=True, slots=True)
class CalibrationOptions:
    """How a bundle is calibrated.

    Attributes:
        budget_per_camera_year: False alarms that are acceptable.
        interval_s: Seconds between two checks of a view.
        per_camera: Couples of pictures a camera, each giving one pair of every kind of the benchmark.
        references_per_camera: Pictures of each camera that the others are compared with in the order of time …
        frames_per_reference: … and how many others at most.
        demands: What limits must keep.
        policy: The service's debounce.
        simulated_checks: Checks within bouts of wrong verdicts that are simulated at most for one rate.
        seed: Of pairs and simulation.
    """

    budget_per_camera_year: float = 1.0
    interval_s: float = 60.0
    per_camera: int = 24
    references_per_camera: int = 6
    frames_per_reference: int = 40
    demands: Demands = field(default_factory=Demands)
    policy: StatePolicy = field(default_factory=StatePolicy)
    simulated_checks: int = 40_000
    seed: int = 0


@dataclass(frozen=True, slots=True)
class CalibrationCameras:
    """Whose pictures are used.

    Attributes:
        held_out: Cameras that the bundle was not trained on, and scenes for views that are none of theirs.
        rules: Which of their frames may meet.
        trained_on: Further cameras that it was trained on: they show too few errors, and the card says so.
    """

    held_out: Pool
    rules: PairingRules
    trained_on: Pool = field(default_factory=lambda: Pool((), {}))

    @property
    def pool(self) -> Pool:
        """All of them."""
        return Pool(self.held_out.scenes, {**self.held_out.cameras, **self.trained_on.cameras})


def cameras_of(
    held_out: Pool, training: Pool, rules: PairingRules, also: Sequence[str] = ()
) -> CalibrationCameras:
    """The held-out cameras, and some by name that were trained on.

    Raises:
        CalibrationError: No camera is held out, or a name is unknown.
    """
    if not held_out.cameras:
        raise CalibrationError(
            "No fixed camera is held out from training.", "Name some as validation_cameras in the recipe."
        )
    if unknown := sorted(set(also) - set(training.cameras)):
        raise CalibrationError(
            f"No such training cameras: {', '.join(unknown)}.", f"There are {', '.join(training.cameras)}."
        )
    return CalibrationCameras(held_out, rules, Pool((), {name: training.cameras[name] for name in also}))
