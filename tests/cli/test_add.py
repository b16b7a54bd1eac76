"""`monitor add` against simulated devices: what is asked, what is shown, and what stands in the file afterwards."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from monitor.cli.main import main
from monitor.settings import load_settings
from monitor.simulator import (
    Credentials,
    OnvifBehaviour,
    OnvifShelf,
    SimulatedCamera,
    SimulatedClock,
    Site,
    SiteServer,
)
from tests.net.hostile_server import answer, serving
from tests.onvif.replies import DEVICE, fault

PASSWORD = "horse-staple-7&"
CONFIG = """\
# Our cameras.
data_dir: data   # beside this file
sites: {north: }
cameras:
  - name: door   # the first
    source: {kind: folder, path: in}
# The end.
"""
ACCOUNT = ("--username", "viewer", "--password-env", "GATE_PASSWORD")


@dataclass(frozen=True)
class Place:
    """A configuration, and a simulated site beside it."""

    config: Path
    url: str

    def add(self, *arguments: object, typed: str = "", code: int = 0) -> Result:
        result = CliRunner().invoke(
            main,
            ["--config", str(self.config), "add", *map(str, arguments)],
            env={"GATE_PASSWORD": PASSWORD},
            input=typed,
        )
        assert result.exit_code == code, (result.exit_code, result.output, result.exception)
        assert "Traceback" not in result.output
        assert PASSWORD not in result.output
        assert PASSWORD not in self.config.read_text()
        load_settings(self.config, {"GATE_PASSWORD": PASSWORD})
        return result

    def device(self, name: str = "gate") -> str:
        return f"{self.url}/{name}/onvif/device_service"

    @property
    def cameras(self) -> list[dict[str, object]]:
        return yaml.safe_load(self.config.read_text())["cameras"]  # type: ignore[no-any-return]

    @property
    def secrets(self) -> Path:
        return self.config.parent / "data" / "secrets"


@contextmanager
def placed(folder: Path, site: Site, **behaviour: object) -> Iterator[Place]:
    config = folder / "monitor.yaml"
    config.write_text(CONFIG)
    with SiteServer(site, onvif=OnvifShelf(site, OnvifBehaviour(**behaviour))) as server:  # type: ignore[arg-type]
        yield Place(config, server.url)


@pytest.fixture(scope="module")
def drawn() -> Site:
    account = Credentials("viewer", PASSWORD)
    cameras = [
        SimulatedCamera("gate", "street", 11, (640, 480), credentials=account),
        SimulatedCamera("yard", "car_park", 12, (320, 240), credentials=account),
    ]
    site = Site(cameras, SimulatedClock(datetime(2026, 6, 1, 12, tzinfo=UTC), 0))
    site.prepare()
    return site


@pytest.fixture
def place(tmp_path: Path, drawn: Site) -> Iterator[Place]:
    with placed(tmp_path, drawn) as found:
        yield found


def test_a_camera_is_added_with_a_reference_to_its_password(place: Place) -> None:
    said = place.add(place.device(), "--name", "gate", "--site", "north", "--yes", *ACCOUNT).stdout
    assert "Simulated gate, firmware 1.0" in said
    assert "gate: snapshot of gate main (640 × 480, H265)" in said
    assert "Next: monitor enroll gate" in said
    assert place.cameras[-1] == {
        "name": "gate",
        "site": "north",
        "source": {
            "kind": "http",
            "url": f"{place.url}/gate/snapshot.jpg",
            "username": "viewer",
            "password": {"env": "GATE_PASSWORD"},
        },
    }
    assert place.config.read_text().startswith(CONFIG.partition("# The end")[0])
    picture = place.config.parent / "data" / "test-pictures" / "gate.jpg"
    assert str(picture) in said
    assert picture.read_bytes()[:2] == b"\xff\xd8"


def test_a_camera_can_be_enrolled_at_once(place: Place) -> None:
    said = place.add(place.device(), "--name", "gate", "--yes", "--enroll", *ACCOUNT).stdout
    assert "gate: enrolled with 1 new reference" in said


def test_a_password_that_is_typed_is_kept_in_a_file_for_its_owner_alone(place: Place) -> None:
    said = place.add(place.device(), "--name", "gate", typed=f"viewer\n{PASSWORD}\ny\ny\n")
    assert "asks for credentials" in said.stderr
    assert place.cameras[-1]["source"]["password"] == {"file": "data/secrets/gate"}  # type: ignore[index]
    kept = place.secrets / "gate"
    assert kept.read_text().rstrip("\n") == PASSWORD
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_password_that_may_not_be_kept_is_not_and_nothing_is_written(place: Place) -> None:
    refused = place.add(place.device(), "--name", "gate", typed=f"viewer\n{PASSWORD}\ny\nn\n", code=2)
    assert "nothing was written" in refused.stderr
    assert place.config.read_text() == CONFIG
    assert not place.secrets.exists()


def test_whoever_says_no_at_the_end_changes_nothing(place: Place) -> None:
    place.add(place.device(), *ACCOUNT, typed="n\n")
    assert place.config.read_text() == CONFIG


def test_a_wrong_password_may_be_typed_once_more(place: Place) -> None:
    place.add(place.device(), "--name", "gate", typed=f"viewer\nwrong-one\nviewer\n{PASSWORD}\ny\ny\n")
    assert len(place.cameras) == 2


def test_a_file_with_the_password_is_referred_to(place: Place) -> None:
    file = place.config.parent / "pw"
    file.write_text(PASSWORD + "\n")
    file.chmod(0o600)
    place.add(place.device(), "--yes", "--username", "viewer", "--password-file", file)
    assert place.cameras[-1]["source"]["password"] == {"file": "pw"}  # type: ignore[index]
    assert place.cameras[-1]["name"] == "gate"


def test_all_cameras_of_a_recorder_are_added_and_added_once(place: Place) -> None:
    recorder = place.url.removeprefix("http://")
    place.add(recorder, "--all", "--yes", *ACCOUNT)
    assert [camera["name"] for camera in place.cameras] == ["door", "ch1", "ch2"]
    said = place.add(recorder, "--all", "--yes", *ACCOUNT).stdout
    assert said.count("left alone") == 2
    assert len(place.cameras) == 3


def test_cameras_of_a_recorder_share_one_file_with_the_password(place: Place) -> None:
    typed = f"viewer\n{PASSWORD}\ny\ny\n"
    place.add(place.url.removeprefix("http://"), "--all", "--name", "nvr", typed=typed)
    assert [camera["name"] for camera in place.cameras[1:]] == ["nvr-ch1", "nvr-ch2"]
    assert [path.name for path in place.secrets.iterdir()] == ["nvr"]


def test_a_recorder_asks_which_camera_is_meant(place: Place) -> None:
    recorder = place.url.removeprefix("http://")
    assert "It has 2 video sources." in place.add(recorder, "--yes", *ACCOUNT, code=2).stderr
    place.add(recorder, "--profile", "yard.sub", "--yes", *ACCOUNT)
    assert place.cameras[-1]["source"]["url"] == f"{place.url}/yard/snapshot.jpg"  # type: ignore[index]
    assert "no profile “zoo”" in place.add(recorder, "--profile", "zoo", "--yes", *ACCOUNT, code=2).stderr


def test_without_onvif_an_address_of_pictures_is_enough(place: Place) -> None:
    place.add("--url", f"{place.url}/yard/snapshot.jpg", "--name", "yard", "--yes", *ACCOUNT)
    assert place.cameras[-1]["name"] == "yard"


def test_the_same_address_is_not_added_twice(place: Place) -> None:
    place.add(place.device(), "--name", "gate", "--yes", *ACCOUNT)
    for again in (("--url", f"{place.url}/gate/snapshot.jpg"), (place.device(),)):
        refused = place.add(*again, "--yes", *ACCOUNT, code=2)
        assert "Camera gate has this address already." in refused.stderr


def test_a_secret_in_an_address_is_kept_out_of_the_configuration(place: Place) -> None:
    url = f"{place.url}/gate/snapshot.jpg?user=viewer&pwd=letmein-99"
    said = place.add("--url", url, "--name", "gate", "--yes", *ACCOUNT)
    assert place.cameras[-1]["source"]["url"] == {"file": "data/secrets/gate-url"}  # type: ignore[index]
    assert "letmein" not in place.config.read_text() + said.stdout


def test_an_inner_address_is_replaced_and_said(tmp_path: Path, drawn: Site) -> None:
    with placed(tmp_path, drawn, named_host="192.168.1.108") as place:
        said = place.add(place.device(), "--yes", *ACCOUNT)
        assert "says that its snapshot is at 192.168.1.108" in said.stderr
        assert place.cameras[-1]["source"]["url"] == f"{place.url}/gate/snapshot.jpg"  # type: ignore[index]


@pytest.mark.parametrize(("ahead_s", "words"), [(-7500, "2 h behind"), (86_400 * 30, "30 d ahead of")])
def test_a_wrong_clock_is_said(tmp_path: Path, drawn: Site, ahead_s: float, words: str) -> None:
    with placed(tmp_path, drawn, clock_ahead_s=ahead_s) as place:
        assert f"Its clock is {words} ours" in place.add(place.device(), "--yes", *ACCOUNT).stderr


def test_a_camera_that_gives_no_picture_is_not_added(tmp_path: Path, drawn: Site) -> None:
    with placed(tmp_path, drawn, snapshot=False) as place:  # Nothing serves its streams.
        refused = place.add(place.device(), "--yes", *ACCOUNT, code=2)
        assert "No picture from the stream of" in refused.stderr
        assert "No address of this camera gave a picture, and nothing was written." in refused.stderr
        assert place.config.read_text() == CONFIG


def test_a_locked_account_is_said_in_the_camera_s_words(place: Place) -> None:
    with serving(
        {DEVICE: answer(fault("Sender", "AccountLocked", reason="locked for 30 min"), "400 No")}
    ) as server:
        assert "locked for 30 min" in place.add(server.url(DEVICE), "--yes", *ACCOUNT, code=2).stderr


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "Give the camera's address"),
        (("10.0.4.17", "--url", "http://10.0.4.17/x"), "Give the camera's address"),
        (("--url", "http://viewer:pw@10.0.4.17/x"), "can be read by everybody"),
        (("--url", "http://10.0.4.17/x", "--all"), "not for --url"),
        (("10.0.4.17", "--all", "--profile", "x"), "one of --profile and --all"),
        (("10.0.4.17", "--password-env", "GATE_PASSWORD"), "goes with --username"),
        (("10.0.4.17", "--username", "u", "--password-env", "NOT_SET"), "NOT_SET holds no password"),
        (("10.0.4.17", "--username", "u", "--password-file", "nowhere"), "nowhere holds no password"),
        (("10.0.4.17", "--username", "u", "--yes"), "nobody to be asked"),
        (("10.0.4.17", "--name", "door"), "There is a camera door already."),
        (("10.0.4.17", "--name", "a b"), "cannot be a camera's name"),
        (("10.0.4.17", "--site", "south"), "There is no site south"),
        (("169.254.169.254",), "never contacted"),
        (("127.0.0.1:1", "--yes"), "accepts no connection"),
        (("--url", "gopher://10.0.4.17/x", "--yes"), "begins with gopher"),
        (("--url", "http://[", "--yes"), "no address of pictures"),
        (("--url", "10.0.4.17", "--yes"), "no address of pictures"),
    ],
)
def test_what_cannot_be_meant_is_refused(place: Place, arguments: tuple[str, ...], problem: str) -> None:
    assert problem in place.add(*arguments, code=2).stderr
    assert place.config.read_text() == CONFIG
