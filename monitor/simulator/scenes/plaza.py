"""A square in front of public buildings."""

from __future__ import annotations

from functools import partial

import numpy as np

from monitor.simulator.materials import Colour
from monitor.simulator.props import block, building, lamp_post, random_style, sign, tree
from monitor.simulator.scene import Scene
from monitor.simulator.scenes.stage import Stage, rectangle, steps_m


def plaza(seed: int, view_size: tuple[int, int]) -> Scene:
    """Paving with a pattern, a fountain, benches, kiosks, trees, and facades around."""
    stage = Stage("plaza", seed, view_size)
    rng, uniform = stage.rng, stage.uniform
    painter = stage.camera(uniform(6, 11), uniform(13, 20), uniform(-18, 18), uniform(58, 78))
    half, far = uniform(18, 26), uniform(44, 60)
    regions = [(rectangle(-half, 3, half, far - 6), "cobbles" if rng.random() < 0.5 else "concrete")]
    bands = int(rng.integers(2, 5))
    for index in range(bands):
        x_m = -half + (index + 0.5) * 2 * half / bands
        regions.append((rectangle(x_m - 0.8, 3, x_m + 0.8, far - 6), "slabs"))
    fountain = (uniform(-8, 8), uniform(18, 26))
    radius = uniform(3, 4.6)
    angles = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    regions.append((circle * (radius + 2.4) + fountain, "slabs"))
    beds = [(uniform(-half + 3, half - 6), uniform(8, far - 14)) for _ in range(4)]
    beds = [
        bed
        for bed in beds
        if abs(bed[0] - fountain[0]) > radius + 4 or abs(bed[1] - fountain[1]) > radius + 5
    ]
    regions += [(rectangle(x, y, x + 3.4, y + 5), "grass") for x, y in beds]
    painter.ground("slabs", regions)
    stage.place(*fountain, partial(_fountain, stage, circle * radius + fountain, fountain))
    for x, y in beds:
        stage.place(x + 1.7, y + 2.5, partial(tree, painter, x + 1.7, y + 2.5, uniform(4, 7), rng))
        bench = rectangle(x + 0.4, y - 1.3, x + 2.6, y - 0.7)
        stage.place(x, y - 1, partial(block, painter, bench, 0.0, 0.5, (120, 84, 54), rng, 0.3))
    x_m = -70.0
    while x_m < 70:
        width_m = uniform(11, 20)
        box = rectangle(x_m, far + uniform(0, 2), x_m + width_m, far + 16)
        house = partial(building, painter, box, uniform(10, 20), random_style(rng, rng.random() < 0.6), rng)
        stage.place(x_m + width_m / 2, far + 4, house)
        x_m += width_m + 0.1
    for side in (-1, 1):
        y_m = 2.0
        while y_m < far - 6:
            width_m = uniform(9, 15)
            near, deep = side * (half + 4 + uniform(0, 1)), side * (half + 16)
            box = rectangle(min(near, deep), y_m, max(near, deep), y_m + width_m)
            house = partial(building, painter, box, uniform(9, 18), random_style(rng, True), rng)
            stage.place(near, y_m + width_m / 2, house)
            y_m += width_m + (3.0 if rng.random() < 0.2 else 0.05)
    tower = rectangle(uniform(-20, 10), far + 22, uniform(14, 26), far + 36)
    stage.place(0, far + 26, partial(building, painter, tower, uniform(26, 44), random_style(rng), rng))
    for x_m in (-half + 1.5, half - 1.5):
        for y_m in steps_m(uniform(9, 13), far - 6, 10.5):
            if rng.random() < 0.5:
                stage.place(x_m, y_m, partial(tree, painter, x_m, y_m, uniform(4, 6.5), rng))
            else:
                stage.place(x_m, y_m, partial(lamp_post, painter, x_m, y_m, 4.6, 0.2, 13))
    for _ in range(int(rng.integers(2, 5))):
        _kiosk(stage, uniform(-half + 4, half - 4), uniform(far - 20, far - 9))
    at = (uniform(-6, 6), uniform(9, 14))
    stage.place(*at, partial(sign, painter, *at, 2.2, (1.4, 1.0), (50, 84, 62), rng))
    for index in range(6):
        start, end = rng.uniform((-half, 5), (half, far - 6)), rng.uniform((-half, 5), (half, far - 6))
        busy = 0.55 if index < 3 else 0.35
        stage.lane([tuple(start), tuple(end)], "person", uniform(1.0, 1.5), 6.5, busy, 0.04)
    stage.lane([(-half, far - 4.5), (half, far - 4.5)], "person", 1.3, 5, 0.5, 0.05)
    return stage.finish()


def _fountain(stage: Stage, ring: np.ndarray, centre: tuple[float, float]) -> None:
    block(stage.painter, ring, 0.0, 0.7, (176, 172, 162), stage.rng)
    inner = (ring - centre) * 0.88 + centre
    block(stage.painter, inner, 0.66, 0.72, (84, 116, 124), stage.rng)
    x_m, y_m = centre
    block(
        stage.painter,
        rectangle(x_m - 0.5, y_m - 0.5, x_m + 0.5, y_m + 0.5),
        0.7,
        3.0,
        (166, 160, 148),
        stage.rng,
    )


def _kiosk(stage: Stage, x_m: float, y_m: float) -> None:
    paint: Colour = tuple(float(c) for c in stage.rng.integers(60, 190, 3))  # type: ignore[assignment]
    body = rectangle(x_m - 1.6, y_m - 1.2, x_m + 1.6, y_m + 1.2)
    awning = rectangle(x_m - 2.2, y_m - 2.0, x_m + 2.2, y_m + 1.4)
    stage.place(x_m, y_m, partial(block, stage.painter, body, 0.0, 2.4, paint, stage.rng, 0.6))
    stage.place(
        x_m, y_m - 0.1, partial(block, stage.painter, awning, 2.4, 2.7, (206, 198, 184), stage.rng, 1.0)
    )
