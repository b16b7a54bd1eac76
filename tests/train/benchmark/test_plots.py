"""Plots are drawn without global state, and people can tell the lines apart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from train.benchmark.geometry import AXES
from train.benchmark.plots import looks, plot_confusion, plot_detection, plot_reliability, plot_roc
from train.metrics.classification import confusion
from train.metrics.detection import roc
from train.metrics.reliability import reliability

METHODS = [f"method {number}" for number in range(10)]


def test_at_most_six_methods_are_highlighted_and_all_look_different() -> None:
    styles = looks(METHODS)
    assert [look.highlighted for look in styles.values()] == [True] * 6 + [False] * 4
    assert len({(look.colour, str(look.dash)) for look in styles.values()}) == 10
    assert len({str(look.dash) for look in list(styles.values())[:6]}) == 6  # also told apart without colour
    assert max(styles.values(), key=lambda look: look.width) is styles[METHODS[0]]


def test_importing_the_report_loads_neither_pyplot_nor_torch_and_chooses_no_backend() -> None:
    asked = (
        "import sys, train.benchmark.report, matplotlib as m; "
        "print('matplotlib.pyplot' in sys.modules, 'torch' in sys.modules, m.rcParams._get_backend_or_none())"
    )
    run = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False", "None"]


def ink(path: Path) -> float:
    """Share of the picture's pixels that are not white."""
    drawn = cv2.imread(str(path))
    assert drawn is not None
    return float((drawn < 250).any(axis=2).mean())


def columns_right_of_the_axes(path: Path) -> int:
    """White columns at the right edge: a legend that is cut off leaves none."""
    blank = (cv2.imread(str(path)) >= 250).all(axis=(0, 2))
    return int(np.argmin(blank[::-1]))


@pytest.mark.parametrize("count", [1, 10])
def test_every_plot_is_drawn_whole_for_one_method_and_for_many(count: int, tmp_path: Path) -> None:
    methods = METHODS[:count]
    styles = looks(methods)
    rng = np.random.default_rng(0)
    changed = rng.random(300) < 0.5
    scores = changed + rng.normal(0, 0.5, 300)
    plot_roc(dict.fromkeys(methods, roc(changed, scores)), styles, tmp_path / "roc.png")
    curve = [(0.0, 0.1), (1.0, 0.4), (5.0, 1.0)]
    by_axis = {axis.name: dict.fromkeys(methods, curve) for axis in AXES}
    plot_detection(by_axis, styles, tmp_path / "detection.png")
    calibrated = reliability(rng.random(300) < 0.8, np.full(300, 0.8))
    plot_reliability(dict.fromkeys(methods, calibrated), styles, tmp_path / "reliability.png")
    plot_confusion(confusion(["ok", "moved"], ["ok", "dark"]), methods[0], tmp_path / "confusion.png")
    for name in ("roc", "detection", "reliability", "confusion"):
        assert 0.01 < ink(tmp_path / f"{name}.png") < 0.9, name
        assert columns_right_of_the_axes(tmp_path / f"{name}.png") > 0, name


def test_curves_that_lack_an_axis_or_have_one_pair_of_each_class_are_drawn_too(tmp_path: Path) -> None:
    styles = looks(METHODS[:1])
    by_axis = {axis.name: {METHODS[0]: [(2.0, 0.5)] if axis is AXES[0] else []} for axis in AXES}
    plot_detection(by_axis, styles, tmp_path / "detection.png")
    plot_roc({METHODS[0]: roc([True, False], [1.0, 2.0])}, styles, tmp_path / "roc.png")
    assert ink(tmp_path / "detection.png") > 0.01
    assert ink(tmp_path / "roc.png") > 0.01
