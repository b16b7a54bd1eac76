"""What `monitor doctor` says of each camera, from one frame of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import partial

from monitor.cli.examinations import Diagnosis, Examination, Level
from monitor.domain.frame import Frame, Light
from monitor.grabbers.pool import GrabberPool
from monitor.settings import CameraPlan, Settings, resolve
from monitor.vision.quality import measure
from monitor.wiring.cameras import Cameras

FUTURE_S = 60.0
"""From here on a picture that was taken after now speaks of a wrong clock, and not of a slow grab."""


def camera_examinations(settings: Settings, grabbers: GrabberPool) -> list[tuple[str, Examination]]:
    """One grab from every source of the configuration, each in a process that can be killed."""
    found: list[tuple[str, Examination]] = []
    for plan in resolve(settings):
        enabled = [spec for spec in plan.views if spec.enabled]
        if enabled:
            own = len(plan.views) == 1 and plan.views[0].key.view != "main"
            area = f"camera {plan.views[0].key if own else plan.camera}"
            found.append((area, partial(_grab, area, plan, grabbers)))
    return found


def _grab(area: str, plan: CameraPlan, grabbers: GrabberPool) -> Diagnosis:
    cameras = Cameras([plan], grabbers, newest_only=True)
    try:
        started_s = time.perf_counter()
        frame = cameras.source(plan.views[0].key).grab(plan.timeout_s)
        took_ms = (time.perf_counter() - started_s) * 1000
    finally:
        cameras.close()
    return examine_frame(area, frame, took_ms, plan)


def examine_frame(area: str, frame: Frame, took_ms: float, plan: CameraPlan) -> Diagnosis:
    """What a frame tells of its camera, and the first thing about it that somebody should see to.

    Args:
        area: The camera, as the report names it.
        frame: Grabbed just now.
        took_ms: The grab.
        plan: The camera's settings.
    """
    size = f", {len(frame.encoded) / 1000:.0f} kB" if frame.encoded else ""
    light = ", in infrared" if measure(frame.pixels).light is Light.INFRARED else ""
    text = f"{frame.native_width} × {frame.native_height}{size}, {took_ms:.0f} ms{light}."
    objection = _objection(frame, took_ms, plan)
    if objection is None:
        return Diagnosis(area, Level.OK, text)
    problem, advice = objection
    return Diagnosis(area, Level.WARN, f"{text} {problem}", advice)


def _objection(frame: Frame, took_ms: float, plan: CameraPlan) -> tuple[str, str] | None:
    """A problem and what to do about it."""
    age_s = (datetime.now(UTC) - frame.captured_at).total_seconds()
    longest_s = max(spec.interval_s for spec in plan.views)
    if plan.source_kind == "folder" and age_s > max(3600.0, 5 * longest_s):
        return (
            f"The newest picture is of {frame.captured_at:%Y-%m-%d %H:%M} UTC.",
            "See why nothing newer arrives; set `max_age` to have that reported.",
        )
    if age_s < -FUTURE_S:
        return f"The picture is {-age_s:.0f} s from the future.", "Set the camera's clock, or `time_zone`."
    if frame.complaint is not None:
        return (
            f"The decoder complained of the picture ({frame.complaint}).",
            "Check the line and the camera; a damaged picture in which the view is not seen is `stream_fault`.",
        )
    if frame.told_at is not None:
        skew_s = (frame.told_at - frame.captured_at).total_seconds()
        if abs(skew_s) >= min(spec.policy.clock_skew_s for spec in plan.views):
            side = "ahead of" if skew_s > 0 else "behind"
            return f"Its clock is {abs(skew_s):,.0f} s {side} ours.", "Set it (NTP), or `time_zone`."
    if took_ms > 500 * plan.timeout_s:
        return "That is close to the limit.", "Raise `timeout`."
    return None
