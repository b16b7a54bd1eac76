"""`monitor run` with a bundle of each published design: enrolled, watched, told of what the design can tell, stopped.

The designs are trained for seconds only. What the service makes of their word is tested here, not how good it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from monitor.domain.orientation import Orientation, turn
from monitor.domain.state import Status
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey
from monitor.store.rows import ObservationRow
from tests.e2e.program import Daemon, look_into, monitor, write_config
from tests.train.designs import RECIPES, exported, photo_folders
from tests.vision.foreign import in_other_light, picture

TELLS_TURNS = ("rotation_siamese", "rotation_siamese_three_way")
TELLS_OTHER_PLACES = tuple(design for design in RECIPES if design != "rotation_siamese")
PARTS_PLACES = tuple(design for design in RECIPES if design not in TELLS_TURNS)
"""Those that seconds of training are enough for, see `tests.train.designs`."""
HERE, ELSEWHERE = "coffee", "rocket"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders that all designs are trained on."""
    return photo_folders(tmp_path_factory.mktemp("photos"))


@dataclass
class Cameras:
    """Folders into which cameras put what they see."""

    folder: Path
    shown: dict[str, NDArray[np.uint8]]

    def shoot(self) -> None:
        """Every camera takes a picture now, each with noise of its own."""
        taken = datetime.now(UTC)
        for name, pixels in self.shown.items():
            path = self.folder / name / f"{taken:%Y%m%dT%H%M%SZ}.png"
            if path.exists():
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            new = self.folder / "new.png"
            assert cv2.imwrite(str(new), in_other_light(pixels, seed=taken.second)[..., ::-1])
            new.rename(path)


def said_same(seen: ObservationRow) -> float:
    """The probability that the network itself gave to the view being the same."""
    probability = seen.verdict.evidence["network_same"]
    assert isinstance(probability, float)
    return probability


@pytest.mark.parametrize("design", RECIPES)
def test_the_service_watches_with_a_design_and_tells_what_it_can_tell(
    design: str, photos: Path, tmp_path: Path, start: Callable[..., Daemon]
) -> None:
    exported(design, photos, tmp_path)
    cameras = Cameras(tmp_path / "in", dict.fromkeys(("steady", "aimed_elsewhere", "turned"), picture(HERE)))
    cameras.shoot()
    config = write_config(
        tmp_path,
        bundle="design.bundle",
        cameras=[
            {"name": name, "source": {"kind": "folder", "path": f"in/{name}"}} for name in cameras.shown
        ],
        notifiers=[{"name": "log", "kind": "log"}],
    )
    enrolled = monitor("--config", config, "enroll", "--all")
    assert enrolled.code == 0, enrolled.output + enrolled.errors
    daemon = start(config).started()
    with look_into(config) as store:

        def all_show(verdicts: Mapping[str, VerdictKind], *, told: bool) -> bool:
            """Whether the last looks say so; where they are to be told, whether they are."""
            cameras.shoot()
            for name, kind in verdicts.items():
                state = store.load_watch(ViewKey(name)).state
                if told and (state.status, state.cause) != (Status.ALERT, kind):
                    return False
                seen = store.history.observations(ViewKey(name), limit=1)
                if not seen or seen[0].verdict.kind is not kind:
                    return False
            return True

        still = dict.fromkeys(cameras.shown, VerdictKind.OK)
        daemon.until(lambda: all_show(still, told=False), "all are as enrolled")
        assert store.incidents.list() == []

        cameras.shown["aimed_elsewhere"] = picture(ELSEWHERE)
        changes = {"aimed_elsewhere": VerdictKind.DIFFERENT_SCENE} if design in TELLS_OTHER_PLACES else {}
        if design in TELLS_TURNS:
            cameras.shown["turned"] = turn(picture(HERE), Orientation.ROTATED_180)
            changes["turned"] = VerdictKind.FLIPPED_180
        daemon.until(lambda: all_show(changes, told=True), f"told of {changes}")
        if design not in TELLS_OTHER_PLACES:
            elsewhere = {"aimed_elsewhere": VerdictKind.UNSURE}
            daemon.until(lambda: all_show(elsewhere, told=False), "a place that it cannot tell is unsure")
        assert all_show({"steady": VerdictKind.OK}, told=False)
        assert {incident.key.camera for incident in store.incidents.list()} == set(changes)

        seen = store.history.observations(ViewKey("aimed_elsewhere"), limit=1)[0]
        steady = store.history.observations(ViewKey("steady"), limit=1)[0]
        if design in PARTS_PLACES:
            # The gradients know nothing of a strange place: what is told of it, the design has said.
            assert said_same(seen) < 0.5 * said_same(steady)
    assert seen.bundle_id is not None
    assert seen.bundle_id.startswith(design.replace("_", "-"))
    assert daemon.stop() == 0
