"""A car park in front of a shop."""

from __future__ import annotations

from functools import partial

import numpy as np

from monitor.simulator.props import building, fence, lamp_post, parked_car, random_style, sign, tree
from monitor.simulator.scene import Scene
from monitor.simulator.scenes.stage import Stage, rectangle, steps_m


def car_park(seed: int, view_size: tuple[int, int]) -> Scene:
    """Rows of marked bays with parked cars, aisles, islands with trees, a shop and a fence behind."""
    stage = Stage("car_park", seed, view_size)
    rng, uniform = stage.rng, stage.uniform
    painter = stage.camera(uniform(8, 12), uniform(18, 26), uniform(-16, 16), uniform(58, 76))
    bay_m, bay_long_m, aisle_m = uniform(2.4, 2.8), 5.0, uniform(6, 7.5)
    rows = [float(y) for y in steps_m(uniform(5, 8), 46, 2 * bay_long_m + aisle_m)]
    columns = steps_m(-26, 26, bay_m)
    far = rows[-1] + 2 * bay_long_m + aisle_m + 2
    regions = [(rectangle(-36, -5, 36, far), "asphalt"), (rectangle(-60, far, 60, far + 5), "slabs")]
    islands = [float(x) for x in rng.choice(columns[2:-2], 4, replace=False)]
    for row in rows:
        regions += [(rectangle(x, row, x + bay_m, row + 2 * bay_long_m), "grass") for x in islands]
    painter.ground("grass", regions)
    for row in rows:
        painter.marking(rectangle(columns[0], row + bay_long_m - 0.06, columns[-1], row + bay_long_m + 0.06))
        for x_m in [*columns, columns[-1] + bay_m]:
            painter.marking(rectangle(x_m - 0.06, row, x_m + 0.06, row + 2 * bay_long_m))
        for x_m in columns:
            for half in (0, 1):
                y_m = row + bay_long_m * (0.5 + half)
                if any(abs(x_m - island) < 0.1 for island in islands):
                    if half:
                        at = (x_m + bay_m / 2, row + bay_long_m)
                        stage.place(*at, partial(tree, painter, *at, uniform(3.5, 6), rng))
                elif rng.random() < 0.5:
                    at = (x_m + bay_m / 2, y_m + uniform(-0.3, 0.3))
                    turn = uniform(-3, 3) + (180 if rng.random() < 0.4 else 0)
                    stage.place(*at, partial(parked_car, painter, *at, turn, rng))
    for row in rows:
        y_m = row + 2 * bay_long_m + aisle_m / 2
        for x_m in (-18.0, 2.0, 18.0):
            shaft = np.array(
                [[x_m, y_m - 0.12], [x_m + 2.2, y_m - 0.12], [x_m + 2.2, y_m + 0.12], [x_m, y_m + 0.12]]
            )
            head = np.array([[x_m + 2.2, y_m - 0.5], [x_m + 3.4, y_m], [x_m + 2.2, y_m + 0.5]])
            painter.marking(shaft)
            painter.marking(head)
        stage.lane([(-50, y_m - 1.4), (50, y_m - 1.4)], "car", 4.5, 40, 0.45, 0.03)
        stage.lane([(-26, y_m + 2), (26, y_m + 2)], "person", 1.2, 12, 0.4, 0.03)
    shop = rectangle(uniform(-38, -28), far + 5, uniform(10, 24), far + 28)
    stage.place(
        -5, far + 8, partial(building, painter, shop, uniform(6, 9), random_style(rng, shop=True), rng)
    )
    for x_m in (-62.0, 40.0):
        box = rectangle(x_m, far + 14, x_m + 20, far + 34)
        stage.place(x_m, far + 20, partial(building, painter, box, uniform(9, 18), random_style(rng), rng))
    for side in (-37, 37):
        for start in steps_m(0, far, 11):
            ends = np.array([float(side), float(start)]), np.array([float(side), start + 11.0])
            stage.place(side, start + 5, partial(fence, painter, *ends, 1.6, (92, 104, 96)))
            if rng.random() < 0.7:
                at = (side + np.sign(side) * uniform(4, 14), start + uniform(0, 10))
                stage.place(*at, partial(tree, painter, *at, uniform(5, 10), rng))
    for row in rows:
        for x_m in (-14.0, 12.0):
            stage.place(
                x_m, row + bay_long_m, partial(lamp_post, painter, x_m, row + bay_long_m, 8.0, 0.9, 18)
            )
    stage.place(-30, far - 3, partial(sign, painter, -30.0, far - 3, 5.0, (3.0, 2.2), (170, 36, 40), rng))
    stage.lane([(-40, far + 2.4), (40, far + 2.4)], "person", 1.3, 8, 0.5, 0.03)
    return stage.finish()
