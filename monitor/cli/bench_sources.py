"""`monitor bench --sources`: what a grab costs by kind of source, and how many cameras of each this machine carries."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.domain.errors import MonitorError

if TYPE_CHECKING:
    from monitor.cli.screen import Screen
    from monitor.wiring.measure_sources import Figures, Rig
    from monitor.wiring.rate import Rate

Pictures = Mapping[tuple[int, int], Sequence[Sequence[bytes]]]
CHECKS_SHARE = 0.15
"""Of the time goes into whole checks, of which the grab is taken off."""
_VIDEO_RATE_HZ = 10
_VIDEO_FRAMES = 50
# Each grab another second: by the time of day, grabs that follow at once would show the same frame, for nothing.
_VIDEO_STEP_S = 1.0
_ENCODED = (
    "( filesrc location={picture} ! jpegdec ! imagefreeze ! video/x-raw,framerate={rate}/1 ! videoconvert ! "
    "x264enc speed-preset=ultrafast tune=zerolatency key-int-max={rate} bitrate=2048 ! rtph264pay name=pay0 pt=96 )"
)


def bench_sources(directory: Path, pictures: Pictures, seconds: float, screen: Screen, as_json: bool) -> None:
    """Measure, and show.

    Args:
        directory: An empty folder.
        pictures: JPEGs of several cameras, by width and height.
        seconds: For everything.
        screen: Where to show it.
        as_json: Whether as JSON.
    """
    from monitor.wiring.measure import measure
    from monitor.wiring.measure_sources import measure_sources, turns

    screen.note(f"Measuring for {seconds:.0f} seconds …")
    (directory / "checks").mkdir()
    every = [each for cameras in pictures.values() for each in cameras]
    checks = measure(directory / "checks", every, seconds * CHECKS_SHARE)
    rest_ms = checks.core_ms_per_check - checks.core_ms["grab"]
    found: list[Figures] = []
    with ExitStack() as servers:
        rigs = list(_rigs(directory, pictures, servers))
        each_s = seconds * (1 - CHECKS_SHARE) / turns(rigs)
        with screen.progress("kinds", len(rigs)) as step:
            for figures in measure_sources(rigs, each_s):
                found.append(figures)
                step()
    cores = len(os.sched_getaffinity(0))
    if as_json:
        screen.json(_as_json(found, rest_ms, cores), indent=2)
    else:
        _show(found, rest_ms, cores, screen)


def _rigs(directory: Path, pictures: Pictures, servers: ExitStack) -> Iterator[Rig]:
    """One camera of each kind and size, its server running."""
    from monitor.simulator.servers import rtsp_server, still_server
    from monitor.wiring.measure_sources import Rig

    stills = directory / "stills"
    for (width, height), cameras in pictures.items():
        folder = stills / f"{width}"
        folder.mkdir(parents=True)
        for number, picture in enumerate(cameras[0]):
            (folder / f"{number}.jpg").write_bytes(picture)
        _write_video(directory / f"{width}.mp4", folder, width, height)
    web = servers.enter_context(still_server(stills))
    mounts = {
        f"/{width}": _ENCODED.format(picture=stills / f"{width}/0.jpg", rate=_VIDEO_RATE_HZ)
        for width, _ in pictures
    }
    live, reason = "", ""
    try:
        live = servers.enter_context(rtsp_server(directory, mounts, watched=True))
    except MonitorError as error:
        reason = str(error)
    for width, height in pictures:
        size, video = f"{width} × {height}", directory / f"{width}.mp4"
        stream = {"url": f"{live}/{width}", "transport": "tcp"}
        mjpeg = f"{web}/{width}.mjpg"
        yield Rig("folder", size, "folder", {"path": stills / str(width), "time_from": "mtime"})
        yield Rig("http", size, "http", {"url": f"{web}/{width}.jpg"})
        yield Rig("mjpeg", size, "mjpeg", {"url": mjpeg}, mjpeg)
        yield Rig("mjpeg, skip: 0", size, "mjpeg", {"url": mjpeg, "skip": 0}, mjpeg)
        yield Rig("rtsp", size, "rtsp", stream, None if reason else f"{live}/{width}", reason)
        yield Rig("rtsp, kept open", size, "rtsp", {**stream, "mode": "open"}, None, reason)
        yield Rig("video", size, "video", {"path": video, "step_s": _VIDEO_STEP_S}, str(video))
        yield Rig("exec", size, "exec", {"command": ("cat", str(stills / f"{width}/0.jpg"))})
    devices = sorted(Path("/dev").glob("video*"))
    if devices:
        yield Rig("usb", "as it is", "usb", {"device": str(devices[0])}, lanes=1)
    else:
        yield Rig("usb", "", "usb", reason="This machine has no device /dev/video*.")


def _write_video(path: Path, folder: Path, width: int, height: int) -> None:
    import av
    import numpy as np
    from PIL import Image

    shown = [np.asarray(Image.open(picture).convert("RGB")) for picture in sorted(folder.iterdir())]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("h264", rate=_VIDEO_RATE_HZ)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.gop_size = _VIDEO_RATE_HZ
        for number in range(_VIDEO_FRAMES):
            container.mux(
                stream.encode(av.VideoFrame.from_ndarray(shown[number % len(shown)], format="rgb24"))
            )
        container.mux(stream.encode())


def _cameras(figures: Figures, rest_ms: float, cores: int) -> int | None:
    """How many at one check a minute, with no core left for anything else."""
    grab_ms = figures.core_ms_a_minute()
    return None if grab_ms is None else int(cores * 60_000 / (grab_ms + rest_ms))


def _show(found: Sequence[Figures], rest_ms: float, cores: int, screen: Screen) -> None:
    rows: list[list[str | tuple[str, str]]] = []
    for figures in found:
        cameras = _cameras(figures, rest_ms, cores)
        rows.append(
            [
                figures.rig.label,
                figures.rig.size,
                f"{figures.ours.per_s:.1f}" if cameras else "",
                _core_ms(figures.ours),
                f"{figures.held_core_ms:.2f}" if figures.held_core_ms else "",
                _beside(figures.opencv, figures.ours),
                _beside(figures.ffmpeg, figures.ours),
                (f"{cameras:,}" if cameras else "", "strong"),
            ]
        )
    columns = (
        "kind", "size", "grabs a second", "core-ms a grab", "and a second", "OpenCV's loop", "ffmpeg a frame",
        "cameras a minute",
    )  # fmt: skip
    screen.table(columns, rows)
    screen.say(
        f"The rest of a check takes {rest_ms:.1f} core-ms; {cores} cores. The rivals' columns are core-ms a frame, and "
        "how many times ours that is."
    )
    for reason in dict.fromkeys(
        f"{figures.rig.label}: {figures.ours.reason}" for figures in found if figures.ours.reason
    ):
        screen.say(reason, "doubt")


def _core_ms(rate: Rate) -> str:
    return "" if rate.core_ms is None else f"{rate.core_ms:.2f}"


def _beside(rival: Rate | None, ours: Rate) -> str:
    if rival is None:
        return ""
    if rival.core_ms is None or not ours.core_ms:
        return rival.reason
    failed = f", {rival.failures} failed" if rival.failures else ""
    return f"{rival.core_ms:.1f} ({rival.core_ms / ours.core_ms:.1f}×{failed})"


def _as_json(found: Sequence[Figures], rest_ms: float, cores: int) -> dict[str, Any]:
    def of(rate: Rate | None) -> dict[str, Any] | None:
        if rate is None:
            return None
        return {
            "grabs": rate.grabs,
            "failures": rate.failures,
            "grabs_per_s": rate.per_s,
            "core_ms": rate.core_ms,
            "reason": rate.reason,
        }

    return {
        "cores": cores,
        "core_ms_rest_of_check": rest_ms,
        "sources": [
            {
                "label": each.rig.label,
                "kind": each.rig.kind,
                "size": each.rig.size,
                **(of(each.ours) or {}),
                "held_core_ms_per_s": each.held_core_ms,
                "opencv": of(each.opencv),
                "ffmpeg": of(each.ffmpeg),
                "cameras_per_minute": _cameras(each, rest_ms, cores),
            }
            for each in found
        ],
    }
