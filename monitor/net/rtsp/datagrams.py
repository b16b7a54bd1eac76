"""Where packets arrive by UDP: a pair of ports, and the order restored."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Iterator
from contextlib import suppress

from monitor.net.deadline import Deadline
from monitor.net.rtsp.wire import Wire

_LARGEST_BYTES = 65_536
_BUFFER_BYTES = 4 << 20
_TRIES = 20
_LATE = 1 << 15
_PUNCH = bytes((0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
"""An empty RTP packet; it opens the way back through firewalls between us and the camera."""


class Datagrams:
    """Ports for RTP and RTCP; packets of anybody but the peer are thrown away.

    Args:
        peer: The judged address of the server; whatever it says, nothing is sent to any other.
    """

    def __init__(self, peer: str) -> None:
        self._peer = peer
        self._rtp, self._rtcp = _bind_pair(socket.AF_INET6 if ":" in peer else socket.AF_INET)
        self._order = Reordering()

    @property
    def port(self) -> int:
        """Of RTP; RTCP has the next one."""
        return int(self._rtp.getsockname()[1])

    def punch(self, ports: str) -> None:
        """Send something to the `server_port`s of an answer, `6970-6971`."""
        first, _, second = ports.partition("-")
        for sender, port in ((self._rtp, first), (self._rtcp, second)):
            if port.isdecimal() and 0 < int(port) < 65_536:
                with suppress(OSError):  # Only a firewall needs it.
                    sender.sendto(_PUNCH, (self._peer, int(port)))

    def receive(self, wire: Wire, deadline: Deadline, progress: str) -> Iterator[bytes]:
        """The packets that are next in order, once something came.

        Args:
            wire: The connection; looked at too, as its end is the end of the stream.
            deadline: When to give up.
            progress: How far things had come, should it run out.

        Raises:
            TimedOut: Nothing came in time.
            NetError: The connection broke.
        """
        with selectors.DefaultSelector() as ready:
            ready.register(self._rtp, selectors.EVENT_READ)
            ready.register(wire, selectors.EVENT_READ)
            events = ready.select(deadline.remaining_s(progress))
        if not events:
            raise deadline.missed(progress)
        for key, _ in events:
            if key.fileobj is wire:
                wire.receive(deadline, progress)
                continue
            while (packet := self._receive()) is not None:
                yield from self._order.add(packet)

    def close(self) -> None:
        """Give the ports back."""
        self._rtp.close()
        self._rtcp.close()

    def _receive(self) -> bytes | None:
        """One packet of the peer, or None when there is no more."""
        while True:
            try:
                packet, sender = self._rtp.recvfrom(_LARGEST_BYTES)
            except OSError:  # nothing is there, or an ICMP error of an earlier sending
                return None
            if sender[0] == self._peer:
                return packet


class Reordering:
    """Restores the order of packets by their sequence numbers.

    Args:
        depth: So many packets are waited for; then what is missing counts as lost.
    """

    def __init__(self, depth: int = 32) -> None:
        self._depth = depth
        self._next: int | None = None
        self._waiting: dict[int, bytes] = {}

    def add(self, packet: bytes) -> Iterator[bytes]:
        """The packets whose turn it now is."""
        if len(packet) < 4:
            return
        number = int.from_bytes(packet[2:4], "big")
        if self._next is None:
            self._next = number
        if (number - self._next) % (1 << 16) >= _LATE:
            if len(self._waiting) == 0 and (self._next - number) % (1 << 16) > 1024:
                self._next = number  # The server began to count anew.
            else:
                return  # Too late, or twice.
        self._waiting[number] = packet
        if len(self._waiting) > self._depth:
            expected = self._next
            self._next = min(self._waiting, key=lambda waiting: (waiting - expected) % (1 << 16))
        while (number := self._next) in self._waiting:
            self._next = (number + 1) % (1 << 16)
            yield self._waiting.pop(number)


def _bind_pair(family: socket.AddressFamily) -> tuple[socket.socket, socket.socket]:
    """Two sockets on an even port and the one behind it, as RTP wants them.

    Raises:
        OSError: No such pair is free.
    """
    for attempt in range(_TRIES):
        rtp, rtcp = socket.socket(family, socket.SOCK_DGRAM), socket.socket(family, socket.SOCK_DGRAM)
        try:
            rtp.bind(("", 0))
            port = rtp.getsockname()[1]
            # Of an odd port, the one before it is that of RTCP's sender: binding to it fails, and that is meant.
            rtcp.bind(("", port + 1 if port % 2 == 0 else port))
        except OSError:
            rtp.close()
            rtcp.close()
            if attempt == _TRIES - 1:
                raise
            continue
        rtp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        rtp.setblocking(False)
        return rtp, rtcp
    raise AssertionError
