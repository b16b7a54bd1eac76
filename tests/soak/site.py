"""The site that is soaked: pictures, servers, folders, programs, and the configuration that watches them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from monitor.domain.errors import MonitorError
from monitor.service.options import ServiceOptions
from monitor.settings import load_settings
from monitor.settings.problems import SettingsError
from monitor.simulator import SimulatedCamera, SimulatedClock, Site
from monitor.simulator import servers as simulated
from tests.e2e.canaries import Canary
from tests.soak.states import States

ROOT = Path(__file__).parents[2]
SIZE = (320, 240)
PICTURES = 16
HOSTS = 12
"""Web servers on loopback addresses of their own: what is bounded or broken by host is so by twelfth."""
PASSWORD = Canary.odd("soakpassword")
_SHARES = {"http": 0.3, "folder": 0.2, "mjpeg": 0.15, "rtsp": 0.15, "video": 0.1, "exec": 0.1}
_KEPT_OPEN = 3
_LAUNCH = (
    "( multifilesrc location={pictures}/%02d.jpg loop=true caps=image/jpeg,framerate=5/1 ! jpegdec ! videoconvert ! "
    "x264enc speed-preset=ultrafast tune=zerolatency key-int-max=5 bitrate=400 ! rtph264pay name=pay0 pt=96 )"
)


class SoakedSite:
    """Everything but the daemon.

    Args:
        root: An empty folder.
        cameras: How many.
        interval_s: Between two checks of each.

    Attributes:
        kinds: Of every camera, by name.
        left_out: Kinds that cannot be soaked here, with the reason.
        config: The configuration's path.
    """

    def __init__(self, root: Path, cameras: int, interval_s: float) -> None:
        self.root = root
        self.interval_s = interval_s
        self.states = States(root / "states")
        self.config = root / "monitor.yaml"
        self.left_out: dict[str, str] = {}
        self._web_port, self._rtsp_port = _free_port(), _free_port()
        self._servers: dict[str, subprocess.Popen[bytes]] = {}
        self._reloads = 0
        self._draw()
        kinds = [kind for kind in _SHARES if self._works(kind)]
        whole = sum(_SHARES[kind] for kind in kinds)
        self.kinds: dict[str, str] = {}
        for kind in kinds:
            for number in range(max(1, round(cameras * _SHARES[kind] / whole))):
                self.kinds[f"{kind}-{number:03d}"] = kind
        for name, kind in self.kinds.items():
            if kind == "folder":
                (root / "folders" / name).mkdir(parents=True)
            elif kind == "video":
                (root / "videos").mkdir(exist_ok=True)
                os.link(root / "drawn.mp4", root / "videos" / f"{name}.mp4")
        self.write_config()

    @property
    def environment(self) -> dict[str, str]:
        """Of the program: its secrets."""
        return {**os.environ, "SOAK_PASSWORD": PASSWORD.value}

    @property
    def grabber_limit(self) -> int:
        """Grabbers at a time at most: one for each place of a check, and one for each stream that is kept open."""
        service = load_settings(self.config, self.environment).service
        kept_open = min(_KEPT_OPEN, list(self.kinds.values()).count("rtsp"))
        return service.workers + service.troubled_workers + ServiceOptions().spare_workers + kept_open

    def write_config(self) -> None:
        """Write it, each time with another label, so that it is worth a reload."""
        self._reloads += 1
        interval = f"{self.interval_s:g}s"
        whole = {
            "cameras": [
                {"name": name, "source": self._source(kind, name)} for name, kind in self.kinds.items()
            ],
            "defaults": {
                "interval": interval,
                "timeout": "4s",
                "labels": {"edition": str(self._reloads)},
                "policy": {
                    "recheck": interval,
                    "default_duration": "1s",
                    "close_after": "1s",
                    "min_duration": {},
                },
            },
            "service": {"start_spread": interval},
            # All streams come from one server, as from a large recorder.
            "hosts": {"127.0.0.1": {"limit": 16}},
            "notifiers": [{"name": "log", "kind": "log"}],
            "logging": {"format": "json", "level": "debug"},
        }
        new = self.config.with_suffix(".new")
        new.write_text(yaml.safe_dump(whole), encoding="utf-8")
        new.replace(self.config)

    def start(self) -> None:
        """Start all servers."""
        self.start_web()
        self.start_rtsp()
        self._start("feeder", "tests.soak.feeder", self._pictures, self.root / "states", self.root / "folders",
                    self.interval_s / 2)  # fmt: skip

    def start_web(self) -> None:
        """Start the web servers."""
        self._start("web", "tests.soak.web", self._pictures, self.root / "states", self._web_port, HOSTS)

    def start_rtsp(self) -> None:
        """Start the RTSP server, where there is one."""
        if "rtsp" not in self.kinds.values():
            return
        described = self.root / "mounts.json"
        launch = _LAUNCH.format(pictures=self._pictures)
        described.write_text(json.dumps({"port": self._rtsp_port, "mounts": {"/live": {"launch": launch}}}))
        script = Path(simulated.__file__).with_name("rtsp_server.py")
        self._servers["rtsp"] = subprocess.Popen(
            [simulated.find_gstreamer(), str(script), str(described)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def kill(self, server: str) -> None:
        """SIGKILL."""
        process = self._servers.pop(server, None)
        if process is not None:
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()

    def stop(self) -> None:
        """End all servers."""
        for server in list(self._servers):
            self.kill(server)

    def set_state(self, camera: str, state: str) -> None:
        """Let something be wrong with a camera, or nothing."""
        self.states.set(camera, state)
        if self.kinds[camera] == "video":
            self._change_video(self.root / "videos" / f"{camera}.mp4", state)

    def _change_video(self, path: Path, state: str) -> None:
        path.unlink(missing_ok=True)
        if state == "junk":
            path.write_bytes(b"\0\0\0\x18ftypisom" + os.urandom(5000))
        elif state != "gone":
            os.link(self.root / "drawn.mp4", path)

    def _source(self, kind: str, name: str) -> dict[str, Any]:
        return SOURCES[kind](self, name)

    def web(self, name: str, kind: str) -> str:
        """The address of a camera's picture or stream."""
        host = 1 + int(name.rpartition("-")[2]) % HOSTS
        return f"http://127.0.1.{host}:{self._web_port}/{name}.{kind}"

    def rtsp(self, name: str) -> dict[str, Any]:
        """A camera of the RTSP server; the first few are kept open."""
        number = int(name.rpartition("-")[2])
        mode = {"mode": "open"} if number < _KEPT_OPEN else {}
        return {"kind": "rtsp", "url": f"rtsp://127.0.0.1:{self._rtsp_port}/live?camera={number}", **mode}

    @property
    def _pictures(self) -> Path:
        return self.root / "pictures"

    def _draw(self) -> None:
        """Pictures of one place over a quarter of an hour, and a video of them."""
        import av
        import numpy as np
        from PIL import Image

        self._pictures.mkdir(parents=True)
        noon = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
        drawn = Site([SimulatedCamera("soaked", "street", 11, SIZE)], SimulatedClock(noon, 0))
        paths = [self._pictures / f"{number:02d}.jpg" for number in range(PICTURES)]
        for number, path in enumerate(paths):
            path.write_bytes(drawn.snapshot("soaked", noon + timedelta(minutes=number)))
        with av.open(str(self.root / "drawn.mp4"), "w") as container:
            stream = container.add_stream("h264", rate=1)
            stream.width, stream.height, stream.pix_fmt, stream.gop_size = *SIZE, "yuv420p", 4
            for path in paths * 4:
                container.mux(
                    stream.encode(av.VideoFrame.from_ndarray(np.asarray(Image.open(path)), format="rgb24"))
                )
            container.mux(stream.encode())

    def _works(self, kind: str) -> bool:
        try:
            if kind == "rtsp":
                simulated.find_gstreamer()
            trial = self.root / "trial.yaml"
            trial.write_text(
                yaml.safe_dump({"cameras": [{"name": "a", "source": self._source(kind, "a-0")}]})
            )
            load_settings(trial, self.environment)
        except SettingsError:
            self.left_out[kind] = "this version's configuration does not know it"
        except MonitorError as error:
            self.left_out[kind] = str(error)
        return kind not in self.left_out

    def _start(self, name: str, module: str, *arguments: object) -> None:
        self._servers[name] = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)], cwd=ROOT, stdin=subprocess.DEVNULL
        )
        time.sleep(0.5)


SOURCES: Mapping[str, Callable[[SoakedSite, str], dict[str, Any]]] = {
    "http": lambda at, name: {
        "kind": "http", "url": at.web(name, "jpg"), "username": "viewer", "password": {"env": "SOAK_PASSWORD"},
        "max_bytes": "4MB",
    },
    "mjpeg": lambda at, name: {
        "kind": "mjpeg", "max_bytes": "4MB",
        "url": at.web(name, "mjpg").replace("http://", f"http://viewer:{quote(PASSWORD.value, safe='')}@"),
    },
    "rtsp": SoakedSite.rtsp,
    "folder": lambda at, name: {
        "kind": "folder", "path": str(at.root / "folders" / name), "time_from": "mtime",
        "max_age": f"{2 * at.interval_s:g}s",
    },
    "video": lambda at, name: {"kind": "video", "path": str(at.root / "videos" / f"{name}.mp4"), "step": "3s"},
    "exec": lambda at, name: {
        "kind": "exec", "max_bytes": "4MB", "environment": {"CAMERA_PASSWORD": {"env": "SOAK_PASSWORD"}},
        "command": ["/bin/sh", str(Path(__file__).with_name("grab.sh")), str(at.root / "states"),
                    str(at.root / "pictures"), name],
    },
}  # fmt: skip
"""How a camera of each kind is configured; usb is left out: no machine has three hundred devices."""


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        return int(server.getsockname()[1])
