"""One exchange with libcurl: which options it gets, what its callbacks keep, what its error codes mean."""

from __future__ import annotations

import math
import socket
import ssl
import time
from collections.abc import Callable
from types import MappingProxyType

import pycurl

from monitor.net.address import AddressPolicy
from monitor.net.errors import (
    AddressRefused,
    BodyTooLarge,
    BrokenResponse,
    ConnectFailed,
    NameUnknown,
    NetError,
    NeverAdmitted,
    PeerUntrusted,
    RequestRefused,
    TimedOut,
)
from monitor.net.message import Auth, Request, Response, media_type
from monitor.net.redaction import conceal

USER_AGENT = "camera-view-monitor"

# What libcurl hands to the function that opens its sockets: family, kind, protocol, address.
OfferedAddress = tuple[int, int, int, tuple[str | bytes, ...]]

# Takes a piece of a body as it arrives; True means: enough, hang up.
Consumer = Callable[[bytes], bool]

_AUTH_BITS = {
    Auth.AUTO: pycurl.HTTPAUTH_BASIC | pycurl.HTTPAUTH_DIGEST,
    Auth.BASIC: pycurl.HTTPAUTH_BASIC,
    Auth.DIGEST: pycurl.HTTPAUTH_DIGEST,
}
_TLS_CODES = frozenset(
    {
        pycurl.E_SSL_CONNECT_ERROR,
        pycurl.E_PEER_FAILED_VERIFICATION,
        pycurl.E_SSL_CERTPROBLEM,
        pycurl.E_SSL_ISSUER_ERROR,
        pycurl.E_SSL_PINNEDPUBKEYNOTMATCH,
    }
)


class Exchange:
    """One request on its way. Its callbacks never raise: libcurl could only print that.

    Args:
        request: What to send, and its limits.
        policy: Which addresses may be connected to.
        consume: Gets the body of an answer 2xx piece by piece; with None, and for other answers, it is kept.

    Attributes:
        enough: Whether `consume` had enough, so that the exchange ended before the answer did.
        failure: What `consume` raised, which ended the exchange; or None.
    """

    def __init__(self, request: Request, policy: AddressPolicy, consume: Consumer | None = None) -> None:
        self.enough = False
        self.failure: Exception | None = None
        self._request = request
        self._policy = policy
        self._consume = consume
        self._succeeded = False
        self._count = 0
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._answered = False
        self._too_large = False
        self._refused: list[str] = []
        self._connecting = False
        self._opened: list[socket.socket] = []

    def prepare(self, curl: pycurl.Curl, timeout_s: float) -> None:
        """Set every option anew; connections survive `reset`, everything else starts from libcurl's defaults.

        Raises:
            RequestRefused: libcurl does not take the request.
        """
        request = self._request
        curl.reset()
        try:
            curl.setopt(pycurl.URL, request.url)
            curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
            curl.setopt(pycurl.REDIR_PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
            curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
            curl.setopt(pycurl.NOSIGNAL, 1)
            curl.setopt(pycurl.PROXY, "")
            curl.setopt(pycurl.TIMEOUT_MS, max(1, math.ceil(timeout_s * 1000)))
            if self._consume is None:
                # A stream may announce any length: it is left long before.
                curl.setopt(pycurl.MAXFILESIZE_LARGE, request.max_bytes)
            if request.compressed:
                curl.setopt(pycurl.ACCEPT_ENCODING, "")
            if request.redirects:
                # libcurl counts the second request of an authentication as a redirect.
                curl.setopt(pycurl.FOLLOWLOCATION, 1)
                curl.setopt(pycurl.MAXREDIRS, request.redirects + int(request.username is not None))
            curl.setopt(pycurl.USERAGENT, USER_AGENT)
            curl.setopt(pycurl.OPENSOCKETFUNCTION, self._open_socket)
            curl.setopt(pycurl.HEADERFUNCTION, self._take_header)
            curl.setopt(pycurl.WRITEFUNCTION, self._take_body)
            self._prepare_tls(curl)
            self._prepare_credentials(curl)
            self._prepare_content(curl)
        except (pycurl.error, UnicodeError, ValueError, TypeError):
            # What libcurl says here may quote the option's value.
            raise RequestRefused(
                f"The request to {request.origin} cannot be sent as configured.",
                "Check the URL, the credentials and the certificate file.",
            ) from None

    def explain(self, curl: pycurl.Curl, code: int = 0, said: str = "") -> NetError:
        """The error that says what libcurl's code means here."""
        request, origin = self._request, self._request.origin
        kind = media_type(self._headers.get("content-type", ""))
        reason = conceal(str(said), request.secrets)
        if self._too_large or code == pycurl.E_FILESIZE_EXCEEDED:
            return BodyTooLarge(f"{origin} sends more than {request.max_bytes:,} bytes.", "", kind)
        if code == pycurl.E_OPERATION_TIMEDOUT:
            return TimedOut(
                f"{origin} was not done within {request.timeout_s:g} s: {self._progress(curl)}.", "", kind
            )
        if self._refused and not self._answered:
            return AddressRefused(
                f"{origin} leads to {self._refused[0]}, which may not be contacted.", "Name another host."
            )
        if code == pycurl.E_COULDNT_RESOLVE_HOST:
            return NameUnknown(f"The name in {origin} is unknown.", "Check its spelling and the name server.")
        if code == pycurl.E_SSL_CACERT_BADFILE:
            return PeerUntrusted(
                "The file of trusted certificates cannot be used.", "It must exist and hold PEM text."
            )
        if code == pycurl.E_BAD_CONTENT_ENCODING:
            return BrokenResponse(
                f"{origin} sends a body that claims to be compressed, and cannot be unpacked.",
                "Switch compression off at the camera, or at the proxy in front of it.",
                kind,
            )
        if code in _TLS_CODES:
            return PeerUntrusted(
                f"TLS with {origin} fails: {reason}.",
                "Name its authority in `ca_file` or its key in `pinned_key`; or write http://.",
            )
        if code == pycurl.E_COULDNT_CONNECT:
            return ConnectFailed(
                f"{origin} accepts no connection: {reason}.", "Check address, port and cabling."
            )
        if code in (pycurl.E_URL_MALFORMAT, pycurl.E_UNSUPPORTED_PROTOCOL) and not self._connecting:
            return RequestRefused("The URL is not valid.", "Write it as https://host:port/path.")
        if not self._answered and code in (pycurl.E_GOT_NOTHING, pycurl.E_RECV_ERROR, pycurl.E_SEND_ERROR):
            return ConnectFailed(
                f"{origin} takes connections, and closes them without an answer.", "Restart it."
            )
        if code == pycurl.E_TOO_MANY_REDIRECTS and not request.redirects:
            return NeverAdmitted(
                f"{origin} asks for another login again and again.",
                "Try another `auth`; set the peer's clock.",
            )
        if code == pycurl.E_TOO_MANY_REDIRECTS:
            return BrokenResponse(
                f"{origin} redirects more than {request.redirects} times.", "Give the final address."
            )
        return BrokenResponse(f"{origin} sent a broken answer: {reason}.", "", kind)

    def stopped_resolving(self, curl: pycurl.Curl) -> bool:
        """Whether the exchange ended before the host's name was known (a kept connection needs none)."""
        return not self._connecting and curl.getinfo(pycurl.PRETRANSFER_TIME) == 0

    def release(self) -> None:
        """Close our ends of the sockets; libcurl works with duplicates of them."""
        for opened in self._opened:
            opened.close()

    def response(self, curl: pycurl.Curl, started_s: float) -> Response:
        """What came, once everything has."""
        elapsed_ms = (time.monotonic() - started_s) * 1000
        status = int(curl.getinfo(pycurl.RESPONSE_CODE))
        return Response(status, MappingProxyType(self._headers), bytes(self._body), elapsed_ms)

    def _prepare_tls(self, curl: pycurl.Curl) -> None:
        request = self._request
        curl.setopt(pycurl.SSL_VERIFYPEER, int(request.verify))
        curl.setopt(pycurl.SSL_VERIFYHOST, 2 if request.verify else 0)
        system = ssl.get_default_verify_paths()
        if request.ca_file is not None:
            curl.setopt(pycurl.CAINFO, str(request.ca_file))
        elif system.cafile is not None:
            # A wheel's libcurl was built elsewhere and looks where that system keeps its certificates.
            curl.setopt(pycurl.CAINFO, system.cafile)
        elif system.capath is not None:
            curl.setopt(pycurl.CAPATH, system.capath)
        if request.pinned_key is not None:
            curl.setopt(pycurl.PINNEDPUBLICKEY, request.pinned_key)

    def _prepare_credentials(self, curl: pycurl.Curl) -> None:
        request = self._request
        if request.username is not None:
            curl.setopt(pycurl.HTTPAUTH, _AUTH_BITS[request.auth])
            curl.setopt(pycurl.USERNAME, request.username.encode())
            curl.setopt(pycurl.PASSWORD, (request.password or "").encode())

    def _prepare_content(self, curl: pycurl.Curl) -> None:
        request = self._request
        # An empty `Expect` keeps libcurl from waiting for a `100 Continue` that small servers never send.
        headers = {"Expect": "", **request.headers}
        if request.bearer is not None:
            headers["Authorization"] = f"Bearer {request.bearer}"
        curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}".encode() for name, value in headers.items()])
        if request.method == "HEAD":
            curl.setopt(pycurl.NOBODY, 1)
        elif request.method in ("POST", "PUT"):
            curl.setopt(pycurl.POSTFIELDS, request.body or b"")
            curl.setopt(pycurl.CUSTOMREQUEST, request.method)

    def _open_socket(self, _purpose: int, offered: OfferedAddress) -> socket.socket | int:
        self._connecting = True
        family, kind, protocol, address = offered
        host = address[0]
        text = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        try:
            objection = self._policy.objection(text)
            if objection is None:
                opened = socket.socket(family, kind, protocol)
                self._opened.append(opened)
                return opened
            self._refused.append(objection)
        except (OSError, ValueError):
            pass  # No socket to be had, or no IP address: either way there is nothing to connect.
        return int(pycurl.SOCKET_BAD)

    def _take_header(self, line: bytes) -> int:
        text = line.decode("latin-1").strip()
        if text.startswith("HTTP/"):
            # A new response: after a redirect, a `100 Continue`, or the question for credentials.
            self._answered = True
            self._succeeded = text.partition(" ")[2].startswith("2")
            self._headers = {}
            self._body.clear()
            self._count = 0
        elif ":" in text:
            name, _, value = text.partition(":")
            name, value = name.strip().lower(), value.strip()
            self._headers[name] = f"{self._headers[name]}, {value}" if name in self._headers else value
        return len(line)

    def _take_body(self, chunk: bytes) -> int:
        self._count += len(chunk)
        if self._count > self._request.max_bytes:
            self._too_large = True
            return 0
        if self._consume is None or not self._succeeded:
            self._body += chunk
            return len(chunk)
        try:
            self.enough = self._consume(chunk)
        except Exception as error:  # noqa: BLE001 - it is raised again behind libcurl's back.
            self.failure = error
        return 0 if self.enough or self.failure is not None else len(chunk)

    def _progress(self, curl: pycurl.Curl) -> str:
        if self.stopped_resolving(curl):
            return "its name was not found out"
        if curl.getinfo(pycurl.PRETRANSFER_TIME) == 0:
            return "no connection came about"
        if not self._answered:
            return "connected, but no answer came"
        return f"{self._count:,} bytes of the answer had come"
