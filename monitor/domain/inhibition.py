"""Why a view's own failure is nobody's news at present: something that it depends on has failed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Inhibition:
    """A reason to open no incident of a view that gives no frame.

    Attributes:
        reason: One clause for a person, without a full stop.
        incident_id: The incident that stands for the view's own, or None while that has not opened.
        certain: True when the cause is known: failures of the view then tell nothing about it. False while it is in
            doubt: they are noted, but open nothing yet.
    """

    reason: str
    incident_id: int | None = None
    certain: bool = True
