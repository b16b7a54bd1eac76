"""Small, real values of the domain for tests of the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from monitor.domain.addressee import Addressee
from monitor.domain.alert import Alert, AlertKind
from monitor.domain.displacement import Displacement
from monitor.domain.frame import FrameQuality
from monitor.domain.incident import Incident, Observation
from monitor.domain.orientation import Orientation
from monitor.domain.reference import Encoding, Reference
from monitor.domain.state import Change, RecentCheck, Status, Transition, ViewState
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey, ViewSpec

NOW = datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)
KEY = ViewKey("gate", "north")
JPEG = b"\xff\xd8\xff\xe0" + b"a picture" * 50
ROUTES = ("log", "webhook")


def told(*names: str) -> tuple[Addressee, ...]:
    return tuple(Addressee(name) for name in names)


TOLD = told(*ROUTES)


def at(seconds: float) -> datetime:
    """A time after `NOW`."""
    return NOW + timedelta(seconds=seconds)


def spec(key: ViewKey = KEY, **changes: object) -> ViewSpec:
    return ViewSpec(key=key, **changes)  # type: ignore[arg-type]


def reference(
    seed: int = 0, bundle_id: str = "net-1", key: ViewKey = KEY, *, grids: bool = True
) -> Reference:
    """A reference with arrays of the default network's sizes, or tiny ones where only its row matters."""
    random = np.random.default_rng(seed)

    def unit() -> np.ndarray:
        vector = random.normal(size=256).astype(np.float32)
        return vector / np.linalg.norm(vector)

    sizes = {"coarse": (64, 12, 16), "fine": (32, 24, 32)} if grids else {"coarse": (2, 3, 4)}
    encoding = Encoding(
        bundle_id=bundle_id,
        embedding=unit(),
        grids={name: random.normal(size=size).astype(np.float32) for name, size in sizes.items()},
        luma=random.integers(0, 256, size=(240, 320) if grids else (6, 8), dtype=np.uint8),
        quality=FrameQuality(0.5, 0.2, 0.01, 0.02, 0.3, 0.6, 0.4, 0.0),
        aspect=4 / 3,
    )
    turned: dict[Orientation, np.ndarray] = {
        orientation: unit() for orientation in Orientation if orientation is not Orientation.UPRIGHT
    }
    return Reference(0, key, "", NOW, "enrolled", encoding, turned)


def verdict(kind: VerdictKind = VerdictKind.OK) -> Verdict:
    return Verdict(
        kind,
        0.9,
        ("it says so",),
        Displacement(dx=0.05, dy=-0.01, roll_deg=1.5, zoom=1.02),
        similarity=0.8,
        reference_id=1,
        evidence={"support": 0.7, "bundle": "net-1", "missing": None},
    )


def observation(
    seconds: float,
    kind: VerdictKind = VerdictKind.OK,
    change: Change | None = None,
    *,
    key: ViewKey = KEY,
    image: bytes | None = None,
    interval_s: float = 60.0,
) -> Observation:
    """A check of the slot that many seconds after `NOW`, finished a second later."""
    status = Status.OK if kind is VerdictKind.OK else Status.ALERT
    cause = None if kind is VerdictKind.OK else kind
    recent = (RecentCheck(at(seconds - 30), kind, Displacement(dx=0.05)), RecentCheck(at(seconds), kind))
    return Observation(
        key=key,
        slot=at(seconds),
        checked_at=at(seconds + 1),
        captured_at=at(seconds + 0.5),
        verdict=verdict(kind),
        frame_digest="ab" * 32,
        state=ViewState(status, at(seconds), cause, recent),
        transition=None
        if change is None
        else Transition(change, Status.SUSPECT, status, cause, "since it lasts"),
        next_due_at=at(seconds + interval_s),
        timings_ms={"grab": 12.5, "encode": 5.0},
        bundle_id="net-1",
        keep_image=image,
    )


def opened(seconds: float, *, key: ViewKey = KEY, image: bytes | None = None) -> Observation:
    return observation(seconds, VerdictKind.FLIPPED_180, Change.OPENED, key=key, image=image)


def recovered(seconds: float, *, key: ViewKey = KEY) -> Observation:
    return observation(seconds, VerdictKind.OK, Change.RECOVERED, key=key)


def announce(incident: Incident, observed: Observation, sequence: int) -> Alert:
    kinds = {Change.OPENED: AlertKind.OPENED, Change.RECOVERED: AlertKind.RESOLVED}
    assert observed.transition is not None
    return _alert(
        incident, kinds.get(observed.transition.change, AlertKind.CHANGED), sequence, observed.checked_at
    )


def announce_resolved(incident: Incident, sequence: int) -> Alert:
    assert incident.resolved_at is not None
    return _alert(incident, AlertKind.RESOLVED, sequence, incident.resolved_at)


def _alert(incident: Incident, kind: AlertKind, sequence: int, occurred_at: datetime) -> Alert:
    return Alert(
        id=f"{incident.id}-{sequence}",
        kind=kind,
        key=incident.key,
        site="default",
        incident_id=incident.id,
        occurred_at=occurred_at,
        headline=f"{incident.key}: {kind}",
        details={"cause": incident.cause, "numbers": [1, 2.5, None]},
    )
