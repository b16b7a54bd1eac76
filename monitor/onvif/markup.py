"""Reading XML that came from the network, and writing text into XML of ours."""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml.ElementTree import fromstring

from monitor.onvif.errors import NoOnvifDevice

LONGEST_TEXT = 120


def parse(body: bytes, sender: str) -> Element:
    """The root of an XML text. How long it may be is the caller's affair.

    A document type is refused whatever stands in it: SOAP forbids it, and entities come with it.

    Args:
        body: As it came.
        sender: Who sent it, for the message.

    Raises:
        NoOnvifDevice: It is not XML, or has a document type.
    """
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, ValueError, LookupError):  # broken; forbidden; in an encoding that nobody knows
        raise NoOnvifDevice(f"{sender} answers with something else than ONVIF.", NO_DEVICE_REMEDY) from None
    return root


NO_DEVICE_REMEDY = (
    "Check the address, and that ONVIF is switched on in the camera's settings; "
    "or give its picture's address with --url."
)


def text_at(element: Element | None, path: str) -> str:
    """The text at a path, without blanks around it; empty where there is none."""
    found = element.find(path) if element is not None else None
    return (found.text or "").strip() if found is not None else ""


def printable(text: str, longest: int = LONGEST_TEXT) -> str:
    """A device's text in one line without control characters, which could steer a terminal, and not too long."""
    clean = " ".join("".join(sign if sign.isprintable() else " " for sign in text[: 4 * longest]).split())
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"


def element(name: str, text: str) -> str:
    """`<name>text</name>`, with what has a meaning in XML escaped."""
    return f"<{name}>{escape(text)}</{name.partition(' ')[0]}>"
