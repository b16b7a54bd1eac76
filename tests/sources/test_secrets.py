"""A canary: no password, token or secret in a URL comes out again, whatever fails."""

import io
import logging
import traceback
from contextlib import suppress
from urllib.parse import quote, quote_plus

import pytest

from monitor.domain.errors import MonitorError
from monitor.sources.http import HttpOptions, HttpSource
from monitor.sources.mjpeg import MjpegOptions, MjpegSource
from tests.net.hostile_server import Asked, answer, basic, digest, raw, serving, silence

PASSWORD = "c@nary:p/ä%s#w?&+ d"
TOKEN = "canary-token-3nX"
QUERY = "canary-in-query"
SPELLINGS = [
    PASSWORD,
    quote(PASSWORD),
    quote(PASSWORD, safe=""),
    quote_plus(PASSWORD),
    TOKEN,
    QUERY,
    "c%40nary",
]


def echo(connection, asked: Asked) -> None:
    """Pages that repeat the request are how passwords come back."""
    body = f"<html>{asked.target} {asked.headers} {PASSWORD} {quote(PASSWORD, safe='')}</html>"
    answer(body.encode(), headers=f"Content-Type: text/{TOKEN}\r\nX: {QUERY}")(connection, asked)


def echo_in_redirect(connection, asked: Asked) -> None:
    answer(b"", "302 Found", f"Location: http://u:{quote(PASSWORD, safe='')}@x/?{QUERY}")(connection, asked)


PATHS = {
    "/echo": echo,
    "/redirect": echo_in_redirect,
    "/basic": basic(b""),
    "/digest": digest(b""),
    "/silence": silence,
    "/garbage": raw(f"{PASSWORD}\r\n{TOKEN}\r\n\r\n".encode()),
    "/bad-header": raw(f"HTTP/1.1 200 OK\r\n{TOKEN} {QUERY}\r\n\r\n".encode()),
    "/status": answer(b"", f"500 {TOKEN}"),
    "/challenge": answer(b"", "401 No", f'WWW-Authenticate: Digest realm="{TOKEN}"'),
}


@pytest.fixture(scope="module")
def site():
    with serving(PATHS) as server:
        yield server


def urls(site, path):
    port, secret = site.port, quote(PASSWORD, safe="")
    yield {"url": f"http://admin:{secret}@127.0.0.1:{port}{path}?pwd={QUERY}"}
    yield {"url": site.url(f"{path}?pwd={QUERY}"), "username": "admin", "password": PASSWORD}
    yield {"url": site.url(f"{path}?pwd={QUERY}"), "auth": "bearer", "token": TOKEN}
    # Wrongly written, so that a naive parser would take a part of the password for host, port or path.
    yield {"url": f"http://admin:{PASSWORD}@127.0.0.1:{port}{path}"}
    yield {"url": f"http://admin:{secret}@{path}"}
    yield {"url": f"https://admin:{secret}@127.0.0.1:1{path}?{QUERY}"}
    yield {"url": f"http://admin:{secret}@camera.invalid{path}?{QUERY}"}
    yield {"url": f"http://admin:{secret}@169.254.169.254{path}?{QUERY}"}


@pytest.mark.parametrize(("made_of", "opened"), [(HttpOptions, HttpSource), (MjpegOptions, MjpegSource)])
@pytest.mark.parametrize("path", PATHS)
def test_no_secret_comes_out(site, clock, path, made_of, opened, capfd, caplog):
    caplog.set_level(logging.DEBUG)
    shown = io.StringIO()
    failures = 0
    for options in urls(site, path):
        source = None
        try:
            made = made_of(**options)
            print(repr(made), repr(made.request({})), file=shown)
            source = opened(made, clock)
            print(repr(source), file=shown)
            source.grab(0.3)
        except MonitorError as error:
            failures += 1
            print(str(error), repr(error), error.args, file=shown)
            traceback.print_exception(error, file=shown)
        finally:
            with suppress(AttributeError):
                source.close()
    output = capfd.readouterr()
    text = shown.getvalue() + output.out + output.err + caplog.text
    # A traceback quotes lines of this test's source, which name the constants and never their values.
    assert failures == 8
    for spelling in SPELLINGS:
        assert spelling.lower() not in text.lower(), f"{spelling} came out on {path}"
