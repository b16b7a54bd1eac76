from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from monitor.service.jobs import Job, Jobs
from tests.service.doubles import until


@pytest.fixture
def start() -> Iterator:
    started: list[Jobs] = []

    def start(*jobs: Job) -> Jobs:
        runner = Jobs(list(jobs))
        runner.start()
        started.append(runner)
        return runner

    yield start
    for runner in started:
        runner.stop()


def test_a_job_runs_again_and_again(start):
    runs = []
    start(Job("count", lambda: runs.append(1), 0.05))
    until(lambda: len(runs) >= 3)


def test_a_job_that_raises_is_reported_once_goes_on_and_its_recovery_is_said(start):
    runs = []

    def fail_at_first() -> None:
        runs.append(1)
        if len(runs) < 4:
            raise ConnectionError("the database is away")

    with capture_logs() as lines:
        start(Job("deliver", fail_at_first, 0.02))
        until(lambda: len(runs) >= 6)
    assert [(line["event"], line["job"]) for line in lines] == [
        ("job.failed", "deliver"),
        ("job.works_again", "deliver"),
    ]


def test_a_job_that_hangs_is_not_started_again_and_holds_up_no_other(start):
    gate = threading.Event()
    runs, hung = [], []
    runner = start(
        Job("hangs", lambda: (hung.append(1), gate.wait()), 0.02), Job("count", lambda: runs.append(1), 0.02)
    )
    until(lambda: len(runs) >= 10)
    assert len(hung) == 1
    runner.stop()
    assert not runner.join(0.05)
    gate.set()
    assert runner.join(5.0)


def test_a_job_can_be_had_now(start):
    ran = threading.Event()
    runner = start(Job("prune", ran.set, 3600.0, first_after_s=3600.0))
    assert not ran.wait(0.1)
    runner.run_now("prune")
    assert ran.wait(5.0)


def test_retiming_brings_back_jobs_that_a_clock_set_back_would_have_put_off(start):
    runs = []
    # Their times as they stand after the wall clock was set back by an hour.
    runner = start(Job("dispatch", lambda: runs.append(1), 0.05, first_after_s=3600.0))
    runner.retime()
    until(lambda: len(runs) >= 2)


def test_after_the_stop_nothing_starts(start):
    runs = []
    runner = start(Job("count", lambda: runs.append(1), 0.02))
    until(lambda: runs)
    runner.stop()
    assert runner.join(5.0)
    seen = len(runs)
    assert not threading.Event().wait(0.1)
    assert len(runs) == seen
