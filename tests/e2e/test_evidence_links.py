"""From an incident to a picture in somebody's browser: the link in the alert, over a restart, until it is forbidden."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.e2e.conftest import NAMES, SimulatedPlace
from tests.e2e.program import Daemon, settings_of, until, write_config
from tests.notifiers.receiver import Receiver


def fetch(url: str) -> tuple[int, bytes]:
    """Status and body; 0 where nobody listens."""
    try:
        with urllib.request.urlopen(url, timeout=10.0) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except urllib.error.URLError:
        return 0, b""


def test_the_link_in_an_alert_shows_the_picture_over_a_restart_until_only_text_is_wanted(
    enrolled: Path,
    place: SimulatedPlace,
    receiver: Receiver,
    webhook: dict[str, Any],
    start: Callable[..., Daemon],
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = f"127.0.0.1:{free.getsockname()[1]}"
    parts: dict[str, Any] = {
        "cameras": [{"name": name, "source": place.source(name)} for name in NAMES],
        "notifiers": [webhook | {"pictures": "link"}],
        "web": {"enabled": True, "listen": server, "public_url": f"http://{server}/"},
    }
    config = write_config(enrolled, **parts)
    daemon = start(config).started()
    daemon.until(lambda: fetch(f"http://{server}/readyz")[0] == 200, "ready")
    place.let("gate", "flip")
    daemon.until(lambda: receiver.accepted, "an alert")
    pictures = receiver.requests[0].verified()["data"]["pictures"]
    assert [each["name"] for each in pictures][:4] == ["event", "reference", "overlay", "difference"]
    for each in pictures:
        assert each["url"].startswith(f"http://{server}/evidence/")
        status, content = fetch(each["url"])
        assert (status, content[:3]) == (200, b"\xff\xd8\xff")
    picture = pictures[0]
    content = fetch(picture["url"])[1]
    assert fetch(picture["url"][:-1])[0] == 404

    assert daemon.stop() == 0
    assert fetch(picture["url"])[0] == 0
    key = settings_of(config).data_dir / "link.key"
    assert key.stat().st_mode & 0o777 == 0o600
    again = start(config).started()
    until(lambda: fetch(picture["url"]) == (200, content), "the same picture after a restart")

    write_config(enrolled, **parts, alerts={"text_only": True})
    again.until(lambda: fetch(picture["url"])[0] == 404, "no picture any more")
    assert fetch(f"http://{server}/livez")[0] == 200
    for one in (daemon, again):
        assert picture["url"].rpartition("/")[2] not in one.text
        assert key.read_text().strip() not in one.text
    assert again.stop() == 0


def test_a_taken_port_is_said_and_cameras_are_watched(
    enrolled: Path,
    place: SimulatedPlace,
    receiver: Receiver,
    webhook: dict[str, Any],
    start: Callable[..., Daemon],
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config = write_config(
            enrolled,
            cameras=[{"name": name, "source": place.source(name)} for name in NAMES],
            notifiers=[webhook],
            web={"enabled": True, "listen": f"127.0.0.1:{taken.getsockname()[1]}"},
        )
        daemon = start(config).started()
        said = daemon.expect("web.not_listening")
        assert "web.listen" in said["remedy"]
        place.let("yard", "flip")
        daemon.until(lambda: receiver.accepted, "an alert")
        assert daemon.stop() == 0
