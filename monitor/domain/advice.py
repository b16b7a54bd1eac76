"""What a verdict means to the person who must act, in words."""

from __future__ import annotations

from monitor.domain.displacement import Displacement
from monitor.domain.verdict import Verdict, VerdictKind

_REMEDIES = {
    VerdictKind.OK: "Nothing to do.",
    VerdictKind.FLIPPED_180: "Turn the camera by 180°, or undo the flip in its picture settings.",
    # The picture turns against the camera: see `restoring_move`.
    VerdictKind.ROTATED_90: (
        "Turn the camera by 90° counter-clockwise (seen from behind), or correct the rotation in its picture settings."
    ),
    VerdictKind.ROTATED_270: (
        "Turn the camera by 90° clockwise (seen from behind), or correct the rotation in its picture settings."
    ),
    VerdictKind.MIRRORED: "Switch mirroring off in the camera's picture settings.",
    VerdictKind.DIFFERENT_SCENE: (
        "Check that this is the right camera and that it points where it should; if the new view is meant, accept it."
    ),
    VerdictKind.OBSTRUCTED: "Look for something in front of the lens: a cover, a web, spray, a leaf, a parked vehicle.",
    VerdictKind.BLURRED: "Refocus and clean the lens; look for condensation.",
    VerdictKind.DARK: "Check the lighting, the infrared lamp, and whether the lens is covered.",
    VerdictKind.OVEREXPOSED: "Check exposure settings, and whether a lamp or the sun shines into the lens.",
    VerdictKind.FROZEN: "The same picture comes again and again: restart the camera or its encoder.",
    VerdictKind.STREAM_FAULT: "Pictures arrive damaged: check the network, the encoder and the camera's firmware.",
    VerdictKind.OFFLINE: "No picture arrives: check power, network and credentials of the camera.",
    VerdictKind.UNSURE: "Look at the picture yourself; a further reference for this light may help.",
}

HOST_REMEDY = (
    "None of its cameras gives a picture: check power and network of the recorder, and whether it was given another "
    "address. Its cameras are looked at again as soon as it answers."
)


WORTH_TURNING = 0.005
"""Shift, fraction of the view, from which a person is asked to turn the camera back by it."""


def remedy(verdict: Verdict) -> str:
    """What to do about a verdict, in one or two sentences."""
    if verdict.kind is VerdictKind.MOVED and verdict.displacement is not None:
        return f"{restoring_move(verdict.displacement)} If the new view is meant, accept it."
    if verdict.kind is VerdictKind.DIFFERENT_SCENE and verdict.looks_like:
        return f"The picture is that of {verdict.looks_like}: look for swapped cables or addresses."
    return _REMEDIES.get(
        verdict.kind, "Turn the camera back to its reference view. If the new view is meant, accept it."
    )


def restoring_move(displacement: Displacement) -> str:
    """How to turn the camera back: where the content went, the camera must follow.

    In degrees where the field of view is known, else in parts of the view.
    """
    aimed = _turn_in_degrees(displacement)
    parts = [aimed] if aimed else _turn_in_parts(displacement)
    if abs(displacement.roll_deg) >= 0.3:
        # Content that appears turned counter-clockwise comes from a camera that was turned clockwise.
        turn = "counter-clockwise" if displacement.roll_deg > 0 else "clockwise"
        which = "it" if aimed else "the camera"
        parts.append(f"turn {which} {turn} by {abs(displacement.roll_deg):.1f}°")
    if abs(displacement.zoom - 1) >= 0.008:
        parts.append(
            f"zoom {'out' if displacement.zoom > 1 else 'in'} by {abs(displacement.zoom - 1) * 100:.0f} %"
        )
    if not parts:
        return "Turn the camera back to its reference view."
    text = ", ".join(parts) + (" to restore." if aimed else ".")
    return text[0].upper() + text[1:]


def _turn_in_degrees(displacement: Displacement) -> str:
    """`turn the camera 4.2° left and 1.1° up`; empty where nothing is known in degrees or is worth turning."""
    if displacement.pan_deg is None or displacement.tilt_deg is None:
        return ""
    ways = []
    if abs(displacement.dx) >= WORTH_TURNING:
        ways.append(f"{abs(displacement.pan_deg):.1f}° {'right' if displacement.pan_deg > 0 else 'left'}")
    if abs(displacement.dy) >= WORTH_TURNING:
        ways.append(f"{abs(displacement.tilt_deg):.1f}° {'down' if displacement.tilt_deg > 0 else 'up'}")
    return f"turn the camera {' and '.join(ways)}" if ways else ""


def _turn_in_parts(displacement: Displacement) -> list[str]:
    parts = []
    if abs(displacement.dx) >= WORTH_TURNING:
        parts.append(
            f"pan {'right' if displacement.dx > 0 else 'left'} by {abs(displacement.dx) * 100:.1f} % of the view"
        )
    if abs(displacement.dy) >= WORTH_TURNING:
        parts.append(f"tilt {'down' if displacement.dy > 0 else 'up'} by {abs(displacement.dy) * 100:.1f} %")
    return parts


def headline(name: str, verdict: Verdict) -> str:
    """One sentence: which view, and what is the matter with it."""
    match verdict.kind:
        case VerdictKind.MOVED if verdict.displacement is not None:
            return f"{name} has moved: {verdict.displacement.describe()}"
        case VerdictKind.FLIPPED_180:
            return f"{name} is upside down"
        case VerdictKind.ROTATED_90 | VerdictKind.ROTATED_270:
            way = "counter-clockwise" if verdict.kind is VerdictKind.ROTATED_90 else "clockwise"
            return f"{name} shows a picture turned by 90° {way}"
        case VerdictKind.FROZEN:
            return f"{name} shows a frozen picture"
        case VerdictKind.STREAM_FAULT:
            return f"{name} delivers damaged pictures"
        case VerdictKind.UNSURE:
            return f"{name} cannot be judged"
        case VerdictKind.DIFFERENT_SCENE if verdict.looks_like:
            return f"{name} shows the view of {verdict.looks_like}"
        case VerdictKind.DIFFERENT_SCENE:
            return f"{name} shows a different scene"
        case VerdictKind.OK:
            return f"{name} is as it should be"
        case _:
            return f"{name} is {verdict.kind.value.replace('_', ' ')}"


def host_headline(host: str, cameras: int, *, is_over: bool) -> str:
    """One sentence: which recorder, whether it is back, and how many cameras that concerns."""
    state = "answers again" if is_over else "is unreachable"
    return f"Recorder {host} {state}: {cameras} cameras"
