"""The web server over real HTTP on loopback: what its links show, and what strangers cannot do to it."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from monitor.domain.errors import MonitorError
from monitor.domain.links import EvidenceLinks, EvidencePicture, Grant
from monitor.web.app import Contents, build_app
from monitor.web.server import WebOptions, WebServer

JPEG = b"\xff\xd8\xff" + b"a picture" * 100
LINKS = EvidenceLinks(b"k" * 32, "https://cameras.example", 3600.0)
QUICK = WebOptions(port=0, request_within_s=0.5, connection_s=1.5, again_s=0.2, stop_s=1.0)


class Held:
    """A clock that stands."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic_s(self) -> float:
        return 0.0


@dataclass
class Place:
    """A running server and what it serves."""

    server: WebServer
    clock: Held
    alive: bool = True
    ready: bool = True

    def get(self, path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30.0)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, headers, answer.read()
        finally:
            connection.close()

    def token(self, incident_id: int = 17, picture: str = "event", expires_s: float = 60.0) -> str:
        expires_at = self.clock.at + timedelta(seconds=expires_s)
        return LINKS.token(Grant(incident_id, EvidencePicture(picture), expires_at))

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.server.port), timeout=10.0)


def find(incident_id: int, name: str) -> bytes | None:
    if incident_id == 99:
        raise MonitorError("The database is away.")
    if incident_id == 666:
        raise RuntimeError("a fault")
    pictures = {(17, "event"): JPEG, (8, "event"): JPEG * 20_000}
    return pictures.get((incident_id, name))


@contextmanager
def serving(options: WebOptions = QUICK) -> Iterator[Place]:
    clock = Held()
    place: Place
    contents = Contents(LINKS, find, clock, lambda: place.alive, lambda: place.ready)
    place = Place(WebServer(build_app(contents), options), clock)
    place.server.start()
    try:
        assert place.server.listening.wait(10.0)
        yield place
    finally:
        place.server.stop()


@pytest.fixture(scope="module")
def shared() -> Iterator[Place]:
    # Closed connections count until the server has noticed, which takes its time on a busy machine.
    with serving(replace(QUICK, connections=512, request_within_s=30.0, connection_s=60.0)) as place:
        yield place


@pytest.fixture
def place(shared: Place) -> Iterator[Place]:
    yield shared
    shared.alive = shared.ready = True
    shared.clock.at = Held().at


def test_a_link_shows_its_picture_and_keeps_it_from_caches_frames_and_other_sites(place: Place) -> None:
    status, headers, body = place.get(f"/evidence/{place.token()}")
    assert (status, body) == (200, JPEG)
    assert headers["content-type"] == "image/jpeg"
    assert headers["content-disposition"] == 'inline; filename="incident-17-event.jpg"'
    assert headers["cache-control"] == "private, no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "server" not in headers


def test_whatever_is_wrong_with_a_link_the_answer_is_the_same(place: Place) -> None:
    token = place.token()
    other_key = replace(LINKS, key=b"o" * 32).token(
        Grant(17, EvidencePicture.EVENT, place.clock.at + timedelta(1))
    )
    wrong = [
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        token[:20],
        token.partition(".")[0],
        token + "A",
        other_key,
        place.token(expires_s=-1.0),
        place.token(incident_id=18),
        place.token(picture="overlay"),
        "",
        "..%2f..%2fetc%2fpasswd",
        "%00",
        "a" * 5000,
    ]
    answers = {place.get(f"/evidence/{one}")[0::2] for one in wrong}
    assert answers == {(404, b"Not Found")}


def test_a_link_ends_at_its_time(place: Place) -> None:
    path = f"/evidence/{place.token(expires_s=60.0)}"
    assert place.get(path)[0] == 200
    place.clock.at += timedelta(seconds=61)
    assert place.get(path)[0] == 404


@pytest.mark.parametrize("path", ["/", "/evidence", "/evidence/", "/static", "/evidence/x/y"])
def test_there_is_no_list_of_anything(place: Place, path: str) -> None:
    status, headers, _ = place.get(path)
    assert status in (404, 307)
    assert headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(place: Place, method: str) -> None:
    status, headers, _ = place.get(f"/evidence/{place.token()}", method)
    assert status == 405
    assert headers["x-content-type-options"] == "nosniff"


def test_signs_of_life_say_whether_the_daemon_turns_and_works(place: Place) -> None:
    assert (place.get("/livez")[0], place.get("/readyz")[0]) == (200, 200)
    place.ready = False
    assert (place.get("/livez")[0], place.get("/readyz")[0]) == (200, 503)
    place.alive = False
    assert place.get("/livez")[0] == 503


def test_a_database_that_is_away_is_no_missing_picture(place: Place) -> None:
    with capture_logs() as lines:
        assert place.get(f"/evidence/{place.token(incident_id=99)}")[0] == 503
    assert [line["event"] for line in lines] == ["web.not_answered"]


def test_a_fault_of_ours_is_logged_without_the_link_and_the_server_goes_on(place: Place) -> None:
    token = place.token(incident_id=666)
    with capture_logs() as lines:
        status, headers, _ = place.get(f"/evidence/{token}")
    assert (status, headers["cache-control"]) == (500, "private, no-store")
    assert [line["event"] for line in lines] == ["web.page_broke_down"]
    assert token not in repr(lines)
    assert place.get("/livez")[0] == 200


def test_many_at_once_are_all_answered(place: Place) -> None:
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda _number: place.get(f"/evidence/{place.token()}")[0], range(200)))
    assert answers == [200] * 200


def test_connections_beyond_the_bound_are_closed_and_the_others_answered() -> None:
    with serving(replace(QUICK, connections=5, request_within_s=20.0, connection_s=30.0)) as place:
        held = [place.connect() for _ in range(5)]
        time.sleep(0.2)
        refused = place.connect()
        refused.settimeout(5.0)
        with suppress(ConnectionError):
            refused.sendall(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
            assert refused.recv(100) == b""
        for one in (*held, refused):
            one.close()
        time.sleep(0.2)
        assert place.get("/livez")[0] == 200


@pytest.mark.parametrize("sent", [b"", b"GET /livez HTTP/1.1\r\nhost: x\r\n"])
def test_who_sends_slowly_is_cut_off_and_delays_nobody(sent: bytes) -> None:
    with serving() as place, place.connect() as slow:
        slow.sendall(sent)
        began_s = time.monotonic()
        assert place.get("/livez")[0] == 200
        dripping = True
        while dripping:
            try:
                slow.sendall(b"x" if sent else b"G")
                slow.settimeout(0.1)
                dripping = slow.recv(100) != b""
            except TimeoutError:
                dripping = time.monotonic() - began_s < 10.0
            except ConnectionError:
                break
        assert time.monotonic() - began_s < 5.0


def test_who_reads_slowly_is_cut_off() -> None:
    with serving() as place, place.connect() as slow:
        slow.sendall(f"GET /evidence/{place.token(8)} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        time.sleep(2.5)  # Meanwhile the system's buffers are full, and the connection is past its time.
        slow.settimeout(5.0)
        came = 0
        with suppress(ConnectionError):
            while chunk := slow.recv(1 << 20):
                came += len(chunk)
        assert came < len(JPEG) * 20_000


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET " + b"a" * 40_000,
        b"\r\n\r\n\x00" * 50,
    ],
)
def test_garbage_is_answered_or_cut_off_and_the_server_goes_on(sent: bytes) -> None:
    with serving() as place:
        with place.connect() as odd, suppress(ConnectionError):
            odd.sendall(sent)
            odd.settimeout(5.0)
            while odd.recv(1000):
                pass
        assert place.get("/livez")[0] == 200


def test_a_port_that_is_taken_is_said_once_and_used_when_it_is_free() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = WebServer(build_app(Contents(LINKS, find, Held(), bool, bool)), replace(QUICK, port=port))
        with capture_logs() as lines:
            server.start()
            time.sleep(0.8)
            assert not server.listening.is_set()
            taken.close()
            assert server.listening.wait(10.0)
            time.sleep(0.2)
    server.stop()
    said = [line["event"] for line in lines]
    assert said[0] == "web.not_listening"
    assert said.count("web.not_listening") == 1
    assert "Free the port" in lines[0]["remedy"]
    assert "web.listening" in said


def test_it_stops_at_once_while_connections_are_open() -> None:
    with serving(replace(QUICK, request_within_s=30.0, connection_s=60.0)) as place, place.connect():
        began_s = time.monotonic()
        place.server.stop()
        assert time.monotonic() - began_s < 4.0


def test_an_answer_that_hangs_does_not_hold_up_the_stop() -> None:
    released = threading.Event()

    def hang(_incident_id: int, _name: str) -> bytes | None:
        released.wait(30.0)
        return None

    server = WebServer(build_app(Contents(LINKS, hang, Held(), bool, bool)), replace(QUICK, stop_s=0.3))
    server.start()
    assert server.listening.wait(10.0)
    place = Place(server, Held())
    with place.connect() as waiting:
        waiting.sendall(f"GET /evidence/{place.token()} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        time.sleep(0.3)
        began_s = time.monotonic()
        server.stop()
        assert time.monotonic() - began_s < 6.0
    # What still hangs is on threads that the interpreter does not wait for.
    left = [thread for thread in threading.enumerate() if thread.name.startswith(("AnyIO", "web"))]
    assert left
    assert all(thread.daemon for thread in left)
    released.set()
