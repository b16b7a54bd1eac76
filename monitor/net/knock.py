"""Asking whether anything accepts connections at an address: no byte is sent, and nobody is waited for long."""

from __future__ import annotations

import errno
import ipaddress
import selectors
import socket
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice

from monitor.net.address import AddressPolicy

Endpoint = tuple[str, int]

_UNDER_WAY = frozenset({0, errno.EINPROGRESS, errno.EWOULDBLOCK})


class Knocker:
    """Opens TCP connections and closes them at once, a bounded number at a time.

    Args:
        policy: Which addresses may be connected to; others count as silent.
        timeout_s: How long one connection may take.
        at_once: How many are tried at the same time.
    """

    def __init__(self, policy: AddressPolicy, timeout_s: float = 2.0, at_once: int = 64) -> None:
        self._policy = policy
        self._timeout_s = timeout_s
        self._at_once = at_once

    def __call__(self, endpoints: Collection[Endpoint]) -> frozenset[Endpoint]:
        """Those of the endpoints where something accepts connections.

        Takes the time limit once for every `at_once` endpoints, and what the system takes to look names up.
        """
        waiting = iter(endpoints)
        found: set[Endpoint] = set()
        while batch := list(islice(waiting, self._at_once)):
            found |= self._try(batch)
        return frozenset(found)

    def _try(self, endpoints: Sequence[Endpoint]) -> set[Endpoint]:
        found: set[Endpoint] = set()
        with ExitStack() as stack, selectors.DefaultSelector() as selector:
            for endpoint in endpoints:
                for connection in self._begin(endpoint):
                    stack.callback(connection.close)
                    selector.register(connection, selectors.EVENT_WRITE, endpoint)
            # Counted from here: looking names up is not the peer's fault.
            deadline_s = time.monotonic() + self._timeout_s
            while selector.get_map() and (left_s := deadline_s - time.monotonic()) > 0:
                for key, _ in selector.select(left_s):
                    selector.unregister(key.fileobj)
                    assert isinstance(key.fileobj, socket.socket)
                    if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                        found.add(key.data)
        return found

    def _begin(self, endpoint: Endpoint) -> Iterator[socket.socket]:
        """A connection on its way to each of the endpoint's addresses that may be contacted."""
        for family, address in self._addresses(endpoint):
            connection = socket.socket(
                family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
            )
            if connection.connect_ex(address) in _UNDER_WAY:
                yield connection
            else:
                connection.close()

    def _addresses(self, endpoint: Endpoint) -> list[tuple[socket.AddressFamily, tuple[str, int]]]:
        host, port = endpoint
        try:
            offered = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=_flags(host))
        except (OSError, UnicodeError):  # no such name, or none that could be one
            return []
        # The judged address is the one that is connected to: a name could lead elsewhere the next time.
        return [
            (family, (str(address[0]), int(address[1])))
            for family, _, _, _, address in offered
            if self._policy.objection(str(address[0])) is None
        ]


def _flags(host: str) -> int:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return 0
    return socket.AI_NUMERICHOST
