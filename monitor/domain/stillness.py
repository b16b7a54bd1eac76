"""Frozen pictures: a live sensor has noise, so the very same bytes again and again are no live picture."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from monitor.domain.state import StatePolicy, Stillness


def is_repeat(known: Stillness | None, digest: str, captured_at: datetime) -> bool:
    """Whether this is the same capture as before (a folder with nothing new in it), which tells nothing new."""
    return known is not None and known.digest == digest and known.captured_at == captured_at


def watch_stillness(known: Stillness | None, digest: str, captured_at: datetime) -> Stillness:
    """What is known after another capture; the frame rate is never trusted, only what the picture shows."""
    if known is None or known.digest != digest:
        return Stillness(digest, captured_at, since=captured_at)
    if captured_at <= known.captured_at:
        return known
    return replace(known, captured_at=captured_at, repeats=known.repeats + 1)


def is_frozen(stillness: Stillness, policy: StatePolicy) -> bool:
    """Whether the picture has stood still for too long."""
    lasted_s = (stillness.captured_at - stillness.since).total_seconds()
    return stillness.repeats >= policy.frozen_repeats and lasted_s >= policy.frozen_after_s
