"""Running GStreamer's RTSP server for tests, and knowing what it shows."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest

SYSTEM_PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).with_name("gst_server.py")
USER, PASSWORD = "viewer", "c4nary p@ss:w/ö"
CREDENTIALS = f"{USER}:{quote(PASSWORD, safe='')}"

BARS = ((255, 255, 255), (255, 255, 0), (0, 255, 255), (0, 255, 0), (255, 0, 255), (255, 0, 0), (0, 0, 255))
"""The colour bars of `videotestsrc`, from left to right."""


def picture(width: int = 320, height: int = 240) -> str:
    """The part of a pipeline that makes pictures, five a second."""
    return (
        "videotestsrc is-live=true pattern=smpte"
        f" ! video/x-raw,format=I420,width={width},height={height},framerate=5/1"
    )


def h264(width: int = 320, height: int = 240, more: str = "key-int-max=5") -> str:
    """A pipeline that sends H.264."""
    return (
        f"( {picture(width, height)} ! x264enc tune=zerolatency speed-preset=veryfast {more}"
        " ! rtph264pay name=pay0 pt=96 )"
    )


def h265(more: str = "key-int-max=5") -> str:
    """A pipeline that sends H.265."""
    return (
        f"( {picture()} ! x265enc tune=zerolatency speed-preset=veryfast {more}"
        " ! rtph265pay name=pay0 pt=96 )"
    )


class RtspServer:
    """A server that runs."""

    def __init__(self, port: int, secure: bool) -> None:
        self.port = port
        self._scheme = "rtsps" if secure else "rtsp"

    def url(self, path: str, credentials: str = "", host: str = "127.0.0.1") -> str:
        at = f"{credentials}@" if credentials else ""
        return f"{self._scheme}://{at}{host}:{self.port}{path}"


@contextmanager
def gst_server(
    folder: Path,
    mounts: dict[str, str | dict[str, str]],
    auth: str | None = None,
    tls: tuple[Path, Path] | None = None,
) -> Iterator[RtspServer]:
    """Serve pipelines by path, until the block is left; skips where the packages are missing."""
    wanted: dict[str, object] = {
        "mounts": {
            path: {"launch": mount} if isinstance(mount, str) else mount for path, mount in mounts.items()
        }
    }
    if auth is not None:
        wanted["auth"] = auth
    if tls is not None:
        wanted["tls"] = {"certificate": str(tls[0]), "key": str(tls[1])}
    description = folder / "mounts.json"
    description.write_text(json.dumps(wanted))
    said = folder / "server.log"
    if not Path(SYSTEM_PYTHON).exists():
        pytest.skip(f"there is no {SYSTEM_PYTHON}")
    with (
        said.open("w") as log,
        subprocess.Popen(
            [SYSTEM_PYTHON, str(SCRIPT), str(description)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            port = process.stdout.readline().strip()
            if not port and process.wait(10) == 3:
                pytest.skip(f"GStreamer's RTSP server is not installed: {said.read_text().strip()}")
            assert port, said.read_text()
            yield RtspServer(int(port), tls is not None)
        finally:
            process.stdin.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def shows_bars(pixels: np.ndarray, tolerance: int = 40) -> bool:
    """Whether the colour bars are where they belong, as far as compression keeps them."""
    height, width = pixels.shape[:2]
    seen = [pixels[height // 3, int((number + 0.5) * width / len(BARS))] for number in range(len(BARS))]
    return bool(np.abs(np.array(seen, int) - np.array(BARS)).max() <= tolerance)


def self_signed(folder: Path) -> tuple[Path, Path, str]:
    """Certificate and key for this machine, and the pinned form of the key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=camera"
        f" -addext subjectAltName=IP:127.0.0.1 -keyout {key} -out {certificate}".split(),
        check=True,
        capture_output=True,
    )
    digest = subprocess.run(
        f"openssl x509 -in {certificate} -pubkey -noout | openssl pkey -pubin -outform der"
        " | openssl dgst -sha256 -binary | openssl enc -base64",
        shell=True,
        check=True,
        capture_output=True,
        text=True,
    )
    return certificate, key, f"sha256//{digest.stdout.strip()}"
