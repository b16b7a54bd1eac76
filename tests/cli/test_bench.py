"""`monitor bench` as a process: it measures what it says, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

STEPS = {"load", "grab", "encode", "compare", "record", "rest"}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """One short run for all tests here; `left` is what it left in its home and its folder for temporary files."""
    folder = tmp_path_factory.mktemp("bench")
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "bench", "--seconds", "2", "--json"],
        capture_output=True, text=True, timeout=300, cwd=folder,
        env={**os.environ, "TMPDIR": str(folder), "HOME": str(folder)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {**json.loads(done.stdout), "left": sorted(path.name for path in Path(folder).iterdir())}


def test_checks_and_bare_passes_are_counted_in_one_run_and_their_ratio_is_theirs(measured: dict) -> None:
    assert measured["checks"] >= 1
    assert 0 < measured["ratio"] < 1.5
    assert measured["ratio"] == pytest.approx(measured["checks_per_s"] / measured["passes_per_s"])
    assert measured["cameras_per_minute"] == int(measured["checks_per_s"] * 60)


def test_the_steps_add_up_to_the_whole_check_and_the_network_is_part_of_it(measured: dict) -> None:
    steps = measured["core_ms"]
    assert set(steps) == STEPS
    assert all(spent >= 0 for spent in steps.values())
    assert sum(steps.values()) == pytest.approx(measured["core_ms_per_check"], rel=0.02)
    assert steps["encode"] == max(steps.values())


def test_what_was_measured_are_checks_of_views_in_order(measured: dict) -> None:
    assert set(measured["verdicts"]) == {"ok"}
    assert sum(measured["verdicts"].values()) == measured["checks"]


def test_memory_is_that_of_the_service_and_not_of_the_drawing(measured: dict) -> None:
    assert 50 < measured["peak_mb"] < 1000


def test_nothing_is_left_behind_not_even_the_telemetry_of_a_library(measured: dict) -> None:
    assert measured["left"] == []
