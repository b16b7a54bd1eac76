"""Why nobody is told of something for the time being: a silence, or a maintenance window."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.domain.maintenance import MaintenanceWindow
from monitor.domain.matcher import Matcher, Matter
from monitor.domain.silence import Silence
from monitor.domain.view import ViewSpec

REASONS_NAMED = 3


class MutedBy(StrEnum):
    """What kind of thing mutes."""

    SILENCE = "silence"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Muted:
    """That something is not told at present.

    Attributes:
        by: What kind of thing mutes it; where several do, the kind of the first.
        until: When it may be told at the earliest, aware UTC, unless something else mutes it then.
        reason: One clause for a person.
    """

    by: MutedBy
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class _Mute:
    matcher: Matcher
    muted: Muted


def why_muted(
    matter: Matter, now: datetime, silences: Iterable[Silence], windows: Iterable[MaintenanceWindow]
) -> Muted | None:
    """What mutes a matter now, or None.

    A matter of several views is muted only when each of them is, be it by different silences: a silence for one camera
    must not hide that its recorder has failed.

    Args:
        matter: What an incident is about.
        now: The moment that counts.
        silences: Those that are over, or have not begun, are passed over.
        windows: Those that are not open are passed over.
    """
    mutes = [*_of_silences(silences, now), *_of_windows(windows, now)]
    if not mutes or not matter.views:
        return None
    found: list[Muted] = []
    for one in matter.apart():
        applying = [mute.muted for mute in mutes if mute.matcher.fits(one)]
        if not applying:
            return None
        # Where several apply, the one that lasts longest is the reason to name.
        found.append(max(applying, key=lambda muted: muted.until))
    if len(distinct := list(dict.fromkeys(found))) == 1:
        return distinct[0]
    named = [muted.reason for muted in distinct[:REASONS_NAMED]]
    more = len(distinct) - len(named)
    return Muted(
        distinct[0].by,
        min(muted.until for muted in distinct),
        "; ".join(named) + (f"; and {more} more" if more else ""),
    )


def why_view_muted(
    view: ViewSpec, now: datetime, silences: Iterable[Silence], windows: Iterable[MaintenanceWindow]
) -> Muted | None:
    """What may mute a view now, whatever goes wrong there: for people who look at where it stands."""
    mutes = [*_of_silences(silences, now), *_of_windows(windows, now)]
    applying = [mute.muted for mute in mutes if mute.matcher.concerns(view)]
    return max(applying, key=lambda muted: muted.until, default=None)


def _of_silences(silences: Iterable[Silence], now: datetime) -> Iterable[_Mute]:
    for silence in silences:
        if silence.is_active(now):
            until = silence.ends_really_at
            reason = f"silenced until {moment(until)} by {silence.author}: {silence.comment}"
            yield _Mute(silence.matcher, Muted(MutedBy.SILENCE, until, reason))


def _of_windows(windows: Iterable[MaintenanceWindow], now: datetime) -> Iterable[_Mute]:
    for window in windows:
        until = window.span.open_until(now)
        if until is not None:
            reason = f"maintenance until {moment(until)}: {window.name}"
            yield _Mute(window.matcher, Muted(MutedBy.MAINTENANCE, until, reason))


def moment(at: datetime) -> str:
    """A time as reasons name it: to the minute, in UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
