"""`python -m tests.proofs WHAT`: makes one proof in full, prints its figures, and fails when it does not hold."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import structlog

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


def prove_flaky(arguments: argparse.Namespace, folder: Path) -> Any:
    from tests.proofs.flaky import endure

    with database(arguments.database, folder) as url:
        return endure(url, folder, arguments.incidents, 0.3, arguments.seed)


def prove_crowd(arguments: argparse.Namespace, folder: Path) -> Any:
    from tests.proofs.crowd import change_all

    with database(arguments.database, folder) as url:
        return change_all(url, folder, arguments.views, arguments.over)


def prove_model(arguments: argparse.Namespace, folder: Path) -> Any:
    from hypothesis.stateful import run_state_machine_as_test

    from tests.proofs.model import Histories, histories_on_postgres, histories_on_sqlite
    from tests.proofs.profiles import longer

    def run(histories: type[Histories]) -> Lived:
        run_state_machine_as_test(histories, settings=longer(arguments.examples))
        return Lived(arguments.examples)

    if arguments.database == "sqlite":
        return run(histories_on_sqlite(folder))
    with running_server() as server:
        return run(histories_on_postgres(server))


@dataclass(frozen=True, slots=True)
class Lived:
    """Random histories; one that is wrong raises."""

    histories: int
    complaints: tuple[str, ...] = ()


PROOFS = {"model": prove_model, "kill": prove_kill, "flaky": prove_flaky, "crowd": prove_crowd}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.proofs", description=__doc__)
    parser.add_argument("proof", choices=PROOFS)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--rounds", type=int, default=200, help="kill: processes killed")
    parser.add_argument("--incidents", type=int, default=500, help="flaky: incidents told")
    parser.add_argument("--views", type=int, default=10_000, help="crowd: views that change")
    parser.add_argument("--over", type=float, default=0.0, help="crowd: seconds from the first to the last")
    parser.add_argument("--examples", type=int, default=300, help="model: histories")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    # What the service has to say of receivers that fail is not the result.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    started_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="monitor-proof-") as folder:
        result = PROOFS[arguments.proof](arguments, Path(folder))
    return report(arguments.proof, result, time.monotonic() - started_s)


def report(proof: str, result: Any, elapsed_s: float) -> int:
    assert is_dataclass(result)
    values = {field.name: getattr(result, field.name) for field in fields(result)}
    complaints = values.pop("complaints")
    figures = ", ".join(f"{name} {value}" for name, value in values.items())
    sys.stdout.write(f"{proof}: {figures}; {elapsed_s:.0f} s\n")
    for complaint in complaints:
        sys.stderr.write(f"  WRONG: {complaint}\n")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
