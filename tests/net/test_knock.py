"""Asking ports whether they answer, against real sockets on loopback."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from monitor.net.address import AddressPolicy
from monitor.net.knock import Endpoint, Knocker

LOOPBACK = AddressPolicy(allow_loopback=True, allow_private=True)


@pytest.fixture
def listening() -> Iterator[Endpoint]:
    """A port that accepts connections, and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[:2]


@pytest.fixture
def refused() -> Endpoint:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return tuple(server.getsockname()[:2])


def test_a_port_that_accepts_is_told_from_one_that_refuses(listening: Endpoint, refused: Endpoint):
    assert Knocker(LOOPBACK)([listening, refused]) == {listening}


def test_a_name_is_looked_up_and_an_unknown_one_is_silent(listening: Endpoint):
    by_name = ("localhost", listening[1])
    unknown = ("nowhere.invalid", 80)
    assert Knocker(LOOPBACK)([by_name, unknown, ("", 80), ("a" * 300, 80)]) >= {by_name}
    assert unknown not in Knocker(LOOPBACK)([unknown])


def test_addresses_that_may_not_be_contacted_are_not(listening: Endpoint):
    assert Knocker(AddressPolicy())([listening]) == frozenset()
    assert Knocker(LOOPBACK)([("169.254.169.254", 80)]) == frozenset()


def test_a_peer_that_is_silent_to_the_knock_itself_is_not_waited_for_long():
    with socket.socket() as full, ExitStack() as stack:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        # Its queue of connections is full: further ones get no answer at all, as from a dead address.
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        began_s = time.monotonic()
        assert Knocker(LOOPBACK, timeout_s=0.3)([full.getsockname()]) == frozenset()
        assert 0.2 < time.monotonic() - began_s < 2.0


def test_more_endpoints_than_are_tried_at_once_are_all_tried(listening: Endpoint):
    with ExitStack() as stack:
        servers = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(10)]
        endpoints = [server.getsockname() for server in servers]
        assert Knocker(LOOPBACK, at_once=3)([*endpoints, listening]) == {*endpoints, listening}


def test_no_socket_is_left_behind(listening: Endpoint, refused: Endpoint, recwarn: pytest.WarningsRecorder):
    for _ in range(5):
        Knocker(LOOPBACK)([listening, refused])
    assert [warning for warning in recwarn if issubclass(warning.category, ResourceWarning)] == []
