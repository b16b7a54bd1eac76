"""After a change of the bundle: encode every active reference again, from the picture that was kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from monitor.domain.errors import MonitorError
from monitor.domain.frame import Frame
from monitor.domain.ports import Encoder
from monitor.store import Store


@dataclass(frozen=True, slots=True)
class Reencoded:
    """What was done: how many references, and the problems met with others."""

    references: int
    problems: tuple[str, ...]


def reencode(store: Store, encoder: Encoder, read_picture: Callable[[bytes, datetime], Frame]) -> Reencoded:
    """Encode what another bundle encoded; a reference whose picture is lost is named, and does not stop the rest."""
    done, problems = 0, []
    for stale in store.gallery.needing_reencode(encoder.bundle_id):
        try:
            frame = read_picture(store.images.get(stale.image_digest), stale.created_at)
            store.gallery.replace_encoding(stale.reference_id, encoder.enroll(frame, stale.key))
            done += 1
        except MonitorError as error:
            problems.append(f"Reference {stale.reference_id} of {stale.key}: {error}")
    return Reencoded(done, tuple(problems))
