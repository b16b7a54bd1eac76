"""What a web server said of its last picture, and whether that can be believed. Pure.

A conditional request ("only if it is not this one any more") spares the transfer of a picture that has not changed.
It also hands the judgement over to the camera, and there are cameras whose entity tag never changes. So a server must
first have shown that its validator changes when its picture does, and that a picture comes more than once at all; and
it is asked for the picture itself again and again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

PROOFS = 2
"""So many pictures in a row must each have come with another validator before conditional requests are made."""
UNCHANGED_IN_A_ROW = 2
"""After so many answers "not changed" the picture itself is asked for. By default a view counts as frozen at the third
repetition: that verdict thus never rests on the camera's word alone."""

_LONGEST_VALIDATOR = 256
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LastSnapshot:
    """What is known of the picture that came last.

    Attributes:
        digest: Of its bytes.
        since: When it came first, aware UTC, on our clock.
        etag: Its entity tag as it came; empty where there was none, or none that can be sent back.
        modified: Its Last-Modified as it came; empty likewise.
        proofs: How many pictures in a row came with a validator of their own.
        times: How often it came.
        unchanged: How often in a row the server said that it is still this picture.
    """

    digest: str
    since: datetime
    etag: str = ""
    modified: str = ""
    proofs: int = 0
    times: int = 1
    unchanged: int = 0

    def __post_init__(self) -> None:
        if self.since.tzinfo is None or min(self.proofs, self.times, self.unchanged) < 0:
            raise ValueError("A time without zone, or a negative count.")

    @property
    def validator(self) -> str:
        """The one that counts: a server that gets both ignores the date."""
        return self.etag or self.modified

    def condition(self) -> dict[str, str]:
        """The headers of a request for another picture than this; empty where the picture itself is to come."""
        is_believed = self.proofs >= PROOFS and self.unchanged < UNCHANGED_IN_A_ROW
        if not (is_believed and self.times > 1 and self.validator):
            return {}
        return {"If-None-Match": self.etag} if self.etag else {"If-Modified-Since": self.modified}

    def said_unchanged(self) -> LastSnapshot:
        """After the answer that it still is this picture."""
        return replace(self, unchanged=self.unchanged + 1)


def after_picture(
    last: LastSnapshot | None, digest: str, headers: Mapping[str, str], now: datetime
) -> LastSnapshot:
    """What is known once a picture has come.

    Args:
        last: What was known before.
        digest: Of the picture.
        headers: It came with these, by lower-case name.
        now: Aware UTC.
    """
    came = LastSnapshot(digest, now, _sendable(headers.get("etag")), _sendable(headers.get("last-modified")))
    if last is None:
        return came
    if last.digest == digest:
        return replace(came, since=last.since, proofs=last.proofs, times=last.times + 1)
    if not came.validator or came.validator == last.validator:
        return came  # Another picture under the same name: whatever was proven before is worth nothing.
    return replace(came, proofs=min(last.proofs + 1, PROOFS))


def age_s(last: LastSnapshot, headers: Mapping[str, str], now: datetime) -> float:
    """How old the picture is at least, in seconds.

    The greatest of: how long this very picture has been coming; how long before its own Date the server says that it
    was changed (so that a wrong clock of the camera cancels out), together with the time it has lain in a cache.
    """
    known_s = (now - last.since).total_seconds()
    modified = parse_date(headers.get("last-modified") or last.modified)
    served = parse_date(headers.get("date"))
    lain_s = _seconds(headers.get("age"))
    if modified is None or modified < _EARLIEST:
        return max(known_s, lain_s)
    return max(known_s, ((served or now) - modified).total_seconds() + lain_s)


def parse_date(text: str | None) -> datetime | None:
    """A date as in HTTP headers, aware UTC; None for what is none."""
    try:
        moment = parsedate_to_datetime(text or "")
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def to_memory(last: LastSnapshot) -> dict[str, str | int]:
    """As plain values for `Remembering`."""
    return {
        "digest": last.digest,
        "since": last.since.isoformat(),
        "etag": last.etag,
        "modified": last.modified,
        "proofs": last.proofs,
        "times": last.times,
        "unchanged": last.unchanged,
    }


def from_memory(memory: Mapping[str, object]) -> LastSnapshot | None:
    """The reverse; None for what was never written by `to_memory`."""
    match memory:
        case {
            "digest": str(digest),
            "since": str(since),
            "etag": str(etag),
            "modified": str(modified),
            "proofs": int(proofs),
            "times": int(times),
            "unchanged": int(unchanged),
        }:
            try:
                return LastSnapshot(
                    digest,
                    datetime.fromisoformat(since),
                    _sendable(etag),
                    _sendable(modified),
                    proofs,
                    times,
                    unchanged,
                )
            except (ValueError, OverflowError):
                return None
        case _:
            return None


def _sendable(validator: str | None) -> str:
    """A validator that may go into a request; empty for one that is odd."""
    text = validator or ""
    is_sendable = len(text) <= _LONGEST_VALIDATOR and text.isascii() and text.isprintable()
    return text if is_sendable else ""


def _seconds(text: str | None) -> float:
    return float(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else 0.0
