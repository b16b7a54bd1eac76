"""What the benchmark asks of a method, and what it notes of each answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from monitor.domain.displacement import Displacement
from monitor.domain.verdict import VerdictKind

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Truth:
    """What is right to say of a pair.

    Attributes:
        verdicts: Every verdict that names what happened, the best first.
        displacement: Of the frame against the reference, where it is known.
    """

    verdicts: tuple[VerdictKind, ...]
    displacement: Displacement | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """One reference with one frame.

    Attributes:
        id: Names the pair for good: the same pool, rules and seed give the same ids and the same pixels.
        kind: Row of the protocol, see `train.benchmark.pairs.KINDS`.
        camera: Of the reference; figures are bootstrapped by it.
        light: Both conditions in alphabetical order, such as `day-night`; `any` where nothing is known.
        reference: (H, W, 3) RGB.
        frame: (H, W, 3) RGB; may be of another size.
        truth: What is right.
    """

    id: str
    kind: str
    camera: str
    light: str
    reference: Pixels
    frame: Pixels
    truth: Truth


@dataclass(frozen=True, slots=True)
class Answer:
    """What a method says of a pair.

    Attributes:
        verdict: Its judgement; `unsure` where it abstains.
        change: How surely the view is not the same; any scale, higher is surer. The ROC is drawn over it.
        confidence: Its probability that `verdict` is right, or None for a method that gives none.
        displacement: Measured, or None.
    """

    verdict: VerdictKind
    change: float
    confidence: float | None = None
    displacement: Displacement | None = None


class Method(Protocol):
    """One way to tell what happened to a view."""

    @property
    def name(self) -> str:
        """As the report shows it."""
        ...

    def enroll(self, reference: Pixels) -> Any:
        """Whatever is kept of a reference; made once for all the frames compared with it."""
        ...

    def judge(self, enrolled: Any, frame: Pixels) -> Answer:
        """Compare a frame with what `enroll` kept. Never raises for a picture that it cannot use."""
        ...
