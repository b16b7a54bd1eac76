"""Archives that mean no good."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from train.preparation.archives import ArchiveRefused, Bounds, is_archive, unpack


def write_zip(path: Path, entries: list[tuple[str, bytes, int]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, mode in entries:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    return path


def write_tar(path: Path, *members: tarfile.TarInfo, content: bytes = b"abc", mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for member in members:
            if member.isreg():
                member.size = len(content)
            archive.addfile(member, io.BytesIO(content) if member.isreg() else None)
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info


def everything_below(directory: Path) -> list[str]:
    return sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*"))


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tars_of_all_kinds_are_unpacked(tmp_path: Path, mode: str) -> None:
    archive = write_tar(tmp_path / "a", member("set/one.jpg"), member("set/two.jpg"), mode=mode)
    assert is_archive(archive)
    assert unpack(archive, tmp_path / "out") == 2
    assert everything_below(tmp_path / "out") == ["set", "set/one.jpg", "set/two.jpg"]


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../outside.jpg",
        "a/../../outside.jpg",
        "C:\\outside.jpg",
        "a\\..\\..\\outside.jpg",
        "C:outside.jpg",
        "a/nul.jpg",
        "a/trailing. ",
        "a/\x07bell.jpg",
        "a/" + "x" * 300,
    ],
)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_lead_astray_are_refused_and_leave_nothing(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / "in").mkdir()
    archive = tmp_path / "in" / "evil"
    if kind == "zip":
        write_zip(archive, [("good.jpg", b"1", 0), (name, b"2", 0)])
    else:
        write_tar(archive, member("good.jpg"), member(name))
    with pytest.raises(ArchiveRefused, match="unsafe name"):
        unpack(archive, tmp_path / "deep" / "out")
    assert everything_below(tmp_path) == ["deep", "in", "in/evil"]


@pytest.mark.parametrize(
    "evil",
    [
        member("a", tarfile.SYMTYPE, "/etc/passwd"),
        member("a", tarfile.SYMTYPE, "../../outside"),
        member("a", tarfile.LNKTYPE, "/etc/passwd"),
        member("a", tarfile.LNKTYPE, "nowhere"),
        member("a", tarfile.SYMTYPE, "a"),
        member("a", tarfile.CHRTYPE),
        member("a", tarfile.BLKTYPE),
        member("a", tarfile.FIFOTYPE),
    ],
)
def test_links_out_and_devices_are_refused(tmp_path: Path, evil: tarfile.TarInfo) -> None:
    archive = write_tar(tmp_path / "evil.tar", member("good.jpg"), evil)
    with pytest.raises(ArchiveRefused, match=r"link|device"):
        unpack(archive, tmp_path / "out")
    assert everything_below(tmp_path) == ["evil.tar"]


def test_a_folder_that_is_a_link_is_never_written_through(tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    archive = write_tar(
        tmp_path / "evil.tar", member("way", tarfile.SYMTYPE, str(tmp_path / "victim")), member("way/in.jpg")
    )
    with pytest.raises(ArchiveRefused):
        unpack(archive, tmp_path / "out")
    assert everything_below(tmp_path / "victim") == []


def test_links_inside_become_copies(tmp_path: Path) -> None:
    archive = write_tar(
        tmp_path / "a.tar",
        member("set/one.jpg"),
        member("set/two.jpg", tarfile.SYMTYPE, "one.jpg"),
        member("set/three.jpg", tarfile.LNKTYPE, "set/one.jpg"),
    )
    assert unpack(archive, tmp_path / "out") == 3
    for name in ("one", "two", "three"):
        path = tmp_path / "out" / "set" / f"{name}.jpg"
        assert path.read_bytes() == b"abc"
        assert not path.is_symlink()
        assert path.stat().st_nlink == 1


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "evil.zip", [("a", b"/etc/passwd", stat.S_IFLNK | 0o777)])
    with pytest.raises(ArchiveRefused, match="link"):
        unpack(archive, tmp_path / "out")


def test_a_bomb_is_refused_by_what_it_unpacks_to_and_not_by_what_it_says(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "bomb.zip", [(f"{n}.txt", b"\0" * 2_000_000, 0) for n in range(3)])
    assert archive.stat().st_size < 10_000
    with pytest.raises(ArchiveRefused, match="200 times its size"):
        unpack(archive, tmp_path / "out", Bounds(ratio_from_bytes=1_000_000))
    with pytest.raises(ArchiveRefused, match="--largest-gb"):
        unpack(archive, tmp_path / "out", Bounds(total_bytes=3_000_000))
    assert everything_below(tmp_path) == ["bomb.zip"]


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "many.zip", [(f"{n}.jpg", b"1", 0) for n in range(20)])
    with pytest.raises(ArchiveRefused, match="more than 10 files"):
        unpack(archive, tmp_path / "out", Bounds(files=10))


def test_names_that_differ_in_capitals_or_unicode_form_only_both_survive(tmp_path: Path) -> None:
    names = ["Set/A.jpg", "set/a.jpg", "caf\u00e9.jpg", "cafe\u0301.jpg"]
    archive = write_zip(tmp_path / "a.zip", [(name, name.encode(), 0) for name in names])
    assert unpack(archive, tmp_path / "out") == 4
    found = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert {path.read_bytes().decode() for path in found} == set(names)
    assert len({path.as_posix().casefold() for path in found}) == 4
    assert (tmp_path / "out" / "Set" / "a~2.jpg").read_bytes() == b"set/a.jpg"


@pytest.mark.parametrize("spoil", [lambda raw: raw[: len(raw) // 2], lambda raw: b"PK\x03\x04" + raw[9:]])
def test_a_damaged_archive_is_told_apart_from_a_good_one(
    tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    archive = write_tar(tmp_path / "a.tgz", member("one.jpg"), content=bytes(range(256)) * 400, mode="w:gz")
    archive.write_bytes(spoil(archive.read_bytes()))
    with pytest.raises(ArchiveRefused):
        unpack(archive, tmp_path / "out")
    assert everything_below(tmp_path) == ["a.tgz"]


def test_an_encrypted_zip_says_so(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", [("one.jpg", b"1", 0)])
    raw = bytearray(archive.read_bytes())
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(raw)
    with pytest.raises(ArchiveRefused, match="ncrypted"):
        unpack(archive, tmp_path / "out")


def test_a_picture_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff" * 100)
    assert not is_archive(tmp_path / "a.jpg")
