"""Writes pictures into the folders of many cameras: `python -m tests.soak.feeder PICTURES STATES FOLDERS EVERY_S`."""

from __future__ import annotations

import itertools
import shutil
import sys
import time
from pathlib import Path

from tests.soak.states import States

KEPT = 3


def feed(folder: Path, picture: bytes, number: int, state: str) -> None:
    """Put the next picture into one folder, as its state has it."""
    if state == "gone":
        if folder.exists():
            folder.rename(folder.with_name(f".{folder.name}"))
        return
    hidden = folder.with_name(f".{folder.name}")
    if hidden.exists():
        hidden.rename(folder)
    if state == "stale":
        return
    path = folder / f"{number:08d}.jpg"
    if state == "partial":
        for other in folder.glob("*.jpg"):
            other.unlink()
        path.write_bytes(picture[: len(picture) // 2])
        return
    if state == "junk":
        for other in folder.glob("*.jpg"):
            other.unlink()
        picture = b"\xff\xd8\xff\xe0 no picture \xff\xd9"
    part = folder / f".{path.name}"
    part.write_bytes(picture)
    part.replace(path)
    for old in sorted(folder.glob("*.jpg"))[:-KEPT]:
        old.unlink()


def main() -> None:
    """Until it is ended."""
    pictures = [path.read_bytes() for path in sorted(Path(sys.argv[1]).glob("*.jpg"))]
    states, root, every_s = States(Path(sys.argv[2])), Path(sys.argv[3]), float(sys.argv[4])
    for hidden in root.glob(".*"):
        shutil.move(hidden, root / hidden.name[1:])
    names = sorted(folder.name for folder in root.iterdir())
    for number in itertools.count():
        began_s = time.monotonic()
        for offset, name in enumerate(names):
            picture = pictures[(number + offset) % len(pictures)]
            feed(root / name, picture, int(time.time()) % 100_000_000, states.of(name))
        time.sleep(max(0.1, every_s - (time.monotonic() - began_s)))


if __name__ == "__main__":
    main()
