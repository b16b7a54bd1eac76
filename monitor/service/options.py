"""How the daemon paces itself."""

from __future__ import annotations

from dataclasses import dataclass, fields

from monitor.domain.errors import MonitorError


class BadServiceOptions(MonitorError):
    """An option of the daemon is out of its range."""


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """The daemon's pace and bounds.

    Attributes:
        workers: Checks of healthy cameras at the same time.
        troubled_workers: Checks of failing or slow cameras at the same time; these mostly wait for the
            network.
        spare_workers: Checks that turned out to be slow while they ran, beyond these.
        queue_limit: Checks that may wait in each of the two lanes; beyond that a view stays due in the
            database.
        batch: Due views read from the database at a time, beyond those already known to wait.
        tick_s: Seconds between looks at the due list.
        slow_after_s: A check that takes longer makes its view a troubled one, even while it runs.
        start_rate_per_s: Views that were due before the start are taken up at about this rate …
        start_spread_s: … but none of them later than this.
        hold_s: A view whose check broke down (a fault of ours, not of the camera) rests this long …
        longest_hold_s: … doubling up to this long.
        sit_outs: Views that may sit out in one look at the due list, because their host is down.
        knock_every_s: Seconds between looks whether silent ports answer again.
        idle_s: A view for which there was nothing to do rests at least this long.
        deliver_every_s: Seconds between looks at due deliveries.
        tend_every_s: Seconds between looks at held alerts and at what needs a reminder.
        prune_every_s: Seconds between clearings of what is past its retention.
        watch_every_s: Seconds between looks at the configuration files.
        heartbeat_every_s: Seconds between signs of life to the supervisor, and between looks at the lock.
        stalled_after_s: Without a turn of the dispatcher for this long there are no more signs of life.
        drain_timeout_s: How long running work may take to finish once the daemon is told to stop.
    """

    workers: int = 8
    troubled_workers: int = 24
    spare_workers: int = 24
    queue_limit: int = 256
    batch: int = 256
    tick_s: float = 0.5
    slow_after_s: float = 1.0
    start_rate_per_s: float = 20.0
    start_spread_s: float = 60.0
    hold_s: float = 60.0
    longest_hold_s: float = 600.0
    sit_outs: int = 32
    knock_every_s: float = 10.0
    idle_s: float = 5.0
    deliver_every_s: float = 1.0
    tend_every_s: float = 10.0
    prune_every_s: float = 3600.0
    watch_every_s: float = 2.0
    heartbeat_every_s: float = 10.0
    stalled_after_s: float = 60.0
    drain_timeout_s: float = 20.0

    def __post_init__(self) -> None:
        """Refuse what cannot work.

        Raises:
            BadServiceOptions: A value is not above zero (the drain timeout may be zero).
        """
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        # Draining may take no time at all: then stopping abandons at once whatever runs.
        wrong = [f"{n}={v}" for n, v in values.items() if v < 0 or (v == 0 and n != "drain_timeout_s")]
        if wrong:
            raise BadServiceOptions(
                f"The daemon cannot run with {', '.join(wrong)}.", "Give each of them a value above zero."
            )
