"""Noticing that files arrive whose names tell older times than that of the newest.

A camera that lost power begins at 1970 or 2000; one whose clock was ahead is corrected; in autumn an hour comes twice.
By their names, all that it writes from then on is older than what is there, and the newest file would stay the same
for years. So where nothing newer has arrived for a while, the times of writing are looked at.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from monitor.domain.errors import SourceError
from monitor.sources.listing import DatedFile, scan
from monitor.sources.selection import Selection

# For so long the newest file may stay the newest before anybody wonders.
QUIET_S = 600.0
# A file that was written later than this behind the time in its name was copied, not uploaded: what is known of such a
# folder is its names alone. Wrong time zones are up to 14 hours.
_LONGEST_UPLOAD_S = 26 * 3600.0
# A folder with none below has two: its entry in its parent, and its own `.`.
_LINKS_OF_LEAF = 2


def overtaken_by(
    newest: DatedFile, root: Path, selection: Selection, now: datetime, deadline_s: float
) -> list[DatedFile]:
    """Files that arrived well after the newest one, dated by writing, the last first; mostly none.

    Args:
        newest: By its name.
        root: The folder.
        selection: Which files count.
        now: Aware UTC.
        deadline_s: The `time.monotonic()` at which to give up, and to believe the names.
    """
    try:
        written_s = (root / newest.name).stat().st_mtime
    except (OSError, ValueError):
        return []
    if now.timestamp() - written_s < QUIET_S or written_s - newest.taken_at.timestamp() > _LONGEST_UPLOAD_S:
        return []
    # The names may be right after all: time must be left to read the newest file.
    deadline_s -= (deadline_s - time.monotonic()) / 2
    arrived = sorted(_written_after(root, selection, written_s + QUIET_S, deadline_s), reverse=True)
    return [
        DatedFile(datetime.fromtimestamp(at_s, UTC), name)
        for at_s, name in arrived
        if at_s < now.timestamp() + _LONGEST_UPLOAD_S
    ]


def _written_after(
    root: Path, selection: Selection, after_s: float, deadline_s: float
) -> Iterator[tuple[float, str]]:
    waiting = [""]
    while waiting and time.monotonic() < deadline_s:
        place = waiting.pop()
        try:
            status = (root / place).stat()
            changed = status.st_mtime > after_s
            # Where nothing was added, and nothing is below, nothing can have arrived.
            if not changed and status.st_nlink == _LINKS_OF_LEAF:
                continue
            files, folders = scan(root, place, selection, deadline_s)
        except (OSError, SourceError):
            continue
        waiting += folders
        for name in files if changed else ():
            try:
                at_s = (root / name).stat().st_mtime
            except (OSError, ValueError):
                continue
            if at_s > after_s:
                yield at_s, name
