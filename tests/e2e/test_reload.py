"""The configuration changes while the daemon runs; and nothing secret is ever written anywhere."""

from __future__ import annotations

import base64
import json
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from monitor.domain.view import ViewKey
from monitor.simulator import Credentials, Event, SimulatedCamera, SimulatedClock, Site, SiteServer
from monitor.store import Store
from tests.e2e.conftest import SimulatedPlace
from tests.e2e.program import QUICK, Daemon, Ended, look_into, monitor, write_config
from tests.notifiers.receiver import Answer, Receiver

# Characters that addresses, JSON, YAML, HTML and Python each write in another way.
PASSWORD = "k4n@ry\"s\\w/ö%r#d<&>'+ ?"
SIGNING_KEY = "whsec_" + base64.b64encode(bytes(range(200, 232)) + b"\xff\xfe\xfb\xef\xbe").decode()


def newest(store: Store, name: str) -> datetime | None:
    rows = store.history.observations(ViewKey(name), limit=1)
    return rows[0].slot if rows else None


def test_cameras_come_and_go_by_file_and_by_signal_and_a_bad_file_changes_nothing(
    enrolled: Path, place: SimulatedPlace, start: Callable[..., Daemon]
) -> None:
    def config_of(*names: str, **parts: Any) -> Path:
        return write_config(
            enrolled, cameras=[{"name": name, "source": place.source(name)} for name in names], **parts
        )

    config = config_of("gate")
    daemon = start(config).started()
    with look_into(config) as store:

        def looked_at_anew(name: str) -> None:
            before = newest(store, name)
            daemon.until(lambda: newest(store, name) != before, f"{name} is looked at")

        looked_at_anew("gate")
        assert newest(store, "yard") is None

        config_of("gate", "yard")
        assert "yard" in daemon.expect("config.reloaded", reason="file changed")["summary"]
        looked_at_anew("yard")

        config.write_text("cameras: [{name: gate, sauce: {kind: http}}]\nintervall: 3\n")
        refused = daemon.expect("config.refused")
        assert "intervall" in refused["problem"]
        assert "sauce" in refused["problem"]
        looked_at_anew("gate")
        looked_at_anew("yard")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.expect("config.refused", reason="asked")
        looked_at_anew("yard")

        config_of("gate")
        daemon.until(lambda: len(daemon.lines("config.reloaded")) == 2, "yard is removed")
        looked_at_anew("gate")  # a check of the yard that had begun is over by now, or nearly
        last = newest(store, "yard")
        for _ in range(3):
            looked_at_anew("gate")
        assert newest(store, "yard") == last
        assert not store.views.get(ViewKey("yard")).enabled

        daemon.process.send_signal(signal.SIGHUP)
        daemon.until(lambda: len(daemon.lines("config.reloaded")) == 3, "read again")
        assert daemon.lines("config.reloaded")[-1]["summary"] == "nothing changed"
    assert daemon.stop() == 0


@pytest.fixture
def guarded() -> Iterator[SiteServer]:
    """A simulated camera that asks for the canary."""
    camera = SimulatedCamera(
        "vault", "warehouse", 4, (320, 240), credentials=Credentials("viewer", PASSWORD, "basic")
    )
    with SiteServer(Site([camera], SimulatedClock(datetime(2026, 6, 1, 12, tzinfo=UTC), 1.0))) as server:
        server.site.prepare()
        yield server


def spellings(secret: str) -> set[str]:
    """The ways in which a secret may come to be written."""
    return {
        secret,
        quote(secret),
        quote(secret, safe=""),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        base64.b64encode(f"viewer:{secret}".encode()).decode(),
    }


def test_no_secret_is_written_anywhere_whatever_goes_wrong(
    tmp_path: Path,
    guarded: SiteServer,
    receiver: Receiver,
    webhook: dict[str, Any],
    start: Callable[..., Daemon],
) -> None:
    address = guarded.snapshot_url("vault").replace("http://", f"http://viewer:{quote(PASSWORD, safe='')}@")
    channel = {**webhook, "secrets": [SIGNING_KEY]}

    def config_with(url: str) -> Path:
        return write_config(
            tmp_path,
            cameras=[{"name": "vault", "source": {"kind": "http", "url": url}}],
            notifiers=[channel, {"name": "log", "kind": "log"}],
            defaults=QUICK,
            logging={"format": "json", "level": "debug"},
        )

    config = config_with(address)
    ended: list[Ended] = [monitor("--config", config, "enroll", "--all", "--force")]
    assert ended[0].code == 0, ended[0].errors

    # The camera and the receiver fail in turn, and the configuration is bad for a while.
    receiver.respond = lambda _request: Answer(500, body=SIGNING_KEY.encode())
    daemon = start(config).started()

    def happens(do: str, **values: Any) -> None:
        guarded.site.apply(Event("vault", do, guarded.site.clock.now(), values))

    happens("die", how="error")
    daemon.expect("source.")
    daemon.expect("view.opened")
    daemon.expect("notifier.failing")
    config_with(address.replace("http://", "htp://"))
    daemon.expect("config.refused")
    config_with(address.replace("/vault/", "/vault-of-another/"))
    daemon.expect("config.reloaded")
    ended += [
        monitor("--config", config, *command)
        for command in (
            ("config", "show"),
            ("config", "validate"),
            ("doctor",),
            ("status", "--json"),
            ("history", "vault"),
            ("check",),
            ("alerts", "list"),
        )
    ]
    config_with(address.replace("http://", "htp://"))
    ended += [monitor("--config", config, "config", "validate")]
    assert ended[-1].code == 2
    assert daemon.stop() == 0

    written = {f"command {number}": done.output + done.errors for number, done in enumerate(ended)}
    written["daemon"] = daemon.text
    for path in (tmp_path / "monitor-data").glob("monitor.db*"):
        written[path.name] = path.read_bytes().decode("utf-8", errors="replace")
    assert len(written["daemon"]) > 1000
    assert "vault" in written["monitor.db"]
    for secret in (PASSWORD, SIGNING_KEY, SIGNING_KEY.removeprefix("whsec_"), "s3cret-path", "s3cret-token"):
        for spelling in spellings(secret):
            leaks = [where for where, text in written.items() if spelling in text]
            assert leaks == [], f"{spelling} in {leaks}"
