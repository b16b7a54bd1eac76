import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.test_compare import compare, damaged
from tests.cli.workplace import Recordings

ADDED = ("verdict", "confidence", "dx", "dy", "roll", "zoom", "similarity", "ms", "complaint")


def write_pairs(folder: Path, rows: list[tuple[object, ...]], header: str = "reference,frame,label") -> Path:
    path = folder / "pairs.csv"
    lines = [header, *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def verdicts(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_pair_gets_its_row_and_other_columns_pass_through(
    recordings: Recordings, tmp_path: Path
) -> None:
    good, bad = recordings.good, recordings.bad
    rows = [
        (good("gate"), good("gate", 8), "still"),
        (good("gate"), bad("gate"), "flip"),
        (good("yard"), bad("yard"), "moved"),
    ]
    out = tmp_path / "verdicts.csv"
    compare("--pairs", write_pairs(tmp_path, rows), "--out", out, code=0)
    still, flip, moved = verdicts(out)
    assert list(still) == ["reference", "frame", "label", *ADDED]
    assert [row["label"] for row in (still, flip, moved)] == ["still", "flip", "moved"]
    assert [row["verdict"] for row in (still, flip, moved)] == ["ok", "flipped_180", "moved"]
    assert float(moved["dx"]) == pytest.approx(0.06, abs=0.005)
    assert abs(float(moved["dy"])) < 0.005
    assert float(moved["zoom"]) == pytest.approx(1, abs=0.01)
    # Wherever something was measured it is there, not only for moves.
    assert abs(float(still["dx"])) < 0.005
    assert all(0 < float(row["confidence"]) <= 1 and float(row["ms"]) > 0 for row in (still, flip, moved))


def test_what_the_decoder_complained_of_has_a_column(recordings: Recordings, tmp_path: Path) -> None:
    good = recordings.good("gate")
    (tmp_path / "damaged.jpg").write_bytes(damaged(recordings.bad("gate").read_bytes()))
    rows = [(good, good, ""), (good, "damaged.jpg", ""), ("damaged.jpg", "damaged.jpg", "")]
    compare("--pairs", write_pairs(tmp_path, rows), "--out", tmp_path / "v.csv", code=0)
    whole, patched, alike = verdicts(tmp_path / "v.csv")
    assert (whole["verdict"], whole["complaint"]) == ("ok", "")
    assert patched["verdict"] == "stream_fault"
    assert patched["complaint"]
    # Of a reference that is complained of as well it is an ordinary frame.
    assert (alike["verdict"], bool(alike["complaint"])) == ("ok", True)


def test_paths_start_at_the_folder_of_the_csv(recordings: Recordings, tmp_path: Path) -> None:
    here = Path(os.path.relpath(recordings.good("gate"), tmp_path))
    compare("--pairs", write_pairs(tmp_path, [(here, here, "")]), "--out", tmp_path / "v.csv", code=0)
    assert verdicts(tmp_path / "v.csv")[0]["verdict"] == "ok"


def test_unreadable_pictures_are_rows_without_numbers(recordings: Recordings, tmp_path: Path) -> None:
    (tmp_path / "empty.jpg").touch()
    good = recordings.good("gate")
    rows = [(good, "empty.jpg", 1), (good, "gone.jpg", 2), ("gone.jpg", good, 3), (good, good, 4)]
    out = tmp_path / "verdicts.csv"
    result = compare("--pairs", write_pairs(tmp_path, rows), "--out", out, code=0)
    found = verdicts(out)
    assert [row["verdict"] for row in found] == ["stream_fault", "stream_fault", "unsure", "ok"]
    assert all(
        found[place][name] == ""
        for place in range(3)
        for name in ("confidence", "dx", "similarity", "ms", "complaint")
    )
    assert "3 could not be read" in result.stderr
    assert "gone.jpg does not exist" in result.stderr


def test_a_dash_writes_to_standard_output_and_nothing_else_does(
    recordings: Recordings, tmp_path: Path
) -> None:
    pairs = write_pairs(tmp_path, [(recordings.good("gate"), recordings.good("gate"), "")])
    lines = compare("--pairs", pairs, "--out", "-", code=0).stdout.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("reference,frame,label,verdict")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is empty"),
        ("\n", "is empty"),
        ("reference,frame\n", "has no rows"),
        ("reference,image\na,b\n", "has no column frame; it has reference, image"),
        ("reference;frame\na;b\n", "It looks separated by semicolons"),
        ("reference,frame,verdict\na,b,c\n", "columns that the verdicts would add: verdict"),
        ("reference,frame,frame\na,b,c\n", "has the column 'frame' twice"),
        ("reference,frame\na,b,c\n", "Line 2 of"),
        ('reference,frame\n"a,b\n', "no proper CSV"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_before_any_work(
    tmp_path: Path, text: str, problem: str
) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text(text)
    assert problem in compare("--pairs", pairs, "--out", tmp_path / "v.csv", code=2).stderr
    assert not (tmp_path / "v.csv").exists()


def test_a_table_in_another_encoding_or_over_itself_is_refused(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_bytes("reference,frame\nhof-süd.jpg,b\n".encode("latin-1"))
    assert "not UTF-8" in compare("--pairs", pairs, "--out", tmp_path / "v.csv", code=2).stderr
    assert "overwritten by its own verdicts" in compare("--pairs", pairs, "--out", pairs, code=2).stderr


def test_an_output_that_cannot_be_written_is_refused(recordings: Recordings, tmp_path: Path) -> None:
    pairs = write_pairs(tmp_path, [(recordings.good("gate"), recordings.good("gate"), "")])
    assert "cannot be written" in compare("--pairs", pairs, "--out", tmp_path / "no" / "v.csv", code=2).stderr


def test_an_interrupt_loses_nothing_that_is_done(recordings: Recordings, tmp_path: Path) -> None:
    good = recordings.good("gate")
    pairs = write_pairs(tmp_path, [(good, good, number) for number in range(5000)])
    out = tmp_path / "verdicts.csv"
    with subprocess.Popen(
        [sys.executable, "-m", "monitor", "compare", "--pairs", pairs, "--out", out],
        stderr=subprocess.PIPE,
        # Tests that a shell started in the background ignore Ctrl-C, and so would their children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as child:
        deadline_s = time.monotonic() + 60
        while not out.exists() or out.read_text().count("\n") < 5:
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        assert child.wait(30) == 130
    done = verdicts(out)
    assert [row["label"] for row in done] == [str(number) for number in range(len(done))]
    assert len(done) >= 4
    assert all(row["verdict"] == "ok" and row["ms"] for row in done)
