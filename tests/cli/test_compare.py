import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from monitor.cli.main import main
from monitor.vision.bundle import load_bundle, shipped_bundle_path
from tests.cli.workplace import Recordings


def compare(*arguments: object, code: int) -> Result:
    """Runs it without any configuration."""
    result = CliRunner().invoke(main, ["compare", *map(str, arguments)], env={"MONITOR_CONFIG": None})
    assert result.exit_code == code, (result.output, result.exception)
    assert "Traceback" not in result.output
    return result


def test_the_same_view_is_ok(recordings: Recordings) -> None:
    said = compare(recordings.good("gate", 0), recordings.good("gate", 9), code=0).stdout
    assert said.startswith("ok (")
    assert "Similarity" in said


def test_a_moved_view_is_measured_and_the_way_back_is_told(recordings: Recordings) -> None:
    result = compare(recordings.good("yard"), recordings.bad("yard"), code=1)
    assert result.stdout.startswith("moved: 6.0 % right")
    assert "Pan right by 6.0 % of the view." in result.stdout
    found = json.loads(compare(recordings.good("yard"), recordings.bad("yard"), "--json", code=1).stdout)
    assert found["displacement"]["dx"] == pytest.approx(0.06, abs=0.005)
    assert found["displacement"]["zoom"] == pytest.approx(1, abs=0.01)
    limits = load_bundle(shipped_bundle_path()).card.thresholds
    assert found["evidence"]["threshold_confidence"] == limits.confidence
    assert found["ms"] > 0


def test_a_flipped_view_is_named(recordings: Recordings) -> None:
    assert compare(recordings.good("gate"), recordings.bad("gate"), code=1).stdout.startswith("flipped 180")


def test_thresholds_can_be_changed(recordings: Recordings) -> None:
    pictures = (recordings.good("yard"), recordings.bad("yard"))
    assert compare(*pictures, "--threshold", "shift_tolerance=0.2", code=0).stdout.startswith("ok")


def damaged(jpeg: bytes) -> bytes:
    """A JPEG with a hundred bytes of its compressed part replaced."""
    middle = len(jpeg) // 2
    noise = np.random.default_rng(3).integers(0, 255, 100, np.uint8).tobytes()
    return jpeg[:middle] + noise + jpeg[middle + 100 :]


def test_a_damaged_frame_is_not_taken_for_another_view(recordings: Recordings, tmp_path: Path) -> None:
    (tmp_path / "damaged.jpg").write_bytes(damaged(recordings.bad("gate").read_bytes()))
    said = compare(recordings.good("gate"), tmp_path / "damaged.jpg", code=1).stdout
    assert said.startswith("stream fault")
    assert "what is left of it was judged flipped_180" in said


def test_another_size_and_infrared_are_remarked_on(recordings: Recordings, tmp_path: Path) -> None:
    Image.open(recordings.good("gate", 9)).convert("L").resize((640, 480)).save(tmp_path / "night.jpg")
    said = compare(recordings.good("gate"), tmp_path / "night.jpg", code=0).stdout
    assert "640 × 480 pixels instead of 320 × 240" in said
    assert "went from day to infrared" in said


def test_a_frame_that_is_no_picture_is_a_stream_fault(recordings: Recordings, tmp_path: Path) -> None:
    (tmp_path / "page.jpg").write_text("<html>Login</html>")
    assert "stream fault" in compare(recordings.good("gate"), tmp_path / "page.jpg", code=1).stdout


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "Name two pictures"),
        (("a.jpg",), "Name two pictures"),
        (("a.jpg", "b.jpg"), "a.jpg does not exist"),
        (("a.jpg", "b.jpg", "--out", "x.csv"), "--out goes with --pairs"),
        (("--pairs", "p.csv"), "Say with --out"),
        (("--pairs", "p.csv", "--out", "v.csv"), "p.csv cannot be read (No such file or directory)"),
        (("a.jpg", "--pairs", "p.csv", "--out", "v.csv"), "not both"),
        (("a.jpg", "b.jpg", "--threshold", "blurr=1"), "There is no threshold 'blurr'"),
        (("a.jpg", "b.jpg", "--threshold", "blur_ratio=low"), "gives no number"),
        (("a.jpg", "b.jpg", "--bundle", "none.bundle"), "There is no bundle at none.bundle"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: tuple[str, ...], problem: str) -> None:
    assert problem in compare(*arguments, code=2).stderr
