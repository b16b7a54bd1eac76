"""From settings to what the use cases work with: one complete plan for each source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from types import MappingProxyType
from typing import Any, TypeVar

from monitor.domain.angles import FieldOfView, Lens
from monitor.domain.site_event import SiteEventPolicy
from monitor.domain.state import StatePolicy
from monitor.domain.thresholds import Thresholds
from monitor.domain.view import Rectangle, ViewKey, ViewSpec
from monitor.settings.derived import Overrides
from monitor.settings.models import Camera, CameraRules, Mask, Settings, SiteRules, View, ViewRules

T = TypeVar("T")

MAIN_VIEW = "main"
_UTC = "UTC"
_INTERVAL_S = 60.0


@dataclass(frozen=True, slots=True)
class CameraPlan:
    """A source and the views seen through it; several plans where a camera's views have sources of their own.

    Attributes:
        views: The views, at least one, all of one camera.
        source_kind: Which kind of source to open.
        options: The source's options by name, without those left open; secrets are `pydantic.SecretStr`.
        timeout_s: Time limit for one frame.
        time_zone: IANA name of the zone in which the camera lives.
    """

    views: tuple[ViewSpec, ...]
    source_kind: str
    options: Mapping[str, Any] = field(repr=False)
    timeout_s: float
    time_zone: str = _UTC

    @property
    def camera(self) -> str:
        """The camera's name."""
        return self.views[0].key.camera


def resolve(settings: Settings, thresholds: Thresholds | None = None) -> tuple[CameraPlan, ...]:
    """Every camera's plans in the order of the file, disabled ones included.

    What a view does not say comes from its camera, its site, `defaults`, and at last the built-in defaults.
    Tags and labels of all levels add up; thresholds and policy are merged key by key; for the rest the
    nearest level counts.

    Args:
        settings: The configuration.
        thresholds: The network's own limits, which count where no level says anything else; the built-in ones where
            None.
    """
    limits = thresholds or Thresholds()
    return tuple(chain.from_iterable(resolve_camera(settings, camera, limits) for camera in settings.cameras))


def resolve_camera(
    settings: Settings, camera: Camera, thresholds: Thresholds | None = None
) -> tuple[CameraPlan, ...]:
    """One camera's plans: one for the camera's own source, and one for each view with a source of its own.

    Arguments are as of `resolve`.

    Raises:
        ValueError: A domain dataclass refuses the values that result.
    """
    site = settings.sites.get(camera.site, SiteRules())
    levels: list[CameraRules] = [settings.defaults, site, camera]
    event = _merged(SiteEventPolicy(), (settings.defaults.site_event, site.site_event))
    limits = thresholds or Thresholds()
    views = camera.views or (View(name=MAIN_VIEW),)
    specs = {view.name: replace(_spec(camera, view, levels, limits), site_event=event) for view in views}
    shared = tuple(specs[view.name] for view in views if view.source is None)
    plans = [_plan(settings, camera, levels, shared, camera)] if shared else []
    plans += [
        _plan(settings, camera, levels, (specs[view.name],), view)
        for view in views
        if view.source is not None
    ]
    return tuple(plans)


def _plan(
    settings: Settings,
    camera: Camera,
    levels: Sequence[CameraRules],
    views: tuple[ViewSpec, ...],
    owner: Camera | View,
) -> CameraPlan:
    source = owner.source or camera.source
    time_zone = _nearest((level.time_zone for level in levels), _UTC)
    options = {name: value for name, value in source if value is not None and name != "kind"}
    if "time_zone" in type(source).model_fields:
        options.setdefault("time_zone", time_zone)
    return CameraPlan(
        views=views,
        source_kind=source.kind,
        options=MappingProxyType(options),
        timeout_s=_nearest((level.timeout_s for level in levels), settings.service.grab_timeout_s),
        time_zone=time_zone,
    )


def _spec(camera: Camera, view: View, above: Sequence[CameraRules], thresholds: Thresholds) -> ViewSpec:
    levels: list[ViewRules] = [*above, view]
    masks = _nearest((level.masks for level in levels), ())
    clock = _nearest((level.clock for level in levels), None)
    return ViewSpec(
        key=ViewKey(camera.name, view.name),
        site=camera.site,
        tags=tuple(dict.fromkeys(tag for level in levels for tag in level.tags)),
        interval_s=_nearest((level.interval_s for level in levels), _INTERVAL_S),
        masks=tuple(_rectangle(mask) for mask in masks),
        clock=_rectangle(clock) if clock else None,
        thresholds=_merged(thresholds, (level.thresholds for level in levels)),
        policy=_merged(StatePolicy(), (level.policy for level in levels)),
        enabled=_nearest((level.enabled for level in levels), True),
        labels={name: text for level in levels for name, text in level.labels.items()},
        field_of_view=_field_of_view(levels),
        severities={cause: level.severities[cause] for level in levels for cause in level.severities},
    )


def _rectangle(mask: Mask) -> Rectangle:
    return Rectangle(mask.left, mask.top, mask.width, mask.height)


def _field_of_view(levels: Iterable[ViewRules]) -> FieldOfView | None:
    given = _nearest((level.field_of_view for level in levels), None)
    return None if given is None else FieldOfView(given.horizontal, given.vertical, Lens(given.lens))


def _nearest(values: Iterable[T | None], default: T) -> T:
    """The last value that is given; levels run from the farthest to the nearest."""
    for value in reversed(tuple(values)):
        if value is not None:
            return value
    return default


def _merged(base: T, levels: Iterable[Overrides | None]) -> T:
    for level in levels:
        if level is not None:
            base = level.onto(base)
    return base
