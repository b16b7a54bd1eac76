"""How often something was done, and what that cost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """What was measured of one way to grab.

    Attributes:
        grabs: Frames that came.
        failures: Grabs without one.
        seconds: How long was measured.
        core_s: Processor time of all processes that took part in it, the servers excepted.
        reason: Why there is no figure, or what the failures were; may be empty.
    """

    grabs: int
    failures: int
    seconds: float
    core_s: float
    reason: str = ""

    @property
    def per_s(self) -> float:
        """Grabs a second by the clock, waiting for the camera included."""
        return self.grabs / self.seconds if self.seconds else 0.0

    @property
    def core_ms(self) -> float | None:
        """Milliseconds of processor time of one grab; None where nothing came."""
        return self.core_s * 1000 / self.grabs if self.grabs else None


def repeat(works: Sequence[Callable[[], bool]], seconds: float) -> tuple[int, int]:
    """Do each work again and again for so long, on a thread of its own; gives how often it went well, and not.

    Raises:
        BaseException: What a work raised.
    """
    deadline_s = time.perf_counter() + seconds
    counts = [0, 0]
    raised: list[BaseException] = []
    lock = threading.Lock()

    def loop(work: Callable[[], bool]) -> None:
        try:
            while time.perf_counter() < deadline_s:
                went_well = work()
                with lock:
                    counts[not went_well] += 1
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            raised.append(error)

    threads = [threading.Thread(target=loop, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]
    return counts[0], counts[1]
