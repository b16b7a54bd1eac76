"""`monitor bench --sources` on small pictures: every kind is measured or says why not, rivals on the same addresses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from monitor.cli.bench_sources import bench_sources
from monitor.cli.invocation import Invocation
from monitor.cli.screen import Screen
from monitor.wiring.processor_time import children_core_s, descendants, family_core_s
from monitor.wiring.rate import repeat
from tests.sources.drawing import draw, encode

SIZE = (160, 120)


def test_every_kind_is_measured_beside_its_rivals_or_says_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = {SIZE: [[encode(draw(*SIZE) // shade) for shade in (1, 2)] for _ in range(2)]}
    bench_sources(tmp_path, pictures, 6.0, Screen(Invocation(), as_json=True), as_json=True)
    said = json.loads(capsys.readouterr().out)
    by_label = {row["label"]: row for row in said["sources"]}
    assert {row["kind"] for row in said["sources"]} >= {
        "folder",
        "http",
        "mjpeg",
        "rtsp",
        "video",
        "exec",
        "usb",
    }
    for label, row in by_label.items():
        if row["grabs"] == 0:
            assert label.startswith(("rtsp", "usb")), row
            assert len(row["reason"]) > 20
            assert row["cameras_per_minute"] is None
            continue
        assert row["failures"] == 0, (label, row["failures"], row["reason"])
        assert row["core_ms"] >= 0
        assert row["cameras_per_minute"] <= said["cores"] * 60_000 / said["core_ms_rest_of_check"]
    for label in ("mjpeg", "video"):
        assert by_label[label]["opencv"]["grabs"] > 0
        assert by_label[label]["ffmpeg"]["grabs"] > 0 or "ffmpeg" in by_label[label]["ffmpeg"]["reason"]
    assert names_of_descendants() <= {"postgres"}


def names_of_descendants() -> set[str]:
    """What still runs; the database of other tests may be a child of this process as well."""
    names = set()
    for pid in descendants(os.getpid()):
        with suppress(OSError):  # The database's helpers come and go.
            names.add(Path(f"/proc/{pid}/comm").read_text().strip())
    return names


def test_processor_time_of_children_is_counted_and_waiting_is_not() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "for _ in range(10**7): pass\nprint(flush=True)\ninput()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        child.stdout.readline()
        spent_s = children_core_s()
        assert spent_s > 0.05
        time.sleep(0.2)
        assert children_core_s() - spent_s < 0.05
        child.kill()


def test_who_only_serves_does_not_count_and_who_has_ended_does() -> None:
    work = "for _ in range(10**7): pass"
    with subprocess.Popen(
        [sys.executable, "-c", f"{work}\nprint(flush=True)\ninput()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        server.stdout.readline()
        assert family_core_s() - family_core_s([server.pid]) > 0.05
        before_s, own_s = family_core_s([server.pid]), time.process_time()
        subprocess.run([sys.executable, "-c", work], check=True)
        assert family_core_s([server.pid]) - before_s - (time.process_time() - own_s) > 0.05
        server.kill()


def test_repeating_counts_what_went_well_and_raises_what_a_work_raises() -> None:
    with pytest.raises(StopIteration):
        repeat([lambda: next(iter(()))], 1.0)
    good, bad = repeat([lambda: True, lambda: time.sleep(0.01) is not None], 0.1)
    assert good > bad > 0
