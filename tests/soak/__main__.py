"""`python -m tests.soak`: watch a site of cameras of every kind with faults, and see whether anything leaks."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.soak.report import tell
from tests.soak.soak import Soak


def main() -> int:
    """Ends with 1 when something leaks, is told wrongly or is left behind."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--cameras", type=int, default=300)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--interval", type=float, default=10.0, help="seconds between two checks of a camera")
    parser.add_argument("--seed", type=int, default=1, help="another one gives other faults")
    parser.add_argument(
        "--csv",
        type=Path,
        default=Path("var/soak.csv"),
        help="where the samples go, and what belongs to them",
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as directory:
        kept_log = arguments.csv.with_suffix(".log")
        soak = Soak(Path(directory), arguments.cameras, arguments.interval, arguments.seed, kept_log)
        outcome = soak.run(arguments.minutes * 60)
        return tell(outcome, arguments.csv)


if __name__ == "__main__":
    sys.exit(main())
