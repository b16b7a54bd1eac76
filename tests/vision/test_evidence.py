"""Pictures of an incident: that they show what is true, and that people can look at them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from monitor.domain.displacement import Displacement
from monitor.domain.exhibit import Drawn, Exhibit, Shot
from monitor.domain.frame import Pixels
from monitor.domain.orientation import Orientation, turn
from monitor.domain.view import Rectangle
from monitor.simulator import Pose, scene
from monitor.simulator.view import View
from monitor.vision.captions import LONG_SIDE_PX
from monitor.vision.evidence import draw
from monitor.vision.overlay import disagree, lay_over
from tests.vision.drawn import canvas, in_other_light, look

MOVE = Displacement(0.08, -0.05, 2.0, 1.03)


@pytest.fixture(scope="module")
def street() -> tuple[Pixels, Pixels]:
    """A street of the simulated site, and the same after the camera was knocked by `MOVE`."""
    drawn = scene(11, "street", (480, 360))
    return (
        View.of(drawn, Pose()).albedo,
        View.of(drawn, Pose(MOVE.dx, MOVE.dy, MOVE.roll_deg, MOVE.zoom)).albedo,
    )


def opened(content: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(content))
    picture.load()
    return picture


def exhibit(reference: Pixels, event: Pixels, **more: object) -> Exhibit:
    return Exhibit(
        "quay has moved: 8.0 % right", Shot(reference, "Reference."), Shot(event, "Event."), **more
    )  # type: ignore[arg-type]


@pytest.mark.parametrize("orientation", Orientation)
def test_what_was_turned_and_moved_is_brought_back(street: tuple[Pixels, Pixels], orientation: Orientation):
    reference, moved = street
    laid = lay_over(reference, turn(moved, orientation), orientation, MOVE)
    apart = np.abs(laid.after.astype(int) - reference.astype(int))[laid.seen == 1]
    assert np.median(apart) <= 4
    assert 0.8 < laid.seen.mean() < 0.95


@pytest.mark.parametrize("orientation", Orientation)
def test_edges_disagree_far_less_once_they_are_brought_back(
    street: tuple[Pixels, Pixels], orientation: Orientation
):
    drawn = draw(exhibit(street[0], turn(street[1], orientation), orientation=orientation, displacement=MOVE))
    assert drawn.disagreement_before is not None
    assert drawn.disagreement_after is not None
    assert drawn.disagreement_before > 0.6
    assert drawn.disagreement_after < 0.3


def test_bringing_back_the_wrong_way_does_not_help(street: tuple[Pixels, Pixels]):
    wrong = Displacement(-MOVE.dx, -MOVE.dy, -MOVE.roll_deg, 1 / MOVE.zoom)
    drawn = draw(exhibit(*street, displacement=wrong))
    assert drawn.disagreement_after is not None
    assert drawn.disagreement_after > 0.6


def test_other_light_is_no_disagreement():
    reference = look(canvas())
    assert disagree(reference, in_other_light(reference)).mean < 0.45
    assert disagree(reference, look(canvas(2))).mean > 0.65


def test_what_is_hidden_is_found_where_it_is_and_nowhere_else():
    reference = look(canvas())
    covered = reference.copy()
    covered[120:360, 320:560] = look(canvas(5))[120:360, 320:560]
    local = disagree(reference, covered).local
    rows, columns = local.shape
    inside = local[rows * 150 // 480 : rows * 330 // 480, columns * 350 // 640 : columns * 530 // 640]
    assert np.median(inside) > 0.4
    assert np.median(local[:, : columns * 300 // 640]) < 0.05


def test_masked_parts_have_no_say():
    reference = look(canvas())
    covered = reference.copy()
    covered[:, 320:] = look(canvas(5))[:, 320:]
    masked = disagree(reference, covered, masks=[Rectangle(0.45, 0.0, 0.55, 1.0)])
    assert masked.mean < 0.1 < disagree(reference, covered).mean


def pictures_of(drawn: Drawn) -> dict[str, Image.Image]:
    return {name: opened(content) for name, content in drawn.pictures.items()}


@pytest.mark.parametrize(
    ("shape", "event_shape"),
    [((1080, 1920), (1080, 1920)), ((240, 320), (480, 640)), ((480, 640), (640, 480)), ((900, 300), (240, 320))],
)  # fmt: skip
def test_pictures_of_every_size_and_shape_are_jpegs_that_fit_a_screen(
    shape: tuple[int, int], event_shape: tuple[int, int]
):
    def noise(seed: int, of: tuple[int, int]) -> Pixels:
        return np.random.default_rng(seed).integers(0, 255, (*of, 3), np.uint8)

    reference, event = noise(1, shape), noise(2, event_shape)
    shots = (Shot(reference, "Reference. " * 20), Shot(event, "Event."), Shot(event, ""))
    one = Exhibit("A long name " * 12, *shots, displacement=MOVE)
    found = pictures_of(draw(one))
    assert set(found) == {"reference", "event", "latest", "overlay", "difference"}
    for picture in found.values():
        assert picture.format == "JPEG"
        assert max(picture.size) <= LONG_SIDE_PX
        assert max(picture.size) >= 600


def test_what_there_is_nothing_to_draw_from_is_left_out():
    reference = Shot(look(canvas()), "Reference.")
    assert set(draw(Exhibit("quay is offline", reference)).pictures) == {"reference"}
    assert draw(Exhibit("quay is offline")).pictures == {}
    assert draw(Exhibit("quay is offline", reference)).disagreement_after is None


def test_another_scene_is_laid_over_as_it_came():
    drawn = draw(exhibit(look(canvas(1)), look(canvas(2))))
    assert set(drawn.pictures) == {"reference", "event", "overlay", "difference"}
    assert drawn.disagreement_before == pytest.approx(drawn.disagreement_after, abs=0.001)


def test_unlit_pictures_can_be_drawn():
    black = np.zeros((480, 640, 3), np.uint8)
    drawn = draw(exhibit(black, black, displacement=Displacement()))
    assert drawn.disagreement_after == 0.0
    assert set(drawn.pictures) == {"reference", "event", "overlay", "difference"}


def test_a_dark_event_is_brightened_in_the_overlay_but_not_in_its_own_picture():
    reference = look(canvas())
    dark = (reference.astype(np.float32) * 0.1).astype(np.uint8)
    found = pictures_of(draw(exhibit(reference, dark, displacement=Displacement())))
    cyan = np.asarray(found["overlay"])[100:400, :, 2].mean()
    assert cyan > 50 > np.asarray(found["event"])[100:400].mean()


def test_the_overlay_is_grey_where_both_agree_and_coloured_where_not(street: tuple[Pixels, Pixels]):
    def colour(displacement: Displacement | None) -> float:
        shown = np.asarray(opened(draw(exhibit(*street, displacement=displacement)).pictures["overlay"]))
        inner = shown[shown.shape[0] // 4 : shown.shape[0] // 2, 100:-100].astype(int)
        return float(np.median(np.abs(inner[..., 0] - inner[..., 1])))

    assert colour(MOVE) < 0.5 * colour(None)


def test_words_stand_around_the_picture_and_hide_nothing_of_it():
    plain = np.full((480, 640, 3), 255, np.uint8)
    shown = np.asarray(
        opened(draw(Exhibit("quay is offline", Shot(plain, "Reference."))).pictures["reference"])
    )
    assert shown.shape[0] > 480
    white = (shown > 240).all(axis=2).mean(axis=1)
    assert (white > 0.99).sum() >= 478
    assert (white[:10] < 0.5).all()
    assert (white[-10:] < 0.5).all()
