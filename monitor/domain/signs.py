"""What pictures tell of the camera itself, which changes no verdict: its clock, its format, its light, its line.

Signs are remembered from one check to the next, and spoken of as remarks: when they change, or while something lasts
that somebody should see to. A remark is no alarm; the view is as its verdict says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from monitor.domain.comparison import Format
from monitor.domain.frame import Frame, FrameQuality, Light
from monitor.domain.state import Signs, StatePolicy
from monitor.domain.verdict import Verdict, VerdictKind

SMOOTHING = 0.3
"""Share of the latest difference between both clocks in what is kept: transmission takes now longer, now shorter."""
MAGENTA = 0.12
"""By how much red and blue exceed green by day where the infrared-cut filter is missing."""
LIT = 0.2
"""Mean luma below which colours say nothing: lamps at night have any."""
DAMAGED = frozenset({VerdictKind.OK, VerdictKind.DARK, VerdictKind.STREAM_FAULT, VerdictKind.FROZEN})
"""Verdicts that stand although the decoder complained: the damage is small, or they name it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The signs after a frame, and what is to be said of them.

    Attributes:
        signs: To be remembered.
        remarks: Sentences for a person.
        evidence: The figures behind them.
    """

    signs: Signs
    remarks: tuple[str, ...]
    evidence: dict[str, float | str | None]


def blame_line(verdict: Verdict, complaint: str | None, known: Signs) -> Verdict:
    """A verdict on a picture that the decoder had to patch: the patches must not be taken for another view.

    A camera whose pictures are complained of although nothing is wrong with them is judged as any other.
    """
    if complaint is None or known.complains or verdict.kind in DAMAGED:
        return verdict
    reason = f"The picture came damaged ({complaint}); what is left of it was judged {verdict.kind.value}."
    return replace(
        verdict,
        kind=VerdictKind.STREAM_FAULT,
        confidence=1.0,
        reasons=(reason, *verdict.reasons),
        displacement=None,
    )


def read_signs(
    known: Signs, frame: Frame, quality: FrameQuality, verdict: Verdict, policy: StatePolicy
) -> Reading:
    """What a frame tells of its camera, against what was known."""
    signs, remarks = known, []
    evidence: dict[str, float | str | None] = {"light": quality.light.value}
    if frame.told_at is not None:
        skew_s = (frame.told_at - frame.captured_at).total_seconds()
        if known.clock_skew_s is not None:
            skew_s = known.clock_skew_s + SMOOTHING * (skew_s - known.clock_skew_s)
        signs = replace(signs, clock_skew_s=skew_s)
        evidence["clock_skew_s"] = skew_s
        if abs(skew_s) >= policy.clock_skew_s:
            remarks.append(_of_clock(skew_s))
    signs, said = _watch_format(signs, frame, verdict, evidence)
    remarks += said
    signs, said = _watch_light(signs, frame.captured_at, quality, policy)
    remarks += said
    if frame.complaint is not None and verdict.kind is VerdictKind.OK:
        remarks.append(f"The decoder complained ({frame.complaint}), but the view is seen well enough.")
    if verdict.kind is VerdictKind.OK:
        signs = replace(signs, complains=frame.complaint is not None)
    return Reading(signs, tuple(remarks), evidence)


def _of_clock(skew_s: float) -> str:
    side = "ahead of" if skew_s > 0 else "behind"
    return f"The camera's clock is {abs(skew_s):,.0f} s {side} ours: set it (NTP), or `time_zone`."


def _watch_format(
    known: Signs, frame: Frame, verdict: Verdict, evidence: dict[str, float | str | None]
) -> tuple[Signs, list[str]]:
    """Another size is spoken of once; another aspect as long as the reference has the earlier one."""
    before, now = (known.width, known.height), (frame.native_width, frame.native_height)
    fitted = Format(str(verdict.evidence.get("format") or Format.AS_IS))
    if before != now and known.width:
        evidence |= {"size_before": "{} × {}".format(*before), "size_now": "{} × {}".format(*now)}
    if fitted is Format.AS_IS:
        signs = replace(known, width=now[0], height=now[1])
        # One turned by 90° has its sides exchanged: its verdict says so.
        is_news = known.width > 0 and before != now and before != now[::-1]
        return signs, [f"{_sizes(before, now)}; the view has the same shape."] if is_news else []
    if verdict.kind is not VerdictKind.OK:
        return known, []
    return known, [f"{_sizes(before, now)}. {fitted.describe()} Enroll the view again."]


def _sizes(before: tuple[int, int], now: tuple[int, int]) -> str:
    instead = " instead of {} × {}".format(*before) if before[0] and before != now else ""
    return "The camera now delivers {} × {} pixels".format(*now) + instead


def _watch_light(
    known: Signs, at: datetime, quality: FrameQuality, policy: StatePolicy
) -> tuple[Signs, list[str]]:
    light = quality.light
    changed = light is not known.light
    colours = known.knows_colours or light is Light.DAY
    signs = replace(
        known, light=light, light_since=at if changed else known.light_since, knows_colours=colours
    )
    if changed and known.light is not None:
        return signs, [f"The camera went from {known.light.value} to {light.value}."]
    lasted_s = (at - (signs.light_since or at)).total_seconds()
    if light is Light.INFRARED and colours and lasted_s >= policy.dark_alert_after_s:
        return signs, [
            f"In infrared for {lasted_s / 3600:.0f} h, longer than any night: its infrared-cut filter may be stuck."
        ]
    if quality.magenta >= MAGENTA and quality.brightness >= LIT:
        return signs, ["The picture has a cast of purple: the infrared-cut filter may be missing or stuck."]
    return signs, []
