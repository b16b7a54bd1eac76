"""How far the content of a frame lies from where the reference has it."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Displacement:
    """A similarity transform of the content, frame against reference, about the picture's centre.

    Attributes:
        dx: Shift as a fraction of the view's width, positive to the right.
        dy: Shift as a fraction of the view's height, positive down.
        roll_deg: Rotation in degrees, counter-clockwise positive as seen on the screen.
        zoom: Ratio of sizes, above 1 when the content is larger in the frame.
        sigma_fov: One standard deviation of dx and dy, fraction of the view.
        sigma_roll_deg: One standard deviation of `roll_deg`.
        sigma_zoom: One standard deviation of `zoom`.
        pan_deg: By how many degrees the camera must be turned right to undo `dx` (negative: left), or None where its
            field of view is unknown; see `monitor.domain.angles`.
        tilt_deg: The same down (negative: up), to undo `dy`.
    """

    dx: float = 0.0
    dy: float = 0.0
    roll_deg: float = 0.0
    zoom: float = 1.0
    sigma_fov: float = 0.0
    sigma_roll_deg: float = 0.0
    sigma_zoom: float = 0.0
    pan_deg: float | None = None
    tilt_deg: float | None = None

    @property
    def shift_fov(self) -> float:
        """Length of the shift, fraction of the view."""
        return math.hypot(self.dx, self.dy)

    def within(self, tolerance: Tolerance) -> bool:
        """Whether this counts as the same view."""
        return self.excess(tolerance) <= 1.0

    def excess(self, tolerance: Tolerance) -> float:
        """The largest component in units of its tolerance: 1 is just tolerated, 2 is twice as far.

        What is not a number is infinitely far: `max` alone would pass over it, and call it no displacement.
        """
        parts = (
            self.shift_fov / tolerance.shift_fov,
            abs(self.roll_deg) / tolerance.roll_deg,
            abs(self.zoom - 1.0) / tolerance.zoom,
        )
        return math.inf if any(math.isnan(part) for part in parts) else max(parts)

    def agrees_with(self, other: Displacement, tolerance: Tolerance) -> bool:
        """Whether both measurements may come from one real move (a real move repeats itself, noise scatters).

        Large moves are measured less exactly, so the slack grows with the move.
        """
        slack = 1.5 * tolerance.shift_fov + 0.2 * max(self.shift_fov, other.shift_fov)
        return (
            math.hypot(self.dx - other.dx, self.dy - other.dy) <= slack
            and abs(self.roll_deg - other.roll_deg)
            <= 2 * tolerance.roll_deg + 0.2 * max(abs(self.roll_deg), abs(other.roll_deg))
            and abs(self.zoom - other.zoom)
            <= 3 * tolerance.zoom + 0.3 * max(abs(self.zoom - 1.0), abs(other.zoom - 1.0))
        )

    def figures(self) -> dict[str, float]:
        """For receivers: parts of the view in per cent, angles in degrees, those of the camera where they are known."""
        shown = {
            "dx_percent": round(self.dx * 100, 2),
            "dy_percent": round(self.dy * 100, 2),
            "roll_degrees": round(self.roll_deg, 2),
            "zoom": round(self.zoom, 4),
        }
        if self.pan_deg is not None and self.tilt_deg is not None:
            shown |= {"pan_degrees": round(self.pan_deg, 2), "tilt_degrees": round(self.tilt_deg, 2)}
        return shown

    def describe(self) -> str:
        """For a person: `3.1 % right, 1.2 % up, 2.0° counter-clockwise, zoom 1.050`, small parts left out."""
        parts = []
        if abs(self.dx) >= 0.002:
            parts.append(f"{abs(self.dx) * 100:.1f} % {'right' if self.dx > 0 else 'left'}")
        if abs(self.dy) >= 0.002:
            parts.append(f"{abs(self.dy) * 100:.1f} % {'down' if self.dy > 0 else 'up'}")
        if abs(self.roll_deg) >= 0.2:
            parts.append(
                f"{abs(self.roll_deg):.1f}° {'counter-clockwise' if self.roll_deg > 0 else 'clockwise'}"
            )
        if abs(self.zoom - 1.0) >= 0.005:
            parts.append(f"zoom {self.zoom:.3f}")
        return ", ".join(parts) or "not measurably"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Up to where a displaced view still counts as the same.

    Attributes:
        shift_fov: Length of the shift, fraction of the view.
        roll_deg: Roll, degrees.
        zoom: Change of zoom, fraction.
    """

    shift_fov: float = 0.01
    roll_deg: float = 0.5
    zoom: float = 0.01
