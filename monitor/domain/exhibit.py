"""What the pictures of an incident are drawn from, and what comes of it: the evidence that a person looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from monitor.domain.displacement import Displacement
from monitor.domain.frame import Pixels
from monitor.domain.orientation import Orientation
from monitor.domain.view import Rectangle


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """A picture with what is written below it.

    Attributes:
        pixels: (H, W, 3) uint8, RGB.
        caption: One sentence: what it is and when it was taken.
    """

    pixels: Pixels
    caption: str


@dataclass(frozen=True, slots=True, eq=False)
class Exhibit:
    """The pictures of an incident as they were taken, and how they lie to each other.

    Attributes:
        title: The view and what is the matter with it; stands above every picture.
        reference: How it should look, or None where that picture is gone.
        event: How it looked when the incident's cause was named, or None where no frame came.
        latest: How it looked last, or None.
        orientation: How the event's frame is turned against the reference.
        displacement: Of the event's content once it is turned back, or None where nothing was measured.
        masks: Parts of the view that have no say.
    """

    title: str
    reference: Shot | None = None
    event: Shot | None = None
    latest: Shot | None = None
    orientation: Orientation = Orientation.UPRIGHT
    displacement: Displacement | None = None
    masks: tuple[Rectangle, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What was drawn of an exhibit.

    Attributes:
        pictures: JPEGs by name: `reference`, `event`, `latest`, `overlay`, `difference`; what there is nothing to draw
            from is not there.
        disagreement_before: 0–1, how much the edges of event and reference disagree as they are, or None.
        disagreement_after: The same once the event is turned and moved back.
    """

    pictures: Mapping[str, bytes] = field(default_factory=dict)
    disagreement_before: float | None = None
    disagreement_after: float | None = None


DrawExhibit = Callable[[Exhibit], Drawn]
"""Draws the pictures; the drawing itself is the affair of `monitor.vision`."""
