"""A folder as a camera fills it, for tests."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.sources.folder import FolderSource
from tests.sources.drawing import draw, encode

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
JPEG = encode(draw())


def put(path: Path, data: bytes = JPEG, *, at: datetime = NOON - timedelta(hours=1)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def name_of(minute: int) -> str:
    return f"2026-06-01T11_{minute:02}_00.jpg"


def minutes(source: FolderSource, count: int) -> list[int]:
    return [source.grab(1).captured_at.minute for _ in range(count)]
