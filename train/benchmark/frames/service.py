"""What the service says of frames: its own command, `monitor compare`, run as a process.

So nothing of the service's way from bytes to a verdict is repeated here, and nothing of it is imported.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from monitor.domain.errors import MonitorError
from train.benchmark.frames.cases import Case

ROOT = Path(__file__).parents[3]


class ServiceFailed(MonitorError):
    """`monitor compare` did not come to an end."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service says of one frame.

    Attributes:
        verdict: The verdict.
        complaint: The decoder's, or empty.
        refused: Whether it was no usable picture at all.
    """

    verdict: str
    complaint: str
    refused: bool

    @property
    def told(self) -> bool:
        """Whether damage was noticed in decoding."""
        return self.refused or bool(self.complaint)


def ask_service(cases: Iterable[Case], folder: Path, bundle: Path | None) -> list[tuple[Case, Answer]]:
    """Have the service judge frames against their references.

    Args:
        cases: The frames.
        folder: An empty one, for the pictures and both tables.
        bundle: The network; the shipped one when None.

    Raises:
        ServiceFailed: The command failed.
    """
    asked = list(cases)
    pairs, verdicts = folder / "pairs.csv", folder / "verdicts.csv"
    with pairs.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("reference", "frame"))
        for number, case in enumerate(asked):
            name = f"{number:05d}.jpg"
            (folder / name).write_bytes(case.jpeg)
            writer.writerow((case.reference.path.resolve(), name))
    chosen = [] if bundle is None else ["--bundle", str(bundle.resolve())]
    command = ["compare", "--pairs", str(pairs), "--out", str(verdicts), "--threads", "1", *chosen]
    done = subprocess.run(
        [sys.executable, "-m", "monitor", *command],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise ServiceFailed(
            f"monitor compare ended with {done.returncode}: {said[-1] if said else 'it said nothing'}",
            "Is the service's environment installed, and the bundle one of ours?",
        )
    with verdicts.open(encoding="utf-8", newline="") as file:
        answers = [
            Answer(row["verdict"], row["complaint"], refused=not row["confidence"])
            for row in csv.DictReader(file)
        ]
    return list(zip(asked, answers, strict=True))
