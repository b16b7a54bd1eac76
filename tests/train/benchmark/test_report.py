"""The report is whole whatever the rows lack, and says so where they lack something."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest

from monitor.domain.displacement import Displacement
from tests.train.benchmark.answers import FLIPPED, MOVED, OK, UNSURE, answer, shifted
from train.benchmark.method import Pair, Truth
from train.benchmark.report import ReportOptions, Section, write_report
from train.benchmark.rows import Row
from train.benchmark.tables import NothingMeasured


def two_methods() -> list[Row]:
    """Ours measures and is nearly always right, theirs measures nothing and lets half of the moves pass."""
    rows = []
    for camera in ("harbour", "square", "beach"):
        for number in range(4):
            light = ("day-day", "day-night")[number % 2]
            for method, said in (("ours", MOVED), ("theirs", (OK, MOVED)[number % 2])):
                ours = method == "ours"
                confidence = 0.9 if ours else None
                known = Displacement(dx=0.05)
                common = {"camera": camera, "light": light, "method": method, "confidence": confidence}
                still = UNSURE if ours and number == 3 else OK
                rows += [
                    answer(
                        still,
                        known=Displacement(),
                        change=number / 10,
                        pair=f"{camera}/{number}/same",
                        **common,
                    ),
                    answer(
                        said,
                        MOVED,
                        kind="shift 5 %",
                        known=known,
                        measured=known if ours else None,
                        change=number / 2,
                        pair=f"{camera}/{number}/shift 5 %",
                        **common,
                    ),
                    answer(
                        FLIPPED, FLIPPED, kind="flip", change=3.0, pair=f"{camera}/{number}/flip", **common
                    ),
                ]
    return rows


def find(pair: str) -> Pair:
    """Some picture with that id."""
    pixels = np.full((30, 40, 3), 90, np.uint8)
    return Pair(pair, "shift 5 %", "harbour", "any", pixels, pixels.transpose(1, 0, 2), Truth((MOVED,)))


def linked(directory: Path) -> list[Path]:
    """Every picture that the report shows."""
    text = (directory / "report.md").read_text(encoding="utf-8")
    return [directory / link for link in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)]


OPTIONS = ReportOptions(
    title="Our cameras",
    introduction="Made by hand.",
    ours="ours",
    kinds=("same", "flip", "shift 5 %", "zoom 1.2"),
    doubtful={"beach": "the tide"},
    sections=(Section("Retrieval", "Rank-1 is 97 %."), Section("Events", "| a |\n| --- |\n| 1 |")),
    find=find,
    worst_of=("theirs",),
    worst_count=2,
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(two_methods(), tmp_path_factory.mktemp("report") / "new" / "folder", OPTIONS)


def test_a_report_shows_every_part_and_every_picture_that_it_links_is_there(written: Path) -> None:
    text = written.read_text(encoding="utf-8")
    headings = re.findall(r"^##? (.+)$", text, re.MULTILINE)
    assert headings == [
        "Our cameras",
        "Targets",
        "Kinds",
        "The same view by light",
        "Geometry",
        "Cameras",
        "Score of change",
        "Confusion",
        "Confidence",
        "Cost",
        "Retrieval",
        "Events",
        "Worst pairs",
    ]
    assert "Rank-1 is 97 %." in text
    assert "`beach`: the tide" in text
    assert "| zoom 1.2 | 0 | 0 | – | – | – | – |" in text
    assert "Without any measurement: theirs." in text
    assert "same pairs" not in text
    pictures = linked(written.parent)
    assert {path.name for path in pictures} == {
        "detection.png",
        "roc.png",
        "reliability.png",
        "confusion_ours.png",
        "confusion_theirs.png",
        "01.png",
        "02.png",
    }
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)


def test_the_csv_tables_hold_the_figures_of_the_report_as_plain_numbers(written: Path) -> None:
    with (written.parent / "tables" / "shares.csv").open(encoding="utf-8", newline="") as file:
        found = {(r["method"], r["kind"], r["light"], r["measure"]): r for r in csv.DictReader(file)}
    half = found["theirs", "shift 5 %", "all", "right"]
    assert (half["hits"], half["pairs"], half["cameras"], half["share"]) == ("6", "12", "3", "0.5")
    assert found["ours", "same", "day-night", "abstained"]["share"] == "0.5"
    assert found["ours", "flip", "all", "right"]["bound"] == "exact"
    assert sorted(path.name for path in (written.parent / "tables").iterdir()) == [
        "cameras.csv",
        "confusion.csv",
        "cost.csv",
        "detection.csv",
        "displacement_errors.csv",
        "shares.csv",
    ]


def test_the_same_rows_give_the_same_report(written: Path, tmp_path: Path) -> None:
    assert write_report(two_methods(), tmp_path, OPTIONS).read_bytes() == written.read_bytes()


def test_one_camera_is_reported_without_intervals_and_with_a_warning(tmp_path: Path) -> None:
    rows = [row for row in two_methods() if row.camera == "square"]
    text = write_report(rows, tmp_path).read_text(encoding="utf-8")
    assert "One camera only" in text
    assert "| shift 5 % | 4 | 1 | ≥ 99.5 % | yes, not surely | **100.0 % (47.3–100.0†)** | 50.0 % |" in text


def test_methods_that_judged_other_pairs_are_not_compared_in_silence(tmp_path: Path) -> None:
    rows = two_methods()
    rows.remove(next(row for row in rows if row.method == "theirs"))
    assert "theirs lacks 1" in write_report(rows, tmp_path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([answer(OK)], "no curve"),
        ([answer(MOVED, MOVED, kind="real moved")], "No pair shows the same view"),
        ([answer(OK, MOVED, OK, kind="shift 1 %", known=Displacement(0.01))], "Without any measurement"),
        (shifted([MOVED, OK], 0.02, "shift 2 %"), "No method states a confidence"),
    ],
)
def test_a_single_sort_of_pairs_makes_a_report_that_says_what_is_missing(
    rows: list[Row], said: str, tmp_path: Path
) -> None:
    assert said in write_report(rows, tmp_path).read_text(encoding="utf-8")
    assert all(path.exists() for path in linked(tmp_path))


def test_no_rows_and_unknown_methods_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NothingMeasured, match="Run the benchmark"):
        write_report([], tmp_path)
    with pytest.raises(NothingMeasured, match="none such"):
        write_report([answer(OK)], tmp_path, ReportOptions(find=find, worst_of=("none such",)))
