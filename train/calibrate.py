"""Chooses the operating point of a bundle on cameras that it was not trained on, and writes it onto the card."""

from __future__ import annotations

from typing import Any

import numpy as np

from train.evaluate import SAME_KINDS, Findings, alarm
from train.metrics.bounds import largest_alarm_share


def operating_point(findings: Findings, false_alarm_share: float) -> tuple[dict[str, float], dict[str, Any]]:
    """Thresholds for a budget of false alarms on single frames, and how sure they are.

    Args:
        findings: What the network said on calibration cameras.
        false_alarm_share: Share of same-view frames that may be reported, before any debounce.

    Returns:
        The operating point: `alarm_above` (of 1 - p(same)), `similarity_same` (5 % of same views lie below),
        `similarity_other` (1 % of other scenes lie above), `orientation_margin` (by which an upright frame's
        similarity upright exceeds the best turned one, in all but 1 % of the frames; negative if it does not).
        The calibration: what was measured there, with bounds.
    """
    same = np.concatenate([alarm(findings.relation[kind]) for kind in SAME_KINDS])
    threshold = float(np.clip(np.quantile(same, 1 - false_alarm_share), 0.5, 0.999))
    alarms = int((same > threshold).sum())
    upright = findings.bank[next(iter(findings.bank))]
    margins = upright[:, 0] - upright[:, 1:].max(axis=1)
    point = {
        "alarm_above": threshold,
        "similarity_same": float(np.quantile(findings.similarity["same"], 0.05)),
        "similarity_other": float(np.quantile(findings.similarity["other scene"], 0.99)),
        "orientation_margin": float(np.quantile(margins, 0.01)),
    }
    calibration = {
        "budget_false_alarm_share": false_alarm_share,
        "cameras": sorted(set(findings.camera)),
        "same_view_frames": len(same),
        "same_view_alarms": alarms,
        "same_view_alarm_share_upper_95": largest_alarm_share(alarms, len(same)),
        "note": "Frames of one camera are not independent: the bound is optimistic.",
    }
    return point, calibration
