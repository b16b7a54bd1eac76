"""Fuzzing one target for a while, in a child process that may crash, hang or eat memory."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.target import load

ROOT = Path(__file__).parents[2]
# An input that takes longer by the clock has hung: processor time is bounded by the target itself.
HANG_S = 25
# To start, to measure the seeds, and to end.
GRACE_S = 120.0

_STATUS = re.compile(r"#(\d+)\s+\w+\s+cov: (\d+) ft: \d+ corp: (\d+)/")
_DONE = re.compile(r"Done (\d+) ")
_RAISED = re.compile(r"=== Uncaught Python exception: ===\n(.+)")
_DIED = re.compile(r"ERROR: libFuzzer: (.+)")


@dataclass(frozen=True)
class Result:
    """What came of it.

    Attributes:
        name: Of the target.
        tried: How many inputs.
        branches: Of the code under test that some input reached.
        kept: Inputs, each of which reached something new.
        found: Files with inputs for which the promise does not hold.
        reason: What happened with them, or why fuzzing ended early.
    """

    name: str
    tried: int
    branches: int
    kept: int
    found: tuple[Path, ...] = ()
    reason: str = ""

    def __str__(self) -> str:
        state = f"FOUND {self.reason}" if self.found else "nothing found"
        return f"{self.tried:,} inputs, {self.branches:,} branches, {self.kept:,} inputs kept: {state}"


class Campaign:
    """One target's inputs, kept from run to run, and its findings.

    Args:
        name: Of the target.
        place: A folder; inputs go to `corpus/NAME` in it, findings to `found/NAME`.
    """

    def __init__(self, name: str, place: Path) -> None:
        self._name = name
        self._target = load(name)
        self._corpus = place.absolute() / "corpus" / name
        self._findings = place.absolute() / "found" / name

    def run(self, seconds: float) -> Result:
        """Fuzz for so long, or until something is found."""
        self._prepare()
        began = time.time()
        try:
            done = subprocess.run(
                self._command(seconds), cwd=ROOT, capture_output=True, timeout=seconds + GRACE_S
            )
            output = (done.stdout + done.stderr).decode("utf-8", "replace")
        except subprocess.TimeoutExpired as hung:
            output = ((hung.stdout or b"") + (hung.stderr or b"")).decode("utf-8", "replace")
            output += "\nERROR: libFuzzer: hung, and was killed\n"
        found = tuple(
            sorted(path for path in self._findings.iterdir() if path.stat().st_mtime >= began - 1.0)
        )
        result = _read(self._name, output, found)
        if not result.tried and not found:
            raise RuntimeError(f"the fuzzer did not start:\n{output[-3000:]}")
        return result

    def _prepare(self) -> None:
        self._corpus.mkdir(parents=True, exist_ok=True)
        self._findings.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(self._target.seeds()):
            (self._corpus / f"seed-{number}").write_bytes(seed)
        words = "".join(
            '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in self._target.words
        )
        (self._findings.parent / f"{self._name}.words").write_text(words)

    def _command(self, seconds: float) -> list[str]:
        return [
            sys.executable, "-m", "tests.fuzz.engine", self._name,
            f"-max_total_time={max(1, round(seconds))}",
            f"-max_len={self._target.longest}",
            f"-timeout={HANG_S}",
            f"-rss_limit_mb={self._target.most_mb}",
            f"-dict={self._findings.parent / f'{self._name}.words'}",
            f"-artifact_prefix={self._findings}/",
            "-print_final_stats=0",
            str(self._corpus),
        ]  # fmt: skip


def _read(name: str, output: str, found: tuple[Path, ...]) -> Result:
    status = _STATUS.findall(output)
    tried, branches, kept = map(int, status[-1]) if status else (0, 0, 0)
    if done := _DONE.search(output):
        tried = int(done[1])
    reason = _RAISED.search(output) or _DIED.search(output)
    return Result(name, tried, branches, kept, found, reason[1].strip() if reason else "")
