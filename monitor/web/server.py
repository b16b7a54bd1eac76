"""The web server: on a thread and loop of its own, bounded in all that a stranger can use up.

Whatever happens to it, cameras go on being watched: it takes nothing from the engine but answers to two questions.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from dataclasses import dataclass

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from monitor.logs import Complaints

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WebOptions:
    """Where the server listens, and its bounds.

    Attributes:
        host: Address to listen on.
        port: Port; 0 for any that is free.
        connections: At the same time; further ones are closed at once.
        request_within_s: So long a request may take to arrive; kept-open connections end after this as well.
        connection_s: So long a connection may last, however slowly it reads.
        again_s: After how long a port that was taken is tried again.
        stop_s: How long answers in progress may take when the service stops.
    """

    host: str = "127.0.0.1"
    port: int = 8480
    connections: int = 64
    request_within_s: float = 10.0
    connection_s: float = 60.0
    again_s: float = 30.0
    stop_s: float = 2.0


class WebServer:
    """Serves an application from `start` to `stop`.

    Args:
        app: What to serve.
        options: Where, and bounds.
    """

    def __init__(self, app: ASGIApp, options: WebOptions) -> None:
        self._app = app
        self._options = options
        self._stopping = threading.Event()
        self._complaints = Complaints(_log)
        self._lock = threading.Lock()
        self._server: uvicorn.Server | None = None
        # A daemon, as are the threads that its pages run on: an answer that hangs must not outlive the service.
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self.listening = threading.Event()
        self.port = options.port

    def start(self) -> None:
        """Begin; a port that cannot be had is said in the log, and tried again."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more requests and end; an answer that hangs is left behind, on a thread that holds up nobody."""
        self._stopping.set()
        with self._lock:
            if self._server is not None:
                self._server.should_exit = True
        self._thread.join(self._options.stop_s + 3.0)

    def _run(self) -> None:
        place = f"{self._options.host}:{self._options.port}"
        while not self._stopping.is_set():
            try:
                with self._listen() as listener:
                    self.port = listener.getsockname()[1]
                    self._complaints.settle(place)
                    _log.info("web.listening", host=self._options.host, port=self.port)
                    self._serve(listener)
            except OSError as error:
                reason = error.strerror or type(error).__name__
                remedy = "Free the port, or set another one in `web.listen`; cameras are watched meanwhile."
                self._complaints.complain(place, "web.not_listening", reason=reason, remedy=remedy)
            except Exception as error:  # noqa: BLE001 - the server comes back, and the watching never stops for it
                self._complaints.complain(place, "web.broke_down", error=type(error).__name__)
            self.listening.clear()
            self._stopping.wait(self._options.again_s)

    def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._options.host else socket.AF_INET
        listener = socket.socket(family)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._options.host, self._options.port))
            listener.listen(self._options.connections)
            listener.set_inheritable(False)
        except OSError:
            listener.close()
            raise
        return listener

    def _serve(self, listener: socket.socket) -> None:
        options = self._options
        server = uvicorn.Server(
            uvicorn.Config(
                self._app,
                http=_bounded_protocol(options),
                ws="none",
                loop="asyncio",
                lifespan="off",
                # Lines of access would hold the links.
                access_log=False,
                log_config=None,
                # Faults are logged by the application itself, in our way.
                log_level="critical",
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=round(options.request_within_s),
                timeout_graceful_shutdown=round(options.stop_s),
                h11_max_incomplete_event_size=16 * 1024,
            )
        )
        with self._lock:
            self._server = server
            server.should_exit = self._stopping.is_set()
        self.listening.set()
        try:
            server.run(sockets=[listener])
        finally:
            with self._lock:
                self._server = None


def _bounded_protocol(options: WebOptions) -> type[asyncio.Protocol]:
    """Uvicorn's protocol with limits that it lacks: a connection that sends nothing would stay for ever."""

    class BoundedProtocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._timers = (
                self.loop.call_later(options.request_within_s, self._end_unless_asked),
                self.loop.call_later(options.connection_s, transport.abort),
            )
            if len(self.connections) > options.connections:
                transport.abort()

        def connection_lost(self, exc: Exception | None) -> None:
            for timer in self._timers:
                timer.cancel()
            super().connection_lost(exc)

        def _end_unless_asked(self) -> None:
            if self.cycle is None:
                self.transport.abort()

    return BoundedProtocol
