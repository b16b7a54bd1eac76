"""The configuration as a whole: immutable, complete with defaults, with paths made absolute and secrets
resolved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, SecretStr, Strict, model_validator
from pydantic_core import PydanticCustomError

from monitor.domain.severity import Severity
from monitor.domain.site_event import SiteEventPolicy
from monitor.domain.state import StatePolicy
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import VerdictKind
from monitor.settings.base import SettingsModel
from monitor.settings.camera_sources import SourceSettings
from monitor.settings.channels import NotifierSettings
from monitor.settings.derived import DerivedFrom, Overrides
from monitor.settings.noise import Maintenance
from monitor.settings.reports import Reporting, ScheduledReport
from monitor.settings.values import (
    AnchoredPath,
    BundlePath,
    Count,
    DatabaseUrl,
    Duration,
    Flag,
    Fraction,
    Name,
    PositiveDuration,
    Share,
    Size,
    ZoneName,
)
from monitor.settings.web import Alerts, Web

LARGEST_RECTILINEAR_DEG = 150.0
"""With straight lines, what lies further out would fill the picture."""
FieldDegrees = Annotated[float, Strict(), Field(gt=0.0, le=220.0)]


def _nothing_is_empty(value: Any) -> Any:
    """`north:` with nothing after it is a site without settings of its own."""
    return {} if value is None else value


class Mask(SettingsModel):
    """A part of the picture, in fractions of its width and height from the top left."""

    left: Fraction = Field(examples=[0.0])
    """Left edge, 0 is the left of the picture."""
    top: Fraction = Field(examples=[0.0])
    """Top edge, 0 is the top of the picture."""
    width: Share = Field(examples=[0.3])
    """Width; `left` + `width` is at most 1."""
    height: Share = Field(examples=[0.06])
    """Height; `top` + `height` is at most 1."""

    @model_validator(mode="after")
    def _inside(self) -> Mask:
        """Refuse masks that reach out of the picture: most likely pixels or right and bottom edges were
        meant.
        """
        if self.left + self.width > 1.0 + 1e-9 or self.top + self.height > 1.0 + 1e-9:
            raise PydanticCustomError(
                "monitor_mask", "expected a mask inside the picture: left + width <= 1, top + height <= 1"
            )
        return self


class FieldOfView(SettingsModel):
    """What a camera sees, in degrees: at the zoom in use, from its data sheet or measured on the spot."""

    horizontal: FieldDegrees | None = Field(default=None, examples=[92])
    """From the left edge of the picture to the right one; from `vertical` and the picture's shape where not given."""
    vertical: FieldDegrees | None = Field(default=None, examples=[54])
    """From the top edge to the bottom one; from `horizontal` and the picture's shape where not given."""
    lens: Literal["rectilinear", "fisheye"] = Field(default="rectilinear", examples=["fisheye"])
    """`rectilinear` shows straight lines straight, as most lenses do; `fisheye` bends them towards the edges."""

    @model_validator(mode="after")
    def _seen(self) -> FieldOfView:
        """Refuse a field without a size, and one that no picture with straight lines can have."""
        sizes = [size for size in (self.horizontal, self.vertical) if size is not None]
        if not sizes:
            raise PydanticCustomError(
                "monitor_field_of_view", "expected degrees in `horizontal`, in `vertical`, or in both"
            )
        if self.lens == "rectilinear" and max(sizes) > LARGEST_RECTILINEAR_DEG:
            raise PydanticCustomError(
                "monitor_field_of_view", "expected at most 150 degrees, or `lens: fisheye` for a wider one"
            )
        return self


class ViewRules(SettingsModel):
    """How views are watched; each level inherits from the one above what it does not say."""

    enabled: Flag | None = Field(default=None, examples=[False], json_schema_extra={"default": True})
    """Whether the view is watched."""
    interval_s: PositiveDuration | None = Field(
        default=None, ge=1.0, examples=["1m"], json_schema_extra={"default": "1m"}
    )
    """Time between two checks."""
    tags: tuple[str, ...] = Field(default=(), examples=[["perimeter", "critical"]])
    """Free labels; those of all levels add up."""
    labels: Mapping[str, str] = Field(default_factory=dict, examples=[{"building": "B2"}])
    """Free names and values, handed on with alerts; those of all levels add up, the nearest wins."""
    masks: tuple[Mask, ...] | None = Field(
        default=None, examples=[[{"left": 0, "top": 0, "width": 0.3, "height": 0.06}]]
    )
    """Parts of the picture to leave out; the nearest level that has any replaces the others."""
    clock: Mask | None = Field(
        default=None, examples=[{"left": 0.0, "top": 0.0, "width": 0.35, "height": 0.06}]
    )
    """Where the camera burns its own clock into the picture: once that was seen to run, and stands still with the
    picture, the picture is frozen."""
    thresholds: Annotated[Overrides, DerivedFrom(Thresholds)] | None = Field(default=None, examples=[{}])
    """Limits of the decision on one frame."""
    severities: Mapping[VerdictKind, Severity] = Field(default_factory=dict, examples=[{"moved": "critical"}])
    """How urgent causes are, where that is not as usual; those of all levels add up, the nearest wins."""
    field_of_view: FieldOfView | None = Field(default=None, examples=[{"horizontal": 92, "vertical": 54}])
    """What the camera sees, in degrees; alerts then say in degrees how to turn it back."""
    policy: Annotated[Overrides, DerivedFrom(StatePolicy)] | None = Field(
        default=None, examples=[{"open_checks": 3, "window": 5}]
    )
    """How insistent verdicts must be before a view's state changes."""


class CameraRules(ViewRules):
    """Rules for everything above a single view."""

    timeout_s: PositiveDuration | None = Field(default=None, examples=["10s"])
    """Time limit for one frame; `service.grab_timeout` where it is not given."""
    time_zone: ZoneName | None = Field(
        default=None, examples=["Europe/Berlin"], json_schema_extra={"default": "UTC"}
    )
    """The zone in which the cameras live: times in file names, windows of the day."""


class SiteRules(CameraRules):
    """Rules for all cameras of a site, and for the site as a whole."""

    site_event: Annotated[Overrides, DerivedFrom(SiteEventPolicy)] | None = Field(
        default=None, examples=[{"at_least": 10, "share": 0.5}]
    )
    """When changes of many views together are told as one incident of the site; `at_least: 0` switches that off."""


class View(ViewRules):
    """One thing that a camera should see; a camera without views has one, named `main`."""

    name: Name = Field(examples=["gate"])
    """Name within the camera."""
    source: SourceSettings | None = Field(
        default=None, examples=[{"kind": "folder", "path": "/srv/upload/ptz1/gate"}]
    )
    """Where this view's frames come from, where it differs from the camera's: a preset's own snapshot
    address.
    """


class Camera(CameraRules):
    """One device."""

    name: Name = Field(examples=["gate-north"])
    """Unique name; renaming a camera starts it anew."""
    site: Name = Field(default="default", examples=["north"])
    """Where the camera hangs, one of `sites`; groups incidents."""
    source: SourceSettings = Field(examples=[{"kind": "http", "url": "http://192.0.2.10/snapshot.jpg"}])
    """Where its frames come from."""
    views: tuple[View, ...] = Field(default=(), examples=[[{"name": "gate"}, {"name": "yard"}]])
    """What it should see, where that is more than one thing."""


Site = Annotated[SiteRules, BeforeValidator(_nothing_is_empty)]


class Database(SettingsModel):
    """Where results are kept."""

    url: DatabaseUrl | None = Field(default=None, examples=["postgresql://monitor@db.example/monitor"])
    """SQLAlchemy's address of the database; a SQLite file `monitor.db` in `data_dir` where it is not
    given.
    """


class Service(SettingsModel):
    """How the daemon works."""

    workers: Count = Field(default=8, le=512, examples=[8])
    """Frames fetched at the same time."""
    grab_timeout_s: PositiveDuration = Field(default=10.0, examples=["10s"])
    """Time limit for one frame, where the camera has none of its own."""
    troubled_workers: Count = Field(default=24, le=512, examples=[24])
    """The same for failing and slow cameras, which mostly wait and must not hold up the healthy ones."""
    grabber_memory: Size = Field(
        default=1 << 30, ge=64 << 20, examples=["2GiB"], json_schema_extra={"default": "1GiB"}
    )
    """Memory that a process which grabs frames may take; a picture that needs more is a fault of its camera."""
    per_host: Count = Field(default=4, le=512, examples=[4])
    """The same for the cameras of one host (a recorder); `hosts` has exceptions."""
    start_spread_s: PositiveDuration = Field(default=60.0, examples=["1m"])
    """When the service starts, first checks are spread over at most this time."""
    drain_timeout_s: Duration = Field(default=20.0, examples=["20s"])
    """How long checks in progress may take to finish when the service is stopped."""
    encoder_threads: Count | None = Field(default=None, le=256, examples=[2])
    """Threads of the network; half of the processor cores where it is not given."""
    encoder_batch: Count = Field(default=1, le=256, examples=[8])
    """Frames that go through the network together at most; more than one pays on a GPU, not on a processor."""


class Host(SettingsModel):
    """A machine that cameras hang on, such as a recorder."""

    limit: Count | None = Field(default=None, le=512, examples=[2])
    """Frames fetched from it at the same time; `service.per_host` where it is not given."""
    breaker: Flag = Field(default=True, examples=[False])
    """Whether one incident stands for all of its cameras when none of them can be reached."""


class Retention(SettingsModel):
    """How long things are kept. References, open incidents and what a person labelled are kept for ever."""

    observations_s: PositiveDuration = Field(default=90 * 86_400.0, examples=["90d"])
    """Results of single checks."""
    images_s: PositiveDuration = Field(default=30 * 86_400.0, examples=["30d"])
    """Pictures of single checks, and of incidents since they were over."""
    incidents_s: PositiveDuration = Field(default=730 * 86_400.0, examples=["730d"])
    """Incidents since they were over, with what was sent to whom."""


class Logging(SettingsModel):
    """What the service says about itself, on standard error."""

    format: Literal["auto", "console", "json"] = Field(default="auto", examples=["json"])
    """`console` for people, `json` for machines; `auto` is `console` on a terminal and `json` elsewhere."""
    level: Literal["debug", "info", "warning", "error"] = Field(default="info", examples=["info"])
    """The least important messages to show."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where settings came from.

    Attributes:
        file: The configuration file, or None for settings made in code.
        referenced: Secret values that came from the environment, from files or out of addresses.
        secret_files: Files that secrets were read from; a change of one is a change of the configuration.
        warnings: Sentences for the operator about things that work but should be changed.
    """

    file: Path | None = None
    referenced: frozenset[str] = field(default=frozenset(), repr=False)
    secret_files: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()


class Settings(SettingsModel):
    """Configuration of the camera-view monitor."""

    cameras: tuple[Camera, ...] = Field(
        examples=[[{"name": "gate", "source": {"kind": "folder", "path": "/srv/upload/gate"}}]]
    )
    """The cameras to watch."""
    sites: Mapping[Name, Site] = Field(
        default_factory=dict, examples=[{"north": {"time_zone": "Europe/Berlin"}}]
    )
    """Places where cameras hang, by name, with rules for all cameras there."""
    defaults: SiteRules = Field(default_factory=SiteRules, examples=[{"interval": "1m"}])
    """Rules for all cameras."""
    notifiers: tuple[NotifierSettings, ...] = Field(default=(), examples=[[{"name": "log", "kind": "log"}]])
    """Who is told about incidents."""
    maintenance: tuple[Maintenance, ...] = Field(
        default=(),
        examples=[[{"name": "cleaning", "cron": "30 2 * * SUN", "lasts": "2h", "sites": ["north"]}]],
    )
    """Times in which somebody works on the cameras: what happens then is recorded, and held back from notifiers."""
    alerts: Alerts = Field(default_factory=Alerts, examples=[{"text_only": True}])
    """Rules for all alerts."""
    web: Web = Field(
        default_factory=Web, examples=[{"enabled": True, "public_url": "https://cameras.example"}]
    )
    """The web server."""
    data_dir: AnchoredPath = Field(default=Path("monitor-data"), examples=["/var/lib/monitor"])
    """Folder for pictures and the SQLite database; a relative path starts at the configuration file."""
    database: Database = Field(default_factory=Database, examples=[{"url": {"env": "MONITOR_DATABASE_URL"}}])
    """The database for results."""
    bundle: BundlePath = Field(
        default=None, examples=["/var/lib/monitor/bundles/site-a"], json_schema_extra={"default": "default"}
    )
    """The network to use: path of a bundle, or `default` for the one that comes with the service."""
    service: Service = Field(default_factory=Service, examples=[{"workers": 16}])
    """Bounds of the daemon."""
    hosts: Mapping[str, Host] = Field(default_factory=dict, examples=[{"192.0.2.20": {"limit": 2}}])
    """Hosts with settings of their own, by name or address as cameras' addresses have it."""
    retention: Retention = Field(default_factory=Retention, examples=[{"images": "30d"}])
    """How long things are kept."""
    report: Reporting = Field(default_factory=Reporting, examples=[{"recheck_after": "180d"}])
    """What reports hold."""
    reports: tuple[ScheduledReport, ...] = Field(
        default=(),
        examples=[[{"name": "weekly", "cron": "0 6 * * MON", "period": "week", "to": ["control-room"]}]],
    )
    """Reports that the service makes by itself."""
    logging: Logging = Field(default_factory=Logging, examples=[{"format": "json"}])
    """What the service says about itself."""

    _origin: Origin = PrivateAttr(default=Origin())

    @property
    def origin(self) -> Origin:
        """Where these settings came from."""
        return self._origin

    @property
    def database_url(self) -> SecretStr:
        """Address of the database, the SQLite file in `data_dir` where none is given."""
        return self.database.url or SecretStr(f"sqlite:///{self.data_dir / 'monitor.db'}")


__all__ = [
    "Camera",
    "CameraRules",
    "Database",
    "FieldOfView",
    "Host",
    "Logging",
    "Mask",
    "Origin",
    "Retention",
    "Service",
    "Settings",
    "SiteRules",
    "View",
    "ViewRules",
]
