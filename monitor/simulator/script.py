"""Scripts: cameras, weather and events of a simulated site, read from YAML and checked as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import yaml

from monitor.simulator.errors import ScriptError, SimulatorError
from monitor.simulator.events import Event, parse_event, parse_time
from monitor.simulator.site import Credentials, SimulatedCamera
from monitor.simulator.weather import WEATHER_KINDS, WeatherSpell

DEFAULT_START = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
Item = TypeVar("Item")
_CAMERA_KEYS = {
    "name",
    "kind",
    "seed",
    "size",
    "infrared",
    "noise",
    "jpeg_quality",
    "username",
    "password",
    "auth",
}


@dataclass(frozen=True)
class Script:
    """What a script says. `cameras` empty: the script plays on the cameras that are there."""

    events: tuple[Event, ...] = ()
    weather: tuple[WeatherSpell, ...] = ()
    cameras: tuple[SimulatedCamera, ...] = ()
    start: datetime = DEFAULT_START


def read_script(path: Path, cameras: tuple[str, ...]) -> Script:
    """Read a YAML script for these camera names, or for its own cameras if it has a `cameras` list.

    Raises ScriptError with every problem at once.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScriptError(
            [f"{path}: cannot be read ({error.strerror}); give a readable YAML file"]
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ScriptError([f"{path}: is not valid YAML: {error}"]) from error
    return parse_script(data, cameras)


def parse_script(data: object, cameras: tuple[str, ...]) -> Script:
    """Check a script given as plain data. Raises ScriptError with every problem at once."""
    problems: list[str] = []
    if not isinstance(data, dict):
        raise ScriptError([f"script: expected a mapping with 'events', found {type(data).__name__}"])
    unknown = sorted(map(str, data.keys() - {"events", "weather", "cameras", "start"}))
    problems.extend(f"{key}: unknown key; known are cameras, events, start, weather" for key in unknown)
    own = tuple(_each(data, "cameras", _camera, problems))
    names = tuple(camera.name for camera in own) if "cameras" in data else cameras
    if len(set(names)) != len(names):
        problems.append("cameras: each camera needs a name of its own")
    start = parse_time(data["start"], "start", problems) if "start" in data else DEFAULT_START

    def event(item: object, where: str, found: list[str]) -> Event | None:
        return parse_event(item, names, where, found)

    events = tuple(_each(data, "events", event, problems))
    weather = tuple(_each(data, "weather", _spell, problems))
    if problems:
        raise ScriptError(problems)
    return Script(events, weather, own, start or DEFAULT_START)


def _each(
    data: dict[str, Any],
    key: str,
    parse: Callable[[object, str, list[str]], Item | None],
    problems: list[str],
) -> list[Item]:
    items = data.get(key) or []
    if not isinstance(items, list):
        problems.append(f"{key}: expected a list, found {type(items).__name__}")
        return []
    parsed = (parse(item, f"{key}[{index}]", problems) for index, item in enumerate(items))
    return [item for item in parsed if item is not None]


def _camera(data: object, where: str, problems: list[str]) -> SimulatedCamera | None:
    if not isinstance(data, dict) or not {"name", "kind"} <= data.keys():
        problems.append(f"{where}: expected a mapping with at least name and kind, found {data!r}")
        return None
    if unknown := sorted(data.keys() - _CAMERA_KEYS):
        problems.append(f"{where}: unknown {', '.join(unknown)}; known are {', '.join(sorted(_CAMERA_KEYS))}")
        return None
    credentials = None
    if "username" in data:
        scheme = data.get("auth", "digest")
        if scheme not in ("basic", "digest"):
            problems.append(f"{where}.auth: expected basic or digest, found {scheme!r}")
            return None
        credentials = Credentials(str(data["username"]), str(data.get("password", "")), scheme)
    try:
        width, height = (int(side) for side in data.get("size", (640, 480)))
        return SimulatedCamera(
            name=str(data["name"]),
            kind=str(data["kind"]),
            seed=int(data.get("seed", 0)),
            size=(width, height),
            infrared=bool(data.get("infrared", False)),
            noise=float(data.get("noise", 2.0)),
            jpeg_quality=int(data.get("jpeg_quality", 85)),
            credentials=credentials,
        )
    except (TypeError, ValueError, SimulatorError) as error:
        problems.append(f"{where}: {error}")
        return None


def _spell(data: object, where: str, problems: list[str]) -> WeatherSpell | None:
    if not isinstance(data, dict):
        problems.append(
            f"{where}: expected a mapping such as {{kind: rain, start: ..., end: ...}}, found {data!r}"
        )
        return None
    start = parse_time(data.get("start"), f"{where}.start", problems)
    end = parse_time(data.get("end"), f"{where}.end", problems)
    kind, strength = data.get("kind"), data.get("strength", 0.6)
    if kind not in WEATHER_KINDS:
        problems.append(f"{where}.kind: expected one of {', '.join(WEATHER_KINDS)}, found {kind!r}")
        return None
    if not isinstance(strength, int | float) or not 0 <= strength <= 1:
        problems.append(f"{where}.strength: expected a number from 0 to 1, found {strength!r}")
        return None
    if start is None or end is None:
        return None
    if end <= start:
        problems.append(f"{where}.end: must come after start")
        return None
    return WeatherSpell(str(kind), start, end, float(strength))
