"""A folder with a configuration, three simulated cameras that upload pictures, and the commands run in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli.main import main
from monitor.simulator import Event, SimulatedCamera, SimulatedClock, Site, write_folder
from tests.notifiers.receiver import KEY, Receiver, running_receiver

START = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
MINUTES = 12
FLIP_AFTER = 6
CAMERAS = (
    SimulatedCamera("gate", "street", 11, (320, 240)),
    SimulatedCamera("yard", "car_park", 12, (320, 240)),
)
CONFIG = """
data_dir: data
defaults: {interval: 1m, policy: {default_duration: 0s, close_after: 0s}}
cameras:
  - {name: gate, source: {kind: folder, path: in/gate}}
  - {name: yard, source: {kind: folder, path: in/yard}}
notifiers:
  - {name: log, kind: log}
"""


@dataclass(frozen=True)
class Recordings:
    """Folders of pictures a minute apart: `good/<camera>`, and `bad/<camera>` in which a fault comes at FLIP_AFTER
    (gate is flipped, yard moved 6 % to the right).
    """

    folder: Path

    def good(self, camera: str, minute: int = 0) -> Path:
        return sorted((self.folder / "good" / camera).iterdir())[minute]

    def bad(self, camera: str, minute: int = FLIP_AFTER) -> Path:
        return sorted((self.folder / "bad" / camera).iterdir())[minute]


@dataclass(frozen=True)
class Workplace:
    """Where commands run."""

    folder: Path
    recordings: Recordings

    @property
    def config(self) -> Path:
        return self.folder / "monitor.yaml"

    def run(self, *arguments: object, code: int | None = 0) -> Result:
        result = CliRunner().invoke(
            main, ["--config", str(self.config), *map(str, arguments)], env={"MONITOR_CONFIG": None}
        )
        assert code is None or result.exit_code == code, (result.exit_code, result.output, result.exception)
        assert "Traceback" not in result.output
        return result

    def json(self, *arguments: object, code: int | None = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code).stdout)

    def upload(self, camera: str, picture: Path, minute: int) -> None:
        """Let a camera upload a picture that was taken so many minutes after the start."""
        name = f"{START + timedelta(minutes=minute):%Y%m%dT%H%M%SZ}{picture.suffix}"
        shutil.copyfile(picture, self.folder / "in" / camera / name)

    def raise_incident(self) -> int:
        """Flip `gate` and look twice; the incident's number."""
        for minute in (FLIP_AFTER, FLIP_AFTER + 1):
            self.upload("gate", self.recordings.bad("gate", minute), minute)
            found = self.json("check", "gate", code=1)
        number = found[0]["incident"]
        assert isinstance(number, int)
        return number


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    folder = tmp_path_factory.mktemp("recordings")
    times = [START + timedelta(minutes=minute) for minute in range(MINUTES)]
    fault = START + timedelta(minutes=FLIP_AFTER)
    faults = (Event("gate", "flip", fault, {}), Event("yard", "move", fault, {"dx": 0.06}))
    for name, events in (("good", ()), ("bad", faults)):
        site = Site(CAMERAS, SimulatedClock(START, 0), events=events)
        for camera in CAMERAS:
            write_folder(site, camera.name, folder / name / camera.name, times)
    return Recordings(folder)


@pytest.fixture(scope="session")
def _enrolled(tmp_path_factory: pytest.TempPathFactory, recordings: Recordings) -> Path:
    """A workplace whose cameras are enrolled; the others are copies of it."""
    folder = tmp_path_factory.mktemp("enrolled")
    bare = _set_up(folder, recordings)
    bare.run("enroll", "--all")
    return folder


def _set_up(folder: Path, recordings: Recordings) -> Workplace:
    (folder / "monitor.yaml").write_text(CONFIG, encoding="utf-8")
    for camera in CAMERAS:
        (folder / "in" / camera.name).mkdir(parents=True)
    place = Workplace(folder, recordings)
    for camera in CAMERAS:
        place.upload(camera.name, recordings.good(camera.name), 0)
    return place


@pytest.fixture
def bare(tmp_path: Path, recordings: Recordings) -> Workplace:
    """Configured; nothing is enrolled."""
    return _set_up(tmp_path, recordings)


@pytest.fixture
def site(tmp_path: Path, recordings: Recordings, _enrolled: Path) -> Workplace:
    """Configured, and both cameras enrolled."""
    shutil.copytree(_enrolled, tmp_path, dirs_exist_ok=True)
    return Workplace(tmp_path, recordings)


@pytest.fixture
def receiver(site: Workplace) -> Iterator[Receiver]:
    """A webhook receiver that the site is configured to tell."""
    with running_receiver() as running:
        text = (
            CONFIG
            + f"  - {{name: hook, kind: webhook, url: '{running.url}', secrets: [{KEY}], allow_private: true}}\n"
        )
        site.config.write_text(text, encoding="utf-8")
        yield running
