"""Cameras, views and what watching them means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.domain.angles import FieldOfView
from monitor.domain.severity import Severity
from monitor.domain.site_event import SiteEventPolicy
from monitor.domain.state import StatePolicy
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import VerdictKind


@dataclass(frozen=True, slots=True, order=True)
class ViewKey:
    """Names one view: a camera, and what it should see (a preset; `main` where there is only one)."""

    camera: str
    view: str = "main"

    def __str__(self) -> str:
        return self.camera if self.view == "main" else f"{self.camera}/{self.view}"

    @classmethod
    def parse(cls, text: str) -> ViewKey:
        """Read `camera` or `camera/view`."""
        camera, _, view = text.partition("/")
        return cls(camera, view or "main")


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of the picture in fractions of its width and height, origin at the top left."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """One view as configured, without anything secret: what the store keeps and the use cases need.

    Attributes:
        key: Camera and view.
        site: Where the camera hangs; groups incidents.
        tags: Free labels.
        interval_s: Seconds between checks.
        masks: Parts of the picture to leave out.
        thresholds: Of the decision on one frame.
        policy: Of the state over time.
        enabled: Whether the view is watched.
        labels: Names and values that go along with alerts.
        clock: Where the camera burns its clock into the picture, or None.
        severities: How urgent causes are here, where that is not as usual.
        field_of_view: What the camera sees, in degrees, or None where nobody has said.
        site_event: When changes of many views of its site are told as one.
    """

    key: ViewKey
    site: str = "default"
    tags: tuple[str, ...] = ()
    interval_s: float = 60.0
    masks: tuple[Rectangle, ...] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)
    policy: StatePolicy = field(default_factory=StatePolicy)
    enabled: bool = True
    labels: Mapping[str, str] = field(default_factory=dict)
    clock: Rectangle | None = None
    severities: Mapping[VerdictKind, Severity] = field(default_factory=dict)
    field_of_view: FieldOfView | None = None
    site_event: SiteEventPolicy = field(default_factory=SiteEventPolicy)
