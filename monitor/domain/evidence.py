"""What a verdict rests on, as it is stored beside it; and whether it is fit to rest anything on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

import numpy as np

from monitor.domain.comparison import Comparison
from monitor.domain.frame import FrameQuality
from monitor.domain.thresholds import Thresholds


def evidence_of(
    quality: FrameQuality, best: Comparison, belief: Mapping[str, float], thresholds: Thresholds
) -> dict[str, float | str | None]:
    """Everything that a verdict rests on, thresholds included, as plain numbers and strings by name."""
    relation, alignment, guess = best.relation, best.alignment, best.network_displacement
    found: dict[str, float | str | None] = {
        "orientation": best.orientation.value,
        "format": best.format.value,
        "similarity": best.similarity,
        "sharpness_ratio": best.sharpness_ratio,
        "texture_ratio": best.texture_ratio,
        "brightness": quality.brightness,
        "contrast": quality.contrast,
        "saturation": quality.saturation,
    }
    found |= {f"belief_{name}": probability for name, probability in belief.items()}
    if relation is not None:
        found |= {f"network_{field.name}": float(getattr(relation, field.name)) for field in fields(relation)}
    if guess is not None:
        found |= {"network_dx": guess.dx, "network_dy": guess.dy, "network_roll_deg": guess.roll_deg}
        found |= {"network_zoom": guess.zoom}
    if alignment is not None:
        found |= {
            "support": alignment.support,
            "support_at_rest": alignment.support_at_rest,
            "spread": alignment.spread,
            "peak": alignment.peak,
            "landmarks": float(alignment.landmarks),
            "dx": alignment.displacement.dx,
            "dy": alignment.displacement.dy,
            "roll_deg": alignment.displacement.roll_deg,
            "zoom": alignment.displacement.zoom,
        }
    found |= {
        f"threshold_{field.name}": float(getattr(thresholds, field.name)) for field in fields(thresholds)
    }
    return found


def is_finite(measured: object) -> bool:
    """Whether every number in a tree of dataclasses and mappings is one: what is not must never look like evidence."""
    if isinstance(measured, Mapping):
        return all(map(is_finite, measured.values()))
    if is_dataclass(measured):
        return all(is_finite(getattr(measured, field.name)) for field in fields(measured))
    return not isinstance(measured, float | np.floating) or math.isfinite(measured)
