import numpy as np
import pytest

from monitor.domain.displacement import Displacement
from monitor.domain.orientation import Orientation
from monitor.vision.alignment import Prepared, align
from monitor.vision.gradient import working_luma
from monitor.vision.injection import NOTHING, WINDOW, Injection, InvalidInjection, inject
from monitor.vision.quality import measure
from tests.vision.drawn import canvas


def prepared(picture):
    return Prepared(working_luma(picture))


def test_an_injected_move_is_measured_as_it_was_asked_for():
    scene = canvas()
    move = Injection.parse("move:0.05,-0.03,2,1.04")

    found = align(prepared(inject(scene, NOTHING)), prepared(inject(scene, move))).displacement

    assert found.dx == pytest.approx(0.05, abs=0.003)
    assert found.dy == pytest.approx(-0.03, abs=0.003)
    assert found.roll_deg == pytest.approx(2, abs=0.2)
    assert found.zoom == pytest.approx(1.04, abs=0.004)


def test_a_moved_window_shows_real_content_at_its_borders():
    scene = canvas()
    plain, moved = inject(scene), inject(scene, Injection(displacement=Displacement(0.1, 0.0)))
    columns = round(plain.shape[1] * 0.1)

    assert plain.shape == (round(900 * WINDOW), round(1200 * WINDOW), 3)
    assert np.corrcoef(moved[:, columns:].ravel(), plain[:, :-columns].ravel())[0, 1] > 0.99
    assert measure(moved[:, :columns]).texture > 0.3


def test_turns_cover_and_defocus_do_what_they_say():
    scene = canvas()
    plain = inject(scene)

    assert np.array_equal(inject(scene, Injection.parse("flip")), plain[::-1, ::-1])
    assert np.array_equal(inject(scene, Injection.parse("mirror")), plain[:, ::-1])
    assert inject(scene, Injection.parse("rotate_90")).shape[:2] == plain.shape[1::-1]
    assert measure(inject(scene, Injection.parse("cover"))).texture == 0
    assert measure(inject(scene, Injection.parse("defocus"))).sharpness < 0.3 * measure(plain).sharpness
    assert Injection.parse("rotate_270").orientation is Orientation.ROTATED_270


@pytest.mark.parametrize(
    "text", ["", "move", "move:", "move:a,b", "move:1,2,3,4,5", "move:0.1,0,0,0", "flip:1", "melt"]
)
def test_what_is_no_fault_is_refused_with_the_words_that_are(text):
    with pytest.raises(InvalidInjection, match="mirror"):
        Injection.parse(text)
