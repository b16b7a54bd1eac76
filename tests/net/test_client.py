import gzip
import socket
import threading
import time
import zlib
from dataclasses import replace

import pytest

from monitor.net.address import AddressPolicy
from monitor.net.client import HttpClient, fetch
from monitor.net.errors import (
    AddressRefused,
    BodyTooLarge,
    BrokenResponse,
    ConnectFailed,
    NameUnknown,
    NetError,
    PeerUntrusted,
    RequestRefused,
    TimedOut,
)
from monitor.net.message import Auth, Request
from tests.net.certificates import certificates
from tests.net.hostile_server import (
    PASSWORD,
    TOKEN,
    USERNAME,
    answer,
    basic,
    bearer,
    digest,
    drip,
    flood,
    raw,
    serving,
    silence,
    unaccepting,
)

NEARBY = AddressPolicy(allow_loopback=True)
TIMEOUT_S = 0.5
MAX_BYTES = 20_000
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

PLAIN = b"picture" * 100
COMPRESSED = {
    "gzip": gzip.compress(PLAIN),
    "deflate": zlib.compress(PLAIN),
    "br": bytes.fromhex(
        "1bbb02f82500aa90c22a0146f40d"
    ),  # Made by Node's zlib; there is no Brotli among our dependencies.
}

# Each ends within TIMEOUT_S, whatever the server does.
HOSTILE = {
    "/silence": (silence, TimedOut),
    "/drip-status": (drip(b"H", b""), TimedOut),
    "/drip-headers": (drip(OK, b"X: y\r\n"), TimedOut),
    "/drip-one-header": (drip(OK + b"X: ", b"y"), TimedOut),
    "/drip-body": (drip(OK + b"Content-Length: 9999\r\n\r\n", b"x"), TimedOut),
    "/drip-chunks": (drip(CHUNKED, b"1\r\nx\r\n"), TimedOut),
    "/drip-without-length": (drip(OK + b"\r\n", b"x"), TimedOut),
    "/drip-continues": (drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), TimedOut),
    "/stalls": (drip(OK + b"Content-Length: 100\r\n\r\nabc", b""), TimedOut),
    "/endless-body": (flood(OK + b"\r\n", b"x" * 4096), BodyTooLarge),
    "/endless-chunks": (flood(CHUNKED, b"400\r\n" + b"x" * 1024 + b"\r\n"), BodyTooLarge),
    "/endless-headers": (flood(OK, b"X-Y: " + b"z" * 500 + b"\r\n"), BrokenResponse),
    "/endless-line": (flood(OK + b"X: ", b"z" * 4096), BrokenResponse),
    "/announces-too-much": (answer(b"x", length=10**12), BodyTooLarge),
    "/one-too-many": (answer(b"x" * (MAX_BYTES + 1)), BodyTooLarge),
    "/too-short": (answer(b"x" * 10, length=100), BrokenResponse),
    "/reset-in-body": (raw(OK + b"Content-Length: 100\r\n\r\nabc", reset=True), BrokenResponse),
    "/reset-at-once": (raw(b"", reset=True), ConnectFailed),
    "/nothing": (raw(b""), ConnectFailed),
    "/half-a-header": (raw(b"HTTP/1.1 200 O"), NetError),
    "/garbage": (raw(b"\x00\xff\xfenonsense\r\n\r\n"), NetError),
    "/not-http": (raw(b"SSH-2.0-OpenSSH_9.6\r\n"), NetError),
    "/old-http": (raw(b"just a body"), NetError),
    "/wrong-chunk": (raw(CHUNKED + b"zz\r\nabc\r\n"), BrokenResponse),
    "/chunks-break-off": (raw(CHUNKED + b"5\r\nabc"), BrokenResponse),
    "/negative-length": (raw(OK + b"Content-Length: -5\r\n\r\nabc"), NetError),
    "/two-lengths": (raw(OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), NetError),
    "/html": (answer(b"<html>"), None),
    "/exactly-enough": (answer(b"x" * MAX_BYTES), None),
    "/missing": (answer(b"no", "404 Not Found"), None),
    "/broken": (answer(b"no", "500 Internal Server Error"), None),
}


@pytest.fixture(scope="module")
def site():
    behaviours = {path: behaviour for path, (behaviour, _) in HOSTILE.items()}
    behaviours |= {
        f"/{coding}": answer(body, headers=f"Content-Encoding: {coding}")
        for coding, body in COMPRESSED.items()
    }
    behaviours |= {
        "/ok": answer(b"picture"),
        "/basic": basic(b"picture"),
        "/digest": digest(b"picture"),
        "/bearer": bearer(b"picture"),
        "/redirect": answer(b"", "302 Found", "Location: /ok"),
        "/redirect-to-digest": answer(b"", "302 Found", "Location: /digest"),
        "/redirect-for-ever": answer(b"", "302 Found", "Location: /redirect-for-ever"),
        "/redirect-to-file": answer(b"", "302 Found", "Location: file:///etc/passwd"),
        "/redirect-to-metadata": answer(b"", "302 Found", "Location: http://169.254.169.254/latest"),
    }
    with serving(behaviours) as server:
        yield server


@pytest.fixture
def client():
    client = HttpClient(NEARBY)
    yield client
    client.close()


@pytest.mark.parametrize("path", HOSTILE)
def test_every_hostile_server_is_bounded_and_named(site, client, path):
    expected = HOSTILE[path][1]
    request = Request(site.url(path), timeout_s=TIMEOUT_S, max_bytes=MAX_BYTES)
    started_s = time.monotonic()
    if expected is None:
        assert client.fetch(request).status in (200, 404, 500)
    else:
        with pytest.raises(expected) as caught:
            client.fetch(request)
        assert site.url("") in str(caught.value)
    assert time.monotonic() - started_s < TIMEOUT_S + 3.0


def test_gives_status_headers_body_and_duration(site, client):
    response = client.fetch(Request(site.url("/ok")))
    assert (response.status, response.body, response.content_type) == (200, b"picture", "image/jpeg")
    assert response.elapsed_ms > 0
    assert "picture" not in repr(response)


def test_keeps_the_connection_between_requests(site, client):
    client.fetch(Request(site.url("/ok")))
    before = site.connections
    for _ in range(3):
        client.fetch(Request(site.url("/ok")))
    assert site.connections == before


def test_a_silent_server_on_a_kept_connection_is_not_mistaken_for_a_dead_name_server(site, client):
    client.fetch(Request(site.url("/ok")))
    with pytest.raises(TimedOut, match="no answer came"):
        client.fetch(Request(site.url("/silence"), timeout_s=0.2))


@pytest.mark.parametrize(
    ("path", "auth"), [("/basic", "auto"), ("/basic", "basic"), ("/digest", "auto"), ("/digest", "digest")]
)
def test_authenticates(site, client, path, auth):
    request = Request(site.url(path), username=USERNAME, password=PASSWORD, auth=Auth(auth))
    assert client.fetch(request).body == b"picture"
    assert client.fetch(request).body == b"picture"


def test_sends_a_bearer_token(site, client):
    assert client.fetch(Request(site.url("/bearer"), bearer=TOKEN)).body == b"picture"


def test_credentials_do_not_stay_for_the_next_request(site, client):
    client.fetch(Request(site.url("/basic"), username=USERNAME, password=PASSWORD))
    assert client.fetch(Request(site.url("/basic"))).status == 401


def test_a_digest_password_never_goes_over_the_wire(site, client):
    client.fetch(Request(site.url("/digest"), username=USERNAME, password=PASSWORD, auth=Auth.DIGEST))
    assert "basic" not in site.asked[-1].headers["authorization"].lower()


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_sends_a_body(site, client, method):
    request = Request(
        site.url("/ok"), method=method, body=b"\x00{}", headers={"Content-Type": "application/json"}
    )
    client.fetch(request)
    asked = site.asked[-1]
    assert (asked.method, asked.body, asked.headers["content-type"]) == (
        method,
        b"\x00{}",
        "application/json",
    )


def test_asks_for_headers_only(site, client):
    client.fetch(Request(site.url("/missing"), method="HEAD"))
    assert site.asked[-1].method == "HEAD"


def test_a_redirect_is_a_response_unless_asked_to_follow(site, client):
    assert client.fetch(Request(site.url("/redirect"))).status == 302
    assert client.fetch(Request(site.url("/redirect"), redirects=2)).body == b"picture"


def test_follows_a_redirect_to_where_credentials_are_asked_for(site, client):
    request = Request(site.url("/redirect-to-digest"), username=USERNAME, password=PASSWORD, redirects=1)
    assert client.fetch(request).body == b"picture"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/redirect-for-ever", BrokenResponse),
        ("/redirect-to-file", NetError),
        ("/redirect-to-metadata", NetError),
    ],
)
def test_redirects_lead_nowhere_forbidden(site, client, path, expected):
    with pytest.raises(expected):
        client.fetch(Request(site.url(path), redirects=3, timeout_s=1))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_judges_the_address_however_it_is_written(site, host):
    with pytest.raises(AddressRefused):
        fetch(Request(site.url("/ok", host), timeout_s=1), AddressPolicy(allow_private=True))


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "2852039166", "[fe80::1]", "0.0.0.0", "[::]", "[fd00:ec2::254]"]
)
def test_metadata_is_out_of_reach(host):
    with pytest.raises(AddressRefused):
        fetch(Request(f"http://{host}/", timeout_s=1), AddressPolicy(allow_loopback=True, allow_private=True))


def test_an_unknown_name_and_a_closed_port_are_told_apart(client):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(ConnectFailed):
            client.fetch(Request(f"http://127.0.0.1:{port}/", timeout_s=1))
    with pytest.raises((NameUnknown, TimedOut)):
        client.fetch(Request("http://camera.invalid/", timeout_s=1))


def test_a_server_that_does_not_accept_is_bounded(client):
    with unaccepting() as port, pytest.raises(TimedOut):
        client.fetch(Request(f"http://127.0.0.1:{port}/", timeout_s=TIMEOUT_S))


def test_ignores_proxies_of_the_environment(site, client, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert client.fetch(Request(site.url("/ok"))).status == 200


def test_threads_take_turns(site, client):
    bodies = []
    request = Request(site.url("/ok"), timeout_s=5)
    threads = [threading.Thread(target=lambda: bodies.append(client.fetch(request).body)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bodies == [b"picture"] * 8


def test_waiting_for_another_thread_counts_as_time(site, client):
    asked_before = len(site.asked)

    def wait_in_vain():
        with pytest.raises(TimedOut):
            client.fetch(Request(site.url("/silence"), timeout_s=0.6))

    slow = threading.Thread(target=wait_in_vain)
    slow.start()
    while len(site.asked) == asked_before:
        time.sleep(0.01)
    with pytest.raises(TimedOut, match="busy"):
        client.fetch(Request(site.url("/ok"), timeout_s=0.1))
    slow.join()


def test_closes_twice_and_opens_again(site, client):
    client.fetch(Request(site.url("/ok")))
    client.close()
    client.close()
    assert client.fetch(Request(site.url("/ok"))).status == 200


def test_streams_until_the_consumer_has_enough(site, client):
    pieces = []

    def take(piece: bytes) -> bool:
        pieces.append(piece)
        return sum(map(len, pieces)) > 8000

    # A piece has up to 16 KiB, and may follow one that falls just short of enough.
    response = client.stream(Request(site.url("/endless-body"), max_bytes=2 * MAX_BYTES), take)
    assert (response.status, response.body) == (200, b"")
    assert 8000 < sum(map(len, pieces)) <= 2 * MAX_BYTES
    assert client.fetch(Request(site.url("/ok"))).body == b"picture"


def test_streams_to_the_end_and_within_its_limits(site, client):
    pieces = []
    assert client.stream(Request(site.url("/ok")), pieces.append).status == 200
    assert b"".join(pieces) == b"picture"
    for path, expected in (
        ("/endless-body", BodyTooLarge),
        ("/stalls", TimedOut),
        ("/too-short", BrokenResponse),
    ):
        with pytest.raises(expected):
            client.stream(Request(site.url(path), max_bytes=MAX_BYTES, timeout_s=TIMEOUT_S), lambda _: False)


def test_what_the_consumer_raises_ends_the_stream_and_is_raised(site, client):
    def refuse(_piece: bytes) -> bool:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        client.stream(Request(site.url("/endless-body")), refuse)
    assert client.fetch(Request(site.url("/ok"))).status == 200


def test_only_the_body_of_a_success_is_streamed(site, client):
    pieces = []
    assert client.stream(Request(site.url("/missing")), pieces.append).body == b"no"
    request = Request(site.url("/digest"), username=USERNAME, password=PASSWORD)
    assert client.stream(request, pieces.append).status == 200
    assert pieces == [b"picture"]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_compressed_bodies_are_undone_only_where_asked_and_bounded_by_what_results(site, client, coding):
    request = Request(site.url(f"/{coding}"), max_bytes=MAX_BYTES)
    assert client.fetch(request).body == COMPRESSED[coding]
    assert client.fetch(replace(request, compressed=True)).body == PLAIN
    with pytest.raises(BodyTooLarge):
        client.fetch(replace(request, compressed=True, max_bytes=len(PLAIN) - 1))


@pytest.fixture(scope="module")
def tls_site():
    made = certificates()
    with serving({"/ok": answer(b"picture")}, made.context("self-signed")) as server:
        yield server, made.certificate("self-signed"), made.pinned_key("self-signed")


def test_refuses_a_certificate_that_nobody_vouches_for(tls_site, client):
    server, _, _ = tls_site
    with pytest.raises(PeerUntrusted, match="pinned_key"):
        client.fetch(Request(server.url("/ok"), timeout_s=2))


def test_accepts_the_authority_it_is_given(tls_site, client):
    server, certificate, _ = tls_site
    assert client.fetch(Request(server.url("/ok"), ca_file=certificate, timeout_s=2)).body == b"picture"


def test_accepts_only_the_pinned_key(tls_site, client):
    server, _, key = tls_site
    wrong = "sha256//" + "A" * 43 + "="
    assert client.fetch(Request(server.url("/ok"), verify=False, pinned_key=key, timeout_s=2)).status == 200
    with pytest.raises(PeerUntrusted):
        fetch(Request(server.url("/ok"), verify=False, pinned_key=wrong, timeout_s=2), NEARBY)


def test_a_missing_certificate_file_is_named_as_the_cause(tls_site, client, tmp_path):
    server, _, _ = tls_site
    with pytest.raises((PeerUntrusted, RequestRefused), match="certificate"):
        client.fetch(Request(server.url("/ok"), ca_file=tmp_path / "none.pem", timeout_s=2))
