"""The commands with networks that are not the project's own: enrolling, watching, and saying no more than they can."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result
from numpy.typing import NDArray

from monitor.cli.main import main
from monitor.domain.orientation import Orientation, turn
from monitor.domain.state import Status, ViewState
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey
from monitor.vision.bundle import Bundle
from tests.cli.workplace import CONFIG, Recordings, Workplace
from tests.e2e.program import Daemon, look_into, monitor, write_config
from tests.vision.foreign import headless, in_other_light, picture, with_head

FLIPS, CHANGES = ("ok", "flipped_180"), ("ok", "different_scene")
SHOWN = {"gate": "coffee", "yard": "astronaut"}
MAKES: dict[str, Callable[[Path], Bundle]] = {
    "similarity, flips": lambda path: headless(path, *FLIPS),
    "similarity, changes": lambda path: headless(path, *CHANGES),
    "head, changes": lambda path: with_head(path, *CHANGES, relations=("same", "changed")),
    "head, both": lambda path: with_head(
        path, *FLIPS, "different_scene", relations=("same", "rotated", "unrelated")
    ),
}
OTHER_SCENE = {make: "unsure" if make == "similarity, flips" else "different_scene" for make in MAKES}


def save(path: Path, pixels: NDArray[np.uint8]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    return path


def show(place: Workplace, camera: str, pixels: NDArray[np.uint8], minute: int) -> None:
    """Let a camera upload this, with noise of its own."""
    place.upload(camera, save(place.folder / "shown.png", in_other_light(pixels, seed=minute)), minute)


def set_up(folder: Path, make: Callable[[Path], Bundle]) -> Workplace:
    """Two cameras that show photos, both enrolled with such a network."""
    place = Workplace(folder, Recordings(folder))
    make(folder / "foreign.bundle")
    place.config.write_text(CONFIG + "bundle: foreign.bundle\n", encoding="utf-8")
    for camera, photo in SHOWN.items():
        (folder / "in" / camera).mkdir(parents=True)
        show(place, camera, picture(photo), 0)
    place.run("enroll", "--all")
    return place


@pytest.mark.parametrize("make", MAKES)
def test_what_is_seen_is_named_as_far_as_the_card_goes(tmp_path: Path, make: str) -> None:
    place = set_up(tmp_path, MAKES[make])
    show(place, "gate", picture("coffee"), 1)
    assert [view["verdict"]["kind"] for view in place.json("check")] == ["ok", "ok"]

    show(place, "gate", picture("rocket"), 2)
    found = place.json("check", "gate", code=None)[0]["verdict"]
    assert found["kind"] == OTHER_SCENE[make]
    assert found["looks_like"] is None

    show(place, "gate", turn(picture("coffee"), Orientation.ROTATED_180), 3)
    assert place.json("check", "gate", code=1)[0]["verdict"]["kind"] == "flipped_180"


def test_another_scene_that_stays_is_an_incident(tmp_path: Path) -> None:
    place = set_up(tmp_path, MAKES["similarity, changes"])
    for minute in (1, 2):
        show(place, "gate", picture("rocket"), minute)
        found = place.json("check", "gate", code=1)[0]
    assert found["state"] == "alert"
    assert found["incident"] is not None
    assert place.json("status", "gate")[0]["cause"] == "different_scene"


def test_swapped_cables_are_named_where_the_card_says_how_alike_views_are(tmp_path: Path) -> None:
    place = set_up(tmp_path, lambda path: headless(path, *CHANGES, similarity_other=0.9))
    show(place, "gate", picture("astronaut"), 1)
    assert place.json("check", "gate", code=1)[0]["verdict"]["looks_like"] == "yard"


def test_references_of_the_shipped_network_are_encoded_again(tmp_path: Path) -> None:
    place = set_up(tmp_path, MAKES["head, both"])
    place.config.write_text(CONFIG, encoding="utf-8")
    assert "2 references encoded again." in place.run("references", "reencode").stdout
    place.config.write_text(CONFIG + "bundle: foreign.bundle\n", encoding="utf-8")
    assert "2 references encoded again." in place.run("references", "reencode").stdout
    show(place, "gate", picture("coffee"), 1)
    assert place.json("check", "gate")[0]["verdict"]["kind"] == "ok"


@pytest.mark.parametrize("make", ["similarity, changes", "head, both"])
def test_doctor_finds_such_a_network_well(tmp_path: Path, make: str) -> None:
    place = set_up(tmp_path, MAKES[make])
    said = place.run("doctor", code=None).stdout
    assert "foreign-" in said
    assert "Traceback" not in said


def test_doctor_finds_references_of_another_network(tmp_path: Path) -> None:
    place = set_up(tmp_path, MAKES["similarity, changes"])
    place.config.write_text(CONFIG, encoding="utf-8")
    said = place.run("doctor", code=1).stdout
    assert "Another network encoded 2 references" in said
    assert "→ Run `monitor references reencode`." in said
    place.run("references", "reencode")
    assert "Another network" not in place.run("doctor", code=0).stdout


def without_config(*arguments: object, code: int) -> Result:
    result = CliRunner().invoke(main, list(map(str, arguments)), env={"MONITOR_CONFIG": None})
    assert result.exit_code == code, (result.output, result.exception)
    return result


@pytest.mark.parametrize("make", MAKES)
def test_two_pictures_are_compared(tmp_path: Path, make: str) -> None:
    bundle = tmp_path / "foreign.bundle"
    MAKES[make](bundle)
    here = save(tmp_path / "here.png", picture("coffee"))
    later = save(tmp_path / "later.png", in_other_light(picture("coffee")))
    elsewhere = save(tmp_path / "elsewhere.png", picture("rocket"))
    assert without_config("compare", here, later, "--bundle", bundle, code=0).stdout.startswith("ok")
    result = CliRunner().invoke(
        main, ["compare", str(here), str(elsewhere), "--bundle", str(bundle), "--json"]
    )
    assert json.loads(result.stdout)["kind"] == OTHER_SCENE[make]


def test_a_recording_is_replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    headless(tmp_path / "foreign.bundle", *CHANGES)
    start = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
    for minute in range(8):
        pixels = in_other_light(picture("coffee" if minute < 4 else "rocket"), seed=minute)
        save(tmp_path / "frames" / f"{start + timedelta(minutes=minute):%Y%m%dT%H%M%SZ}.png", pixels)
    said = without_config("replay", "gate", "frames", "--bundle", "foreign.bundle", code=1).stdout
    assert "different scene" in said


def test_the_daemon_watches_and_tells(tmp_path: Path) -> None:
    make = MAKES["similarity, changes"]
    make(tmp_path / "foreign.bundle")
    folder = tmp_path / "in"

    def show_now(photo: str) -> None:
        taken = datetime.now(UTC)
        path = folder / f"{taken:%Y%m%dT%H%M%SZ}.png"
        if not path.exists():
            save(tmp_path / "new.png", in_other_light(picture(photo), seed=taken.second)).rename(path)

    folder.mkdir()
    show_now("coffee")
    config = write_config(
        tmp_path,
        bundle="foreign.bundle",
        cameras=[{"name": "gate", "source": {"kind": "folder", "path": "in"}}],
        notifiers=[{"name": "log", "kind": "log"}],
    )
    enrolled = monitor("--config", config, "enroll", "--all")
    assert enrolled.code == 0, enrolled.errors
    daemon = Daemon(config)
    try:
        daemon.started()
        with look_into(config) as store:

            def state_while_showing(photo: str) -> ViewState:
                show_now(photo)
                return store.load_watch(ViewKey("gate")).state

            daemon.until(lambda: state_while_showing("coffee").checked_at, "a look")
            assert state_while_showing("coffee").status is Status.OK
            daemon.until(lambda: state_while_showing("rocket").status is Status.ALERT, "an alert")
            assert state_while_showing("rocket").cause is VerdictKind.DIFFERENT_SCENE
            daemon.until(lambda: state_while_showing("coffee").status is Status.OK, "the end of it")
        assert daemon.stop() == 0
    finally:
        daemon.kill()
