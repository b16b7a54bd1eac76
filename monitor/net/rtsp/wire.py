"""Cutting a connection's bytes into RTSP messages and the packets between them."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from dataclasses import dataclass, field

from monitor.net.deadline import Deadline
from monitor.net.errors import BrokenResponse, ConnectFailed

_PACKET_MARK = 0x24  # "$"
_PACKET_HEADER_BYTES = 4
_LONGEST_HEAD_BYTES = 16 << 10
_LONGEST_BODY_BYTES = 64 << 10
_RECEIVE_BYTES = 256 << 10
_STATUS_LINE = re.compile(r"RTSP/\d\.\d (\d{3})(?: .*)?")
_REQUEST_LINE = re.compile(r"[A-Z_]{3,20} \S+ RTSP/\d\.\d")


@dataclass(frozen=True, slots=True)
class Message:
    """A response, or what a server asks of us.

    Attributes:
        status: Of a response; 0 is a request.
        headers: By lower-case name, every value.
        body: Most often a description of the session.
    """

    status: int
    headers: dict[str, list[str]] = field(repr=False)
    body: bytes = field(repr=False)

    def header(self, name: str) -> str:
        """The first value; empty where there is none."""
        return self.headers.get(name, [""])[0]


@dataclass(frozen=True, slots=True)
class Interleaved:
    """An RTP or RTCP packet within the connection."""

    channel: int
    data: bytes = field(repr=False)


class Wire:
    """One connection.

    Args:
        connection: Connected; closed with the wire.
        origin: What to call the peer in errors.
    """

    def __init__(self, connection: socket.socket, origin: str) -> None:
        self._connection = connection
        self._origin = origin
        self._buffer = bytearray()
        self._answered = False

    @property
    def peer(self) -> str:
        """The IP address at the other end, which was judged."""
        return str(self._connection.getpeername()[0])

    def fileno(self) -> int:
        """For waiting on it together with others."""
        return self._connection.fileno()

    def send(self, data: bytes, deadline: Deadline) -> None:
        """Send all of it.

        Raises:
            TimedOut: The peer does not take it in time.
            ConnectFailed: The connection broke.
        """
        try:
            self._connection.settimeout(deadline.remaining_s("it takes no request"))
            self._connection.sendall(data)
        except TimeoutError:
            raise deadline.missed("it takes no request") from None
        except OSError as error:
            raise self._broken(error) from None

    def receive(self, deadline: Deadline, progress: str) -> Message | Interleaved:
        """The next message or packet.

        Args:
            deadline: When to give up.
            progress: How far things had come, should it run out.

        Raises:
            TimedOut: Nothing whole came in time.
            ConnectFailed: The connection ended before any answer.
            BrokenResponse: It ended later, or what came is not RTSP.
        """
        while True:
            if (found := self._take()) is not None:
                self._answered = True
                return found
            try:
                self._connection.settimeout(deadline.remaining_s(progress))
                chunk = self._connection.recv(_RECEIVE_BYTES)
            except TimeoutError:
                raise deadline.missed(progress) from None
            except OSError as error:
                raise self._broken(error) from None
            if not chunk:
                raise self._broken(None)
            self._buffer += chunk

    def close(self) -> None:
        """Close the connection, also under a thread that reads from it."""
        with suppress(OSError):  # It may be closed already.
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def _take(self) -> Message | Interleaved | None:
        """What lies complete at the beginning of the buffer."""
        buffer = self._buffer
        if buffer and buffer[0] == _PACKET_MARK:
            if len(buffer) < _PACKET_HEADER_BYTES:
                return None
            end = _PACKET_HEADER_BYTES + int.from_bytes(buffer[2:4], "big")
            if len(buffer) < end:
                return None
            packet = Interleaved(buffer[1], bytes(buffer[_PACKET_HEADER_BYTES:end]))
            del buffer[:end]
            return packet
        while buffer and buffer[0] in b"\r\n":
            del buffer[:1]
        if not buffer or buffer[0] == _PACKET_MARK:
            return self._take() if buffer else None
        return self._take_message()

    def _take_message(self) -> Message | None:
        buffer = self._buffer
        end_of_head = re.search(rb"\r?\n\r?\n", buffer)
        self._check_beginning()
        if end_of_head is None:
            if len(buffer) > _LONGEST_HEAD_BYTES:
                raise self._garbled("a head without an end")
            return None
        first, *lines = bytes(buffer[: end_of_head.start()]).decode("latin-1").splitlines()
        headers: dict[str, list[str]] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers.setdefault(name.strip().lower(), []).append(value.strip())
        length = headers.get("content-length", ["0"])[0]
        if not length.isdecimal() or int(length) > _LONGEST_BODY_BYTES:
            raise self._garbled("a body of impossible length")
        end = end_of_head.end() + int(length)
        if len(buffer) < end:
            return None
        status = _STATUS_LINE.fullmatch(first)
        if status is None and not _REQUEST_LINE.fullmatch(first):
            raise self._garbled("neither an answer nor a packet")
        body = bytes(buffer[end_of_head.end() : end])
        del buffer[:end]
        return Message(int(status[1]) if status else 0, headers, body)

    def _check_beginning(self) -> None:
        """Refuse at once what cannot become a message, rather than wait for the end of its head."""
        beginning = bytes(self._buffer[:8])
        if beginning.startswith(b"HTTP/"):
            raise self._garbled("it speaks HTTP rather than RTSP")
        if not beginning[:1].isalpha() or not all(
            32 <= byte < 127 for byte in beginning if byte not in b"\r\n"
        ):
            raise self._garbled("neither an answer nor a packet")

    def _garbled(self, what: str) -> BrokenResponse:
        return BrokenResponse(
            f"{self._origin} sent a broken answer: {what}.", "Check the port; RTSP mostly has 554."
        )

    def _broken(self, error: OSError | None) -> ConnectFailed | BrokenResponse:
        if not self._answered:
            return ConnectFailed(
                f"{self._origin} takes connections, and closes them without an answer.", "Restart it."
            )
        how = "ended" if error is None else f"broke ({(error.strerror or type(error).__name__).lower()})"
        return BrokenResponse(
            f"{self._origin} sent a broken answer: the connection {how} in the middle of the stream.",
            "Check the line to the camera, and how many clients it serves at a time.",
        )
