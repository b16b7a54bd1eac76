"""A file server on the loopback that knows ranges, and can be made to behave badly."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Behaviour:
    """What the server does; may be changed between requests.

    Attributes:
        content: The one file, under any path.
        etag: Its ETag; empty for none.
        ranges: Whether it sends parts.
        break_after: In how many of the next answers it hangs up, and after how many bytes.
        status: Sent instead of the file where it is not 200.
        content_type: Of the file.
        requests: Headers of the requests that came.
    """

    content: bytes
    etag: str = '"first"'
    ranges: bool = True
    break_after: list[int] = field(default_factory=list)
    status: int = 200
    content_type: str = "application/octet-stream"
    requests: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def serve(behaviour: Behaviour) -> Iterator[str]:
    """Serve on a free port; yields the address without a path."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            behaviour.requests.append(headers)
            content, start, status = behaviour.content, 0, behaviour.status
            if status != 200:
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            wanted = headers.get("range", "")
            same = headers.get("if-range", behaviour.etag) == behaviour.etag
            if wanted and behaviour.ranges and same:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
                status = 206 if start < len(content) else 416
            self.send_response(status)
            if status == 416:
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if status == 206:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            if behaviour.etag:
                self.send_header("ETag", behaviour.etag)
            self.send_header("Content-Type", behaviour.content_type)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            body = content[start:]
            if behaviour.break_after:
                body = body[: behaviour.break_after.pop(0)]
                self.close_connection = True
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
