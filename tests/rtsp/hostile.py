"""An RTSP server on loopback that misbehaves as told: one behaviour, told what every connection says."""

from __future__ import annotations

import re
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.hostile.case import CANARY
from tests.rtsp.packets import description, interleaved


class Conversation:
    """One connection, seen from the camera."""

    def __init__(self, connection: socket.socket, ended: threading.Event) -> None:
        self._connection = connection
        self._ended = ended
        self._received = b""
        self.sequence = "0"

    def request(self) -> str:
        """The method of the next request.

        Raises:
            ConnectionError: There is none any more.
        """
        while b"\r\n\r\n" not in self._received:
            chunk = self._connection.recv(65_536)
            if not chunk:
                raise ConnectionError
            self._received += chunk
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        found = re.search(rb"CSeq: (\d+)", head)
        self.sequence = found[1].decode() if found else "0"
        return head.split(b" ", 1)[0].decode()

    def answer(self, status: str = "200 OK", *headers: str, body: str = "") -> None:
        """Answer the last request."""
        lines = [f"RTSP/1.0 {status}", f"CSeq: {self.sequence}", *headers]
        if body:
            lines += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        self.send(("\r\n".join([*lines, "", ""]) + body).encode("latin-1"))

    def send(self, data: bytes) -> None:
        """These bytes."""
        self._connection.sendall(data)

    def packets(self, packets: list[bytes]) -> None:
        """These RTP packets, within the connection."""
        self.send(b"".join(interleaved(packet) for packet in packets))

    def drip(self, data: bytes, every_s: float = 0.05) -> None:
        """These bytes again and again, one at a time."""
        while not self._ended.wait(every_s):
            self.send(data[:1])
            data = data[1:] + data[:1]

    def silence(self) -> None:
        """Say nothing until the other end leaves."""
        with suppress(OSError):
            while self._connection.recv(65_536):
                pass

    def reset(self) -> None:
        """Break the connection off."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()

    def play(self, sdp: str | None = None, transport: str = "RTP/AVP/TCP;unicast;interleaved=0-1") -> None:
        """Behave well until packets are due."""
        while True:
            method = self.request()
            if method == "DESCRIBE":
                self.answer(body=description() if sdp is None else sdp)
            elif method == "SETUP":
                self.answer("200 OK", "Session: 12345678;timeout=60", f"Transport: {transport}")
            else:
                self.answer()
                if method == "PLAY":
                    return

    def until_gone(self, pause_s: float = 0.02) -> Iterator[int]:
        """Numbers from 0, with a pause each, until the test is over."""
        number = 0
        while not self._ended.wait(pause_s):
            yield number
            number += 1


Behaviour = Callable[[Conversation], None]


@contextmanager
def hostile_server(behaviour: Behaviour, scheme: str = "rtsp") -> Iterator[str]:
    """Runs a server; gives the address of its stream."""
    ended = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                behaviour(Conversation(self.request, ended))
                # A connection that is closed with bytes unread is reset; that would be another case.
                self.request.shutdown(socket.SHUT_WR)
                self.request.settimeout(1)
                while self.request.recv(65_536):
                    pass

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"{scheme}://127.0.0.1:{server.server_address[1]}/{CANARY}/stream?token={CANARY}"
        finally:
            ended.set()
            server.shutdown()
            thread.join()
