"""Talking to whoever started the daemon: systemd's socket, and a file for container health checks."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

_log = structlog.get_logger(__name__)

# A full receive buffer of the service manager must not stop the daemon.
SEND_TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class Supervisor:
    """Reports readiness, life and state; does nothing where nobody listens.

    Attributes:
        address: The notification socket (a path, or an abstract name that starts with `@`), or None.
        heartbeat_file: Written at every sign of life, so that a health check can look at its age, or None.
        heartbeat_within_s: How often a sign of life is wanted at the latest, or None where nobody watches.
    """

    address: str | None = None
    heartbeat_file: Path | None = None
    heartbeat_within_s: float | None = None

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str], heartbeat_file: Path | None = None
    ) -> Supervisor:
        """The service manager that `NOTIFY_SOCKET` and `WATCHDOG_USEC` tell of, if there is one."""
        address = environment.get("NOTIFY_SOCKET") or None
        return cls(address, heartbeat_file, _watchdog_s(environment) if address else None)

    def ready(self, status: str) -> None:
        """The daemon is up, or up again after a reload."""
        self._send("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """The configuration is being read again; `ready` ends it."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self, status: str) -> None:
        """The daemon has begun to stop."""
        self._send("STOPPING=1", f"STATUS={status}")

    def alive(self, status: str) -> None:
        """A sign of life."""
        self._send("WATCHDOG=1", f"STATUS={status}")
        if self.heartbeat_file is not None:
            try:
                self.heartbeat_file.write_text(status + "\n", encoding="utf-8")
            except OSError as error:
                _log.debug("heartbeat.unwritten", path=str(self.heartbeat_file), reason=error.strerror)

    def _send(self, *lines: str) -> None:
        if self.address is None:
            return
        # A leading @ stands for the null byte of Linux' abstract socket names.
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.settimeout(SEND_TIMEOUT_S)
                channel.sendto("\n".join(line.replace("\n", " ") for line in lines).encode(), address)
        except OSError as error:
            _log.debug("supervisor.unreachable", reason=error.strerror)


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """Half of the time after which a silent process is restarted, as systemd's manual advises."""
    try:
        limit_us = int(environment.get("WATCHDOG_USEC", ""))
    except ValueError:
        return None
    meant_for = environment.get("WATCHDOG_PID", "")
    if limit_us <= 0 or (meant_for and meant_for != str(os.getpid())):
        return None
    return limit_us / 2_000_000
