"""Who is not told for now, and the reason in words."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.maintenance import MaintenanceWindow
from monitor.domain.matcher import Matcher, Matter
from monitor.domain.muting import MutedBy, why_muted, why_view_muted
from monitor.domain.severity import Severity
from monitor.domain.silence import BadSilence, Silence
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey, ViewSpec

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
GATE = ViewSpec(ViewKey("gate"), site="north")
YARD = ViewSpec(ViewKey("yard"), site="south")
MOVED = Matter((GATE,), VerdictKind.MOVED, Severity.WARNING)
BOTH = Matter((GATE, YARD), VerdictKind.OFFLINE, Severity.CRITICAL)


class Between:
    """A span with fixed ends."""

    def __init__(self, begins_h: float, ends_h: float) -> None:
        self.begins, self.ends = NOW + timedelta(hours=begins_h), NOW + timedelta(hours=ends_h)

    def open_until(self, now: datetime) -> datetime | None:
        return self.ends if self.begins <= now < self.ends else None


def silence(
    *cameras: str, begins_h: float = -1, ends_h: float = 6, expired_h: float | None = None, **of: object
) -> Silence:
    return Silence(
        1,
        Matcher(cameras=cameras, **of),  # type: ignore[arg-type]
        "ann",
        "lens cleaning",
        NOW,
        NOW + timedelta(hours=begins_h),
        NOW + timedelta(hours=ends_h),
        None if expired_h is None else NOW + timedelta(hours=expired_h),
    )


def window(site: str, begins_h: float = -1, ends_h: float = 2) -> MaintenanceWindow:
    return MaintenanceWindow(f"work-{site}", Between(begins_h, ends_h), Matcher(sites=[site]))


SILENCED = "silenced until 2026-06-01 18:00 UTC by ann: lens cleaning"
WORK = "maintenance until 2026-06-01 14:00 UTC: work-north"


@pytest.mark.parametrize(
    ("matter", "silences", "windows", "reason"),
    [
        (MOVED, [], [], None),
        (MOVED, [silence("gate")], [], SILENCED),
        (MOVED, [silence("g*", causes=[VerdictKind.MOVED])], [], SILENCED),
        (MOVED, [silence("g*", causes=[VerdictKind.FROZEN])], [], None),
        (MOVED, [silence("gate", severities=[Severity.CRITICAL])], [], None),
        (MOVED, [silence("yard")], [], None),
        (MOVED, [silence("gate", begins_h=1)], [], None),
        (MOVED, [silence("gate", begins_h=0)], [], SILENCED),
        (MOVED, [silence("gate", ends_h=0)], [], None),
        (MOVED, [silence("gate", expired_h=-0.5)], [], None),
        (MOVED, [], [window("north")], WORK),
        (MOVED, [], [window("north", begins_h=1)], None),
        (MOVED, [], [window("south")], None),
        # The one that lasts longest is named.
        (MOVED, [silence("gate")], [window("north")], SILENCED),
        (MOVED, [silence("gate", ends_h=1)], [window("north")], WORK),
        # Several views: each must be muted, by whatever it is.
        (BOTH, [silence("gate")], [], None),
        (BOTH, [silence("*")], [], SILENCED),
        (BOTH, [silence("yard")], [window("north")], f"{WORK}; {SILENCED}"),
    ],
)
def test_a_matter_is_muted_when_all_of_its_views_are(
    matter: Matter, silences: list[Silence], windows: list[MaintenanceWindow], reason: str | None
) -> None:
    muted = why_muted(matter, NOW, silences, windows)
    assert (muted and muted.reason) == reason


def test_it_is_said_until_when_at_the_earliest_and_what_kind_of_thing_mutes() -> None:
    muted = why_muted(BOTH, NOW, [silence("yard")], [window("north")])
    assert muted is not None
    assert (muted.until, muted.by) == (NOW + timedelta(hours=2), MutedBy.MAINTENANCE)


def test_of_very_many_reasons_only_a_few_are_named() -> None:
    views = tuple(ViewSpec(ViewKey(f"camera-{number}")) for number in range(9))
    silences = [silence(view.key.camera, ends_h=number + 1) for number, view in enumerate(views)]
    muted = why_muted(Matter(views, VerdictKind.OFFLINE, Severity.INFO), NOW, silences, [])
    assert muted is not None
    assert muted.reason.endswith("; and 6 more")


def test_a_view_is_shown_as_muted_whatever_the_cause() -> None:
    muted = why_view_muted(GATE, NOW, [silence("gate", causes=[VerdictKind.FROZEN])], [])
    assert muted is not None
    assert why_view_muted(YARD, NOW, [silence("gate")], [window("north")]) is None


@given(
    cameras=st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3, unique=True),
    silenced=st.lists(st.sampled_from(["a", "b", "c"]), max_size=3, unique=True),
    hours=st.floats(-10, 10),
)
def test_one_view_that_is_not_muted_is_enough_to_be_told(
    cameras: list[str], silenced: list[str], hours: float
) -> None:
    now = NOW + timedelta(hours=hours)
    matter = Matter(tuple(ViewSpec(ViewKey(name)) for name in cameras), VerdictKind.MOVED, Severity.INFO)
    silences = [silence(name) for name in silenced]
    muted = why_muted(matter, now, silences, [])
    is_active = NOW - timedelta(hours=1) <= now < NOW + timedelta(hours=6)
    assert (muted is not None) == (is_active and set(cameras) <= set(silenced))
    if muted is not None:
        assert muted.until > now


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"matcher": Matcher()}, "must say what"),
        ({"ends_at": NOW}, "end after it begins"),
        ({"comment": "  "}, "needs a reason"),
    ],
)
def test_a_silence_of_everything_of_nothing_or_for_no_reason_is_refused(
    changes: dict[str, object], problem: str
) -> None:
    values: dict[str, object] = {
        "id": 0, "matcher": Matcher(cameras=["gate"]), "author": "ann", "comment": "why", "created_at": NOW,
        "starts_at": NOW, "ends_at": NOW + timedelta(hours=1),
    }  # fmt: skip
    with pytest.raises(BadSilence, match=problem):
        Silence(**(values | changes))  # type: ignore[arg-type]
