"""Lets the simulated ONVIF devices be found: answers WS-Discovery, asked directly or by multicast."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import uuid
from types import TracebackType
from urllib.parse import quote
from xml.etree.ElementTree import ParseError
from xml.sax.saxutils import escape

from defusedxml.ElementTree import fromstring

from monitor.simulator.errors import SimulatorError
from monitor.simulator.onvif import OnvifShelf

DISCOVERY_PORT = 3702
_GROUP = "239.255.255.250"
_ANY = "0.0.0.0"  # noqa: S104 - compared with, never bound to by itself
_TICK_S = 0.2
_LONGEST_QUESTION = 65_535
_FAMILY = uuid.UUID("5f5a69c2-e0ae-504f-829b-00000000cafe")
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"


class Beacon:
    """Answers probes for every device of a shelf, in a thread of its own; a context manager.

    Args:
        shelf: The devices.
        http_port: Where their services are.
        host: The address to listen on, as that of the server.
        port: 0 picks a free one, which only direct questions find.

    Raises:
        SimulatorError: The port cannot be had.
    """

    def __init__(
        self, shelf: OnvifShelf, http_port: int, host: str = "127.0.0.1", port: int = DISCOVERY_PORT
    ) -> None:
        self._shelf = shelf
        self._http_port = http_port
        self._host = host
        self._closing = threading.Event()
        self._sockets: list[socket.socket] = []
        try:
            direct = self._open(host, port)
            self.port: int = direct.getsockname()[1]
            if host != _ANY:  # A socket of one address hears nothing that is sent to a group.
                self._open(_GROUP, self.port)
            group = socket.inet_aton(_GROUP) + socket.inet_aton(host)
            self._sockets[-1].setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        except OSError as error:
            self._close_sockets()
            raise SimulatorError(
                f"The simulator cannot answer WS-Discovery on {host}:{port} ({error.strerror}).",
                "Choose another --discovery-port, or 0.",
            ) from error
        self._thread = threading.Thread(target=self._serve, name="beacon", daemon=True)

    def __enter__(self) -> Beacon:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._thread.join(5)
        self._close_sockets()

    def _open(self, host: str, port: int) -> socket.socket:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sockets.append(opened)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        return opened

    def _close_sockets(self) -> None:
        for opened in self._sockets:
            opened.close()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            for opened in self._sockets:
                selector.register(opened, selectors.EVENT_READ)
            while not self._closing.is_set():
                for key, _ in selector.select(_TICK_S):
                    assert isinstance(key.fileobj, socket.socket)
                    with contextlib.suppress(OSError):  # Whoever asked is gone.
                        self._hear(*key.fileobj.recvfrom(_LONGEST_QUESTION))

    def _hear(self, question: bytes, sender: tuple[str, int]) -> None:
        try:
            envelope = fromstring(question, forbid_dtd=True)
        except (ParseError, ValueError):
            return
        message_id = envelope.findtext("{*}Header/{*}MessageID")
        if envelope.find("{*}Body/{*}Probe") is None or not message_id:
            return
        base = f"http://{self._address_towards(sender)}:{self._http_port}"
        for device in self._shelf.devices:
            self._sockets[0].sendto(self._match(device, base, message_id), sender)

    def _address_towards(self, sender: tuple[str, int]) -> str:
        if self._host != _ANY:
            return self._host
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
            trial.connect(sender)
            address: str = trial.getsockname()[0]
            return address

    def _match(self, device: str, base: str, message_id: str) -> bytes:
        name = device or "recorder"
        endpoint = uuid.uuid5(_FAMILY, f"{self._http_port}/{name}")
        scopes = " ".join(
            f"onvif://www.onvif.org/{kind}/{quote(value)}"
            for kind, value in (
                ("name", f"Simulated {name}"),
                ("hardware", "drawn"),
                ("location/place", "here"),
            )
        )
        match = (
            f"<a:EndpointReference><a:Address>urn:uuid:{endpoint}</a:Address></a:EndpointReference>"
            f'<d:Types xmlns:n="http://www.onvif.org/ver10/network/wsdl">n:NetworkVideoTransmitter</d:Types>'
            f"<d:Scopes>{scopes}</d:Scopes><d:XAddrs>{escape(self._shelf.address(device, base))}</d:XAddrs>"
            "<d:MetadataVersion>1</d:MetadataVersion>"
        )
        header = (
            f"<a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID><a:RelatesTo>{escape(message_id)}</a:RelatesTo>"
            f"<a:Action>{_DISCOVERY}/ProbeMatches</a:Action>"
        )
        return (
            f'<s:Envelope xmlns:s="{_ENVELOPE}" xmlns:a="{_ADDRESSING}" xmlns:d="{_DISCOVERY}">'
            f"<s:Header>{header}</s:Header><s:Body><d:ProbeMatches><d:ProbeMatch>{match}</d:ProbeMatch>"
            "</d:ProbeMatches></s:Body></s:Envelope>"
        ).encode()
