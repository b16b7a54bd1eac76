"""A person silences a camera while the daemon runs, and ends that again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.e2e.conftest import SimulatedPlace
from tests.e2e.program import Daemon, monitor, write_config
from tests.notifiers.receiver import Receiver


def deliveries(config: Path, status: str) -> list[dict[str, Any]]:
    done = monitor("--config", config, "alerts", "list", "--status", status, "--json")
    assert done.code == 0, done.errors
    return json.loads(done.output)  # type: ignore[no-any-return]


def test_what_happens_under_a_silence_is_told_when_it_ends_and_still_lasts(
    enrolled: Path,
    place: SimulatedPlace,
    receiver: Receiver,
    webhook: dict[str, Any],
    start: Callable[..., Daemon],
) -> None:
    config = write_config(
        enrolled, cameras=[{"name": "gate", "source": place.source("gate")}], notifiers=[webhook]
    )
    silenced = monitor(
        "--config", config, "alerts", "silence", "add", "--camera", "gate", "--for", "1h",
        "--comment", "lens cleaning",
    )  # fmt: skip
    assert silenced.code == 0, silenced.errors
    daemon = start(config).started()
    place.let("gate", "flip")
    (held,) = daemon.until(lambda: deliveries(config, "held"), "an alert is held")
    assert "lens cleaning" in held["detail"]
    assert receiver.requests == []
    ended_at = datetime.now(UTC)
    assert monitor("--config", config, "alerts", "silence", "expire", "1").code == 0
    daemon.until(lambda: receiver.accepted, "it is told")
    (told,) = [request.verified() for request in list(receiver.requests)]
    assert told["data"]["alert"] == held["alert"]["id"]
    # With the time at which it began, not that at which it was told.
    assert datetime.fromisoformat(told["timestamp"]) < ended_at
    assert daemon.stop() == 0
