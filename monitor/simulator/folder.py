"""Writes a camera's pictures into a folder, as recorders and FTP uploads do."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from monitor.simulator.errors import SimulatorError
from monitor.simulator.site import Site


def file_name(at: datetime) -> str:
    """20260601T140000Z.jpg: the UTC second of the picture."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}.jpg"


def write_folder(site: Site, camera: str, directory: Path, times: Iterable[datetime]) -> list[Path]:
    """Write one JPEG for each time into `directory`, which is made if missing; gives the paths.

    A file appears whole or not at all: it is written beside its place under a hidden name and
    renamed. A dead camera writes nothing; a frozen one writes the same bytes under new names.
    Raises SimulatorError if the folder cannot be written.
    """
    paths: list[Path] = []
    for at in times:
        device = site.device_behind(camera, at)
        if site.state(device, at).dead:
            continue
        path = directory / file_name(at)
        _write_whole(path, site.snapshot(camera, at.replace(microsecond=0)))
        paths.append(path)
    return paths


def _write_whole(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as part:
            part.write(content)
        whole = Path(part.name)
        whole.chmod(0o644)
        whole.replace(path)
    except OSError as error:
        raise SimulatorError(
            f"The picture {path} cannot be written ({error.strerror}).",
            "Choose a folder that can be written.",
        ) from error


class FolderWriter:
    """Writes every camera of a site to `directory`/<camera>/ every `interval_s` real seconds."""

    def __init__(self, site: Site, directory: Path, interval_s: float) -> None:
        if interval_s <= 0:
            raise SimulatorError(f"An interval of {interval_s} s makes no sense: give more than 0.")
        self.site, self.directory, self.interval_s = site, directory, interval_s
        self.error: SimulatorError | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> FolderWriter:
        """Write the first round now and the others in a thread. Raises SimulatorError if it cannot."""
        self._round()
        self._thread.start()
        return self

    def close(self) -> None:
        """Finish the picture at hand and stop."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _round(self) -> None:
        now = self.site.clock.now()
        for name in self.site.names:
            if self._stop.is_set():
                return
            write_folder(self.site, name, self.directory / name, [now])

    def _run(self) -> None:
        while not self._stop.wait(self.interval_s):
            try:
                self._round()
            except SimulatorError as error:
                self.error = error
                return
