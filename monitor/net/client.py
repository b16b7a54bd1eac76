"""One bounded HTTP request at a time, on libcurl.

libcurl rather than `http.client`: only it limits the *whole* exchange (name, connection, TLS, drip-fed
headers and body) by the wall clock, without signals, and lets the address be judged in the instant before
it is connected to.
"""

from __future__ import annotations

import threading
import time

import pycurl

from monitor.net.address import AddressPolicy
from monitor.net.errors import TimedOut
from monitor.net.exchange import Consumer, Exchange
from monitor.net.message import Request, Response


class HttpClient:
    """Sends requests one after another and keeps the connection open between them.

    May be shared by threads; they then wait for each other. Proxies of the environment are ignored, because
    a proxy would connect on our behalf to addresses that the policy refuses.

    Args:
        policy: Which addresses may be connected to.
    """

    def __init__(self, policy: AddressPolicy) -> None:
        self._policy = policy
        self._lock = threading.Lock()
        self._curl: pycurl.Curl | None = None
        self._resolving = False

    def fetch(self, request: Request) -> Response:
        """Exchange one request for one response, within the request's limits.

        Raises:
            NetError: No complete response came; the subclass says why. Statuses such as 404 are no errors.
        """
        return self._exchange(request, None)

    def stream(self, request: Request, consume: Consumer) -> Response:
        """Hand out the body as it arrives, until it ends or `consume` says that it has enough; then hang up.

        Only the body of an answer 2xx is handed out; that of another is in the response, as with `fetch`.

        Args:
            request: Its `max_bytes` limit all that is handed out together, its `timeout_s` the whole exchange.
            consume: Called on this thread. What it raises ends the exchange and is raised here.

        Raises:
            NetError: The answer ended otherwise than whole, before `consume` had enough.
        """
        return self._exchange(request, consume)

    def _exchange(self, request: Request, consume: Consumer | None) -> Response:
        started_s = time.monotonic()
        if not self._lock.acquire(timeout=request.timeout_s):
            raise TimedOut(f"{request.origin} is still busy with an earlier request.", "Ask less often.")
        try:
            if self._curl is None:
                self._curl = pycurl.Curl()
            remaining_s = request.timeout_s - (time.monotonic() - started_s)
            exchange = Exchange(request, self._policy, consume)
            exchange.prepare(self._curl, max(remaining_s, 0.001))
            try:
                self._curl.perform()
            except pycurl.error as error:
                if exchange.failure is not None:
                    raise exchange.failure from None
                if not exchange.enough:
                    raise exchange.explain(self._curl, *error.args) from None
            finally:
                exchange.release()
                self._resolving = exchange.stopped_resolving(self._curl)
            return exchange.response(self._curl, started_s)
        finally:
            if self._curl is not None:
                self._curl.reset()  # Lets go of what came, and of the credentials.
            self._lock.release()

    def close(self) -> None:
        """Close the connection; may be called twice, and a later `fetch` opens a new one."""
        with self._lock:
            curl, self._curl = self._curl, None
        if curl is None:
            return
        if self._resolving:
            # libcurl waits here for the system's resolver, which may take many seconds to give up on a dead
            # name server. Nobody needs to wait with it.
            threading.Thread(target=curl.close, name="http-close", daemon=True).start()
        else:
            curl.close()


def fetch(request: Request, policy: AddressPolicy) -> Response:
    """Like `HttpClient.fetch`, for a single request.

    Raises:
        NetError: No complete response came.
    """
    client = HttpClient(policy)
    try:
        return client.fetch(request)
    finally:
        client.close()
