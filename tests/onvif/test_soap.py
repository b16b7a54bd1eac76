import base64
from datetime import UTC, datetime
from xml.etree.ElementTree import fromstring

import pytest

from monitor.onvif.errors import NoOnvifDevice
from monitor.onvif.markup import parse, printable
from monitor.onvif.soap import Login, body_of, envelope, fault_in, password_digest, username_token
from tests.onvif.replies import BOMB, FILE_ENTITY, fault

OLD_FAULT = (
    b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault><faultcode>'
    b"wsse:FailedAuthentication</faultcode><faultstring>no</faultstring></e:Fault></e:Body></e:Envelope>"
)


def test_the_digest_is_that_of_the_published_example() -> None:
    # ONVIF Application Programmer's Guide, 6.1.1.3.
    nonce = base64.b64decode("LKqI6G/AikKCQrN0zqZFlg==")
    digest = password_digest("userpassword", "2010-09-16T07:50:45Z", nonce)
    assert base64.b64encode(digest).decode() == "tuOSpGlFlIXsozq4HFNeeGeFLEI="


def test_a_token_names_the_account_and_not_its_password() -> None:
    token = username_token(
        Login("an<n", "pass&word"), datetime(2026, 6, 1, 12, 0, 0, 250_000, tzinfo=UTC), b"nonce"
    )
    assert "word" not in token.replace("Password", "")
    assert "pass&" not in token
    root = fromstring(envelope("<x/>", token))
    assert root.findtext(".//{*}Username") == "an<n"
    assert root.findtext(".//{*}Created") == "2026-06-01T12:00:00.250Z"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"garbage",
        b"\x00\xff\xfe",
        b"<html><body>log in</html>",
        b"<a>" * 100_000,
        b'<?xml version="1.0" encoding="martian"?><a/>',
        b'<?xml version="1.0" encoding="utf-16"?><a/>',
        b'<!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"/>',
        BOMB,
        FILE_ENTITY,
    ],
)
def test_what_is_no_harmless_xml_is_refused(text: bytes) -> None:
    with pytest.raises(NoOnvifDevice, match="something else than ONVIF"):
        parse(text, "http://camera")


@pytest.mark.parametrize(
    ("answer", "codes", "is_denial"),
    [
        (fault("Sender", "NotAuthorized", reason="go away"), ("Sender", "NotAuthorized"), True),
        (fault("Sender", "InvalidArgVal", "NoProfile"), ("Sender", "InvalidArgVal", "NoProfile"), False),
        (fault("Receiver", reason="Sender not Authorized"), ("Receiver",), True),
        (fault("Receiver", *("Deep",) * 50), ("Receiver", "Deep", "Deep", "Deep"), False),
        (
            OLD_FAULT,
            ("FailedAuthentication",),
            True,
        ),
    ],
)
def test_faults_are_understood(answer: bytes, codes: tuple[str, ...], is_denial: bool) -> None:
    body = body_of(parse(answer, "camera"))
    assert body is not None
    found = fault_in(body)
    assert found is not None
    assert (found.codes, found.is_denial) == (codes, is_denial)


def test_what_a_device_says_cannot_steer_the_terminal() -> None:
    assert printable("\x1b[31mred\x1b[0m \u202eevil\u202c\n\tend") == "[31mred [0m evil end"
    assert len(printable("x" * 10_000)) == 120
