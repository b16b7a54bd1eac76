"""Alerts through Apprise: mail, chats, push services, MQTT and a hundred others, each named by an address.

Apprise does its own network input and output, without a limit over all and without a look at where an address leads.
So each message is sent by a process of its own that can be killed. The daemon itself never imports it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import structlog
from pydantic import SecretStr

from monitor.domain.alert import AlertKind, Outcome, Receipt
from monitor.domain.links import PictureMode
from monitor.domain.message import Message
from monitor.domain.ports import Clock
from monitor.domain.severity import Severity
from monitor.notifiers import apprise_child
from monitor.notifiers.errors import BadNotifierOptions
from monitor.notifiers.payload import attachment_body, picture_body
from monitor.notifiers.pictures import NO_PICTURES, PictureSupply
from monitor.notifiers.progress import Progress
from monitor.notifiers.text import text_of, title_of

_log = structlog.get_logger(__name__)

CHECK_TIMEOUT_S = 30.0
# After a kill, this is how long the kernel may take.
END_S = 2.0

# What a child may see of our environment, which holds other notifiers' secrets.
_ENVIRONMENT = frozenset({"HOME", "LANG", "LC_ALL", "PATH", "TMPDIR", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"})
_TYPES = {Severity.INFO: "info", Severity.WARNING: "warning", Severity.CRITICAL: "failure"}


class ChildFailed(Exception):
    """The process that sends did not do so; says how it ended."""


@dataclass(frozen=True, slots=True)
class AppriseOptions:
    """Where Apprise sends alerts to.

    Attributes:
        urls: Apprise's addresses; secret, as they hold passwords and tokens.
        timeout_s: Wall-clock limit of one attempt, for all addresses together.
        pictures: How pictures are shown.

    Raises:
        BadNotifierOptions: There is no address.
    """

    urls: tuple[SecretStr, ...]
    timeout_s: float = 30.0
    pictures: PictureMode = PictureMode.NONE

    def __post_init__(self) -> None:
        if not self.urls:
            raise BadNotifierOptions("The Apprise notifier has no address.", "Give it at least one.")


class AppriseNotifier:
    """Sends through each address; those that took a message are left out at its next attempt.

    Args:
        options: Where to.
        clock: Time.
        pictures: What may be shown.

    Raises:
        BadNotifierOptions: Apprise is not installed, or does not understand an address.
    """

    def __init__(self, options: AppriseOptions, clock: Clock, pictures: PictureSupply = NO_PICTURES) -> None:
        self._options = options
        self._clock = clock
        self._pictures = pictures
        self._progress = Progress()
        self._check()

    @classmethod
    def open(
        cls, options: AppriseOptions, clock: Clock, pictures: PictureSupply = NO_PICTURES
    ) -> AppriseNotifier:
        """One notifier."""
        return cls(options, clock, pictures)

    def send(self, message: Message, attempt: int) -> Receipt:
        """Send once, bounded by the options' time limit."""
        urls = [url.get_secret_value() for url in self._options.urls]
        done = self._progress.accepted(message.id)
        waiting = [number for number in range(len(urls)) if number not in done]
        try:
            results = run_child(
                self._task(message, [urls[number] for number in waiting]), self._options.timeout_s
            )
        except ChildFailed as error:
            return Receipt(Outcome.RETRY, str(error))
        except Exception as error:  # noqa: BLE001 - the port promises not to raise; the text may hold an address
            _log.error("apprise.broke_down", message=message.id, attempt=attempt, error=type(error).__name__)
            return Receipt(Outcome.RETRY, f"sending broke down ({type(error).__name__})")
        failed = [number + 1 for number, sent in zip(waiting, results, strict=True) if not sent]
        if failed:
            for number, sent in zip(waiting, results, strict=True):
                if sent:
                    self._progress.note(message.id, number)
            which = ", ".join(map(str, failed))
            return Receipt(
                Outcome.RETRY, f"not taken by address {which} of {len(urls)}; Apprise does not say why"
            )
        self._progress.forget(message.id)
        return Receipt(Outcome.ACCEPTED, f"taken by {len(urls)} of {len(urls)} addresses")

    def _task(self, message: Message, urls: Sequence[str]) -> dict[str, Any]:
        pictures = self._pictures.of(message, self._options.pictures, self._clock)
        attached = [picture for shown in pictures.values() for picture in shown if picture.content]
        severity = max((alert.severity for alert in message.alerts), key=lambda one: one.rank)
        is_over = all(alert.kind is AlertKind.RESOLVED for alert in message.alerts)
        return {
            "only_check": False,
            "urls": urls,
            "title": title_of(message),
            "body": text_of(message, pictures),
            "type": "success" if is_over else _TYPES[severity],
            "files": [
                *(
                    {**picture_body(picture), "name": f"{number}-{picture.name}.jpg"}
                    for number, picture in enumerate(attached, start=1)
                ),
                *(attachment_body(each) for each in message.attachments),
            ],
        }

    def _check(self) -> None:
        if find_spec("apprise") is None:
            raise BadNotifierOptions(
                "Notifiers of the kind apprise need the package `apprise`, which is not installed.",
                "Install it: pip install 'camera-view-monitor[apprise]'.",
            )
        urls = [url.get_secret_value() for url in self._options.urls]
        try:
            understood = run_child({"only_check": True, "urls": urls}, CHECK_TIMEOUT_S)
        except ChildFailed as error:
            raise BadNotifierOptions(f"Apprise cannot be used: {error}.", "Install it again.") from None
        for number, fine in enumerate(understood, start=1):
            if not fine:
                raise BadNotifierOptions(
                    f"Apprise does not understand address {number} of the notifier.",
                    "Compare it with https://appriseit.com/services/.",
                )


def run_child(task: Mapping[str, Any], timeout_s: float) -> list[bool]:
    """Have a process do one task, and kill it when it is not done in time.

    Returns:
        A result for each address.

    Raises:
        ChildFailed: It was not done in time, or ended without an answer.
    """
    process = subprocess.Popen(
        child_command(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
        # A group of its own: what plugins start is killed with it, and Ctrl-C does not reach it.
        start_new_session=True,
    )
    order = json.dumps({**task, "timeout_s": timeout_s}).encode()
    try:
        output, _ = process.communicate(order, timeout_s)
    except subprocess.TimeoutExpired:
        raise ChildFailed(f"not done within {timeout_s:g} s") from None
    finally:
        _kill(process)
    try:
        results = json.loads(output)["results"]
    except (ValueError, LookupError, TypeError):
        raise ChildFailed(f"the process that sends ended with {process.returncode}") from None
    if len(results) != len(task["urls"]):
        raise ChildFailed("the process that sends gave no sensible answer")
    return [result is True for result in results]


def child_command() -> list[str]:
    """How the process that sends is started; its task comes through a pipe."""
    return [sys.executable, "-P", "-m", apprise_child.__name__]


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(END_S)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in _ENVIRONMENT}
    # It imports from where we do, whatever put that there.
    search = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109 - text is what is needed
    return {**kept, "PYTHONPATH": search}
