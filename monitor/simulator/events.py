"""What can happen to a simulated camera, and the state that follows from what has happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from monitor.simulator.pose import Pose

DEATHS = ("refuse", "error", "timeout", "empty", "html")
_UPRIGHT = "upright"

_RANGES: dict[str, tuple[float, float]] = {
    "dx": (-0.35, 0.35),
    "dy": (-0.35, 0.35),
    "roll": (-180.0, 180.0),
    "zoom": (0.6, 3.0),
    "fraction": (0.0, 1.0),
    "strength": (0.0, 1.0),
}
_TAKES: dict[str, tuple[str, ...]] = {
    "flip": (),
    "mirror": (),
    "rotate_90": ("keep_size",),
    "rotate_270": ("keep_size",),
    "move": ("dx", "dy", "roll", "zoom"),
    "cover": ("fraction",),
    "defocus": ("strength",),
    "darken": ("strength",),
    "overexpose": ("strength",),
    "freeze": (),
    "die": ("how",),
    "swap": ("with",),
    "restore": (),
}
EVENT_KINDS = tuple(_TAKES)
_ORIENTATIONS = {
    "flip": "flipped_180",
    "mirror": "mirrored",
    "rotate_90": "rotated_90",
    "rotate_270": "rotated_270",
}


@dataclass(frozen=True)
class Event:
    """Something that happens to a camera at a moment; `parse_event` checks and makes one.

    `values` holds what `do` takes: dx, dy, roll (degrees), zoom; fraction; strength; how; with; keep_size.
    """

    camera: str
    do: str
    at: datetime
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        details = " ".join(f"{name}={value}" for name, value in self.values.items())
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.camera}: {self.do} {details}".rstrip()


@dataclass(frozen=True)
class CameraState:
    """What is wrong with one camera device; the default is nothing.

    `orientation` is upright, flipped_180, mirrored, rotated_90 or rotated_270 (counter-clockwise).
    Strengths and fractions are 0 to 1. `frozen_at` is the moment of the picture that stays, and
    `frozen_as` the state it was taken in.
    """

    orientation: str = _UPRIGHT
    keep_size: bool = False
    pose: Pose = field(default_factory=Pose)
    covered: float = 0.0
    defocused: float = 0.0
    darkened: float = 0.0
    overexposed: float = 0.0
    frozen_at: datetime | None = None
    frozen_as: CameraState | None = None
    dead: str | None = None

    def after(self, event: Event) -> CameraState:
        """The state once the event has happened; swaps concern the site, not the device."""
        values = event.values
        match event.do:
            case "flip" | "mirror" | "rotate_90" | "rotate_270":
                keep_size = bool(values.get("keep_size", False))
                return replace(self, orientation=_ORIENTATIONS[event.do], keep_size=keep_size)
            case "move":
                dx, dy, roll, zoom = (
                    float(values.get(k, d)) for k, d in (("dx", 0), ("dy", 0), ("roll", 0), ("zoom", 1))
                )
                return replace(self, pose=Pose(dx, dy, roll, zoom))
            case "cover":
                return replace(self, covered=float(values.get("fraction", 0.6)))
            case "defocus":
                return replace(self, defocused=float(values.get("strength", 0.6)))
            case "darken":
                return replace(self, darkened=float(values.get("strength", 0.95)))
            case "overexpose":
                return replace(self, overexposed=float(values.get("strength", 0.9)))
            case "freeze":
                return self if self.frozen_at else replace(self, frozen_at=event.at, frozen_as=self)
            case "die":
                return replace(self, dead=str(values.get("how", "refuse")))
            case "restore":
                return CameraState()
            case _:
                return self

    def to_dict(self) -> dict[str, Any]:
        """What differs from a healthy camera, for /truth.json."""
        found: dict[str, Any] = {}
        if self.orientation != _UPRIGHT:
            found["orientation"] = self.orientation
            if self.keep_size:
                found["keep_size"] = True
        if self.pose != Pose():
            pose = self.pose
            found["move"] = {"dx": pose.dx, "dy": pose.dy, "roll": pose.roll_deg, "zoom": pose.zoom}
        for name in ("covered", "defocused", "darkened", "overexposed", "dead"):
            if getattr(self, name):
                found[name] = getattr(self, name)
        if self.frozen_at:
            found["frozen_at"] = self.frozen_at.isoformat()
        return found


def parse_event(
    data: object, cameras: tuple[str, ...], where: str, problems: list[str], *, now: datetime | None = None
) -> Event | None:
    """Check one event from YAML or JSON; every problem is added to `problems` with its place.

    `now` stands in for a missing time; without it the time is required. Gives None if anything is wrong.
    """
    if not isinstance(data, dict):
        problems.append(
            f"{where}: expected a mapping such as {{at: ..., camera: ..., do: flip}}, found {data!r}"
        )
        return None
    before = len(problems)
    do, camera = data.get("do"), data.get("camera")
    if camera not in cameras:
        problems.append(f"{where}.camera: there is no camera {camera!r}; the site has {', '.join(cameras)}")
    at = now if "at" not in data and now is not None else parse_time(data.get("at"), f"{where}.at", problems)
    if do not in _TAKES:
        problems.append(f"{where}.do: {do!r} is no event; choose one of {', '.join(EVENT_KINDS)}")
        return None
    values = {name: value for name, value in data.items() if name not in ("at", "camera", "do")}
    for name, value in values.items():
        if name not in _TAKES[do]:
            takes = ", ".join(_TAKES[do]) or "nothing else"
            problems.append(f"{where}.{name}: '{do}' does not take this; it takes {takes}")
        elif fault := _fault(name, value, camera, cameras):
            problems.append(f"{where}.{name}: {fault}")
    if do == "swap" and "with" not in values:
        problems.append(f"{where}.with: 'swap' needs the other camera's name")
    if len(problems) > before or at is None:
        return None
    return Event(str(camera), str(do), at, values)


def parse_time(value: object, where: str, problems: list[str]) -> datetime | None:
    """An aware UTC time from ISO text or what YAML made of it; without a zone it is UTC."""
    parsed: datetime | None = None
    if isinstance(value, datetime):
        parsed = value
    elif isinstance(value, date):
        parsed = datetime(value.year, value.month, value.day, tzinfo=UTC)
    elif isinstance(value, str):
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            parsed = None
    if parsed is None:
        problems.append(f"{where}: expected a time such as 2026-06-01T14:00, found {value!r}")
        return None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def _fault(name: str, value: object, camera: object, cameras: tuple[str, ...]) -> str | None:
    if name in _RANGES:
        low, high = _RANGES[name]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not low <= value <= high:  # type: ignore[operator]
            return f"expected a number from {low:g} to {high:g}, found {value!r}"
    elif name == "how" and value not in DEATHS:
        return f"expected one of {', '.join(DEATHS)}, found {value!r}"
    elif name == "with" and (value not in cameras or value == camera):
        others = ", ".join(each for each in cameras if each != camera)
        return f"expected another camera of the site ({others}), found {value!r}"
    elif name == "keep_size" and not isinstance(value, bool):
        return f"expected true or false, found {value!r}"
    return None
