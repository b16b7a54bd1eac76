"""The process that sends one message through Apprise, and ends.

It reads a task from standard input, as addresses with passwords must not stand on a command line, and writes which of
the addresses took the message. Nothing else of it is ever read: Apprise and its plugins log addresses.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import resource
import signal
import sys
import warnings
from collections.abc import Mapping
from typing import Any, TextIO

APP = "camera-view-monitor"
# How much longer than its task allows this process may live, should nobody be left to kill it.
GRACE_S = 5.0

Task = Mapping[str, Any]


def main() -> None:
    """Do what the task says."""
    # Core dumps would hold the addresses; the alarm's default action ends us in native code as well.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    task = json.load(sys.stdin)
    signal.setitimer(signal.ITIMER_REAL, task["timeout_s"] + GRACE_S)
    answer = _quiet()
    results = check(task) if task["only_check"] else send(task)
    json.dump({"results": results}, answer)
    answer.flush()
    # Plugins may have left threads behind that would be waited for.
    os._exit(0)


def check(task: Task) -> list[bool]:
    """Which addresses Apprise understands, by position."""
    return [_service(url, task) is not None for url in task["urls"]]


def send(task: Task) -> list[bool]:
    """Which addresses took the message, by position."""
    from apprise import Apprise, AppriseAttachment, NotifyFormat, NotifyType
    from apprise.attachment.memory import AttachMemory

    results = []
    for url in task["urls"]:
        service = _service(url, task)
        if service is None:
            results.append(False)
            continue
        attachments = AppriseAttachment()
        for file in task["files"]:
            content = base64.b64decode(file["base64"])
            attachment = AttachMemory(content=content, name=file["name"], mimetype=file["media_type"])  # type: ignore[no-untyped-call]
            attachments.add(attachment)
        sender = Apprise()
        sender.add(service)
        sent = sender.notify(
            title=task["title"],
            body=task["body"],
            body_format=NotifyFormat.TEXT,
            notify_type=NotifyType(task["type"]),
            attach=attachments if len(attachments) else None,
        )
        results.append(bool(sent))
    return results


def _service(url: str, task: Task) -> Any:
    """The plugin for one address, or None where no plugin takes it."""
    from apprise import Apprise, AppriseAsset

    asset = AppriseAsset(
        storage_mode="memory",
        service_timeout=task["timeout_s"],
        allow_templates=False,
        image_path_mask=False,
        http_redirects=False,
        pem_autogen=False,
        pgp_autogen=False,
        app_id=APP,
        app_desc="Camera-view monitor",
    )
    return Apprise.instantiate(url, asset=asset, suppress_exceptions=True)


def _quiet() -> TextIO:
    """Close the ways on which something could be written; the real output is for the answer alone."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return answer


if __name__ == "__main__":
    main()
