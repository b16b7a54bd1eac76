"""A view's state over time: single verdicts become a state only when they insist.

`unenrolled -> ok -> suspect -> alert -> ok`, and `unknown` while nothing can be told. Entering an alert needs
`open_checks` of the last `window` telling verdicts to name the same cause *and* that cause to have lasted its
minimum duration *and*, for `moved`, the measured displacements to agree. Leaving needs `close_checks` consecutive
good ones, lasting `close_after_s`: entering and leaving differ, so a view at the edge does not flap. An alert changes
its cause only when a whole window does not name the old one any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monitor.domain.displacement import Displacement, Tolerance
from monitor.domain.frame import Light
from monitor.domain.verdict import VerdictKind

# Verdicts that say nothing about where the camera points: they neither confirm nor clear a suspicion.
SILENT = frozenset({VerdictKind.UNSURE, VerdictKind.DARK})


class Status(StrEnum):
    """Where a view stands."""

    UNENROLLED = "unenrolled"
    OK = "ok"
    SUSPECT = "suspect"
    ALERT = "alert"
    UNKNOWN = "unknown"


class Change(StrEnum):
    """What a transition means to an operator."""

    ENROLLED = "enrolled"
    SUSPECTED = "suspected"
    CLEARED = "cleared"
    OPENED = "opened"
    CAUSE_CHANGED = "cause_changed"
    RECOVERED = "recovered"
    LOST_SIGHT = "lost_sight"
    REGAINED_SIGHT = "regained_sight"


@dataclass(frozen=True, slots=True)
class StatePolicy:
    """How insistent verdicts must be.

    Attributes:
        open_checks: Verdicts of one cause needed to raise an alert …
        window: … among the last so many telling verdicts.
        min_duration_s: How long a cause must have lasted, by cause; others need `default_duration_s`.
        default_duration_s: For causes not named.
        close_checks: Consecutive `ok` needed to recover.
        close_after_s: How long those must have lasted.
        recheck_s: How soon a suspect view is looked at again.
        longest_wait_s: A view without a frame, whose incident is open, is looked at less and less often, down to
            once in this time; one whose interval is longer, once an interval.
        unknown_after_s: After how long without a telling verdict the state becomes `unknown`.
        dark_alert_after_s: A view dark for this long is an incident (the longest night is shorter).
        tolerance: Up to where `moved` measurements agree.
        flap_changes: This many alerts opened or changed …
        flap_window_s: … within this time is flapping, and reported as such.
        frozen_repeats: This many further captures of the very same picture …
        frozen_after_s: … over at least this time are a frozen camera.
        frozen_alike_repeats: This many further captures of one picture that was encoded anew each time …
        frozen_alike_after_s: … over at least this time are one as well, where the view was never that calm.
        clock_skew_s: From this difference on between the camera's clock and ours, checks remark on it.
        reopen_within_s: An alert with the cause of an incident that ended less than this ago is that incident again.
    """

    open_checks: int = 2
    window: int = 3
    min_duration_s: Mapping[VerdictKind, float] = field(
        default_factory=lambda: {
            VerdictKind.OBSTRUCTED: 120.0,
            VerdictKind.BLURRED: 300.0,
            VerdictKind.OVEREXPOSED: 600.0,
            VerdictKind.OFFLINE: 120.0,
            VerdictKind.STREAM_FAULT: 120.0,
        }
    )
    default_duration_s: float = 20.0
    close_checks: int = 2
    close_after_s: float = 20.0
    recheck_s: float = 30.0
    longest_wait_s: float = 300.0
    unknown_after_s: float = 1800.0
    dark_alert_after_s: float = 64_800.0
    tolerance: Tolerance = field(default_factory=Tolerance)
    flap_changes: int = 4
    flap_window_s: float = 3600.0
    frozen_repeats: int = 3
    frozen_after_s: float = 120.0
    frozen_alike_repeats: int = 10
    frozen_alike_after_s: float = 3600.0
    clock_skew_s: float = 300.0
    reopen_within_s: float = 600.0

    def duration_needed_s(self, cause: VerdictKind) -> float:
        """How long this cause must have lasted before it is an alert."""
        return self.min_duration_s.get(cause, self.default_duration_s)


@dataclass(frozen=True, slots=True)
class RecentCheck:
    """As much of a past verdict as the next decision needs.

    Attributes:
        at: When it was reached.
        kind: The judgement.
        displacement: Measured, or None.
        since: Since when the same has been said without a gap of a whole window; for `moved`, the same displacement.
            None in rows older than this field, which counts as `at`.
    """

    at: datetime
    kind: VerdictKind
    displacement: Displacement | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stillness:
    """How long a source has delivered one and the same picture.

    Rows of before a field was added read as its default: nothing is known of it yet.

    Attributes:
        digest: Of the last frame.
        captured_at: The last frame's own time.
        since: Since when the digest has not changed, or the camera's clock has stood still.
        repeats: How many *further* captures brought the same digest, or the same time of that clock.
        picture: Fingerprint of the picture that later ones are compared with …
        alike: … how many of them were near-duplicates of it …
        alike_since: … and since when.
        calmest_s: The longest that near-duplicates have lasted and then ended.
        watched_since: When the first picture came.
        clock: Fingerprint of the burnt-in clock …
        clock_since: … since when it shows that time …
        clock_ran: … and whether it was seen to run.
        told_at: The camera's own time of the last frame …
        told_ran: … and whether that was seen to run.
        clock_stands: Whether one of both stood still at the last frame, and the picture with it.
    """

    digest: str
    captured_at: datetime
    since: datetime
    repeats: int = 0
    picture: str = ""
    alike: int = 0
    alike_since: datetime | None = None
    calmest_s: float = 0.0
    watched_since: datetime | None = None
    clock: str = ""
    clock_since: datetime | None = None
    clock_ran: bool = False
    told_at: datetime | None = None
    told_ran: bool = False
    clock_stands: bool = False


@dataclass(frozen=True, slots=True)
class Signs:
    """What the pictures told of the camera itself so far, see `monitor.domain.signs`.

    Attributes:
        clock_skew_s: By how much its clock is ahead of ours, smoothed; None where it tells no time.
        width: Pixels side by side of its pictures when they last had the reference's shape; 0 before the first.
        height: Pixels one above the other, likewise.
        light: By what light it saw last …
        light_since: … and since when.
        knows_colours: Whether it was ever seen to deliver colours.
        complains: Whether the decoder complained of its last good picture, as it then does of any.
    """

    clock_skew_s: float | None = None
    width: int = 0
    height: int = 0
    light: Light | None = None
    light_since: datetime | None = None
    knows_colours: bool = False
    complains: bool = False


@dataclass(frozen=True, slots=True)
class ViewState:
    """A view's state; a value, replaced by every check.

    Attributes:
        status: Where it stands.
        since: When it came to stand there; None before the first check.
        cause: What is or seems wrong, in `suspect`, in `alert` and where an alert was interrupted.
        recent: The last telling verdicts, oldest first, as many as the policy needs.
        named: The cause named last, which in `alert` may be another than `cause` …
        named_since: … and since when it has been named without a gap of a whole window.
        unclear_since: Since when verdicts have told nothing, or None.
        dark_since: Since when every picture was `dark`, or None.
        opened: When alerts were opened or changed their cause lately, for flap detection.
        alert_before: Whether `unknown` interrupted an alert, which is then still open.
        stillness: For the detection of frozen pictures.
        checked_at: When the last verdict came, whatever it said; None before the first.
        signs: What its pictures tell of the camera.
    """

    status: Status = Status.UNENROLLED
    since: datetime | None = None
    cause: VerdictKind | None = None
    recent: tuple[RecentCheck, ...] = ()
    named: VerdictKind | None = None
    named_since: datetime | None = None
    unclear_since: datetime | None = None
    dark_since: datetime | None = None
    opened: tuple[datetime, ...] = ()
    alert_before: bool = False
    stillness: Stillness | None = None
    checked_at: datetime | None = None
    signs: Signs = field(default_factory=Signs)

    @property
    def has_open_incident(self) -> bool:
        """Whether an incident is open while the view is in this state."""
        return self.status is Status.ALERT or self.alert_before


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of state, with its reason."""

    change: Change
    before: Status
    after: Status
    cause: VerdictKind | None
    reason: str
    flapping: bool = False
