"""What a check costs: every subject in every situation, stages that add up, and memory of the child alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from monitor.vision.bundle import load_bundle, shipped_bundle_path
from tests.train.benchmark.footage import Differ, two_cameras
from train.benchmark import cost_tables
from train.benchmark.cost import BARE, CHECK, Cost, Situation, measure_cost
from train.benchmark.memory import MemoryNotMeasured, highest_mib, measure_memory
from train.benchmark.series import UnfitSeries
from train.data.splits import Pool

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def cost(tmp_path_factory: pytest.TempPathFactory) -> Cost:
    pool = two_cameras(tmp_path_factory.mktemp("views"), frames=3)
    # The parent of the measured process is made large, so that its memory would show.
    ballast = bytearray(400 * 2**20)
    found = measure_cost(pool, shipped_bundle_path(), [Differ()], rounds=2)
    assert len(ballast) / 2**20 == 400
    return found


def median_ms(cost: Cost, subject: str, stage: str, situation: Situation) -> float:
    (row,) = (
        row for row in cost.rows if (row.subject, row.stage, row.situation) == (subject, stage, situation)
    )
    assert 0 <= row.median_ms <= row.p90_ms
    return row.median_ms


def test_everybody_is_measured_in_every_situation_as_often(cost: Cost) -> None:
    assert cost.subject == load_bundle(shipped_bundle_path()).id
    for subject, stage in ((BARE, "encode"), (cost.subject, CHECK), ("differ", CHECK)):
        rows = [row for row in cost.rows if (row.subject, row.stage) == (subject, stage)]
        assert {row.situation for row in rows} == set(Situation)
        assert {row.samples for row in rows} == {2 * 2}


def test_a_check_is_its_stages(cost: Cost) -> None:
    for situation in Situation:
        whole = median_ms(cost, cost.subject, CHECK, situation)
        parts = [median_ms(cost, cost.subject, stage, situation) for stage in ("encode", "compare", "decide")]
        assert whole == pytest.approx(sum(parts), rel=0.5)
        assert parts[0] > median_ms(cost, BARE, "encode", situation) * 0.8


def test_a_still_view_needs_neither_head_nor_alignment_and_another_scene_needs_all(cost: Cost) -> None:
    of_still = {row.stage for row in cost.rows if row.situation is Situation.STILL}
    of_strange = {row.stage for row in cost.rows if row.situation is Situation.UNRECOGNISED}
    assert cost.settled == 1.0
    assert of_strange - of_still == {"compare: head", "compare: alignment"}
    dear = median_ms(cost, cost.subject, "compare", Situation.UNRECOGNISED)
    assert dear > 3 * median_ms(cost, cost.subject, "compare", Situation.STILL)


def test_memory_is_that_of_the_child_and_grows_as_it_works(cost: Cost) -> None:
    memory = cost.memory
    assert highest_mib() > 400
    assert 20 < memory.imported_mib < memory.loaded_mib < memory.peak_mib < 400
    assert cost.bundle_mb == pytest.approx(shipped_bundle_path().stat().st_size / 1e6)


def test_the_measured_process_is_free_of_torch() -> None:
    code = (
        "import sys; from pathlib import Path; from train.benchmark.memory import look; look(Path(sys.argv[1]));"
        "print([name for name in ('torch', 'sklearn', 'train.data') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(shipped_bundle_path())],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_a_process_that_fails_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "broken.bundle"
    broken.write_bytes(b"no bundle")
    with pytest.raises(MemoryNotMeasured, match="not a bundle") as raised:
        measure_memory(broken)
    assert raised.value.remedy
    with pytest.raises(MemoryNotMeasured, match="took more than"):
        measure_memory(shipped_bundle_path(), timeout_s=0.01)


def test_a_pool_of_one_camera_is_refused(tmp_path: Path) -> None:
    gate = two_cameras(tmp_path, frames=3).cameras["gate"]
    with pytest.raises(UnfitSeries, match="Too few cameras"):
        measure_cost(Pool((), {"gate": gate}), shipped_bundle_path())


def test_the_report_shows_the_bare_session_first_and_the_stages_in_order(cost: Cost) -> None:
    methods = [row[0] for row in cost_tables.checks(cost).rows]
    assert methods == [BARE, cost.subject, "differ"]
    stages = [str(row[0]) for row in cost_tables.stages(cost).rows]
    assert stages[0] == "encode"
    assert stages[-2:] == ["decide", CHECK]
    assert stages.index("compare") < stages.index("compare: glance") < stages.index("compare: head")
    text = cost_tables.as_markdown(cost)
    assert f"{cost.bundle_mb:.2f} MB" in text
    assert len(cost_tables.cost_rows(cost).rows) == len(cost.rows)
