"""A few rounds of what `python -m tests.proofs kill` does two hundred times."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.proofs.__main__ import database
from tests.proofs.kill import kill_again_and_again


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_workers_killed_at_random_moments_lose_double_and_disorder_nothing(kind: str, tmp_path: Path) -> None:
    with database(kind, tmp_path) as url:
        killed = kill_again_and_again(url, tmp_path, rounds=4, seed=1)
    assert killed.complaints == ()
    assert killed.checks > 0
