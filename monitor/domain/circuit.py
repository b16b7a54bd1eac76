"""How a receiver has fared lately, and how many deliveries to it may be on their way in the light of that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.domain.alert import Outcome, Receipt


@dataclass(frozen=True, slots=True)
class ReceiverState:
    """How a notifier's receiver has fared.

    Attributes:
        failures: Attempts in a row that failed for the moment.
        failing_since: When the first of these was, or None while it works.
        last_failed_at: When the last of these was, or None.
        last_detail: What came of the last attempt, for a person.
        last_delivered_at: When it last accepted anything, or None.
        disabled_at: When it answered that it is gone, or None.
        disabled_reason: What it answered then.
        settings_digest: Of the notifier's settings at that time: with others it begins anew.
    """

    failures: int = 0
    failing_since: datetime | None = None
    last_failed_at: datetime | None = None
    last_detail: str = ""
    last_delivered_at: datetime | None = None
    disabled_at: datetime | None = None
    disabled_reason: str = ""
    settings_digest: str = ""

    def after(self, receipt: Receipt, now: datetime, settings_digest: str) -> ReceiverState:
        """The state after one more attempt."""
        said = replace(self, last_detail=receipt.detail, settings_digest=settings_digest)
        if receipt.outcome is Outcome.GONE:
            return replace(said, disabled_at=self.disabled_at or now, disabled_reason=receipt.detail)
        if receipt.outcome is Outcome.RETRY:
            return replace(
                said,
                failures=self.failures + 1,
                failing_since=self.failing_since or now,
                last_failed_at=now,
            )
        # A refusal is an answer, too: whoever says no to one alert is there, and may take the next.
        delivered_at = now if receipt.outcome is Outcome.ACCEPTED else self.last_delivered_at
        return replace(
            said, failures=0, failing_since=None, last_failed_at=None, last_delivered_at=delivered_at
        )

    def is_disabled(self, settings_digest: str) -> bool:
        """Whether it is switched off, as long as its settings are these."""
        return self.disabled_at is not None and self.settings_digest == settings_digest


@dataclass(frozen=True, slots=True)
class CircuitPolicy:
    """When a failing receiver is spared.

    After so many failures in a row its circuit is open: one delivery at a time is tried, as a probe, after 10 s, 20 s,
    40 s … and then every 5 minutes; the others wait without using up their attempts. One success closes it.

    Attributes:
        opens_after: Failures in a row.
        first_s: Wait before the first probe …
        factor: … each following one is so many times longer …
        longest_s: … up to this.
    """

    opens_after: int = 5
    first_s: float = 10.0
    factor: float = 2.0
    longest_s: float = 300.0

    def is_open(self, state: ReceiverState) -> bool:
        """Whether the receiver is being spared."""
        return state.failures >= self.opens_after

    def probe_at(self, state: ReceiverState) -> datetime | None:
        """When it is tried again, or None while its circuit is closed."""
        if not self.is_open(state) or state.last_failed_at is None:
            return None
        exponent = min(state.failures - self.opens_after, 64)
        wait_s = min(self.longest_s, self.first_s * self.factor**exponent)
        return state.last_failed_at + timedelta(seconds=wait_s)

    def room(self, state: ReceiverState, usual: int, now: datetime) -> int:
        """How many deliveries may be on their way to it at once."""
        probe_at = self.probe_at(state)
        if probe_at is None:
            return usual
        # A clock that was set back must not leave the receiver untried for longer than the longest wait.
        is_time = now >= probe_at or now < probe_at - timedelta(seconds=self.longest_s)
        return 1 if is_time else 0
