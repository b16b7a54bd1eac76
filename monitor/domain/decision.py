from __future__ import annotations
from dataclasses import dataclass
@dataclass(frozen=True, slots=True)
class Thresholds:
    """Of the decision on one frame (being written)."""
