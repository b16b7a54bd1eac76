"""A device as ours is simulated, and devices that mean harm."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from monitor.clock import SystemClock
from monitor.domain.errors import MonitorError
from monitor.net.errors import BodyTooLarge, ConnectFailed, TimedOut
from monitor.onvif.device import Device
from monitor.onvif.errors import DeviceDenied, DeviceFault, NoOnvifDevice, UnusableAddress
from monitor.onvif.soap import Login
from monitor.simulator import (
    Credentials,
    OnvifBehaviour,
    OnvifShelf,
    SimulatedCamera,
    SimulatedClock,
    Site,
    SiteServer,
)
from tests.net.hostile_server import Asked, Behaviour, answer, drip, flood, raw, serving, silence
from tests.onvif.replies import BOMB, DEVICE, FILE_ENTITY, envelope, fault, moment, services

PASSWORD = "p&ss<w>örd-7"
LOGIN = Login("viewer", PASSWORD)
TIMEOUT_S = 0.6
CAMERAS = (
    SimulatedCamera("gate", "street", 11, (640, 480), credentials=Credentials("viewer", PASSWORD)),
    SimulatedCamera("yard", "car_park", 12, (320, 240), credentials=Credentials("viewer", PASSWORD)),
)


@contextmanager
def simulated(name: str = "gate", **behaviour: object) -> Iterator[Device]:
    site = Site(CAMERAS, SimulatedClock(datetime(2026, 6, 1, 12, tzinfo=UTC), 0))
    shelf = OnvifShelf(site, OnvifBehaviour(**behaviour))  # type: ignore[arg-type]
    with SiteServer(site, onvif=shelf) as server:
        device = Device(shelf.address(name, server.url), SystemClock(), timeout_s=5)
        device.read_clock()
        yield device
        device.close()


@pytest.mark.parametrize("proof", ["token", "digest"])
@pytest.mark.parametrize("behaviour", [{}, {"media2": False}, {"capabilities_only": True}])
def test_a_device_tells_who_it_is_and_what_it_offers(proof: str, behaviour: dict[str, object]) -> None:
    with simulated(proof=proof, **behaviour) as device:
        device.log_in(LOGIN)
        assert str(device.information()) == "Simulated gate"
        main, sub = device.profiles()
        assert (main.token, main.name, main.source, main.size) == (
            "gate.main",
            "gate main",
            "gate",
            "640 × 480",
        )
        assert {main.codec, sub.codec} == ({"H264"} if behaviour else {"H265"})
        snapshot, stream = device.snapshot(main), device.stream(sub)
        assert snapshot is not None
        assert stream is not None
        assert snapshot.url.endswith("/gate/snapshot.jpg")
        assert stream.url == "rtsp://127.0.0.1/gate/sub"


@pytest.mark.parametrize("proof", ["token", "digest"])
def test_credentials_are_wanted_and_wrong_ones_refused(proof: str) -> None:
    with simulated(proof=proof) as device:
        with pytest.raises(DeviceDenied, match="asks for credentials"):
            device.profiles()
        device.log_in(Login("viewer", "wrong"))
        with pytest.raises(DeviceDenied, match="does not accept the credentials"):
            device.profiles()


@pytest.mark.parametrize("ahead_s", [-1.6e9, -86_400 * 400, -3600, 3600, 86_400 * 400, 2e9])
def test_a_clock_that_is_far_off_hinders_nothing(ahead_s: float) -> None:
    with simulated(clock_ahead_s=ahead_s) as device:
        assert device.clock_ahead is not None
        assert abs(device.clock_ahead - timedelta(seconds=ahead_s)) < timedelta(seconds=5)
        device.log_in(LOGIN)
        assert len(device.profiles()) == 2


def test_a_device_that_wants_a_token_by_its_own_clock_refuses_one_by_ours() -> None:
    with simulated(clock_ahead_s=-3600) as device:
        device._conversation.clock_offset = timedelta(0)
        device.log_in(LOGIN)
        with pytest.raises(DeviceDenied):
            device.profiles()


def test_without_snapshots_there_is_a_stream() -> None:
    with simulated(snapshot=False) as device:
        device.log_in(LOGIN)
        assert device.snapshot(device.profiles()[0]) is None
        assert device.stream(device.profiles()[0]) is not None


def test_a_device_that_names_an_inner_host_is_asked_where_it_was_reached() -> None:
    with simulated(named_host="192.168.1.108") as device:
        device.log_in(LOGIN)
        found = device.snapshot(device.profiles()[0])
        assert found is not None
        assert found.replaced_host == "192.168.1.108"
        assert "127.0.0.1" in found.url


def test_a_recorder_has_a_video_source_for_each_camera() -> None:
    with simulated("") as device:
        device.log_in(LOGIN)
        assert {profile.source for profile in device.profiles()} == {"gate", "yard"}


def calls(**replies: bytes | Behaviour) -> Behaviour:
    """Answers by the name of the call; what is not named is refused as unknown."""

    def behave(connection: object, asked: Asked) -> None:
        for name, reply in replies.items():
            if f"<{name}".encode() in asked.body:
                (answer(reply) if isinstance(reply, bytes) else reply)(connection, asked)  # type: ignore[arg-type]
                return
        answer(fault("Receiver", "ActionNotSupported"), "500 Internal Server Error")(connection, asked)  # type: ignore[arg-type]

    return behave


HOSTILE: dict[str, tuple[Behaviour, type[MonitorError]]] = {
    "silence": (silence, TimedOut),
    "a byte now and then": (drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"<"), TimedOut),
    "a header now and then": (drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), TimedOut),
    "ten megabytes": (answer(b"<a>" + b" " * 10_000_000), BodyTooLarge),
    "without end": (flood(b"HTTP/1.1 200 OK\r\n\r\n", b"<a>" * 1000), BodyTooLarge),
    "nothing": (answer(b""), NoOnvifDevice),
    "no HTTP": (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), MonitorError),
    "a reset": (raw(b"", reset=True), ConnectFailed),
    "garbage": (answer(b"\x00\xff garbage"), NoOnvifDevice),
    "a page": (answer(b"<!DOCTYPE html><html></html>"), NoOnvifDevice),
    "another XML": (answer(b"<rss/>"), NoOnvifDevice),
    "an empty envelope": (answer(envelope("")), NoOnvifDevice),
    "an answer to another question": (answer(services()), NoOnvifDevice),
    "a thousand laughs": (answer(BOMB), NoOnvifDevice),
    "a file as an entity": (answer(FILE_ENTITY), NoOnvifDevice),
    "a deep tree that does not end": (answer(b"<a>" * 300_000), NoOnvifDevice),
    "a deep tree": (answer(b"<a>" * 140_000 + b"</a>" * 140_000), NoOnvifDevice),
    "a fault": (answer(fault("Receiver", reason="out of memory"), "500 Error"), DeviceFault),
    "a locked account": (answer(fault("Sender", "AccountLocked", reason="locked"), "400 Bad"), DeviceDenied),
    "403": (answer(b"", "403 Forbidden"), DeviceDenied),
    "404": (answer(b"not here", "404 Not Found"), NoOnvifDevice),
    "a redirect to the metadata address": (
        answer(b"", "302 Found", "Location: http://169.254.169.254/latest/"),
        NoOnvifDevice,
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_a_device_does_ends_in_time_with_an_error_that_says_what(name: str) -> None:
    behaviour, expected = HOSTILE[name]
    with serving({DEVICE: behaviour}) as server:
        device = Device(server.url(DEVICE), SystemClock(), timeout_s=TIMEOUT_S)
        started_s = time.monotonic()
        with pytest.raises(expected) as raised:
            device.read_clock()
        assert time.monotonic() - started_s < TIMEOUT_S + 2
        assert raised.value.problem.endswith((".", ")."))
        assert "169.254" not in str(raised.value)
        device.close()


@pytest.mark.parametrize(
    "told",
    [moment(1), moment(9999), moment("x"), moment(2026, 13), moment(2026, 2, 30),
     moment(""), moment(10**30), moment(-5)],
)  # fmt: skip
def test_an_impossible_time_counts_as_none(told: bytes) -> None:
    with serving({DEVICE: calls(GetSystemDateAndTime=told)}) as server:
        device = Device(server.url(DEVICE), SystemClock(), timeout_s=5)
        device.read_clock()
        assert device.clock_ahead is None


def test_a_leap_second_is_a_time() -> None:
    with serving({DEVICE: calls(GetSystemDateAndTime=moment(second=60))}) as server:
        device = Device(server.url(DEVICE), SystemClock(), timeout_s=5)
        device.read_clock()
        assert device.clock_ahead is not None


def profiles(count: int) -> bytes:
    one = (
        '<Profiles token="t{0}"><Name>n{0}</Name><VideoSourceConfiguration><SourceToken>v</SourceToken>'
        "</VideoSourceConfiguration><VideoEncoderConfiguration><Encoding>H264</Encoding><Resolution>"
        "<Width>{1}</Width><Height>99999999999999</Height></Resolution></VideoEncoderConfiguration></Profiles>"
    )
    return envelope(
        "<GetProfilesResponse>" + "".join(one.format(n, n) for n in range(count)) + "</GetProfilesResponse>"
    )


def test_thousands_of_profiles_are_bounded_and_absurd_sizes_unknown() -> None:
    with serving({}) as server:
        server.behaviours |= {
            DEVICE: calls(GetServices=services(media1=server.url("/media"))),
            "/media": calls(GetProfiles=profiles(2000)),
        }
        device = Device(server.url(DEVICE), SystemClock(), timeout_s=5)
        found = device.profiles()
        assert len(found) == 256
        assert found[0].size == "–"


def test_a_device_without_profiles_says_so() -> None:
    with serving({}) as server:
        server.behaviours |= {
            DEVICE: calls(GetServices=services(media1=server.url("/media"))),
            "/media": calls(GetProfiles=profiles(0)),
        }
        with pytest.raises(NoOnvifDevice, match="no profile"):
            Device(server.url(DEVICE), SystemClock(), timeout_s=5).profiles()


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "http://[", "exec:rm"])
def test_an_address_of_pictures_that_is_none_is_refused(uri: str) -> None:
    reply = envelope(
        f"<GetSnapshotUriResponse><MediaUri><Uri>{uri}</Uri></MediaUri></GetSnapshotUriResponse>"
    )
    with serving({}) as server:
        server.behaviours |= {
            DEVICE: calls(GetServices=services(media1=server.url("/media"))),
            "/media": calls(GetProfiles=profiles(1), GetSnapshotUri=reply),
        }
        device = Device(server.url(DEVICE), SystemClock(), timeout_s=5)
        with pytest.raises(UnusableAddress):
            device.snapshot(device.profiles()[0])


def test_a_password_is_never_sent_not_even_to_one_who_asks_for_basic_authentication() -> None:
    refuse = answer(b"", "401 Unauthorized", 'WWW-Authenticate: Basic realm="camera"')
    with serving({DEVICE: refuse}) as server:
        device = Device(server.url(DEVICE), SystemClock(), timeout_s=5)
        device.log_in(LOGIN)
        with pytest.raises(DeviceDenied):
            device.information()
        assert all("authorization" not in asked.headers for asked in server.asked)
        assert all(PASSWORD.encode() not in asked.body for asked in server.asked)


def test_a_wrong_password_is_tried_once_in_each_way_at_most() -> None:
    challenge = 'WWW-Authenticate: Digest realm="c", qop="auth", nonce="n"'
    with serving({DEVICE: answer(b"", "401 Unauthorized", challenge)}) as server:
        device = Device(server.url(DEVICE), SystemClock(), timeout_s=5)
        device.log_in(LOGIN)
        with pytest.raises(DeviceDenied):
            device.information()
        proofs = [a for a in server.asked if "authorization" in a.headers or b"UsernameToken" in a.body]
        assert len(proofs) <= 2
