from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from monitor.store import DiskFull, ImageMissing, StoreUnavailable
from monitor.store.faults import named_file_fault
from monitor.store.images import ImageStore

JPEG = b"\xff\xd8\xff\xe0 a picture"


@pytest.fixture
def images(tmp_path: Path) -> ImageStore:
    return ImageStore(tmp_path / "deep" / "images")


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")


@pytest.mark.parametrize(
    ("content", "suffix"),
    [(JPEG, ".jpg"), (b"\x89PNG\r\n\x1a\n...", ".png"), (b"anything", ".bin"), (b"", ".bin")],
)
def test_a_picture_is_kept_under_its_digest(images: ImageStore, content: bytes, suffix: str) -> None:
    digest = images.put(content)
    path = images.path(digest)
    assert path.parts[-3:] == (digest[:2], digest[2:4], digest + suffix)
    assert images.get(digest) == content


def test_the_same_picture_is_kept_once(images: ImageStore, tmp_path: Path) -> None:
    assert images.put(JPEG) == images.put(JPEG)
    assert len(files(tmp_path)) == 1


def test_threads_that_keep_the_same_picture_do_not_meet(images: ImageStore, tmp_path: Path) -> None:
    threads = [threading.Thread(target=images.put, args=(JPEG * 1000,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (path,) = files(tmp_path)
    assert path.read_bytes() == JPEG * 1000


@pytest.mark.parametrize("digest", ["0" * 64, "", "../../etc/passwd", "0" * 63 + "/", "0" * 64 + "\n"])
def test_what_is_not_there_or_no_digest_is_named(images: ImageStore, digest: str) -> None:
    with pytest.raises(ImageMissing):
        images.get(digest)


def test_a_full_disk_is_named_and_leaves_nothing_behind(tmp_path: Path) -> None:
    child = textwrap.dedent("""
        import resource, sys
        from pathlib import Path
        from monitor.store import DiskFull
        from monitor.store.images import ImageStore
        images = ImageStore(Path(sys.argv[1]))
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            images.put(bytes(1_000_000))
        except DiskFull as error:
            print("refused:", error)
        images.put(bytes(1000))
    """)
    done = subprocess.run(
        [sys.executable, "-c", child, tmp_path / "images"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "refused: No space left" in done.stdout
    assert [path.stat().st_size for path in files(tmp_path)] == [1000]


def test_a_device_without_space_is_a_full_disk(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(OSError, match="space") as failure:
        full.write(b"x")
    assert isinstance(named_file_fault(failure.value, tmp_path), DiskFull)


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreUnavailable, match="file"):
        ImageStore(tmp_path / "file" / "images")


def test_a_folder_that_vanishes_is_named(images: ImageStore, tmp_path: Path) -> None:
    digest = images.put(JPEG)
    (tmp_path / "deep").rename(tmp_path / "elsewhere")
    with pytest.raises(ImageMissing):
        images.get(digest)
    (tmp_path / "deep").write_text("in the way")
    with pytest.raises(StoreUnavailable):
        images.put(JPEG)
