"""The daemon's recurring jobs, run by APScheduler on threads that cannot keep the process alive."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue
from typing import Any

import structlog
from apscheduler.executors.pool import BasePoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from monitor.domain.errors import MonitorError
from monitor.service.faults import Faults

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Something done again and again.

    Attributes:
        name: Names it in logs.
        run: What is done. Whatever it raises is reported once, and it is done again at its next time.
        every_s: Seconds from one start to the next; a run still going on lets the next one pass.
        first_after_s: Seconds until the first run.
    """

    name: str
    run: Callable[[], object]
    every_s: float
    first_after_s: float = 0.0


class Jobs:
    """Runs jobs at their times, each at most once at a time, with one thread for each."""

    def __init__(self, jobs: list[Job]) -> None:
        self._jobs = {job.name: job for job in jobs}
        self._faults: Faults[str] = Faults()
        self._pool = _DaemonThreads(len(jobs))
        self._scheduler = BackgroundScheduler(
            executors={"default": _DaemonExecutor(self._pool)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
            daemon=True,
        )

    def start(self) -> None:
        """Start the scheduler."""
        # It warns of every run that it lets pass, which here is normal for long deliveries, not news.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        for job in self._jobs.values():
            self._scheduler.add_job(
                self._run,
                "interval",
                args=[job],
                id=job.name,
                seconds=job.every_s,
                next_run_time=datetime.now(UTC) + timedelta(seconds=job.first_after_s),
            )
        self._scheduler.start()

    def run_now(self, name: str) -> None:
        """Let a job's next time be now."""
        self._scheduler.modify_job(name, next_run_time=datetime.now(UTC))

    def retime(self) -> None:
        """Let every job's next time be one interval from now, after the wall clock was set."""
        now = datetime.now(UTC)
        for job in self._jobs.values():
            self._scheduler.modify_job(job.name, next_run_time=now + timedelta(seconds=job.every_s))

    def stop(self) -> None:
        """Start nothing more; what runs goes on. May be called twice."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def join(self, timeout_s: float) -> bool:
        """Wait for what runs; whether all of it ended in time."""
        return self._pool.join(timeout_s)

    def _run(self, job: Job) -> None:
        try:
            job.run()
        except Exception as error:  # noqa: BLE001 - the next run may well succeed; the daemon goes on
            if self._faults.report(job.name, error):
                _log.error(
                    "job.failed",
                    job=job.name,
                    reason=str(error),
                    exc_info=not isinstance(error, MonitorError),
                )
        else:
            if self._faults.failing(job.name):
                self._faults.clear(job.name)
                _log.info("job.works_again", job=job.name)


class _DaemonThreads:
    """As much of a thread pool as APScheduler needs.

    The standard pool's threads are joined when the interpreter ends, so a single stuck one would keep it from
    ending.
    """

    def __init__(self, workers: int) -> None:
        self._work: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._idle = threading.Condition()
        self._unfinished = 0
        self._closed = False
        self._workers = workers
        for number in range(workers):
            threading.Thread(target=self._serve, name=f"job-{number}", daemon=True).start()

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Future[Any]:
        """Run on the next free thread."""
        future: Future[Any] = Future()
        with self._idle:
            if self._closed:
                raise RuntimeError("The jobs have been closed.")
            self._unfinished += 1
        self._work.put((future, lambda: function(*args)))
        return future

    def shutdown(self, wait: bool = True) -> None:
        """Take no more work and let the threads end; waiting is what `join` is for."""
        with self._idle:
            if self._closed:
                return
            self._closed = True
        for _ in range(self._workers):
            self._work.put(None)

    def join(self, timeout_s: float) -> bool:
        """Wait until nothing runs or waits; whether that came true in time."""
        with self._idle:
            return self._idle.wait_for(lambda: self._unfinished == 0, timeout_s)

    def _serve(self) -> None:
        while (item := self._work.get()) is not None:
            future, call = item
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001 - handed to whoever waits for the future
                future.set_exception(error)
            else:
                future.set_result(result)
            finally:
                with self._idle:
                    self._unfinished -= 1
                    self._idle.notify_all()


class _DaemonExecutor(BasePoolExecutor):  # type: ignore[misc]
    """APScheduler's pool executor over our threads."""

    def __init__(self, pool: _DaemonThreads) -> None:
        super().__init__(pool)
