"""The installed program as processes of its own, and how to wait for what they do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from monitor.settings import Settings, load_settings
from monitor.store import Store, open_store

ROOT = Path(__file__).parents[2]
# A second here is a minute there: everything that `monitor run` would wait for is shortened by settings.
QUICK: dict[str, Any] = {
    "interval": "1s",
    "timeout": "10s",
    "policy": {
        "recheck": "1s",
        "default_duration": "1s",
        "close_after": "1s",
        "min_duration": {"offline": "1s", "stream_fault": "1s"},
    },
}


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    output: str
    errors: str


def monitor(*arguments: str | Path, timeout_s: float = 90.0) -> Ended:
    """Run one command of the program to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "monitor", *map(str, arguments)],
        capture_output=True, text=True, timeout=timeout_s, cwd=ROOT,
    )  # fmt: skip
    return Ended(done.returncode, done.stdout, done.stderr)


def until(condition: Callable[[], Any], what: Callable[[], str] | str = "", timeout_s: float = 90.0) -> Any:
    """Wait for something to come true, and give it; fail with what is known when it does not."""
    deadline_s = time.monotonic() + timeout_s
    while not (found := condition()):
        if time.monotonic() > deadline_s:
            raise AssertionError(
                f"did not come true in {timeout_s:.0f} s: {what() if callable(what) else what}"
            )
        time.sleep(0.05)
    return found


class Daemon:
    """A running `monitor run`, its log in a file beside the configuration.

    Args:
        config: Its configuration.
        module: What is run: the program, or `tests.e2e.hasty`, which is the program with shorter rests.
        options: Given to the module before the program's own arguments.
        prepare: Called in the child before it becomes the program.
    """

    def __init__(
        self,
        config: Path,
        *,
        module: str = "monitor",
        options: tuple[str, ...] = (),
        prepare: Callable[[], None] | None = None,
    ) -> None:
        self.config = config
        number = len(list(config.parent.glob("daemon-*.log")))
        self.log_path = config.parent / f"daemon-{number}.log"
        self.output_path = config.parent / f"daemon-{number}.out"
        with self.log_path.open("wb") as log, self.output_path.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, *options, "--config", str(config), "--log-format", "json", "run"],
                stdout=output, stderr=log, cwd=ROOT, preexec_fn=prepare,
            )  # fmt: skip

    @property
    def text(self) -> str:
        """All that it has written."""
        return self.log_path.read_text(errors="replace") + self.output_path.read_text(errors="replace")

    def lines(self, event: str = "", **fields: Any) -> list[dict[str, Any]]:
        """Lines of the log whose event begins like this, with these fields."""
        found = []
        for line in self.log_path.read_text(errors="replace").splitlines():
            try:
                said = json.loads(line)
            except ValueError:
                continue  # the last line, half written
            if str(said.get("event", "")).startswith(event) and fields.items() <= said.items():
                found.append(said)
        return found

    def expect(self, event: str, timeout_s: float = 90.0, **fields: Any) -> dict[str, Any]:
        """Wait for a line, and give it."""
        lines: list[dict[str, Any]] = self.until(
            lambda: self.lines(event, **fields), f"{event} {fields}", timeout_s
        )
        return lines[0]

    def until(self, condition: Callable[[], Any], what: str = "", timeout_s: float = 90.0) -> Any:
        """Wait for something to come true while it runs."""
        return until(
            lambda: self.process.poll() is not None or condition(),
            lambda: f"{what}\n{self.text}", timeout_s,
        ) and (condition() or self._ended(what))  # fmt: skip

    def _ended(self, what: str) -> None:
        raise AssertionError(f"it ended with {self.process.poll()} before: {what}\n{self.text}")

    def started(self) -> Daemon:
        """Wait until it watches."""
        self.expect("service.started")
        return self

    def stop(self, timeout_s: float = 25.0) -> int:
        """SIGTERM, and its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout_s)

    def kill(self) -> None:
        """SIGKILL; may be called again."""
        self.process.kill()
        self.process.wait()


def write_config(directory: Path, **parts: Any) -> Path:
    """A configuration for quick tests, with these parts in place of the usual ones; replaced at once."""
    directory.mkdir(parents=True, exist_ok=True)
    whole = {"defaults": QUICK, "service": {"start_spread": "1s"}, "logging": {"format": "json"}, **parts}
    path, new = directory / "monitor.yaml", directory / "monitor.yaml.new"
    new.write_text(yaml.safe_dump(whole), encoding="utf-8")
    new.replace(path)
    return path


def settings_of(config: Path) -> Settings:
    """The configuration as the program reads it."""
    return load_settings(config, os.environ)


def look_into(config: Path) -> Store:
    """The store of a configuration, to look at beside the running program."""
    settings = settings_of(config)
    return open_store(settings.database_url.get_secret_value(), settings.data_dir / "images", migrate=False)
