"""`python -m tests.fuzz`: findings can be tried again without the fuzzer, and nonsense is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.fuzz.campaign import ROOT


def fuzz(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *map(str, arguments)], capture_output=True, text=True, cwd=ROOT
    )


def test_an_input_is_tried_again_by_the_target_that_its_folder_names(tmp_path: Path) -> None:
    finding = tmp_path / "names" / "crash-1"
    finding.parent.mkdir()
    finding.write_bytes(b"%Y%m%d_%Y\0\0x.jpg")
    done = fuzz("--reproduce", finding)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("The promise of names holds for")
    assert fuzz("--reproduce", finding.rename(tmp_path / "elsewhere")).returncode == 2


def test_an_unknown_target_is_refused_with_those_that_exist() -> None:
    done = fuzz("--target", "nonsense", "--seconds", "1")
    assert done.returncode == 2
    assert "pictures" in done.stdout
