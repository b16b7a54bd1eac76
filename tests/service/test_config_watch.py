from __future__ import annotations

from pathlib import Path

import pytest

from monitor.service.config_watch import ConfigWatch


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "monitor.yaml"
    path.write_text("one")
    return path


def looks(watch: ConfigWatch, times: int = 3) -> list[bool]:
    return [watch.changed() for _ in range(times)]


def test_a_file_that_stays_as_it_is_has_not_changed(file: Path):
    watch = ConfigWatch([file])
    file.touch()
    assert looks(watch) == [False, False, False]


def test_a_change_in_place_is_seen_once_it_has_come_to_rest(file: Path):
    watch = ConfigWatch([file])
    file.write_text("two")
    assert looks(watch) == [False, True, False]


def test_a_file_that_is_still_being_written_is_waited_for(file: Path):
    watch = ConfigWatch([file])
    seen = []
    for text in ("t", "tw", "two"):
        file.write_text(text)
        seen.append(watch.changed())
    assert seen == [False, False, False]
    assert watch.changed()


def test_a_file_put_in_its_place_is_seen(file: Path):
    watch = ConfigWatch([file])
    other = file.with_suffix(".new")
    other.write_text("two")
    other.replace(file)
    assert looks(watch) == [False, True, False]


def test_a_swapped_folder_link_is_seen(tmp_path: Path):
    for name in ("v1", "v2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "monitor.yaml").write_text(name)
    data = tmp_path / "data"
    data.symlink_to(tmp_path / "v1")
    watch = ConfigWatch([data / "monitor.yaml"])
    link = tmp_path / "next"
    link.symlink_to(tmp_path / "v2")
    link.replace(data)
    assert looks(watch) == [False, True, False]


def test_a_missing_file_is_no_change_and_its_return_unchanged_is_none_either(file: Path):
    watch = ConfigWatch([file])
    file.unlink()
    assert looks(watch) == [False, False, False]
    file.write_text("one")
    assert looks(watch) == [False, False, False]
    file.write_text("two")
    assert looks(watch) == [False, True, False]


def test_the_same_content_written_back_in_time_is_no_change(file: Path):
    watch = ConfigWatch([file])
    file.write_text("two")
    assert not watch.changed()
    file.write_text("one")
    assert looks(watch) == [False, False, False]


def test_settling_takes_the_present_content_for_known(file: Path):
    watch = ConfigWatch([file])
    file.write_text("two")
    watch.settle()
    assert looks(watch) == [False, False, False]


def test_any_of_several_files_counts(file: Path):
    secret = file.with_name("token")
    secret.write_text("a")
    watch = ConfigWatch([file, secret])
    secret.write_text("b")
    assert looks(watch) == [False, True, False]
