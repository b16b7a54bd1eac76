"""A small version of `python -m tests.proofs flaky`."""

from __future__ import annotations

from pathlib import Path

from tests.proofs.__main__ import database
from tests.proofs.flaky import endure


def test_a_receiver_that_fails_three_times_in_ten_is_told_everything_in_order(tmp_path: Path) -> None:
    with database("sqlite", tmp_path) as url:
        endured = endure(url, tmp_path, incidents=10, share=0.3, seed=1)
    assert endured.complaints == ()
    assert endured.failed > 0
    assert sum(endured.attempts.values()) == 30
    assert max(endured.attempts) > 1
