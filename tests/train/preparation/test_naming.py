"""Names of pictures, and that no picture is ever lost on the way to its name."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from train.cli.name import name as command
from train.preparation.naming import Rename, picture_name, plan_names
from train.preparation.pictures import find_pictures
from train.preparation.problems import PreparationError
from train.preparation.renaming import (
    JOURNAL_FILE,
    NAMES_FILE,
    apply_renames,
    finish_interrupted,
    read_names,
    undo_renames,
)


def fill(directory: Path, *names: str) -> Path:
    """Files whose content is their first name."""
    for name in names:
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return directory


def contents(directory: Path) -> dict[str, str]:
    return {
        path.relative_to(directory).as_posix(): path.read_text()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.name != NAMES_FILE
    }


def test_names_sort_and_keep_their_format() -> None:
    assert picture_name(7, 3) == "0007_0003.jpg"
    assert picture_name(12345, 3, ".PNG") == "12345_0003.png"
    assert picture_name(1, 1, ".jpeg") == "0001_0001.jpg"
    with pytest.raises(ValueError):
        picture_name(-1, 0)


def test_folders_give_the_ids_and_pictures_their_running_numbers(tmp_path: Path) -> None:
    fill(tmp_path, "cat/b.jpg", "cat/a.jpg", "0007/x.PNG", "dog/z.jpeg", "notes.txt")
    apply_renames(tmp_path, plan_names(tmp_path, find_pictures(tmp_path)))
    assert contents(tmp_path) == {
        "0007/0007_0001.png": "0007/x.PNG",
        "cat/0008_0001.jpg": "cat/a.jpg",
        "cat/0008_0002.jpg": "cat/b.jpg",
        "dog/0009_0001.jpg": "dog/z.jpeg",
        "notes.txt": "notes.txt",
    }
    with (tmp_path / NAMES_FILE).open() as file:
        assert {"old": "cat/a.jpg", "new": "cat/0008_0001.jpg"} in list(csv.DictReader(file))


def test_pictures_that_come_later_rename_none_of_the_old_ones(tmp_path: Path) -> None:
    fill(tmp_path, "cat/a.jpg", "dog/b.jpg")
    apply_renames(tmp_path, plan_names(tmp_path, find_pictures(tmp_path)))
    assert plan_names(tmp_path, find_pictures(tmp_path)) == []
    before = contents(tmp_path)
    fill(tmp_path, "cat/0.jpg", "ant/c.jpg")
    apply_renames(tmp_path, plan_names(tmp_path, find_pictures(tmp_path)))
    after = contents(tmp_path)
    assert before.items() <= after.items()
    assert after["cat/0001_0002.jpg"] == "cat/0.jpg"
    assert after["ant/0003_0001.jpg"] == "ant/c.jpg"
    undo_renames(tmp_path, tmp_path / NAMES_FILE)
    assert sorted(contents(tmp_path)) == ["ant/c.jpg", "cat/0.jpg", "cat/a.jpg", "dog/b.jpg"]
    assert not (tmp_path / NAMES_FILE).exists()


def test_a_pattern_finds_the_id_in_the_path(tmp_path: Path) -> None:
    fill(tmp_path, "gate-1.jpg", "gate-2.jpg", "yard-1.jpg")
    plan = plan_names(tmp_path, find_pictures(tmp_path), r"(?P<id>\w+)-")
    assert [one.new for one in plan] == ["0001_0001.jpg", "0001_0002.jpg", "0002_0001.jpg"]


@pytest.mark.parametrize(
    ("pattern", "said"), [("(", "no regular"), ("x", "no group"), ("(?P<id>q)", "finds no id")]
)
def test_patterns_that_cannot_work_are_explained(tmp_path: Path, pattern: str, said: str) -> None:
    fill(tmp_path, "a.jpg")
    with pytest.raises(PreparationError, match=said):
        plan_names(tmp_path, find_pictures(tmp_path), pattern)


def test_a_name_taken_by_another_file_stops_everything_before_it_starts(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "b.jpg", "keep.txt")
    with pytest.raises(PreparationError, match="exists already"):
        apply_renames(tmp_path, [Rename("a.jpg", "c.jpg"), Rename("b.jpg", "keep.txt")])
    with pytest.raises(PreparationError, match="appears 2 times"):
        apply_renames(tmp_path, [Rename("a.jpg", "c.jpg"), Rename("b.jpg", "C.jpg")])
    with pytest.raises(PreparationError, match="not a path inside"):
        apply_renames(tmp_path, [Rename("a.jpg", "../c.jpg")])
    assert sorted(contents(tmp_path)) == ["a.jpg", "b.jpg", "keep.txt"]


SWAPS = [
    Rename("a.jpg", "b.jpg"),
    Rename("b.jpg", "c.jpg"),
    Rename("c.jpg", "a.jpg"),
    Rename("d.jpg", "e.jpg"),
]
AFTER = {"b.jpg": "a.jpg", "c.jpg": "b.jpg", "a.jpg": "c.jpg", "e.jpg": "d.jpg"}


@pytest.mark.parametrize("lethal", range(8))
def test_a_failure_at_any_move_loses_nothing_and_the_next_run_completes(tmp_path: Path, lethal: int) -> None:
    fill(tmp_path, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    moves = 0

    def move(source: Path, target: Path) -> None:
        nonlocal moves
        if moves == lethal:
            raise OSError(5, "gone")
        moves += 1
        source.rename(target)

    with pytest.raises(PreparationError, match="Nothing is lost"):
        apply_renames(tmp_path, SWAPS, move)
    assert {text for name, text in contents(tmp_path).items() if name != JOURNAL_FILE} == set(AFTER.values())
    with pytest.raises(PreparationError, match="was interrupted"):
        apply_renames(tmp_path, SWAPS)
    assert finish_interrupted(tmp_path) == 4
    assert contents(tmp_path) == AFTER
    assert finish_interrupted(tmp_path) == 0
    undo_renames(tmp_path, tmp_path / NAMES_FILE)
    assert contents(tmp_path) == {name: name for name in AFTER.values()}


def test_a_process_killed_while_it_renames_is_completed_by_the_next(tmp_path: Path) -> None:
    names = [f"set/{n}.jpg" for n in range(100)]
    fill(tmp_path, *names)
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from train.preparation.naming import plan_names\n"
        "from train.preparation.pictures import find_pictures\n"
        "from train.preparation.renaming import apply_renames\n"
        "def move(source, target):\n"
        "    source.rename(target)\n"
        "    time.sleep(0.01)\n"
        "directory = Path(sys.argv[1])\n"
        "apply_renames(directory, plan_names(directory, find_pictures(directory)), move)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)])
    deadline = time.monotonic() + 20
    while not any((tmp_path / "set").glob("*.naming")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert len(list((tmp_path / "set").iterdir())) == 100
    shown = CliRunner().invoke(command, [str(tmp_path)], catch_exceptions=False).output
    assert "--apply completes it" in shown
    completed = CliRunner().invoke(command, [str(tmp_path), "--apply"], catch_exceptions=False).output
    assert "completed an interrupted renaming of 100 files" in completed
    assert set(contents(tmp_path).values()) == set(names)
    assert sorted(contents(tmp_path)) == [f"set/0001_{n:04}.jpg" for n in range(1, 101)]


def test_the_command_shows_first_applies_on_demand_and_takes_back(tmp_path: Path) -> None:
    fill(tmp_path, "cat/a.jpg", "dog/b.jpg")
    shown = CliRunner().invoke(command, [str(tmp_path)], catch_exceptions=False).output
    assert "cat/a.jpg -> cat/0001_0001.jpg" in shown
    assert "2 files would be renamed" in shown
    assert sorted(contents(tmp_path)) == ["cat/a.jpg", "dog/b.jpg"]
    CliRunner().invoke(command, [str(tmp_path), "--apply"], catch_exceptions=False)
    assert sorted(contents(tmp_path)) == ["cat/0001_0001.jpg", "dog/0002_0001.jpg"]
    names = str(tmp_path / NAMES_FILE)
    CliRunner().invoke(command, [str(tmp_path), "--undo", names, "--apply"], catch_exceptions=False)
    assert sorted(contents(tmp_path)) == ["cat/a.jpg", "dog/b.jpg"]


def test_an_empty_directory_and_a_wrong_list_are_explained(tmp_path: Path) -> None:
    with pytest.raises(PreparationError, match="no picture"):
        find_pictures(tmp_path)
    with pytest.raises(PreparationError, match="no directory"):
        find_pictures(tmp_path / "none")
    (tmp_path / "wrong.csv").write_text("from,to\na,b\n")
    with pytest.raises(PreparationError, match="old,new"):
        read_names(tmp_path / "wrong.csv")
    (tmp_path / JOURNAL_FILE).write_text("{}")
    with pytest.raises(PreparationError, match="damaged"):
        finish_interrupted(tmp_path)


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    st.sets(
        st.from_regex(r"(cat|dog|0003)/(000[1-4]_000[1-4]|[a-c])\.(jpg|JPG|jpeg|png)", fullmatch=True),
        min_size=1,
        max_size=12,
    )
)
def test_any_mixture_of_named_and_unnamed_pictures_ends_with_unique_names(
    tmp_path_factory: pytest.TempPathFactory, names: set[str]
) -> None:
    directory = fill(tmp_path_factory.mktemp("names"), *names)
    apply_renames(directory, plan_names(directory, find_pictures(directory)))
    after = contents(directory)
    assert sorted(after.values()) == sorted(names)
    stems = [Path(name).stem for name in after]
    assert len(set(stems)) == len(stems)
    assert plan_names(directory, find_pictures(directory)) == []
