"""The pictures: the same for the same moment, and changed by each event as it says."""

import subprocess
import sys
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from monitor.simulator import (
    KINDS,
    Event,
    ScriptError,
    SimulatedCamera,
    SimulatedClock,
    SimulatorError,
    Site,
    scene,
)
from monitor.simulator.events import EVENT_KINDS
from tests.simulator.conftest import CAMERAS, NOON, SIZE

WIDTH, HEIGHT = SIZE
LATER = NOON + timedelta(minutes=5)


def grey(frame):
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)


def likeness(first, second):
    """Correlation of two frames without their burnt-in text."""
    return float(np.corrcoef(grey(first)[25:-25].ravel(), grey(second)[25:-25].ravel())[0, 1])


def displacement(reference, frame):
    """dx, dy (fractions), roll (degrees, counter-clockwise) and zoom by matched features."""
    detector = cv2.SIFT_create(2000)
    mask = np.zeros(reference.shape[:2], np.uint8)
    mask[25:-25] = 255
    first, second = (detector.detectAndCompute(grey(f).astype(np.uint8), mask) for f in (reference, frame))
    pairs = cv2.BFMatcher(cv2.NORM_L2, crossCheck=True).match(first[1], second[1])
    source = np.float32([first[0][p.queryIdx].pt for p in pairs])
    target = np.float32([second[0][p.trainIdx].pt for p in pairs])
    matrix, _ = cv2.estimateAffinePartial2D(source, target, ransacReprojThreshold=1.5)
    centre = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    shift = matrix[:, :2] @ centre + matrix[:, 2] - centre
    zoom = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    # On the screen y points down, so a positive angle of the matrix is clockwise.
    roll = -float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])))
    return shift[0] / WIDTH, shift[1] / HEIGHT, roll, zoom


def test_the_same_moment_gives_the_same_pixels_in_any_order(make_site):
    one, two = make_site(), make_site()
    late = one.render("gate", LATER)
    early = one.render("gate", NOON)
    assert np.array_equal(two.render("gate", NOON), early)
    assert np.array_equal(two.render("gate", LATER), late)
    assert not np.array_equal(early, late)


def test_another_process_draws_the_same_pixels(make_site):
    code = (
        "from tests.simulator.conftest import *; import zlib\n"
        "site = Site(CAMERAS[:1], SimulatedClock(NOON, 0))\n"
        "print(zlib.crc32(site.render('gate', NOON).tobytes()))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(found.stdout) == zlib.crc32(make_site().render("gate", NOON).tobytes())


def test_frames_have_the_size_and_type_that_the_camera_promises(make_site):
    frame = make_site().render("hall", NOON)
    assert frame.shape == (HEIGHT, WIDTH, 3)
    assert frame.dtype == np.uint8


@pytest.mark.parametrize("kind", KINDS)
def test_another_seed_draws_another_place_of_every_kind(kind):
    first, second = scene(1, kind, (160, 120)), scene(2, kind, (160, 120))
    assert first.albedo.std() > 20
    assert abs(np.corrcoef(first.albedo.ravel(), second.albedo.ravel())[0, 1]) < 0.9
    assert not np.array_equal(first.albedo, second.albedo)


@pytest.mark.parametrize(
    ("dx", "dy", "roll", "zoom"),
    [
        (0.06, 0.0, 0, 1),
        (0.0, 0.05, 0, 1),
        (-0.08, -0.04, 0, 1),
        (0, 0, 5, 1),
        (0, 0, 0, 1.1),
        (0.05, -0.03, -4, 0.92),
    ],
)
@pytest.mark.parametrize("camera", ["gate", "hall"])
def test_move_displaces_the_content_right_down_counter_clockwise_and_larger(
    make_site, camera, dx, dy, roll, zoom
):
    site = make_site((camera, "move", 1, {"dx": dx, "dy": dy, "roll": roll, "zoom": zoom}))
    found = displacement(site.render(camera, NOON), site.render(camera, NOON + timedelta(minutes=1)))
    assert found[:2] == pytest.approx((dx, dy), abs=0.006)
    assert found[2] == pytest.approx(roll, abs=0.25)
    assert found[3] == pytest.approx(zoom, abs=0.008)


def test_a_moved_camera_sees_real_content_at_the_new_border(make_site):
    site = make_site(("gate", "move", 1, {"dx": 0.2}))
    moved = grey(site.render("gate", NOON + timedelta(minutes=1)))
    assert moved[60:200, : WIDTH // 6].std() > 10
    mirrored = moved[60:200, : WIDTH // 5]
    assert (
        abs(
            np.corrcoef(mirrored.ravel(), moved[60:200, WIDTH // 5 : 2 * (WIDTH // 5)][:, ::-1].ravel())[0, 1]
        )
        < 0.9
    )


@pytest.mark.parametrize(
    ("do", "undo"),
    [
        ("flip", lambda f: f[::-1, ::-1]),
        ("mirror", lambda f: f[:, ::-1]),
        ("rotate_90", lambda f: np.rot90(f, -1)),
        ("rotate_270", lambda f: np.rot90(f, 1)),
    ],
)
def test_an_orientation_undone_is_the_healthy_picture_but_for_the_upright_text(make_site, do, undo):
    healthy = make_site().render("hall", LATER)
    turned = make_site(("hall", do, 1, {})).render("hall", LATER)
    assert (undo(turned) == healthy).all(axis=2).mean() > 0.9
    if turned.shape == healthy.shape:
        assert likeness(turned, healthy) < 0.8
        clock = (slice(4, 24), slice(4, 140))
        written, as_before = ((f[clock] == 244).all(axis=2) for f in (turned, healthy))
        assert (written & as_before).sum() > 0.9 * as_before.sum() > 20


def test_a_quarter_turn_that_keeps_the_size_is_a_roll_of_ninety_degrees(make_site):
    site = make_site(("hall", "rotate_90", 1, {"keep_size": True}))
    turned = site.render("hall", LATER)
    assert turned.shape == (HEIGHT, WIDTH, 3)
    middle = np.rot90(turned, -1)[WIDTH // 2 - 80 : WIDTH // 2 + 80]
    healthy = site.render("hall", NOON)[:, WIDTH // 2 - 120 : WIDTH // 2 + 120][
        HEIGHT // 2 - 80 : HEIGHT // 2 + 80
    ]
    assert likeness(middle, healthy) > 0.9


def test_cover_hides_the_fraction_that_it_says(make_site):
    healthy = make_site().render("hall", LATER).astype(int)
    covered = make_site(("hall", "cover", 1, {"fraction": 0.4})).render("hall", LATER).astype(int)
    changed = np.abs(covered - healthy).max(axis=2) > 12
    assert changed.mean() == pytest.approx(0.4, abs=0.06)


def test_defocus_takes_the_detail_and_leaves_the_text(make_site):
    frames = [make_site(*h).render("hall", LATER)[25:-25] for h in ((), (("hall", "defocus", 1, {}),))]
    healthy, soft = (cv2.Laplacian(cv2.GaussianBlur(grey(f), (0, 0), 1.5), cv2.CV_32F).var() for f in frames)
    assert soft < healthy / 20


@pytest.mark.parametrize(("do", "low", "high"), [("darken", 0, 25), ("overexpose", 215, 255)])
def test_exposure_faults_leave_almost_no_picture(make_site, do, low, high):
    assert low <= grey(make_site(("hall", do, 1, {})).render("hall", LATER))[25:-25].mean() <= high


def test_a_frozen_camera_gives_the_same_bytes_with_the_clock_of_the_last_picture(make_site):
    site = make_site(("gate", "freeze", 1, {}), ("gate", "flip", 2, {}), ("gate", "restore", 9, {}))
    frozen = [site.snapshot("gate", NOON + timedelta(minutes=m)) for m in (1, 3, 8)]
    assert frozen[0] == frozen[1] == frozen[2]
    assert site.capture_time("gate", LATER) == NOON + timedelta(minutes=1)
    assert site.snapshot("gate", NOON + timedelta(minutes=9)) != frozen[0]


def test_swapped_cameras_show_each_other_until_one_is_restored(make_site):
    site = make_site(("gate", "swap", 1, {"with": "hall"}), ("hall", "restore", 10, {}))
    healthy = make_site()
    assert np.array_equal(site.render("gate", LATER), healthy.render("hall", LATER))
    assert np.array_equal(site.render("hall", LATER), healthy.render("gate", LATER))
    after = NOON + timedelta(minutes=10)
    assert np.array_equal(site.render("gate", after), healthy.render("gate", after))
    assert site.truth(LATER)["gate"] == {"shows": "hall"}


def test_restore_undoes_everything_and_truth_tells_what_is_wrong(make_site):
    site = make_site(
        ("gate", "flip", 1, {}), ("gate", "move", 2, {"dx": 0.1}), ("gate", "cover", 3, {"fraction": 0.5}),
        ("gate", "restore", 6, {}),
    )  # fmt: skip
    assert site.truth(LATER)["gate"] == {
        "orientation": "flipped_180",
        "move": {"dx": 0.1, "dy": 0.0, "roll": 0.0, "zoom": 1.0},
        "covered": 0.5,
    }
    after = NOON + timedelta(minutes=7)
    assert np.array_equal(site.render("gate", after), make_site().render("gate", after))
    assert site.truth(after)["gate"] == {}


def test_night_is_darker_and_an_infrared_camera_turns_monochrome(make_site):
    site, midnight = make_site(), NOON + timedelta(hours=12)
    assert grey(site.render("gate", midnight)).mean() < 0.7 * grey(site.render("gate", NOON)).mean()
    colours = [
        np.ptp(cv2.blur(site.render("yard", at)[25:-25], (9, 9)), axis=2).mean() for at in (NOON, midnight)
    ]
    assert colours[0] > 10
    assert colours[1] < 4


def test_an_event_for_an_unknown_camera_is_refused_with_the_names_there_are(make_site):
    with pytest.raises(ScriptError, match="gate, yard, hall"):
        make_site().apply(Event("door", "flip", NOON))


def test_a_time_without_a_zone_is_refused(make_site):
    with pytest.raises(SimulatorError, match="time zone"):
        make_site().render("gate", datetime(2026, 6, 1))  # noqa: DTZ001


@pytest.mark.parametrize("fields", [{"name": "../x"}, {"kind": "moon"}, {"size": (10, 10)}])
def test_a_camera_that_cannot_be_is_refused(fields):
    with pytest.raises(SimulatorError):
        SimulatedCamera(**{"name": "gate", "kind": "street", "seed": 1, **fields})


def test_two_cameras_of_one_name_are_refused():
    with pytest.raises(SimulatorError, match="a name of its own"):
        Site((CAMERAS[0], CAMERAS[0]), SimulatedClock(NOON))


def test_the_clock_runs_at_its_speed_and_does_not_jump_when_the_speed_changes():
    real = [100.0]
    clock = SimulatedClock(datetime(2026, 6, 1, tzinfo=UTC), 60, monotonic=lambda: real[0])
    real[0] += 10
    assert clock.now() == datetime(2026, 6, 1, 0, 10, tzinfo=UTC)
    clock.set_speed(1)
    real[0] += 5
    assert clock.now() == datetime(2026, 6, 1, 0, 10, 5, tzinfo=UTC)


def test_every_event_is_documented():
    text = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")
    assert [do for do in EVENT_KINDS if f"`{do}`" not in text] == []
    assert [kind for kind in KINDS if f"`{kind}`" not in text] == []
