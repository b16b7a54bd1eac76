"""Frozen pictures: a live sensor has noise, so the same picture again and again is no live picture.

Three things count. The very same bytes. A clock that ran before and stands now, the burnt-in one or that in the
picture's metadata, while the picture hardly changes. And near-duplicates, one picture that a recorder or proxy
encodes anew each time: those count only where they last far longer than calm has ever lasted in this view, for a false
`frozen` is worse than a missed one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from monitor.domain.fingerprint import clock_fingerprint, difference, fingerprint
from monitor.domain.frame import Frame
from monitor.domain.state import StatePolicy, Stillness
from monitor.domain.view import ViewSpec

ALIKE_LARGEST, ALIKE_CHANGED = 1, 0.1
"""Up to where fingerprints are those of one picture: encoding it anew changes that much, no live capture as little."""
CALM_LARGEST, CALM_CHANGED = 5, 0.5
"""Up to where a picture hardly changes: a clock that stands beside more than this belongs to a live picture."""
CLOCK_LARGEST = 6
"""Grey levels by which the cells of a burnt-in clock differ while it shows the same time; a digit changes tens."""
CLOCK_RUNS_WITHIN_S = 60.0
"""A burnt-in clock may show no seconds."""
CALM_MARGIN = 3.0
"""Near-duplicates must last so many times as long as any calm that ended by itself."""
EXPERIENCE_S = 86_400.0
"""A view must have been watched for so long, a night at least, before near-duplicates say anything."""


@dataclass(frozen=True, slots=True)
class Capture:
    """What one capture shows of whether it is a new one.

    Attributes:
        digest: Of its bytes.
        captured_at: Its own time.
        told_at: The camera's time in its metadata, or None.
        picture: Fingerprint of the picture; empty where there is none.
        clock: Fingerprint of the burnt-in clock; empty where none is configured.
    """

    digest: str
    captured_at: datetime
    told_at: datetime | None = None
    picture: str = ""
    clock: str = ""


def capture_of(frame: Frame, luma: NDArray[np.uint8], spec: ViewSpec) -> Capture:
    """A frame as a capture; `luma` is its grey picture (h, w) at working size.

    Masks and the burnt-in clock are left out of the picture: others may draw there.
    """
    hidden = (*spec.masks, *([spec.clock] if spec.clock else []))
    return Capture(
        frame.digest,
        frame.captured_at,
        frame.told_at,
        fingerprint(luma, hidden),
        clock_fingerprint(frame.pixels, spec.clock) if spec.clock else "",
    )


def is_repeat(known: Stillness | None, digest: str, captured_at: datetime) -> bool:
    """Whether this is the same capture as before (a folder with nothing new in it), which tells nothing new."""
    return known is not None and known.digest == digest and known.captured_at == captured_at


def watch_stillness(known: Stillness | None, capture: Capture) -> Stillness:
    """What is known after another capture; the frame rate is never trusted, only what the picture shows."""
    at = capture.captured_at
    if known is None:
        return Stillness(
            capture.digest,
            at,
            since=at,
            picture=capture.picture,
            alike_since=at,
            watched_since=at,
            clock=capture.clock,
            clock_since=at,
            told_at=capture.told_at,
        )
    if at <= known.captured_at and known.digest == capture.digest:
        return known
    after = _watch_clocks(known, capture)
    if known.digest == capture.digest:
        return replace(after, captured_at=at, repeats=known.repeats + 1, clock_stands=False)
    after = replace(_watch_calm(after, capture), digest=capture.digest, captured_at=at)
    if after.clock_stands:
        return replace(after, repeats=known.repeats + 1)
    return replace(after, since=at, repeats=0)


def frozen_because(stillness: Stillness, policy: StatePolicy) -> str | None:
    """Why the picture counts as frozen, as a sentence for a person; None where it does not."""
    at = stillness.captured_at
    lasted_s = _seconds(stillness.since, at)
    if stillness.repeats >= policy.frozen_repeats and lasted_s >= policy.frozen_after_s:
        if stillness.clock_stands:
            return f"The camera's own clock has stood still for {lasted_s:.0f} s, and so has the picture."
        return (
            f"The very same picture came {stillness.repeats + 1} times; a live sensor never repeats itself."
        )
    alike_s = _seconds(stillness.alike_since, at)
    needed_s = max(policy.frozen_alike_after_s, CALM_MARGIN * stillness.calmest_s)
    if (
        stillness.alike >= policy.frozen_alike_repeats
        and alike_s >= needed_s
        and _seconds(stillness.watched_since, stillness.alike_since) >= EXPERIENCE_S
    ):
        return (
            f"The picture came {stillness.alike + 1} times over {alike_s / 60:.0f} min, encoded anew but the same; "
            "this view has never been that calm."
        )
    return None


def is_frozen(stillness: Stillness, policy: StatePolicy) -> bool:
    """Whether the picture has stood still for too long."""
    return frozen_because(stillness, policy) is not None


def _watch_clocks(known: Stillness, capture: Capture) -> Stillness:
    """What both clocks do; one that was never seen to run says nothing, as it may be dead in a live camera."""
    at = capture.captured_at
    burnt_in = difference(known.clock, capture.clock)
    told = capture.told_at is not None and known.told_at is not None
    burnt_in_runs = burnt_in is not None and burnt_in.largest > CLOCK_LARGEST
    told_runs = told and capture.told_at != known.told_at
    after = replace(known, told_at=capture.told_at, told_ran=known.told_ran or told_runs)
    if burnt_in is None or burnt_in_runs:
        # Without one to compare with (none configured any more) nothing is known of it.
        after = replace(after, clock=capture.clock, clock_since=at, clock_ran=burnt_in_runs)
    burnt_in_stands = (
        burnt_in is not None
        and not burnt_in_runs
        and known.clock_ran
        and _seconds(known.clock_since, at) >= CLOCK_RUNS_WITHIN_S
    )
    told_stands = told and not told_runs and known.told_ran
    seen = difference(known.picture, capture.picture)
    lively = seen is None or not seen.within(CALM_LARGEST, CALM_CHANGED)
    if lively and (burnt_in_stands or told_stands):
        # The clock stands, the picture lives: from now on such a clock says nothing, until it runs again.
        after = replace(
            after,
            clock_ran=after.clock_ran and not burnt_in_stands,
            told_ran=after.told_ran and not told_stands,
        )
    return replace(after, clock_stands=not lively and (burnt_in_stands or told_stands))


def _watch_calm(known: Stillness, capture: Capture) -> Stillness:
    """How long near-duplicates have come; each is compared with the first, so that slow change adds up."""
    at = capture.captured_at
    seen = difference(known.picture, capture.picture)
    clock_runs = known.clock_ran and known.clock_since == at
    if seen is not None and seen.within(ALIKE_LARGEST, ALIKE_CHANGED) and not clock_runs:
        return replace(known, alike=known.alike + 1)
    calm_s = _seconds(known.alike_since, known.captured_at) if known.alike else 0.0
    return replace(
        known,
        picture=capture.picture,
        alike=0,
        alike_since=at,
        calmest_s=max(known.calmest_s, calm_s),
        watched_since=known.watched_since or at,
    )


def _seconds(since: datetime | None, until: datetime | None) -> float:
    return (until - since).total_seconds() if since and until else 0.0
