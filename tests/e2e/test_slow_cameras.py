"""Cameras that never answer, beside those that do."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

from monitor.domain.view import ViewKey
from tests.e2e.conftest import SimulatedPlace
from tests.e2e.program import QUICK, Daemon, look_into, monitor, write_config


def test_cameras_that_never_answer_do_not_delay_the_others(
    enrolled: Path, place: SimulatedPlace, start: Callable[..., Daemon]
) -> None:
    # Two living and one dead camera under four names: more dead ones than workers.
    dead = [f"dead{number}" for number in range(4)]
    cameras = [{"name": name, "source": place.source(name)} for name in ("gate", "yard")]
    cameras += [{"name": name, "source": place.source("hall")} for name in dead]
    config = write_config(
        enrolled,
        cameras=cameras,
        defaults={**QUICK, "timeout": "6s"},
        # All are on one host here, which must bear more than all of them: this is about lanes, not about hosts.
        service={"start_spread": "1s", "workers": 2, "troubled_workers": 4, "per_host": 8},
    )
    done = monitor("--config", config, "enroll", "--all", "--force")
    assert done.code == 0, done.output + done.errors
    place.let("hall", "die", how="timeout")
    daemon = start(config).started()
    with look_into(config) as store:

        def checks(name: str) -> int:
            return len(store.history.observations(ViewKey(name), limit=9999))

        daemon.until(lambda: min(checks(name) for name in dead) >= 2, "the dead ones were looked at twice")
        rows = [store.history.observations(ViewKey(name), limit=9999) for name in ("gate", "yard")]
    # The dead ones took all workers for twice 6 s and more; the living ones were due every second of it, and wait for
    # nobody once the dead ones are known to be slow, which takes 2 s.
    assert min(map(len, rows)) >= 6, daemon.text
    gaps = [
        (later.checked_at - earlier.checked_at).total_seconds()
        for history in rows
        for later, earlier in itertools.pairwise(history)
    ]
    assert max(gaps) < 6.0, gaps
    assert daemon.stop() == 0
