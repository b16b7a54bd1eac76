"""A program with grabbers, to be killed: says what there is, then grabs, and says how that went."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading

from monitor.grabbers.pool import GrabberPool, PoolOptions
from monitor.grabbers.source import PooledSource
from tests.grabbers.conftest import children_of, until
from tests.grabbers.kinds import Odd, OddSource, facts_of

# The server, a grabber that hangs, one that is dedicated, and what that has started.
FAMILY = 4


def main(secret: str) -> None:
    signal_proof()
    pool = GrabberPool(PoolOptions(4))
    PooledSource(pool, OddSource, Odd(secret=secret)).grab(30.0)

    def hang() -> None:
        PooledSource(pool, OddSource, Odd("hang", secret=secret)).grab(600.0)

    hanging = threading.Thread(target=hang, daemon=True)
    hanging.start()
    PooledSource(pool, OddSource, Odd("spawn", secret=secret), dedicated=True).grab(30.0)
    until(lambda: len(children_of(os.getpid())) == FAMILY, timeout_s=30.0)
    tell(children_of(os.getpid()))
    for _ in sys.stdin:
        slow = PooledSource(pool, OddSource, Odd("slow", secret=secret, value=1.0))
        threading.Timer(0.3, lambda: tell("grabbing")).start()
        tell(facts_of(slow.grab(30.0))["pid"])


def signal_proof() -> None:
    """As the daemon, which takes these as orders and goes on."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: None)


def tell(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(os.environ["CAMERA_PASSWORD"])
