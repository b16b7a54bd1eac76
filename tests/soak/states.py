"""How a simulated camera learns what is wrong with it: a word in a file of its name, read whenever it is asked."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

WELL = ""


class States:
    """One file a camera.

    Args:
        folder: Where they are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def set(self, camera: str, state: str) -> None:
        """From now on this is wrong with it."""
        new = self._folder / f".{camera}"
        new.write_text(state)
        new.replace(self._folder / camera)

    def of(self, camera: str) -> str:
        """What is wrong with it; `WELL` where nothing is."""
        with suppress(OSError):
            return (self._folder / camera).read_text().strip()
        return WELL
