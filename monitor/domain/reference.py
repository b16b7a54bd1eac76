"""Enrolled pictures of a view, and a picture as the network sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from monitor.domain.frame import FrameQuality
from monitor.domain.orientation import Orientation
from monitor.domain.view import ViewKey

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """One picture after the forward pass.

    Attributes:
        bundle_id: The bundle that made it; encodings of different bundles are never compared.
        embedding: (D,) float32, L2-normalised.
        grids: Dense feature maps by name, each (C, rows, columns) float32.
        luma: (h, w) uint8 grey picture at working size, for the geometry.
        quality: Measures of the picture.
        aspect: Width over height of the native picture.
    """

    bundle_id: str
    embedding: Vector
    grids: Mapping[str, NDArray[np.float32]]
    luma: NDArray[np.uint8]
    quality: FrameQuality
    aspect: float


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """An enrolled picture of a view. Immutable: a change of the view adds references, it never edits one.

    Attributes:
        id: Of the stored row; 0 before it is stored.
        key: The view it shows.
        image_digest: Where the store keeps the picture; it is re-encoded from there when the bundle changes.
        created_at: Aware UTC time of enrolment.
        origin: `enrolled` by a person, or `accepted` from an incident.
        upright: The picture's encoding.
        turned: Embeddings in the other orientations, for the bank.
    """

    id: int
    key: ViewKey
    image_digest: str
    created_at: datetime
    origin: str
    upright: Encoding
    turned: Mapping[Orientation, Vector]
