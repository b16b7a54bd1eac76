"""Registering what a view should see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from monitor.domain.decision import decide
from monitor.domain.errors import SourceError, UnfitReference
from monitor.domain.fitness import Finding, SelfTest, Severity, inspect
from monitor.domain.frame import Frame, Pixels
from monitor.domain.orientation import Orientation, turn
from monitor.domain.ports import Clock, Encoder, FrameSource
from monitor.domain.reference import Encoding, Reference
from monitor.domain.state import Status, ViewState
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey, ViewSpec
from monitor.store import Resolution, Store

SELF_TEST_SHIFTS = (0.015, 0.02, 0.03, 0.05, 0.1)
ALIKE = 0.9
"""Cosine similarity above which a second reference would add nothing to the first."""


@dataclass(frozen=True, slots=True)
class EnrolmentTools:
    """What enrolling needs."""

    store: Store
    encoder: Encoder
    clock: Clock
    picture_bytes: Callable[[Frame], bytes]


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What was enrolled.

    Attributes:
        key: The view.
        version: The gallery's new version.
        references: How many references are new in it.
        kept: How many earlier ones stay part of it.
        findings: What cannot be detected, and why.
        self_test: What was tried.
    """

    key: ViewKey
    version: int
    references: int
    kept: int
    findings: tuple[Finding, ...]
    self_test: SelfTest


def enroll(
    key: ViewKey,
    frames: Sequence[Frame],
    tools: EnrolmentTools,
    *,
    author: str,
    reason: str = "enrolled",
    keep: Sequence[int] = (),
    origin: str = "enrolled",
    force: bool = False,
    resolution: Resolution | None = None,
) -> Enrolment:
    """Make frames the references of a view.

    1. Every frame must be lit, sharp and structured. 2. The frames must agree with each other. 3. Of frames that are
    alike one is taken; frames in other light become further references. 4. The first is turned and shifted on
    purpose, to say what cannot be detected on this view. 5. All go into a new version of the gallery; the versions
    before stay, and can be restored.

    Args:
        key: The view.
        frames: At least one.
        tools: Store, encoder, clock.
        author: Who enrolls.
        reason: Why, for the list of versions.
        keep: Ids of earlier references that stay part of the gallery.
        origin: `enrolled` or `accepted`.
        force: Enroll in spite of findings that forbid it.
        resolution: How an open incident ends with this, or None to leave it open.

    Raises:
        UnfitReference: The frames are not fit, and `force` is false.
        UnknownView: The view is not configured.
    """
    if not frames:
        raise UnfitReference(
            f"There is no picture to enroll {key} with.", "Name files, or grab at least one frame."
        )
    spec = tools.store.views.get(key).spec
    encodings = [tools.encoder.encode(frame) for frame in frames]
    findings = [finding for encoding in encodings for finding in inspect(encoding.quality)]
    _refuse(key, findings, force)
    order = _most_typical_first(encodings)
    first = tools.encoder.enroll(frames[order[0]], key)
    findings += _disagreements(first, [(frames[i], encodings[i]) for i in order[1:]], spec, tools.encoder)
    findings += _against_kept(keep, (frames[order[0]], encodings[order[0]]), spec, tools, origin)
    _refuse(key, findings, force)
    chosen = [(first, frames[order[0]])]
    for index in order[1:]:
        if all(_unlike(encodings[index], reference.upright) for reference, _ in chosen):
            chosen.append((tools.encoder.enroll(frames[index], key), frames[index]))
    self_test = try_out(first, frames[order[0]], spec, tools.encoder)
    findings += self_test.findings()
    now = tools.clock.now()
    version = tools.store.gallery.add_version(
        key,
        [
            (replace(reference, origin=origin, created_at=now), tools.picture_bytes(frame))
            for reference, frame in chosen
        ],
        keep,
        reason=reason,
        author=author,
        now=now,
        state=ViewState(status=Status.OK, since=now),
        resolution=resolution,
    )
    return Enrolment(key, version, len(chosen), len(keep), tuple(dict.fromkeys(findings)), self_test)


def grab_distinct(source: FrameSource, count: int, timeout_s: float, wait: Callable[[], None]) -> list[Frame]:
    """Up to so many different frames of a camera.

    Fewer come when the source has no more to give: the same picture again (a folder with nothing new in it), or a
    failure after the first frame.

    Args:
        source: The camera's.
        count: How many.
        timeout_s: Time limit of each grab.
        wait: Called between two grabs.

    Raises:
        SourceError: Not even one came.
    """
    frames = [source.grab(timeout_s)]
    while len(frames) < count:
        wait()
        try:
            frame = source.grab(timeout_s)
        except SourceError:
            break
        if any(frame.digest == known.digest for known in frames):
            break
        frames.append(frame)
    return frames


def try_out(reference: Reference, frame: Frame, spec: ViewSpec, encoder: Encoder) -> SelfTest:
    """Turn and shift the reference's own picture, and see what the decision makes of it."""
    told, missed = [], []
    for orientation in Orientation:
        if orientation is Orientation.UPRIGHT:
            continue
        turned = replace(frame, pixels=turn(frame.pixels, orientation))
        if orientation.swaps_sides:
            turned = replace(turned, native_width=frame.native_height, native_height=frame.native_width)
        seen = _judge(turned, encoder.encode(turned), reference, spec, encoder).kind
        if seen is orientation.verdict:
            told.append(seen)
        else:
            missed.append((orientation.verdict, seen))
    smallest = None
    for shift in SELF_TEST_SHIFTS:
        shifted = replace(frame, pixels=_shift_right(frame.pixels, shift))
        if _judge(shifted, encoder.encode(shifted), reference, spec, encoder).kind is VerdictKind.MOVED:
            smallest = shift
            break
    return SelfTest(tuple(told), tuple(missed), smallest)


def _judge(
    frame: Frame, encoding: Encoding, reference: Reference, spec: ViewSpec, encoder: Encoder
) -> Verdict:
    comparison = encoder.compare(encoding, frame, reference, spec.masks)
    return decide(encoding.quality, [comparison], spec.thresholds)


def _refuse(key: ViewKey, findings: Sequence[Finding], force: bool) -> None:
    against = list(
        dict.fromkeys(finding.text for finding in findings if finding.severity is Severity.REFUSED)
    )
    if against and not force:
        raise UnfitReference(
            f"{key} was not enrolled. {' '.join(against)}", "Use better pictures, or insist with --force."
        )


def _most_typical_first(encodings: Sequence[Encoding]) -> list[int]:
    """Indices, the frame that is most like all others first."""
    matrix = np.stack([encoding.embedding for encoding in encodings])
    return [int(index) for index in np.argsort(-(matrix @ matrix.T).sum(1), kind="stable")]


def _disagreements(
    first: Reference, others: Sequence[tuple[Frame, Encoding]], spec: ViewSpec, encoder: Encoder
) -> list[Finding]:
    found = []
    for frame, encoding in others:
        verdict = _judge(frame, encoding, first, spec, encoder)
        if verdict.kind in (VerdictKind.UNSURE, VerdictKind.DARK, VerdictKind.BLURRED):
            text = f"One picture could not be compared with the others ({verdict.kind.value})."
            found.append(Finding(Severity.WARNING, text))
        elif verdict.kind is not VerdictKind.OK:
            text = f"The pictures do not show one and the same view ({verdict.kind.value}: {' '.join(verdict.reasons)})"
            found.append(Finding(Severity.REFUSED, text))
    return found


def _against_kept(
    keep: Sequence[int], new: tuple[Frame, Encoding], spec: ViewSpec, tools: EnrolmentTools, origin: str
) -> list[Finding]:
    """References that stay must show what the new picture shows, or one gallery would hold two views.

    A person who accepts an incident has looked at both; they are warned, and decide.
    """
    severity = Severity.REFUSED if origin == "enrolled" else Severity.WARNING
    frame, encoding = new
    kept = [reference for reference in tools.store.load_watch(spec.key).references if reference.id in keep]
    found = []
    for reference in kept:
        if reference.upright.bundle_id != encoding.bundle_id:
            continue
        verdict = _judge(frame, encoding, reference, spec, tools.encoder)
        if verdict.kind not in (VerdictKind.OK, VerdictKind.UNSURE, VerdictKind.DARK, VerdictKind.BLURRED):
            text = f"Against reference {reference.id}, which stays, the new picture is {verdict.kind.value}."
            found.append(Finding(severity, text))
    return found


def _unlike(one: Encoding, other: Encoding) -> bool:
    """Whether a picture shows the view in another light than a reference already does."""
    return (
        float(one.embedding @ other.embedding) < ALIKE
        or one.quality.light is not other.quality.light
        or abs(one.quality.brightness - other.quality.brightness) > 0.2
    )


def _shift_right(pixels: Pixels, fraction: float) -> Pixels:
    """Content displaced to the right; the border repeats the edge, as nothing better is known."""
    columns = max(1, round(pixels.shape[1] * fraction))
    return np.ascontiguousarray(np.pad(pixels[:, :-columns], ((0, 0), (columns, 0), (0, 0)), mode="edge"))
