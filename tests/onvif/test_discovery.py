"""WS-Discovery over real sockets on loopback: the simulated devices, and hosts that mean harm."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from monitor.onvif import discovery
from monitor.onvif.discovery import Discovery, ask_addresses, ask_interfaces, target_of, targets_in
from monitor.onvif.errors import DiscoveryFailed, UnusableAddress
from monitor.simulator import Beacon, OnvifShelf, SimulatedCamera, SimulatedClock, SimulatorError, Site
from tests.onvif.replies import BOMB, matches

WAIT_S = 0.3
Answers = Callable[[str], Iterator[bytes]]


def shelf() -> OnvifShelf:
    camera = SimulatedCamera("gate", "street", 11, (320, 240))
    return OnvifShelf(Site([camera], SimulatedClock(datetime(2026, 6, 1, 12, tzinfo=UTC), 0)))


@contextmanager
def answering(answers: Answers, source: str = "127.0.0.1") -> Iterator[int]:
    """A host that answers every question with these, from an address of its choice; its port."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as speaking,
    ):
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(0.05)
        speaking.bind((source, 0))
        ending = threading.Event()

        def serve() -> None:
            while not ending.is_set():
                try:
                    question, sender = listening.recvfrom(65_535)
                except TimeoutError:
                    continue
                found = re.search(rb"<a:MessageID>([^<]+)<", question)
                assert found
                for reply in answers(found[1].decode()):
                    if ending.is_set():
                        return
                    speaking.sendto(reply, sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            ending.set()
            thread.join(5)


def ask(answers: Answers, source: str = "127.0.0.1") -> Discovery:
    with answering(answers, source) as port:
        return ask_addresses([("127.0.0.1", port)], WAIT_S)


def test_devices_are_found_by_asking_an_address() -> None:
    with Beacon(shelf(), 8080, port=0) as beacon:
        found = ask_addresses([("127.0.0.1", beacon.port)], WAIT_S)
    assert [device.name for device in found.devices] == ["Simulated gate", "Simulated recorder"]
    gate = found.devices[0]
    assert gate.addresses == ("http://127.0.0.1:8080/gate/onvif/device_service",)
    assert (gate.hardware, gate.location, gate.senders) == ("drawn", "here", ("127.0.0.1",))
    assert found.notes == ()


def test_devices_are_found_by_multicast() -> None:
    try:
        beacon = Beacon(shelf(), 8080, port=0)
    except SimulatorError as error:  # A sandbox without multicast.
        pytest.skip(f"this machine permits no multicast on loopback: {error}")
    with beacon:
        found = ask_interfaces(["lo"], WAIT_S, beacon.port)
    assert [device.name for device in found.devices] == ["Simulated gate", "Simulated recorder"]


def test_an_interface_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(DiscoveryFailed, match=r"no interface wlan77\. There are: .*lo"):
        ask_interfaces(["wlan77"], WAIT_S)


def test_answers_of_one_device_are_one_device() -> None:
    def twice(question: str) -> Iterator[bytes]:
        yield matches(question, ("urn:uuid:1", "http://10.0.4.17/onvif"))
        yield matches(question, ("urn:uuid:1", "http://10.0.4.18/onvif http://10.0.4.17/onvif"))
        yield matches(question, ("urn:uuid:2", "http://10.0.4.19/onvif"))

    one, other = ask(twice).devices
    assert one.addresses == ("http://10.0.4.17/onvif", "http://10.0.4.18/onvif")
    assert other.endpoint == "urn:uuid:2"


def test_addresses_that_are_never_contacted_are_refused_with_the_reason() -> None:
    addresses = "http://169.254.169.254/latest http://0.0.0.0/x http://[fe80::1]/x file:///etc/passwd http://10.0.4.17/x"
    (found,) = ask(lambda question: iter([matches(question, ("urn:uuid:1", addresses))])).devices
    assert found.addresses == ("http://10.0.4.17/x",)
    assert len(found.refused) == 4
    assert "cloud metadata" in found.refused[0]


def test_names_and_places_come_from_scopes_and_are_fit_to_be_shown() -> None:
    scopes = (
        "onvif://www.onvif.org/name/Gate%20%1B%5B31mNorth onvif://www.onvif.org/hardware/X&lt;1&gt; "
        "onvif://www.onvif.org/location/country/austria onvif://www.onvif.org/location/city/Graz odd://x"
    )
    (found,) = ask(lambda question: iter([matches(question, ("urn:uuid:1", ""), scopes=scopes)])).devices
    assert (found.name, found.hardware, found.location) == ("Gate [31mNorth", "X<1>", "austria, Graz")
    assert found.addresses == ()


@pytest.mark.parametrize(
    "reply",
    [b"", b"garbage", b"\xff" * 60_000, BOMB, b"<a/>", b"<a>" * 20_000],
    ids=["nothing", "garbage", "much garbage", "a bomb", "another XML", "a deep tree"],
)
def test_what_is_no_answer_is_passed_over(reply: bytes) -> None:
    def answers(question: str) -> Iterator[bytes]:
        yield reply
        yield matches(question, ("urn:uuid:1", "http://10.0.4.17/onvif"))

    assert len(ask(answers).devices) == 1


def test_an_answer_to_a_question_of_somebody_else_is_passed_over() -> None:
    stranger = "urn:uuid:00000000-0000-4000-8000-000000000000"
    assert ask(lambda _: iter([matches(stranger, ("urn:uuid:1", "http://10.0.4.17/"))])).devices == ()


def test_an_answer_from_a_host_that_was_not_asked_is_passed_over_and_said() -> None:
    answers: Answers = lambda question: iter([matches(question, ("urn:uuid:1", "http://10.0.4.17/"))])  # noqa: E731
    found = ask(answers, source="127.0.0.2")
    assert found.devices == ()
    assert "hosts that were not asked" in found.notes[0]


def test_a_flood_of_devices_is_bounded_in_number_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "MOST_DEVICES", 100)  # Some of them are lost on the way.

    def flood(question: str) -> Iterator[bytes]:
        for start in range(0, 10_000, 10):
            yield matches(
                question, *((f"urn:uuid:{start + n}", f"http://10.0.4.17/{start + n}") for n in range(10))
            )

    started_s = time.monotonic()
    found = ask(flood)
    assert len(found.devices) == 100
    assert "the others are not shown" in found.notes[0]
    assert time.monotonic() - started_s < 8


def test_ten_thousand_matches_in_one_answer_are_bounded() -> None:
    def answers(question: str) -> Iterator[bytes]:
        yield matches(question, *((f"u:{number}", "") for number in range(450)))  # What fits into a datagram.

    assert len(ask(answers).devices) == 16


def test_silence_ends_in_time() -> None:
    started_s = time.monotonic()
    assert ask(lambda _: iter(())) == Discovery()
    assert time.monotonic() - started_s < WAIT_S + 3


def test_a_network_is_asked_address_by_address() -> None:
    assert targets_in("10.0.4.17/30") == (("10.0.4.17", 3702), ("10.0.4.18", 3702))
    assert len(targets_in("10.0.16.0/20")) == 4094
    assert targets_in("10.0.4.17/32") == (("10.0.4.17", 3702),)


@pytest.mark.parametrize(
    ("network", "problem"),
    [
        ("10.0.0.0/8", "16,777,216 addresses"),
        ("169.254.0.0/24", "link-local"),
        ("224.0.0.0/24", "multicast"),
        ("camera", "no IPv4 network"),
        ("fd00::/120", "no IPv4 network"),
    ],
)
def test_networks_that_cannot_be_asked_are_refused(network: str, problem: str) -> None:
    with pytest.raises(UnusableAddress, match=problem):
        targets_in(network)


@pytest.mark.parametrize(
    "text", ["camera", "169.254.169.254", "255.255.255.255", "10.0.4.17:0", "10.0.4.17:99999", "1.2.3"]
)
def test_addresses_that_cannot_be_asked_are_refused(text: str) -> None:
    with pytest.raises(UnusableAddress):
        target_of(text)


def test_an_address_may_name_a_port() -> None:
    assert target_of("127.0.0.1:13702") == ("127.0.0.1", 13702)
    assert target_of("10.0.4.17") == ("10.0.4.17", 3702)
