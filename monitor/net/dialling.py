"""A connection to a host by name: resolved once, judged, connected to the very address that was judged."""

from __future__ import annotations

import queue
import socket
import ssl
import threading

from monitor.net.address import AddressPolicy
from monitor.net.deadline import Deadline
from monitor.net.errors import AddressRefused, ConnectFailed, NameUnknown, PeerUntrusted
from monitor.net.tls import Trust

_MOST_ADDRESSES = 4
"""So many of a name's addresses are tried, one after the other."""


def dial(
    host: str, port: int, policy: AddressPolicy, deadline: Deadline, origin: str, trust: Trust | None = None
) -> socket.socket:
    """Connect.

    Args:
        host: A name or an IP address.
        port: Of TCP.
        policy: Which addresses may be connected to.
        deadline: For name, connection and TLS together.
        origin: What to call the peer in errors.
        trust: For TLS; None speaks plainly.

    Raises:
        NameUnknown: The name leads to no address.
        AddressRefused: It leads only to addresses that may not be contacted.
        ConnectFailed: Nobody accepts connections there.
        PeerUntrusted: TLS does not come about.
        TimedOut: Not in time.
    """
    objection = ""
    allowed: list[str] = []
    for address in _resolve(host, deadline, origin):
        refused = policy.objection(address)
        if refused is None:
            allowed.append(address)
        else:
            objection = refused
    if not allowed:
        raise AddressRefused(
            f"{origin} leads to {objection}, which may not be contacted.", "Name another host."
        )
    opened = _connect(allowed[:_MOST_ADDRESSES], port, deadline, origin)
    if trust is None:
        return opened
    try:
        return _secure(opened, host, deadline, origin, trust)
    except BaseException:
        opened.close()
        raise


def _resolve(host: str, deadline: Deadline, origin: str) -> list[str]:
    """All addresses of a name; the system's resolver has no time limit, so that it is waited for elsewhere."""
    found: queue.SimpleQueue[list[str] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            found.put(list(dict.fromkeys(str(answer[4][0]) for answer in answers)))
        except (OSError, UnicodeError) as error:
            found.put(error)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        answer = found.get(timeout=deadline.remaining_s("its name was not found out"))
    except queue.Empty:
        raise deadline.missed("its name was not found out") from None
    if isinstance(answer, Exception) or not answer:
        raise NameUnknown(f"The name in {origin} is unknown.", "Check its spelling and the name server.")
    return answer


def _connect(addresses: list[str], port: int, deadline: Deadline, origin: str) -> socket.socket:
    reason = ""
    for number, address in enumerate(addresses):
        # A dead address must leave time for those behind it.
        share_s = deadline.remaining_s("no connection came about") / (len(addresses) - number)
        try:
            opened = socket.create_connection((address, port), timeout=share_s)
        except TimeoutError:
            continue
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            continue
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened
    if not reason:
        raise deadline.missed("no connection came about")
    raise ConnectFailed(f"{origin} accepts no connection: {reason}.", "Check address, port and cabling.")


def _secure(plain: socket.socket, host: str, deadline: Deadline, origin: str, trust: Trust) -> socket.socket:
    context = trust.context()
    plain.settimeout(deadline.remaining_s("connected, but TLS did not come about"))
    try:
        secured = context.wrap_socket(plain, server_hostname=host)
    except TimeoutError:
        raise deadline.missed("connected, but TLS did not come about") from None
    except ssl.SSLCertVerificationError as error:
        raise PeerUntrusted(
            f"TLS with {origin} fails: {error.verify_message}.",
            "Name its authority in `ca_file` or its key in `pinned_key` with `verify: false`.",
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise PeerUntrusted(
            f"TLS with {origin} fails: {str(reason).lower().replace('_', ' ')}.",
            "Check that this port speaks TLS; else write rtsp:// in place of rtsps://.",
        ) from None
    try:
        trust.check_key(secured.getpeercert(binary_form=True), origin)
    except PeerUntrusted:
        secured.close()
        raise
    return secured
