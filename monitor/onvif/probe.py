"""The messages of WS-Discovery: the question who is there, and what the answers say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from monitor.onvif.addresses import objection_to
from monitor.onvif.markup import parse, printable, text_at
from monitor.onvif.soap import ENVELOPE, body_of

_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
TYPES = (
    'xmlns:n="http://www.onvif.org/ver10/network/wsdl">n:NetworkVideoTransmitter',
    'xmlns:n="http://www.onvif.org/ver10/device/wsdl">n:Device',
)
"""What is asked for: some devices answer to the one name only, some to the other."""
_SCOPE = "onvif://www.onvif.org/"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOST_MATCHES = 16
_MOST_SCOPES = 64
_MOST_ADDRESSES = 8
_LONGEST_ADDRESS = 300


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """A device that answered, with its own words made fit to be shown.

    Attributes:
        endpoint: Its endpoint reference: what stays the same when its address changes.
        name: As its scopes have it; empty where they do not.
        hardware: As its scopes have it.
        location: As its scopes have it.
        senders: Hosts that answered for it; more than one is odd.
        addresses: Of its device service, those that may be contacted, the one at its sender first.
        refused: What it named and may not be contacted, each with the reason.
    """

    endpoint: str
    name: str
    hardware: str
    location: str
    senders: tuple[str, ...]
    addresses: tuple[str, ...]
    refused: tuple[str, ...] = ()

    def merged(self, other: FoundDevice) -> FoundDevice:
        """Both answers of one device as one."""
        return FoundDevice(
            self.endpoint,
            self.name or other.name,
            self.hardware or other.hardware,
            self.location or other.location,
            _united(self.senders, other.senders),
            _united(self.addresses, other.addresses)[:_MOST_ADDRESSES],
            _united(self.refused, other.refused)[:_MOST_ADDRESSES],
        )


def probe(message_id: str, types: str) -> bytes:
    """The question, under an id that answers repeat; `types` is one of `TYPES`."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{ENVELOPE}" xmlns:a="{_ADDRESSING}">'
        f"<s:Header><a:Action>{_DISCOVERY}/Probe</a:Action><a:MessageID>urn:uuid:{message_id}</a:MessageID>"
        f"<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>"
        f'<s:Body><Probe xmlns="{_DISCOVERY}"><Types {types}</Types></Probe></s:Body></s:Envelope>'
    ).encode()


def matches(datagram: bytes, sender: str, asked: frozenset[str]) -> tuple[FoundDevice, ...]:
    """The devices that an answer tells of; none where it answers another question than ours.

    Args:
        datagram: As it came.
        sender: The IP address that it came from.
        asked: Ids of our questions.

    Raises:
        NoOnvifDevice: It is no XML, or dangerous XML.
    """
    root = parse(datagram, sender)
    related = _UUID.search(text_at(root, "{*}Header/{*}RelatesTo").lower())
    body = body_of(root)
    if related is None or related[0] not in asked or body is None:
        return ()
    entries = body.findall("{*}ProbeMatch")[:_MOST_MATCHES]
    return tuple(found for entry in entries if (found := _found(entry, sender)) is not None)


def _found(entry: Element, sender: str) -> FoundDevice | None:
    endpoint = printable(text_at(entry, "{*}EndpointReference/{*}Address"), 80)
    if not endpoint:
        return None
    scopes = text_at(entry, "{*}Scopes").split()[:_MOST_SCOPES]
    usable: list[str] = []
    refused: list[str] = []
    for address in text_at(entry, "{*}XAddrs").split()[:_MOST_ADDRESSES]:
        objection = _objection(address)
        if objection is None:
            usable.append(address)
        else:
            refused.append(f"{printable(address)} is {objection}")
    usable.sort(key=lambda address: urlsplit(address).hostname != sender)
    return FoundDevice(
        endpoint,
        _scope(scopes, "name/"),
        _scope(scopes, "hardware/"),
        _scope(scopes, "location/"),
        (sender,),
        tuple(dict.fromkeys(usable)),
        tuple(dict.fromkeys(refused)),
    )


def _objection(address: str) -> str | None:
    if len(address) > _LONGEST_ADDRESS or not address.isprintable():
        return "no address"
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return "no address"
    if not usable or "@" in parts.netloc:
        return "no address of a device"
    return objection_to(parts.hostname or "")


def _scope(scopes: list[str], kind: str) -> str:
    """What scopes say of one kind; places come in several, as `location/country/austria`."""
    told = [scope.removeprefix(_SCOPE + kind) for scope in scopes if scope.startswith(_SCOPE + kind)]
    return printable(", ".join(unquote(value).rpartition("/")[2] for value in told if value), 60)


def _united(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))
