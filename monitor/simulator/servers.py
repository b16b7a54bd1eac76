"""Servers of simulated cameras as processes of their own: what they cost is not taken for what grabbing costs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from monitor.simulator.errors import SimulatorError

_RTSP_SCRIPT = Path(__file__).with_name("rtsp_server.py")
_START_S = 20.0
_END_S = 5.0
_PROBE = (
    "import gi; gi.require_version('Gst', '1.0'); gi.require_version('GstRtspServer', '1.0');"
    "from gi.repository import Gst, GstRtspServer; Gst.init(None);"
    "raise SystemExit(0 if all(map(Gst.ElementFactory.find, {elements!r})) else 3)"
)


@contextmanager
def still_server(folder: Path) -> Iterator[str]:
    """`monitor.simulator.still`; gives `http://host:port`.

    Raises:
        SimulatorError: It does not start.
    """
    with _running([sys.executable, "-m", "monitor.simulator.still", str(folder)]) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def rtsp_server(directory: Path, mounts: Mapping[str, str], **more: Any) -> Iterator[str]:
    """`monitor.simulator.rtsp_server`; gives `rtsp://host:port`.

    Args:
        directory: For a file that says what to serve.
        mounts: The launch line of GStreamer by path.
        more: As the script describes: `port`, `auth`, `tls`, `watched`.

    Raises:
        SimulatorError: There is none on this machine, or it does not start; the message says why.
    """
    python = find_gstreamer()
    described = directory / "mounts.json"
    described.write_text(
        json.dumps({"mounts": {path: {"launch": launch} for path, launch in mounts.items()}, **more})
    )
    with _running([python, str(_RTSP_SCRIPT), str(described)]) as port:
        yield f"rtsp://127.0.0.1:{port}"


def find_gstreamer(elements: Sequence[str] = ("x264enc", "rtph264pay")) -> str:
    """The interpreter that has GStreamer with its RTSP server and these elements.

    Raises:
        SimulatorError: None has; the message says what to install.
    """
    candidates = dict.fromkeys(filter(None, ("/usr/bin/python3", shutil.which("python3"))))
    for python in candidates:
        try:
            done = subprocess.run(
                [python, "-c", _PROBE.format(elements=tuple(elements))],
                capture_output=True, timeout=_START_S, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return python
    raise SimulatorError(
        "No GStreamer with an RTSP server is on this machine.",
        "On Debian and Ubuntu: apt-get install python3-gi gir1.2-gst-rtsp-server-1.0 "
        "gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly.",
    )


@contextmanager
def _running(command: list[str]) -> Iterator[int]:
    """A server that prints its port, until the block ends."""
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        said = process.stdout.readline().strip()
        if not said.isdecimal():
            raise SimulatorError(f"The server {Path(command[1]).name or command[2]} does not start.")
        yield int(said)
    finally:
        process.stdin.close()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
