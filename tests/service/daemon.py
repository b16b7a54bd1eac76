"""A daemon for the tests of signals: `python -m tests.service.daemon FOLDER`; says what it does.

Its one camera answers at once, or, while the file `hang` exists in the folder, not before that file is gone.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from monitor.domain.verdict import VerdictKind
from monitor.service.engine import EXIT_ABANDONED, Service
from monitor.service.options import ServiceOptions
from monitor.service.orders import end_process
from monitor.service.reload import ReloadResult
from monitor.usecases.deliver import DeliveryReport
from tests.service.doubles import FakeDueList, FakeLock, RunningClock


class NoOutbox:
    def deliver_due(self) -> DeliveryReport:
        return DeliveryReport()

    def close(self, timeout_s: float) -> int:
        return 0


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(folder: Path) -> None:
    clock = RunningClock()
    site = FakeDueList(clock, interval_s=0.05)

    def camera() -> VerdictKind:
        say("begun")
        while (folder / "hang").exists():
            time.sleep(0.01)
        say("checked")
        return VerdictKind.OK

    def reload() -> ReloadResult:
        say("reloaded")
        return ReloadResult(True, "nothing changed")

    site.add("gate", camera)
    service = Service(
        due=site.due,
        observe=site.observe,
        outbox=NoOutbox(),
        prune=lambda: None,
        reload=reload,
        hold_lock=FakeLock().hold,
        clock=clock,
        options=ServiceOptions(tick_s=0.02, drain_timeout_s=float((folder / "drain_s").read_text())),
        watched=[folder / "drain_s"],
    )
    code = service.run()
    say("ended")
    if code == EXIT_ABANDONED:
        end_process(code)
    sys.exit(code)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
