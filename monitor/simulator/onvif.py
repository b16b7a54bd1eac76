"""The simulated cameras as ONVIF devices: each a device of its own, and all of them behind one recorder."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml.ElementTree import fromstring

from monitor.simulator.auth import Doorkeeper
from monitor.simulator.site import Credentials, SimulatedCamera, Site

SERVICES = ("device_service", "media_service", "media2_service")
RECORDER = ""
"""The name under which all cameras together are one device."""
_CLOCK_TOLERANCE = timedelta(seconds=10)
_NAMESPACES = (
    'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:ter="http://www.onvif.org/ver10/error" '
    'xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" '
    'xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tr2="http://www.onvif.org/ver20/media/wsdl"'
)
_OPEN_TO_ALL = ("GetSystemDateAndTime", "GetServices", "GetCapabilities")


@dataclass(frozen=True)
class OnvifBehaviour:
    """What kind of devices they are.

    Attributes:
        clock_ahead_s: How far their clocks are ahead of the real time.
        proof: `token` wants WS-Security in the message, `digest` HTTP's authentication; where there are credentials.
        snapshot: Whether they have snapshot addresses.
        media2: Whether they have the second media service.
        capabilities_only: Whether they are so old that they do not know `GetServices`.
        named_host: The host that they name in the addresses that they hand out; their own when None.
    """

    clock_ahead_s: float = 0.0
    proof: str = "token"
    snapshot: bool = True
    media2: bool = True
    capabilities_only: bool = False
    named_host: str | None = None


@dataclass(frozen=True)
class OnvifAnswer:
    """What goes back over HTTP."""

    status: HTTPStatus
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class OnvifShelf:
    """Answers the SOAP calls of all devices of a site.

    Args:
        site: Its cameras; their credentials are those of the devices, the recorder has those of its first camera.
        behaviour: What kind of devices they are.
    """

    def __init__(self, site: Site, behaviour: OnvifBehaviour | None = None) -> None:
        self.site = site
        self.behaviour = behaviour or OnvifBehaviour()
        self._doorkeeper = Doorkeeper("onvif")

    @property
    def devices(self) -> tuple[str, ...]:
        """Every camera, and the recorder."""
        return (*self.site.names, RECORDER)

    def address(self, device: str, base: str) -> str:
        """Of a device's first service, under the address of the server."""
        return f"{base}/{device}/onvif/device_service" if device else f"{base}/onvif/device_service"

    def answer(
        self, device: str, target: str, body: bytes, authorization: str | None, base: str
    ) -> OnvifAnswer:
        """Answer one call.

        Args:
            device: A camera's name, or `RECORDER`.
            target: The path that was asked.
            body: The envelope.
            authorization: HTTP's header.
            base: Address of the server as the caller knows it.
        """
        cameras = [self.site.camera(device)] if device else list(self.site.cameras)
        credentials = cameras[0].credentials
        if not body and credentials is not None and self.behaviour.proof == "digest":
            return self._challenge(credentials)  # As clients ask who want to know the challenge first.
        try:
            envelope = fromstring(body, forbid_dtd=True)
        except (ParseError, ValueError):
            envelope = None
        call = envelope.find("{*}Body/*") if envelope is not None else None
        if envelope is None or call is None:
            return _fault("Sender", "WellFormed", "The message is not well-formed.")
        name = call.tag.rpartition("}")[2]
        if credentials is not None and name not in _OPEN_TO_ALL:
            refusal = self._refusal(credentials, envelope, target, authorization)
            if refusal is not None:
                return refusal
        return self._reply(name, device, call, cameras, base)

    def _refusal(
        self, credentials: Credentials, envelope: Element, target: str, authorization: str | None
    ) -> OnvifAnswer | None:
        if self.behaviour.proof == "digest":
            asked = replace(credentials, scheme="digest")
            right = self._doorkeeper.admits(asked, "POST", target, authorization)
            return None if right else self._challenge(credentials)
        if _token_is_right(credentials, envelope, self._now()):
            return None
        return _fault("Sender", "NotAuthorized", "Sender not Authorized")

    def _challenge(self, credentials: Credentials) -> OnvifAnswer:
        offered = self._doorkeeper.challenges(replace(credentials, scheme="digest"))
        return OnvifAnswer(
            HTTPStatus.UNAUTHORIZED, b"", tuple(("WWW-Authenticate", each) for each in offered)
        )

    def _now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.behaviour.clock_ahead_s)

    def _reply(
        self, name: str, device: str, call: Element, cameras: Sequence[SimulatedCamera], base: str
    ) -> OnvifAnswer:
        service = call.tag.rpartition("}")[0]
        second = service.endswith("ver20/media/wsdl")
        own = self._named(base)
        home = f"{own}/{device}/onvif" if device else f"{own}/onvif"
        token = call.findtext("{*}ProfileToken") or ""
        match name:
            case "GetSystemDateAndTime":
                return _reply("tds", name, _date_and_time(self._now()))
            case "GetDeviceInformation":
                return _reply("tds", name, _information(device or "recorder"))
            case "GetServices" if not self.behaviour.capabilities_only:
                return _reply("tds", name, self._services(home))
            case "GetCapabilities":
                media = f"<tt:Media><tt:XAddr>{home}/media_service</tt:XAddr></tt:Media>"
                return _reply("tds", name, f"<tds:Capabilities>{media}</tds:Capabilities>")
            case "GetProfiles" if second:
                return _reply("tr2", name, "".join(map(_media2_profiles, cameras)))
            case "GetProfiles":
                return _reply("trt", name, "".join(map(_media1_profiles, cameras)))
            case "GetSnapshotUri" | "GetStreamUri":
                camera = next((each for each in cameras if token.startswith(f"{each.name}.")), None)
                if camera is None:
                    return _fault("Sender", "NoProfile", "There is no such profile.")
                if name == "GetStreamUri":
                    host = own.removeprefix("http://").partition(":")[0]
                    return _uri(
                        name, f"rtsp://{host}/{camera.name}/{token.rpartition('.')[2]}", second=second
                    )
                if self.behaviour.snapshot:
                    return _uri(name, f"{own}/{camera.name}/snapshot.jpg", second=second)
        return _fault("Receiver", "ActionNotSupported", "Optional Action Not Implemented")

    def _named(self, base: str) -> str:
        """The server's address as the devices believe it to be."""
        named = self.behaviour.named_host
        return base if named is None else f"http://{named}"

    def _services(self, home: str) -> str:
        known = [("ver10/device/wsdl", "device_service"), ("ver10/media/wsdl", "media_service")]
        if self.behaviour.media2:
            known.append(("ver20/media/wsdl", "media2_service"))
        return "".join(
            f"<tds:Service><tds:Namespace>http://www.onvif.org/{namespace}</tds:Namespace>"
            f"<tds:XAddr>{home}/{name}</tds:XAddr></tds:Service>"
            for namespace, name in known
        )


def _token_is_right(credentials: Credentials, envelope: Element, now: datetime) -> bool:
    token = envelope.find("{*}Header/{*}Security/{*}UsernameToken")
    if token is None:
        return False
    created = token.findtext("{*}Created") or ""
    try:
        nonce = base64.b64decode(token.findtext("{*}Nonce") or "", validate=True)
        age = abs(now - datetime.fromisoformat(created))
    except (binascii.Error, ValueError, TypeError):
        return False
    secret = nonce + created.encode() + credentials.password.encode()
    expected = base64.b64encode(hashlib.sha1(secret, usedforsecurity=False).digest()).decode()
    return (
        token.findtext("{*}Username") == credentials.username
        and age <= _CLOCK_TOLERANCE
        and hmac.compare_digest(expected, token.findtext("{*}Password") or "")
    )


def _date_and_time(now: datetime) -> str:
    time = (
        f"<tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute><tt:Second>{now.second}</tt:Second>"
    )
    date = f"<tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day>"
    moment = f"<tt:UTCDateTime><tt:Time>{time}</tt:Time><tt:Date>{date}</tt:Date></tt:UTCDateTime>"
    return f"<tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>{moment}</tds:SystemDateAndTime>"


def _information(name: str) -> str:
    return (
        f"<tds:Manufacturer>Simulated</tds:Manufacturer><tds:Model>{escape(name)}</tds:Model>"
        "<tds:FirmwareVersion>1.0</tds:FirmwareVersion><tds:SerialNumber>7</tds:SerialNumber>"
    )


def _sizes(camera: SimulatedCamera) -> tuple[tuple[str, int, int], ...]:
    width, height = camera.size
    return (("main", width, height), ("sub", width // 2, height // 2))


def _media1_profiles(camera: SimulatedCamera) -> str:
    return "".join(
        f'<trt:Profiles token="{camera.name}.{stream}"><tt:Name>{camera.name} {stream}</tt:Name>'
        f"<tt:VideoSourceConfiguration><tt:SourceToken>{camera.name}</tt:SourceToken></tt:VideoSourceConfiguration>"
        f"<tt:VideoEncoderConfiguration><tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>{width}</tt:Width>"
        f"<tt:Height>{height}</tt:Height></tt:Resolution></tt:VideoEncoderConfiguration></trt:Profiles>"
        for stream, width, height in _sizes(camera)
    )


def _media2_profiles(camera: SimulatedCamera) -> str:
    return "".join(
        f'<tr2:Profiles token="{camera.name}.{stream}"><tr2:Name>{camera.name} {stream}</tr2:Name>'
        f"<tr2:Configurations><tr2:VideoSource><tt:SourceToken>{camera.name}</tt:SourceToken></tr2:VideoSource>"
        f"<tr2:VideoEncoder><tt:Encoding>H265</tt:Encoding><tt:Resolution><tt:Width>{width}</tt:Width>"
        f"<tt:Height>{height}</tt:Height></tt:Resolution></tr2:VideoEncoder></tr2:Configurations></tr2:Profiles>"
        for stream, width, height in _sizes(camera)
    )


def _uri(name: str, uri: str, *, second: bool) -> OnvifAnswer:
    if second:
        return _reply("tr2", name, f"<tr2:Uri>{escape(uri)}</tr2:Uri>")
    return _reply("trt", name, f"<trt:MediaUri><tt:Uri>{escape(uri)}</tt:Uri></trt:MediaUri>")


def _reply(prefix: str, name: str, content: str) -> OnvifAnswer:
    return OnvifAnswer(
        HTTPStatus.OK, _envelope(f"<{prefix}:{name}Response>{content}</{prefix}:{name}Response>")
    )


def _fault(code: str, subcode: str, reason: str) -> OnvifAnswer:
    inner = f"<s:Subcode><s:Value>ter:{subcode}</s:Value></s:Subcode>"
    content = (
        f"<s:Fault><s:Code><s:Value>s:{code}</s:Value>{inner}</s:Code>"
        f'<s:Reason><s:Text xml:lang="en">{reason}</s:Text></s:Reason></s:Fault>'
    )
    status = HTTPStatus.BAD_REQUEST if code == "Sender" else HTTPStatus.INTERNAL_SERVER_ERROR
    return OnvifAnswer(status, _envelope(content))


def _envelope(content: str) -> bytes:
    return f"<s:Envelope {_NAMESPACES}><s:Body>{content}</s:Body></s:Envelope>".encode()
