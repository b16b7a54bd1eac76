"""The key for links: made once, kept over restarts, read by nobody else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.web.errors import LinkKeyUnusable
from monitor.web.key import FILE_NAME, load_link_key


def test_a_key_is_made_once_and_kept(tmp_path: Path) -> None:
    key = load_link_key(tmp_path)
    assert len(key) == 32
    assert load_link_key(tmp_path) == key
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_only_our_account_may_read_it(tmp_path: Path) -> None:
    load_link_key(tmp_path)
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_two_installations_have_two_keys(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    assert load_link_key(tmp_path / "one") != load_link_key(tmp_path / "two")


def test_a_key_that_others_could_read_is_closed_and_said(tmp_path: Path) -> None:
    key = load_link_key(tmp_path)
    (tmp_path / FILE_NAME).chmod(0o644)
    with capture_logs() as lines:
        assert load_link_key(tmp_path) == key
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert [line["event"] for line in lines] == ["web.key_was_open"]
    assert key.hex() not in repr(lines)


def test_several_that_begin_together_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _number: load_link_key(tmp_path), range(16)))
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


@pytest.mark.parametrize("content", ["", "ab" * 31, "no hex" * 12, "ü"])
def test_a_damaged_key_is_not_replaced_silently(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content, encoding="utf-8")
    (tmp_path / FILE_NAME).chmod(0o600)
    with pytest.raises(LinkKeyUnusable, match="holds no key"):
        load_link_key(tmp_path)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(LinkKeyUnusable, match="No such file"):
        load_link_key(tmp_path / "nowhere")
