"""What devices answer, good and bad, as text."""

from __future__ import annotations

PLACE = 'xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
DEVICE = "/onvif/device_service"
MEDIA1 = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]><lolz>&j;</lolz>"
).encode()
FILE_ENTITY = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>'


def envelope(content: str) -> bytes:
    return f"<s:Envelope {PLACE}><s:Body>{content}</s:Body></s:Envelope>".encode()


def moment(year: object = 2026, month: object = 6, day: object = 1, second: object = 0) -> bytes:
    date = f"<Date><Year>{year}</Year><Month>{month}</Month><Day>{day}</Day></Date>"
    time = f"<Time><Hour>12</Hour><Minute>0</Minute><Second>{second}</Second></Time>"
    return envelope(
        f"<GetSystemDateAndTimeResponse><SystemDateAndTime><UTCDateTime>{time}{date}</UTCDateTime>"
        "</SystemDateAndTime></GetSystemDateAndTimeResponse>"
    )


def fault(*codes: str, reason: str = "") -> bytes:
    inner = ""
    for code in reversed(codes[1:]):
        inner = f"<s:Subcode><s:Value>ter:{code}</s:Value>{inner}</s:Subcode>"
    return envelope(
        f"<s:Fault><s:Code><s:Value>s:{codes[0]}</s:Value>{inner}</s:Code>"
        f"<s:Reason><s:Text>{reason}</s:Text></s:Reason></s:Fault>"
    )


def services(**addresses: str) -> bytes:
    names = {"media1": MEDIA1, "media2": MEDIA2}
    entries = "".join(
        f"<Service><Namespace>{names[name]}</Namespace><XAddr>{address}</XAddr></Service>"
        for name, address in addresses.items()
    )
    return envelope(f"<GetServicesResponse>{entries}</GetServicesResponse>")


def matches(message_id: str, *devices: tuple[str, str], scopes: str = "") -> bytes:
    """An answer to a probe; each device is its endpoint and its addresses."""
    entries = "".join(
        f"<d:ProbeMatch><a:EndpointReference><a:Address>{endpoint}</a:Address></a:EndpointReference>"
        f"<d:Scopes>{scopes}</d:Scopes><d:XAddrs>{addresses}</d:XAddrs></d:ProbeMatch>"
        for endpoint, addresses in devices
    )
    return (
        f'<s:Envelope {PLACE} xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">'
        f"<s:Header><a:RelatesTo>{message_id}</a:RelatesTo></s:Header>"
        f"<s:Body><d:ProbeMatches>{entries}</d:ProbeMatches></s:Body></s:Envelope>"
    ).encode()
