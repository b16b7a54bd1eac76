"""Reading the configuration again while the daemon runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from monitor.domain.errors import MonitorError
from monitor.service.config_watch import ConfigWatch
from monitor.service.supervisor import Supervisor

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ReloadResult:
    """What came of reading the configuration again.

    Attributes:
        accepted: Whether the new configuration is now in use; otherwise the old one is, untouched.
        summary: What changed, or everything that is wrong with the new one; without secrets.
    """

    accepted: bool
    summary: str


# Reads, validates and swaps all or nothing. May also raise a MonitorError to say that the new one is bad.
Reload = Callable[[], ReloadResult]


class Reloader:
    """Reloads when asked to or when a file has changed, and says once what came of it.

    Args:
        reload: Does it.
        watched: The files that the configuration is made of.
        supervisor: Told when a reload begins and ends.
    """

    def __init__(self, reload: Reload, watched: Sequence[Path], supervisor: Supervisor) -> None:
        self._reload = reload
        self._watch = ConfigWatch(watched)
        self._supervisor = supervisor
        self._asked = threading.Event()
        self.problem = ""

    def ask(self) -> None:
        """Let the next turn reload, changed files or not."""
        self._asked.set()

    def turn(self) -> ReloadResult | None:
        """Reload if there is a reason to; what came of it, or None without a reason."""
        if self._asked.is_set():
            self._asked.clear()
            self._watch.settle()
            reason = "asked"
        elif self._watch.changed():
            reason = "file changed"
        else:
            return None
        self._supervisor.reloading()
        result = self._attempt()
        self.problem = "" if result.accepted else result.summary
        if result.accepted:
            _log.info("config.reloaded", reason=reason, summary=result.summary)
        else:
            _log.error("config.refused", reason=reason, problem=result.summary, in_use="the previous one")
        self._supervisor.ready("running" if result.accepted else "running with the previous configuration")
        return result

    def _attempt(self) -> ReloadResult:
        try:
            return self._reload()
        except MonitorError as error:
            return ReloadResult(False, str(error))
        except Exception as error:  # noqa: BLE001 - the running configuration is untouched, so go on
            _log.exception("config.reload_broke_down")
            return ReloadResult(False, f"Reading the configuration broke down ({type(error).__name__}).")
