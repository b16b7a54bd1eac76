"""Downloads over a real connection that breaks, lies and changes its mind."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tests.train.preparation.web import Behaviour, serve
from train.cli.fetch import fetch as command
from train.preparation.archives import Bounds
from train.preparation.download import DownloadError, download
from train.preparation.fetch import RECORD_FILE, fetch
from train.preparation.problems import PreparationError

CHUNK = 1 << 16  # what is not a whole piece is asked for again


def noise(size: int, seed: int = 0) -> bytes:
    return np.random.default_rng(seed).bytes(size)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.jpg", content)
    return buffer.getvalue()


def test_a_download_that_breaks_goes_on_where_it_was_and_arrives_whole(tmp_path: Path) -> None:
    content = noise(1_000_000)
    server = Behaviour(content, break_after=[6 * CHUNK, 3 * CHUNK + 100])
    seen: list[int] = []
    with serve(server) as address:
        got = download(
            f"{address}/set.bin",
            tmp_path / "set.bin",
            digest(content),
            report=lambda done, total: seen.append(done),
            pause_s=0.01,
        )
    assert got == digest(content)
    assert (tmp_path / "set.bin").read_bytes() == content
    assert [one.get("range") for one in server.requests] == [
        None,
        f"bytes={6 * CHUNK}-",
        f"bytes={9 * CHUNK}-",
    ]
    assert server.requests[1]["if-range"] == '"first"'
    assert seen == sorted(seen)
    assert seen[-1] == len(content)
    assert [path.name for path in tmp_path.iterdir()] == ["set.bin"]


def test_a_later_call_goes_on_after_a_connection_that_never_held(tmp_path: Path) -> None:
    content = noise(100_000)
    server = Behaviour(content, break_after=[CHUNK, 0, 0, 0])
    with serve(server) as address:
        with pytest.raises(DownloadError, match=r"65536 bytes are here.*goes on from there"):
            download(f"{address}/a", tmp_path / "a", digest(content), pause_s=0.001)
        assert not (tmp_path / "a").exists()
        before = len(server.requests)
        download(f"{address}/a", tmp_path / "a", digest(content))
        assert [one["range"] for one in server.requests[before:]] == [f"bytes={CHUNK}-"]
    assert (tmp_path / "a").read_bytes() == content


def test_a_server_without_ranges_makes_it_start_afresh(tmp_path: Path) -> None:
    content = noise(150_000)
    with serve(Behaviour(content, ranges=False, break_after=[CHUNK])) as address:
        download(f"{address}/a", tmp_path / "a", digest(content), pause_s=0.001)
    assert (tmp_path / "a").read_bytes() == content


def test_halves_of_two_versions_are_never_joined(tmp_path: Path) -> None:
    first, second = noise(150_000, 1), noise(160_000, 2)
    server = Behaviour(first, break_after=[CHUNK, 0, 0, 0])
    with serve(server) as address:
        with pytest.raises(DownloadError):
            download(f"{address}/a", tmp_path / "a", pause_s=0.001)
        server.content, server.etag = second, '"second"'
        download(f"{address}/a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == second


def test_without_an_etag_or_checksum_there_is_no_going_on(tmp_path: Path) -> None:
    server = Behaviour(noise(150_000), etag="", break_after=[CHUNK])
    with serve(server) as address:
        download(f"{address}/a", tmp_path / "a", pause_s=0.001)
    assert all("range" not in one for one in server.requests)
    assert (tmp_path / "a").read_bytes() == server.content


def test_a_part_longer_than_the_file_is_thrown_away(tmp_path: Path) -> None:
    content = noise(1000)
    (tmp_path / "a.part").write_bytes(noise(5000, 3))
    with serve(Behaviour(content)) as address:
        download(f"{address}/a", tmp_path / "a", digest(content), pause_s=0.001)
    assert (tmp_path / "a").read_bytes() == content


def test_a_wrong_checksum_removes_the_file_and_says_both(tmp_path: Path) -> None:
    content = noise(1000)
    with serve(Behaviour(content)) as address, pytest.raises(DownloadError) as caught:
        download(f"{address}/a", tmp_path / "a", "0" * 64)
    assert digest(content) in str(caught.value)
    assert "0" * 64 in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_what_is_too_large_is_refused_before_it_comes(tmp_path: Path) -> None:
    with serve(Behaviour(noise(5000))) as address, pytest.raises(DownloadError, match="--largest-gb"):
        download(f"{address}/a", tmp_path / "a", largest_bytes=4999)
    assert not (tmp_path / "a.part").exists()


def test_no_secret_of_an_address_is_repeated(tmp_path: Path) -> None:
    with serve(Behaviour(b"", status=403)) as address:
        url = address.replace("//", "//user:hunter2@")
        with pytest.raises(DownloadError) as caught:
            download(f"{url}/a?token=hunter3", tmp_path / "a")
    assert "hunter" not in str(caught.value)
    assert "403" in str(caught.value)


@pytest.mark.parametrize(("url", "said"), [("ftp://x/y", "no address"), ("file:///no/such", "Cannot read")])
def test_addresses_that_cannot_work_fail_at_once(tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises(DownloadError, match=said):
        download(url, tmp_path / "a")


def test_fetch_unpacks_and_does_nothing_the_second_time(tmp_path: Path) -> None:
    content = zipped(one=b"1", two=b"2")
    server = Behaviour(content)
    out = tmp_path / "sets" / "small"
    with serve(server) as address:
        words = [f"{address}/small.zip", "--sha256", digest(content), "--out", str(out)]
        first = CliRunner().invoke(command, words, catch_exceptions=False)
        asked = len(server.requests)
        second = CliRunner().invoke(command, words, catch_exceptions=False)
    assert (out / "one.jpg").read_bytes() == b"1"
    assert "2 files" in first.output
    assert "there already" in " ".join(second.output.split())
    assert len(server.requests) == asked
    assert sorted(path.name for path in out.parent.iterdir()) == ["small"]


def test_without_a_checksum_the_digest_is_told_to_be_noted(tmp_path: Path) -> None:
    lines: list[str] = []
    source = tmp_path / "labels.csv"
    source.write_text("path,label\n")
    fetched = fetch(source.as_uri(), tmp_path / "out", say=lines.append)
    assert fetched.sha256 == digest(source.read_bytes())
    assert any(fetched.sha256 in line and "nothing was checked" in line for line in lines)
    assert (tmp_path / "out" / "labels.csv").read_text() == "path,label\n"


def test_a_directory_of_something_else_is_left_alone(tmp_path: Path) -> None:
    source = tmp_path / "a.bin"
    source.write_bytes(b"abc")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(PreparationError, match="not made by this command"):
        fetch(source.as_uri(), tmp_path / "out")
    fetch(source.as_uri(), tmp_path / "other")
    source.with_name("b.bin").write_bytes(b"abd")
    with pytest.raises(PreparationError, match="not what is asked for"):
        fetch(source.with_name("b.bin").as_uri(), tmp_path / "other")
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"


def test_an_archive_that_is_refused_leaves_no_directory_but_keeps_the_download(tmp_path: Path) -> None:
    source = tmp_path / "set.zip"
    source.write_bytes(zipped(one=b"1" * 100, two=b"2"))
    with pytest.raises(PreparationError, match="--most-files"):
        fetch(source.as_uri(), tmp_path / "out", bounds=Bounds(files=1))
    assert not (tmp_path / "out").exists()
    assert fetch(source.as_uri(), tmp_path / "out").files == 2
    assert (tmp_path / "out" / RECORD_FILE).is_file()
    assert not (tmp_path / "out.download").exists()
