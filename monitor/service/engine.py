"""The daemon: starts the jobs, waits for orders, stops within bounds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from queue import Empty, SimpleQueue
from random import Random
from typing import Protocol

import structlog

from monitor.domain.ports import Clock
from monitor.domain.view import ViewKey
from monitor.service.counters import GrabberLoad, ServiceCounters, Tally
from monitor.service.dispatch import Dispatcher, DueViews, Observe
from monitor.service.hosts import Hosts
from monitor.service.jobs import Job, Jobs
from monitor.service.lanes import Lanes
from monitor.service.lock_keeper import HoldLock, LockKeeper
from monitor.service.options import ServiceOptions
from monitor.service.orders import Order, Orders, signals_as_orders
from monitor.service.reload import Reload, Reloader
from monitor.service.supervisor import Supervisor
from monitor.usecases.deliver import DeliveryReport

_log = structlog.get_logger(__name__)

# The wall clock is compared with the monotonic one this often …
CLOCK_LOOK_S = 1.0
# … and has been set when they differ by this much more than before.
CLOCK_STEP_S = 5.0
# How long a signal may go unnoticed while the daemon stops.
SIGNAL_LOOK_S = 0.2
EXIT_DRAINED = 0
EXIT_ABANDONED = 3
EXIT_GAVE_WAY = 4


class Outbox(Protocol):
    """Where alerts leave from; `monitor.usecases.deliver.Deliverer` is one."""

    def deliver_due(self) -> DeliveryReport:
        """Send what is due; what was finished since the last call."""
        ...

    def close(self, timeout_s: float) -> int:
        """Take up nothing more, wait for what is being sent; how many were still being sent."""
        ...


class Service:
    """The running daemon.

    Args:
        due: Reads the due list from the database.
        observe: Checks one view for one due time.
        outbox: Sends alerts.
        tend: Looks after what is held, reminders and the like.
        prune: Clears what is past its retention.
        reload: Reads the configuration again, all or nothing.
        hold_lock: Takes the lock against a second daemon on the same database.
        clock: Time.
        options: Pace and bounds; fixed for the life of the process.
        watched: Configuration files whose change means a reload.
        supervisor: Told of readiness, life and state.
        random: Spreads work in time.
        known_troubled: Views without a usable frame when last checked; they begin in the troubled lane.
        grabbers: Counts the processes that grab frames; None where there are none.
        hosts: Asked before each check, and told of its outcome; None lets everybody in.
        chores: Further jobs, done only while the lock is held.
    """

    def __init__(
        self,
        *,
        due: DueViews,
        observe: Observe,
        outbox: Outbox,
        tend: Callable[[], object] = lambda: None,
        prune: Callable[[], object],
        reload: Reload,
        hold_lock: HoldLock,
        clock: Clock,
        options: ServiceOptions | None = None,
        watched: Sequence[Path] = (),
        supervisor: Supervisor | None = None,
        random: Random | None = None,
        known_troubled: Iterable[ViewKey] = (),
        grabbers: Callable[[], GrabberLoad] | None = None,
        hosts: Hosts | None = None,
        chores: Sequence[Job] = (),
    ) -> None:
        self._grabbers = grabbers
        self._options = options = options or ServiceOptions()
        self._outbox = outbox
        self._tend = tend
        self._clock = clock
        self._supervisor = supervisor or Supervisor()
        random = random or Random()  # noqa: S311 - spreads work, guards nothing
        self._tally = Tally()
        self._orders: Orders = Orders()
        self._lanes = Lanes(
            options.workers,
            options.troubled_workers,
            options.queue_limit,
            options.slow_after_s,
            clock,
            options.spare_workers,
        )
        self._dispatcher = Dispatcher(
            due, observe, self._lanes, clock, options, self._tally, random, known_troubled, hosts
        )
        self._hosts = hosts
        self._reloader = Reloader(reload, watched, self._supervisor)
        self._keeper = LockKeeper(hold_lock, self.stop)
        self._dispatched_s = clock.monotonic_s()
        wanted_s = self._supervisor.heartbeat_within_s
        heartbeat_every_s = min(options.heartbeat_every_s, wanted_s or options.heartbeat_every_s)
        self._jobs = Jobs(
            [
                Job("dispatch", self._dispatch, options.tick_s),
                Job("deliver", self._deliver, options.deliver_every_s),
                Job("tend", self._tend_alerts, options.tend_every_s, options.tend_every_s),
                Job("knock", self._knock, options.knock_every_s, options.knock_every_s),
                Job("reload", self._reloader.turn, options.watch_every_s),
                Job("lock", self._keeper.look_after, options.heartbeat_every_s, options.heartbeat_every_s),
                Job("heartbeat", self._heartbeat, heartbeat_every_s),
                Job("prune", prune, options.prune_every_s, random.uniform(0.1, 0.2) * options.prune_every_s),
                *(replace(chore, run=self._while_held(chore.run)) for chore in chores),
            ]
        )

    def run(self, *, handle_signals: bool = True) -> int:
        """Run until told to stop by a signal or `stop`.

        Args:
            handle_signals: Whether SIGTERM, SIGINT and SIGHUP are taken as orders; needs the main thread.

        Returns:
            The exit code: 0; 3 when work had to be abandoned; 4 when another daemon has taken the database.
            After 3 the process should end with `end_process`, because threads may be stuck in it.

        Raises:
            DaemonAlreadyRunning: Another daemon works on the same database.
            StoreError: The database cannot be reached.
        """
        self._keeper.take()
        try:
            with signals_as_orders(self._orders) if handle_signals else nullcontext():
                self._lanes.start()
                self._jobs.start()
                self._supervisor.ready("running")
                _log.info("service.started")
                self._obey()
                return self._shut_down()
        finally:
            self._keeper.release()

    def stop(self) -> None:
        """Let `run` stop, from any thread."""
        self._orders.put(Order.STOP)

    def ask_reload(self) -> None:
        """Let the configuration be read again soon, from any thread."""
        self._orders.put(Order.RELOAD)

    @property
    def config_problem(self) -> str:
        """Why the latest configuration was refused; empty when it is in use."""
        return self._reloader.problem

    @property
    def is_turning(self) -> bool:
        """Whether views are still looked for; if not, the process should be restarted."""
        return self._clock.monotonic_s() - self._dispatched_s <= self._options.stalled_after_s

    @property
    def is_working(self) -> bool:
        """Whether it turns and has the database to itself."""
        return self.is_turning and self._keeper.is_held

    def counters(self) -> ServiceCounters:
        """What was done so far."""
        load = self._lanes.load()
        return self._tally.snapshot(
            in_flight=load.running,
            queued=load.queued,
            troubled=self._dispatcher.troubled(),
            held=self._dispatcher.held(),
            grabbers=self._grabbers() if self._grabbers else None,
        )

    def _obey(self) -> None:
        skew_s = self._skew_s()
        while True:
            try:
                order = self._orders.get(timeout=CLOCK_LOOK_S)
            except Empty:
                # The scheduler sleeps until a wall-clock time: set back by an hour, it would sleep for an
                # hour.
                step_s, skew_s = self._skew_s() - skew_s, self._skew_s()
                if abs(step_s) > CLOCK_STEP_S:
                    _log.warning("clock.was_set", by_s=round(step_s, 1))
                    self._jobs.retime()
                continue
            if order is Order.STOP:
                return
            self._reloader.ask()
            self._jobs.run_now("reload")

    def _shut_down(self) -> int:
        """Drain on a thread of its own, while this one stays awake for the second signal.

        A signal that arrives just before a thread goes to sleep in a lock is seen only when it wakes up again: in
        one long wait, that would be at the end of the drain.
        """
        done: SimpleQueue[int] = SimpleQueue()
        threading.Thread(target=lambda: done.put(self._drain_or_log()), name="drain", daemon=True).start()
        while True:
            try:
                return done.get(timeout=SIGNAL_LOOK_S)
            except Empty:
                continue

    def _drain_or_log(self) -> int:
        try:
            return self._drain()
        except Exception:  # noqa: BLE001 - whatever went wrong, the process is to end
            _log.exception("service.drain_broke_down")
            return EXIT_ABANDONED

    def _drain(self) -> int:
        timeout_s = self._options.drain_timeout_s
        load = self._lanes.load()
        _log.info("service.stopping", running=load.running, timeout_s=timeout_s)
        self._supervisor.stopping(f"finishing {load.running} checks")
        deadline_s = self._clock.monotonic_s() + timeout_s

        def left_s() -> float:
            return max(0.0, deadline_s - self._clock.monotonic_s())

        self._jobs.stop()
        stuck_views = self._lanes.close(left_s())
        stuck_deliveries = self._outbox.close(left_s())
        jobs_ended = self._jobs.join(left_s())
        if stuck_views or stuck_deliveries or not jobs_ended:
            _log.warning(
                "service.abandoned",
                views=[str(key) for key in stuck_views],
                deliveries=stuck_deliveries,
                jobs_ended=jobs_ended,
                remedy="They are taken up again at the next start.",
            )
            return EXIT_ABANDONED
        _log.info("service.stopped", status=self.counters().describe())
        return EXIT_GAVE_WAY if self._keeper.taken_by_other else EXIT_DRAINED

    def _dispatch(self) -> None:
        try:
            if self._keeper.is_held:
                self._dispatcher.tick()
        finally:
            # Also after a failure: a database that is away is no reason to be restarted, a dispatcher that
            # hangs is.
            self._dispatched_s = self._clock.monotonic_s()

    def _knock(self) -> None:
        if self._hosts is not None and self._keeper.is_held:
            self._hosts.knock()

    def _while_held(self, run: Callable[[], object]) -> Callable[[], None]:
        def run_if_held() -> None:
            if self._keeper.is_held:
                run()

        return run_if_held

    def _deliver(self) -> None:
        if not self._keeper.is_held:
            return
        report = self._outbox.deliver_due()
        self._tally.add(sent=report.sent, rescheduled=report.rescheduled, dead=report.dead)

    def _tend_alerts(self) -> None:
        if self._keeper.is_held:
            self._tend()

    def _heartbeat(self) -> None:
        silent_s = self._clock.monotonic_s() - self._dispatched_s
        if self.is_turning:
            self._supervisor.alive(self.counters().describe())
        else:
            _log.error("service.stalled", since_s=round(silent_s), remedy="Waiting to be restarted.")

    def _skew_s(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic_s()
