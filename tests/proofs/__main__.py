"""`python -m tests.proofs WHAT`: makes one proof in full, prints its figures, and fails when it does not hold."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from monitor.store import upgrade
from tests.postgres import running_server


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of a new, migrated database."""
    if kind == "sqlite":
        url = f"sqlite:///{folder / 'monitor.db'}"
        upgrade(url)
        yield url
        return
    with running_server() as server, server.database() as url:
        upgrade(url)
        yield url


def prove_kill(arguments: argparse.Namespace, folder: Path) -> Any:
    from tests.proofs.kill import kill_again_and_again

    with database(arguments.database, folder) as url:
        return kill_again_and_again(url, folder, arguments.rounds, arguments.seed)


PROOFS = {"kill": prove_kill}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs", description=__doc__)
    parser.add_argument("proof", choices=PROOFS)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--rounds", type=int, default=200, help="kill: processes killed")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    started_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="monitor-proof-") as folder:
        result = PROOFS[arguments.proof](arguments, Path(folder))
    return report(arguments.proof, result, time.monotonic() - started_s)


def report(proof: str, result: Any, elapsed_s: float) -> int:
    assert is_dataclass(result)
    values = {field.name: getattr(result, field.name) for field in fields(result)}
    complaints = values.pop("complaints")
    print(f"{proof}: {', '.join(f'{name} {value}' for name, value in values.items())}; {elapsed_s:.0f} s")
    for complaint in complaints:
        print(f"  WRONG: {complaint}", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
