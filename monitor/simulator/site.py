"""The simulated site: its cameras, what has happened to them, and the picture each gives at a moment."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.simulator.burn_in import burn_in, encode_jpeg
from monitor.simulator.clock import SimulatedClock
from monitor.simulator.errors import ScriptError, SimulatorError
from monitor.simulator.events import CameraState, Event, parse_event
from monitor.simulator.faults import before_sensor, oriented, with_sensor_noise
from monitor.simulator.light import sun_position
from monitor.simulator.materials import Pixels
from monitor.simulator.pose import Pose
from monitor.simulator.renderer import render_view
from monitor.simulator.scene import Scene
from monitor.simulator.scenes import KINDS, scene
from monitor.simulator.seeds import generator, stable_seed
from monitor.simulator.view import View
from monitor.simulator.weather import WeatherSpell, weather_at

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_VIEWS_KEPT_PER_CAMERA = 2


@dataclass(frozen=True)
class Credentials:
    """What a camera's web server asks for; `scheme` is 'basic' or 'digest'."""

    username: str
    password: str
    scheme: str = "digest"


@dataclass(frozen=True)
class SimulatedCamera:
    """One camera: where it looks (`kind`, `seed`) and what it is.

    `size` is (width, height) in pixels. `infrared` switches to monochrome with its own light at
    night. `noise` is the deviation of the sensor noise by day in grey levels; it grows in the dark.
    Raises SimulatorError for a name that cannot be part of an address, an unknown kind, or a size
    outside 160x120 to 1920x1080.
    """

    name: str
    kind: str
    seed: int
    size: tuple[int, int] = (640, 480)
    infrared: bool = False
    noise: float = 2.0
    jpeg_quality: int = 85
    credentials: Credentials | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise SimulatorError(f"The camera name {self.name!r} does not fit: use a-z, 0-9, - and _.")
        if self.kind not in KINDS:
            raise SimulatorError(f"There is no scene kind '{self.kind}': choose one of {', '.join(KINDS)}.")
        width, height = self.size
        if not (160 <= width <= 1920 and 120 <= height <= 1080):
            raise SimulatorError(f"A frame of {width}x{height} is out of range: choose 160x120 to 1920x1080.")


class Site:
    """Cameras, a clock, weather and a history of events. Safe to use from several threads.

    A picture depends only on the cameras, the weather, the events up to its moment and the moment:
    any time can be rendered, in any order, and always gives the same pixels.
    """

    def __init__(
        self,
        cameras: Sequence[SimulatedCamera],
        clock: SimulatedClock,
        *,
        events: Iterable[Event] = (),
        weather: Sequence[WeatherSpell] = (),
        seed: int = 0,
    ) -> None:
        if not cameras or len({camera.name for camera in cameras}) != len(cameras):
            raise SimulatorError("A site needs at least one camera, and each a name of its own.")
        self.clock = clock
        self.weather = tuple(weather)
        self.seed = seed
        self._cameras = {camera.name: camera for camera in cameras}
        self._events: tuple[Event, ...] = ()
        self._lock = threading.Lock()
        self._drawing = {camera.name: threading.Lock() for camera in cameras}
        self._scenes: dict[str, Scene] = {}
        self._views: dict[str, OrderedDict[Pose, View]] = {name: OrderedDict() for name in self._cameras}
        for event in events:
            self.apply(event)

    @property
    def cameras(self) -> tuple[SimulatedCamera, ...]:
        """The cameras, in the order given."""
        return tuple(self._cameras.values())

    @property
    def names(self) -> tuple[str, ...]:
        """The camera names."""
        return tuple(self._cameras)

    def camera(self, name: str) -> SimulatedCamera:
        """The camera of this name. Raises SimulatorError if there is none."""
        if name not in self._cameras:
            raise SimulatorError(f"There is no camera '{name}': the site has {', '.join(self._cameras)}.")
        return self._cameras[name]

    def apply(self, event: Event) -> None:
        """Let an event happen at its time, which may lie ahead. Raises ScriptError if it is not valid."""
        problems: list[str] = []
        data = {"camera": event.camera, "do": event.do, "at": event.at, **event.values}
        checked = parse_event(data, self.names, "event", problems)
        if checked is None:
            raise ScriptError(problems)
        with self._lock:
            self._events = tuple(sorted((*self._events, checked), key=lambda each: each.at))

    def events(self, after: datetime | None = None, until: datetime | None = None) -> tuple[Event, ...]:
        """Events with after < at <= until, in order of time."""
        return tuple(
            event for event in self._events
            if (after is None or event.at > after) and (until is None or event.at <= until)
        )  # fmt: skip

    def device_behind(self, name: str, at: datetime) -> str:
        """Whose device delivers the pictures of this camera: itself unless cables were swapped."""
        behind = {each: each for each in self._cameras}
        for event in self.events(until=at):
            if event.do == "swap":
                other = event.values["with"]
                behind[event.camera], behind[other] = behind[other], behind[event.camera]
            elif event.do == "restore" and behind[event.camera] != event.camera:
                holder = next(each for each, device in behind.items() if device == event.camera)
                behind[holder], behind[event.camera] = behind[event.camera], event.camera
        self.camera(name)
        return behind[name]

    def state(self, device: str, at: datetime) -> CameraState:
        """What is wrong with a device at a moment."""
        self.camera(device)
        state = CameraState()
        for event in self.events(until=at):
            if event.camera == device:
                state = state.after(event)
        return state

    def truth(self, at: datetime) -> dict[str, Any]:
        """What is injected at a moment, for each camera; an empty mapping is a healthy one."""
        found: dict[str, Any] = {}
        for name in self._cameras:
            device = self.device_behind(name, at)
            found[name] = self.state(device, at).to_dict()
            if device != name:
                found[name]["shows"] = device
        return found

    def capture_time(self, name: str, at: datetime) -> datetime:
        """When the picture that this camera delivers at a moment was taken: earlier if it is frozen."""
        state = self.state(self.device_behind(name, at), at)
        return state.frozen_at or at

    def render(self, name: str, at: datetime) -> Pixels:
        """The frame (H, W, 3), RGB uint8, that a camera gives at an aware moment, dead or not.

        Raises SimulatorError for an unknown camera or a time without a zone.
        """
        if at.tzinfo is None:
            raise SimulatorError(f"The time {at.isoformat()} has no time zone: give it one, e.g. +00:00.")
        device = self._cameras[self.device_behind(name, at)]
        state = self.state(device.name, at)
        if state.frozen_at is not None and state.frozen_as is not None:
            at, state = state.frozen_at, state.frozen_as
        rng = generator(self.seed, device.name, device.seed, at.isoformat())
        weather = weather_at(self.weather, at, self.seed)
        dark = max(0.0, min(1.0, -sun_position(at)[0] / 8))
        view = self._view(device, _seen_pose(state))
        frame = render_view(view, at, weather, infrared_camera=device.infrared, rng=rng)
        frame = before_sensor(frame, state, dark, stable_seed(self.seed, device.name))
        frame = with_sensor_noise(frame, device.noise * (1 + 1.6 * dark), rng)
        frame = oriented(frame, state.orientation, state.keep_size)
        return burn_in(frame, device.name, at)

    def snapshot(self, name: str, at: datetime) -> bytes:
        """The frame as JPEG bytes; the same bytes again while the camera is frozen."""
        device = self._cameras[self.device_behind(name, at)]
        return encode_jpeg(self.render(name, at), device.jpeg_quality)

    def prepare(self) -> None:
        """Draw all scenes now, about a second each, so that the first frames come at once."""
        now = self.clock.now()
        for name in self._cameras:
            self.render(name, now)

    def _view(self, camera: SimulatedCamera, pose: Pose) -> View:
        with self._drawing[camera.name]:
            if camera.name not in self._scenes:
                self._scenes[camera.name] = scene(camera.seed, camera.kind, camera.size)
            kept = self._views[camera.name]
            if pose not in kept:
                kept[pose] = View.of(self._scenes[camera.name], pose)
                if len(kept) > _VIEWS_KEPT_PER_CAMERA:
                    kept.popitem(last=False)
            kept.move_to_end(pose)
            return kept[pose]


def _seen_pose(state: CameraState) -> Pose:
    """A quarter turn that keeps the frame's size is a roll of the camera: it sees other corners."""
    turn_deg = {"rotated_90": 90.0, "rotated_270": -90.0}.get(state.orientation, 0.0)
    if not state.keep_size or not turn_deg:
        return state.pose
    pose = state.pose
    return Pose(pose.dx, pose.dy, pose.roll_deg + turn_deg, pose.zoom)
