"""How urgent a cause is, unless the configuration says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from monitor.domain.verdict import VerdictKind


class Severity(StrEnum):
    """How soon somebody must act."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for the least urgent; severities compare by it."""
        return list(Severity).index(self)


# Footage that is lost, or shows something else than everybody thinks, is critical; footage that is worse is a warning.
USUAL_SEVERITIES: Mapping[VerdictKind, Severity] = MappingProxyType(
    {
        VerdictKind.FLIPPED_180: Severity.WARNING,
        VerdictKind.ROTATED_90: Severity.WARNING,
        VerdictKind.ROTATED_270: Severity.WARNING,
        VerdictKind.MIRRORED: Severity.WARNING,
        VerdictKind.MOVED: Severity.WARNING,
        VerdictKind.DIFFERENT_SCENE: Severity.CRITICAL,
        VerdictKind.OBSTRUCTED: Severity.CRITICAL,
        VerdictKind.BLURRED: Severity.WARNING,
        VerdictKind.DARK: Severity.WARNING,
        VerdictKind.OVEREXPOSED: Severity.WARNING,
        VerdictKind.FROZEN: Severity.CRITICAL,
        VerdictKind.STREAM_FAULT: Severity.CRITICAL,
        VerdictKind.OFFLINE: Severity.CRITICAL,
    }
)


def severity_of(cause: VerdictKind, chosen: Mapping[VerdictKind, Severity] | None = None) -> Severity:
    """What is chosen for the cause, or what is usual; `warning` for causes that have neither."""
    if chosen and cause in chosen:
        return chosen[cause]
    return USUAL_SEVERITIES.get(cause, Severity.WARNING)
