"""nginx, started on a free port of loopback with a configuration of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.net.certificates import certificates
from tests.net.hostile_server import PASSWORD, USERNAME

_STARTS_WITHIN_S = 10.0
_CONFIGURATION = """
daemon off;
{user}
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log info;
events {{ worker_connections 64; }}
http {{
    log_format requests '$request_uri $status "$http_if_none_match" "$http_if_modified_since" '
        '$sent_http_content_encoding $connection';
    access_log {folder}/access.log requests;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    types {{ image/jpeg jpg; image/png png; image/bmp bmp; text/html html; }}
    root {folder}/pictures;
    server {{
        listen 127.0.0.1:{port};
        listen 127.0.0.1:{tls_port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        location /tagged/ {{ alias {folder}/pictures/; }}
        location /untagged/ {{ alias {folder}/pictures/; etag off; }}
        location /compressed/ {{ alias {folder}/pictures/; gzip on; gzip_types *; gzip_min_length 1; }}
        location /guarded/ {{
            alias {folder}/pictures/; auth_basic "camera"; auth_basic_user_file {folder}/users;
        }}
        location /slow/ {{ alias {folder}/pictures/; limit_rate 100; }}
        location /elsewhere/ {{ return 302 /tagged/a.jpg; }}
        location /hurried/ {{ alias {folder}/pictures/; keepalive_timeout 0; }}
    }}
}}
"""


@dataclass(frozen=True)
class Nginx:
    """A running one; files put into `pictures` are served at once."""

    folder: Path
    port: int
    tls_port: int

    @property
    def pictures(self) -> Path:
        return self.folder / "pictures"

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def tls_url(self, path: str) -> str:
        return f"https://127.0.0.1:{self.tls_port}{path}"

    def requests(self) -> list[str]:
        """A line a request: path, status, both conditions, compression, number of the connection."""
        return (self.folder / "access.log").read_text().splitlines()


@contextmanager
def running_nginx() -> Iterator[Nginx]:
    """Run until the block ends; skips with the reason where nginx is not installed."""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:
        pytest.skip("nginx is not installed (Debian: apt-get install nginx-light)")
    made = certificates()
    with tempfile.TemporaryDirectory(prefix="nginx") as name:
        folder = Path(name)
        nginx = Nginx(folder, *_free_ports(2))
        nginx.pictures.mkdir()
        hashed = subprocess.run(
            ["openssl", "passwd", "-apr1", PASSWORD], check=True, capture_output=True, text=True
        )
        (folder / "users").write_text(f"{USERNAME}:{hashed.stdout}")
        (folder / "nginx.conf").write_text(
            _CONFIGURATION.format(
                user="user root;" if os.geteuid() == 0 else "",
                folder=folder,
                port=nginx.port,
                tls_port=nginx.tls_port,
                certificate=made.certificate("good"),
                key=made.key("good"),
            )
        )
        process = subprocess.Popen(
            [program, "-c", folder / "nginx.conf", "-e", folder / "error.log"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        try:
            _wait_for(nginx, process)
            yield nginx
        finally:
            process.terminate()
            process.communicate(timeout=_STARTS_WITHIN_S)


def _free_ports(count: int) -> list[int]:
    bound = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in bound]
    for each in bound:
        each.close()
    return ports


def _wait_for(nginx: Nginx, process: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < deadline_s:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", nginx.tls_port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    process.kill()
    said = process.communicate()[1].decode(errors="replace")
    raise AssertionError(f"nginx did not start: {said} {(nginx.folder / 'error.log').read_text()}")
