import cv2
import numpy as np

from monitor.domain.frame import Light
from monitor.vision.quality import measure
from tests.vision.drawn import canvas, in_other_light, look


def test_a_black_picture_is_dark_and_without_texture():
    quality = measure((look(canvas()) * 0.03).astype(np.uint8))

    assert quality.brightness < 0.03
    assert quality.contrast < 0.02
    assert quality.texture == 0
    assert quality.dark_fraction > 0.95


def test_defocus_takes_sharpness_and_other_light_does_not():
    scene = look(canvas())
    sharp = measure(scene).sharpness

    assert measure(cv2.GaussianBlur(scene, (0, 0), 10)).sharpness < 0.2 * sharp
    assert measure(in_other_light(scene)).sharpness > 0.5 * sharp


def test_sharpness_of_a_large_picture_is_that_of_its_small_copy():
    scene = look(canvas())
    large = cv2.resize(scene, (1920, 1440), interpolation=cv2.INTER_CUBIC)

    assert abs(measure(large).sharpness - measure(scene).sharpness) < 0.1


def test_a_torn_frame_shows_as_a_block_of_identical_rows():
    scene = look(canvas())
    torn = scene.copy()
    torn[300:] = 128
    green = scene.copy()
    green[240:] = (0, 135, 0)

    assert measure(scene).flat_rows == 0
    assert 0.3 < measure(torn).flat_rows < 0.45
    assert measure(green).flat_rows > 0.4


def test_black_bars_and_a_white_sky_are_no_tear():
    letterboxed = look(canvas())
    letterboxed[:60] = letterboxed[-60:] = 0
    bright = look(canvas())
    bright[:200] = 255

    assert measure(letterboxed).flat_rows == 0
    assert measure(bright).flat_rows == 0


def test_infrared_pictures_are_told_by_their_lack_of_colour():
    scene = look(canvas())
    grey = cv2.cvtColor(cv2.cvtColor(scene, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)

    assert measure(grey).light is Light.INFRARED
    assert measure(scene).light is Light.DAY


def test_a_picture_of_one_colour_has_finite_measures():
    quality = measure(np.full((100, 100, 3), 200, np.uint8))

    assert quality.texture == 0
    assert 0 <= quality.sharpness <= 1


def test_text_and_noise_of_the_sensor_do_not_hide_a_lost_focus():
    scene = look(canvas())
    smeared = cv2.GaussianBlur(scene, (0, 0), 10)
    for x in range(0, smeared.shape[1], 90):
        cv2.putText(smeared, "CAM 7", (x, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 1)
    grain = np.random.default_rng(1).normal(0, 6, smeared.shape)
    marked = np.clip(smeared + grain, 0, 255).astype(np.uint8)
    assert measure(marked).sharpness < 0.4 * measure(scene).sharpness


def test_rows_that_repeat_the_one_above_are_a_torn_picture():
    torn = look(canvas()).copy()
    torn[200:] = torn[200]

    assert measure(torn).flat_rows > 0.5
    assert measure(look(canvas())).flat_rows < 0.02


def test_pilasters_and_fog_are_no_torn_picture():
    stripes = np.tile(np.where(np.arange(640) // 8 % 2, 60, 200).astype(np.uint8), (480, 1))
    noise = np.random.default_rng(0).normal(0, 4, (480, 640))
    facade = np.clip(stripes + noise, 0, 255).astype(np.uint8)[..., None].repeat(3, axis=2)
    fog = np.linspace(120, 200, 640)[None].repeat(480, 0).astype(np.uint8)[..., None].repeat(3, axis=2)

    assert measure(facade).flat_rows < 0.1
    assert measure(fog).flat_rows == 0


def test_a_missing_infrared_cut_filter_casts_purple():
    scene = look(canvas())
    assert abs(measure(scene).magenta) < 0.05
    assert measure(np.clip(scene * (1.3, 0.7, 1.2), 0, 255).astype(np.uint8)).magenta > 0.12
