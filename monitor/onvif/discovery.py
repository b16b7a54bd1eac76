"""Asking the network who is there: by multicast on its interfaces, or address by address.

Everybody on the network may answer, as often as they like: time, answers and devices are bounded, and what is no
answer to a question of ours is counted and passed over.
"""

from __future__ import annotations

import selectors
import socket
import struct
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from monitor.onvif.addresses import objection_to
from monitor.onvif.errors import DiscoveryFailed, NoOnvifDevice, UnusableAddress
from monitor.onvif.probe import TYPES, FoundDevice, matches, probe

GROUP = "239.255.255.250"
PORT = 3702
MOST_ADDRESSES = 4096
MOST_DEVICES = 1024
MOST_ANSWERS = 20_000
_LONGEST_ANSWER = 65_535
_ROUNDS = 2
"""Datagrams get lost: every question is sent so often …"""
_BETWEEN_ROUNDS_S = 0.4
"""… and so far apart."""
_BURST = 16
_BETWEEN_BURSTS_S = 0.02
"""A network whose every address is asked at once drops most of the questions."""

Target = tuple[str, int]


@dataclass(slots=True)
class Discovery:
    """What came of asking.

    Attributes:
        devices: Each once, in the order of their first answer.
        notes: What the operator should know: interfaces that could not be asked, answers that were passed over.
    """

    devices: tuple[FoundDevice, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Tally:
    """What has come so far."""

    devices: dict[str, FoundDevice] = field(default_factory=dict)
    answers: int = 0
    foreign: int = 0
    broken: int = 0
    surplus: int = 0

    def take(
        self, datagram: bytes, sender: str, asked: frozenset[str], expected: frozenset[str] | None
    ) -> None:
        self.answers += 1
        if expected is not None and sender not in expected:
            self.foreign += 1
            return
        try:
            found = matches(datagram, sender, asked)
        except NoOnvifDevice:
            self.broken += 1
            return
        for device in found:
            known = self.devices.get(device.endpoint)
            if known is not None:
                self.devices[device.endpoint] = known.merged(device)
            elif len(self.devices) < MOST_DEVICES:
                self.devices[device.endpoint] = device
            else:
                self.surplus += 1

    def notes(self) -> Iterator[str]:
        if self.foreign:
            yield f"{_answers(self.foreign)} from hosts that were not asked, passed over."
        if self.broken:
            yield f"{_answers(self.broken)} that no device should send, passed over."
        if self.surplus:
            yield f"More than {MOST_DEVICES} devices answered; the others are not shown."
        if self.answers >= MOST_ANSWERS:
            yield f"More than {MOST_ANSWERS} answers came; the later ones were not read. Somebody floods this network."


def targets_in(network: str) -> tuple[Target, ...]:
    """Every address of a network that a camera can have, to be asked one by one.

    Raises:
        UnusableAddress: It is no IPv4 network, too large, or may not be contacted.
    """
    try:
        parsed = IPv4Network(network, strict=False)
    except ValueError:
        raise UnusableAddress(f"“{network}” is no IPv4 network.", "Write it as 10.0.4.0/24.") from None
    if parsed.num_addresses > MOST_ADDRESSES:
        raise UnusableAddress(
            f"{parsed} has {parsed.num_addresses:,} addresses; at most {MOST_ADDRESSES:,} are asked one by one.",
            "Ask for parts of it, such as 10.0.4.0/24.",
        )
    hosts = list(parsed.hosts())
    _refuse(hosts[0])
    _refuse(hosts[-1])
    return tuple((str(host), PORT) for host in hosts)


def target_of(text: str) -> Target:
    """An address to be asked, with its port where that is not the usual one: `10.0.4.17`, `127.0.0.1:13702`.

    Raises:
        UnusableAddress: It is no IPv4 address, or may not be contacted.
    """
    host, _, port = text.partition(":")
    try:
        address, number = IPv4Address(host), int(port or PORT)
    except ValueError:
        raise UnusableAddress(f"“{text}” is no IPv4 address.", "Write it as 10.0.4.17.") from None
    if not 0 < number < 65_536:
        raise UnusableAddress(f"{number} is no port.", "Leave it out, for the usual one.")
    _refuse(address)
    return str(address), number


def _refuse(address: IPv4Address) -> None:
    objection = objection_to(str(address))
    if objection:
        raise UnusableAddress(
            f"{address} is {objection}, which is never contacted.", "Give the camera another address."
        )


def ask_addresses(targets: Sequence[Target], wait_s: float) -> Discovery:
    """Ask addresses one by one, which also reaches where multicast does not; only they may answer.

    Args:
        targets: Whom to ask.
        wait_s: How long answers are waited for after the last question.

    Raises:
        DiscoveryFailed: Nobody could be asked.
    """
    asked = {str(uuid.uuid4()): types for types in TYPES}
    questions = [probe(message_id, types) for message_id, types in asked.items()]
    tally, unsent = _Tally(), {}
    with _socket() as asking, selectors.DefaultSelector() as selector:
        selector.register(asking, selectors.EVENT_READ)
        expected = frozenset(host for host, _ in targets)

        def collect(seconds: float) -> None:
            _collect(selector, time.monotonic() + seconds, tally, frozenset(asked), expected)

        for _ in range(_ROUNDS):
            for start in range(0, len(targets), _BURST):
                for target in targets[start : start + _BURST]:
                    for question in questions:
                        if problem := _send(asking, question, target):
                            unsent[target[0]] = problem
                collect(_BETWEEN_BURSTS_S)
            collect(_BETWEEN_ROUNDS_S)
        collect(wait_s)
    if len(unsent) == len(expected):
        raise DiscoveryFailed(
            f"No question could be sent: {next(iter(unsent.values()), 'nobody to ask')}.", _NETWORK_REMEDY
        )
    return _result(tally, [f"{len(unsent)} addresses could not be asked."] if unsent else [])


def ask_interfaces(names: Iterable[str], wait_s: float, port: int = PORT) -> Discovery:
    """Ask everybody on the network segments of these interfaces, of all where none is named.

    Args:
        names: Interfaces.
        wait_s: How long answers are waited for after the last question.
        port: Where devices listen.

    Raises:
        DiscoveryFailed: There is no such interface, or none could be asked.
    """
    known = {name: index for index, name in socket.if_nameindex()}
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        if name not in known:
            raise DiscoveryFailed(f"There is no interface {name}.", f"There are: {', '.join(sorted(known))}.")
    asked = {str(uuid.uuid4()): types for types in TYPES}
    questions = [probe(message_id, types) for message_id, types in asked.items()]
    tally = _Tally()
    silent: dict[str, str] = {}
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        asking: dict[str, socket.socket] = {}
        for name in wanted or known:
            asking[name] = stack.enter_context(_socket(known[name]))
            selector.register(asking[name], selectors.EVENT_READ)
        for round_ in range(_ROUNDS):
            for name, sender in asking.items():
                problems = [_send(sender, question, (GROUP, port)) for question in questions]
                if problem := next(filter(None, problems), None):
                    silent[name] = problem
            last = round_ == _ROUNDS - 1
            until_s = time.monotonic() + (wait_s if last else _BETWEEN_ROUNDS_S)
            _collect(selector, until_s, tally, frozenset(asked), None)
    if len(silent) == len(asking):
        raise DiscoveryFailed(
            f"No interface could be asked: {'; '.join(f'{name}: {why}' for name, why in silent.items())}.",
            _NETWORK_REMEDY,
        )
    # An interface that nobody asked for and that is down is no news.
    return _result(
        tally, [f"{name} could not be asked: {silent[name]}." for name in silent if name in wanted]
    )


_NETWORK_REMEDY = "Check the network; or name cameras with --address, or a network with --network."


def _socket(interface: int | None = None) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setblocking(False)
    if interface is not None:
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        choice = struct.pack(
            "4s4si", bytes(4), bytes(4), interface
        )  # Linux's ip_mreqn: by index, whatever its address.
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, choice)
    opened.bind(("", 0))
    return opened


def _send(asking: socket.socket, question: bytes, target: Target) -> str | None:
    """Why it could not be sent, or None."""
    try:
        asking.sendto(question, target)
    except OSError as error:
        return error.strerror or type(error).__name__
    return None


def _collect(
    selector: selectors.BaseSelector,
    until_s: float,
    tally: _Tally,
    asked: frozenset[str],
    expected: frozenset[str] | None,
) -> None:
    while (left_s := until_s - time.monotonic()) > 0:
        for key, _ in selector.select(left_s):
            opened = key.fileobj
            assert isinstance(opened, socket.socket)
            try:
                datagram, (sender, _port) = opened.recvfrom(_LONGEST_ANSWER)
            except OSError:
                continue  # Somebody's error message about a question of ours.
            # Read, so that it does not wait for us again, and no longer looked at.
            if tally.answers < MOST_ANSWERS:
                tally.take(datagram, sender, asked, expected)


def _result(tally: _Tally, notes: list[str]) -> Discovery:
    return Discovery(tuple(tally.devices.values()), (*notes, *tally.notes()))


def _answers(count: int) -> str:
    return "1 answer" if count == 1 else f"{count} answers"
