"""The configuration file is replaced whole, or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from monitor.settings import SettingsError
from monitor.settings.writing import ConfigNotReplaced, reference_to, replace_config, store_secret

BEFORE = b"cameras: []\n"
AFTER = b"cameras:\n  - {name: gate, source: {kind: folder, path: in}}\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "monitor.yaml"
    path.write_bytes(BEFORE)
    path.chmod(0o640)
    return path


def test_permissions_stay_and_nothing_is_left_behind(config: Path) -> None:
    replace_config(config, BEFORE, AFTER, {})
    assert config.read_bytes() == AFTER
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    assert [path.name for path in config.parent.iterdir()] == ["monitor.yaml"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_stays(config: Path) -> None:
    os.chown(config, 1234, 2345)
    replace_config(config, BEFORE, AFTER, {})
    assert (config.stat().st_uid, config.stat().st_gid) == (1234, 2345)


def test_a_link_is_followed_and_stays_a_link(config: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(config)
    replace_config(link, BEFORE, AFTER, {})
    assert link.is_symlink()
    assert config.read_bytes() == AFTER


def test_content_that_cannot_be_used_is_refused_under_the_name_of_the_file(config: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        replace_config(config, BEFORE, b"cameras: [{name: gate}]\n", {})
    assert str(refused.value).startswith(f"{config} cannot be used")
    assert config.read_bytes() == BEFORE
    assert len(list(config.parent.iterdir())) == 1


def test_a_change_by_somebody_else_is_not_overwritten(config: Path) -> None:
    theirs = b"cameras: []  # mine\n"
    config.write_bytes(theirs)
    with pytest.raises(ConfigNotReplaced, match="somebody else"):
        replace_config(config, BEFORE, AFTER, {})
    assert config.read_bytes() == theirs


def test_paths_in_the_new_content_start_where_the_file_lies(config: Path) -> None:
    (config.parent / "pw").write_text("secret")
    after = (
        b"cameras: [{name: a, source: {kind: http, url: 'http://h/', username: u, password: {file: pw}}}]\n"
    )
    replace_config(config, BEFORE, after, {})
    assert config.read_bytes() == after


def test_a_secret_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = store_secret(tmp_path / "data" / "secrets", "gate", "pässword")
    assert path.read_text(encoding="utf-8") == "pässword\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_another_secret_is_not_overwritten_and_the_same_is_left_alone(tmp_path: Path) -> None:
    assert store_secret(tmp_path, "gate", "one") == store_secret(tmp_path, "gate", "one")
    with pytest.raises(ConfigNotReplaced, match="another secret"):
        store_secret(tmp_path, "gate", "two")
    assert (tmp_path / "gate").read_text() == "one\n"


def test_a_link_in_the_place_of_a_secret_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "gate").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigNotReplaced):
        store_secret(tmp_path, "gate", "one")
    assert not (tmp_path / "elsewhere").exists()


def test_files_beside_the_configuration_are_named_from_there(tmp_path: Path) -> None:
    assert reference_to(tmp_path / "data/secrets/gate", tmp_path / "monitor.yaml") == "data/secrets/gate"
    assert reference_to(Path("/var/lib/x"), tmp_path / "monitor.yaml") == "/var/lib/x"
