"""`train benchmark` as a user runs it, on drawn pictures."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from tests.train.drawn import draw_data, tiny_recipe
from train.cli.main import main


@pytest.fixture
def data(tmp_path: Path) -> Path:
    directory = tmp_path / "data"
    directory.mkdir()
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(tiny_recipe(1).model_dump(mode="json")))
    return draw_data(directory)


def benchmark(data: Path, *words: str) -> Result:
    recipe = str(data.parent / "tiny.yaml")
    out = str(data.parent / "report")
    given = ["benchmark", "--data", str(data), "--recipe", recipe, "--out", out, "--split", "train"]
    return CliRunner().invoke(main, [*given, "--per-camera", "1", "--workers", "1", *words])


def rows(data: Path) -> list[dict[str, str]]:
    with (data.parent / "report" / "rows.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_one_command_measures_all_asked_for_on_the_same_pairs_and_writes_a_report(data: Path) -> None:
    result = benchmark(
        data, "--method", "comparator", "--method", "phase", "--skip", "cost", "--skip", "events"
    )
    assert result.exit_code == 0, result.output
    asked = {name: [row["pair"] for row in rows(data) if row["method"] == name] for name in methods(data)}
    assert len(asked) == 2
    assert len(set(map(tuple, asked.values()))) == 1
    report = (data.parent / "report" / "report.md").read_text()
    for heading in ("## Targets", "## Kinds", "## Retrieval"):
        assert heading in report
    assert "Not measured. No picture can be looked for" in report
    assert all(name in report for name in asked)
    for picture in ("plots/roc.png", "plots/detection.png"):
        assert (data.parent / "report" / picture).stat().st_size > 1000


def methods(data: Path) -> set[str]:
    return {row["method"] for row in rows(data)}


def test_a_second_run_judges_only_what_is_missing(data: Path) -> None:
    quick = ("--method", "phash", "--skip", "retrieval", "--skip", "cost", "--skip", "events")
    assert benchmark(data, *quick).exit_code == 0
    before = rows(data)
    again = benchmark(data, *quick)
    assert "0 rows added" in again.output
    assert rows(data) == before
    assert benchmark(data, *quick, "--method", "phase").exit_code == 0
    assert rows(data)[: len(before)] == before
    assert len(rows(data)) == 2 * len(before)


def test_rows_of_other_pairs_are_never_mixed_in(data: Path) -> None:
    quick = ("--method", "phash", "--skip", "retrieval", "--skip", "cost", "--skip", "events")
    assert benchmark(data, *quick).exit_code == 0
    other = benchmark(data, *quick, "--seed", "7")
    assert other.exit_code == 1
    assert "other pairs or other data" in other.output
    assert "--out" in other.output


def test_an_unknown_method_is_refused_with_those_there_are(data: Path) -> None:
    result = benchmark(data, "--method", "magic")
    assert result.exit_code == 1
    assert "No such method: magic" in result.output
    assert "comparator" in result.output
