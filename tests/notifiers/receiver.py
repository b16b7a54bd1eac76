"""A real HTTP receiver of webhooks on loopback, told how to answer; verifies by the published library."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook

KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()
OLD_KEY = "whsec_" + base64.b64encode(b"o" * 24).decode()


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def webhook_id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, key: str = KEY) -> Any:
        """The body, by the published receiver; raises when the signature or the time is wrong."""
        return Webhook(key).verify(self.body, self.headers)


@dataclass(frozen=True)
class Answer:
    """What to answer; after a while, if asked to."""

    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    after_s: float = 0.0


class Receiver:
    """The requests so far, and what to answer to the next."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.accepted: list[str] = []
        self.respond: Callable[[Received], Answer] = lambda _request: Answer()
        self.released = threading.Event()
        self.url = ""
        self.lock = threading.Lock()

    def take(self, request: Received) -> Answer:
        with self.lock:
            self.requests.append(request)
        answer = self.respond(request)
        self.released.wait(answer.after_s)
        if 200 <= answer.status < 300:
            with self.lock:
                self.accepted.append(request.headers.get("webhook-id", ""))
        return answer


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    """A receiver on a free port of loopback; `url` is its address."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = receiver.take(Received(self.path, headers, body))
            try:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
            except OSError:
                self.close_connection = True

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hooks/s3cret-path?token=s3cret-token"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()
        thread.join(5.0)


def until(condition: Callable[[], object], timeout_s: float = 10.0) -> None:
    """Wait for something to come true; fail when it does not."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "it did not come true in time"
        time.sleep(0.005)
