"""A motorway seen from a gantry."""

from __future__ import annotations

from functools import partial

import numpy as np

from monitor.simulator.props import block, building, fence, lamp_post, random_style, sign, tree
from monitor.simulator.scene import Scene
from monitor.simulator.scenes.stage import Stage, rectangle, steps_m


def motorway(seed: int, view_size: tuple[int, int]) -> Scene:
    """Two carriageways with a median barrier, verges, trees, signs and a sign bridge far off."""
    stage = Stage("motorway", seed, view_size)
    rng, uniform = stage.rng, stage.uniform
    painter = stage.camera(uniform(7, 12), uniform(9, 16), uniform(-12, 12), uniform(44, 64))
    lanes, lane_m = int(rng.integers(2, 4)), 3.6
    median = uniform(1.5, 4.5)
    shift = uniform(-5, 5)
    inner, outer = median / 2, median / 2 + lanes * lane_m + 2.8
    regions = [
        (rectangle(shift + inner, -5, shift + outer, 900), "asphalt"),
        (rectangle(shift - outer, -5, shift - inner, 900), "old_asphalt"),
        (rectangle(shift - inner, -5, shift + inner, 900), "gravel" if rng.random() < 0.5 else "grass"),
    ]
    if rng.random() < 0.7:
        slip = shift + outer
        regions.append(
            (
                np.array([[slip, 20], [slip + 4, 20], [slip + 22, 130], [slip + 16, 130], [slip, 60]]),
                "asphalt",
            )
        )
    painter.ground("grass", regions)
    for side in (-1, 1):
        painter.marking(
            rectangle(
                shift + side * inner - 0.1 + side * 0.35, -5, shift + side * inner + 0.1 + side * 0.35, 400
            )
        )
        edge = shift + side * (median / 2 + 0.5 + lanes * lane_m)
        painter.marking(rectangle(edge - 0.12, -5, edge + 0.12, 400))
        for index in range(1, lanes):
            stage.dashes(shift + side * (median / 2 + 0.5 + index * lane_m), -3, 260, 4, 8, 0.18)
    for start in steps_m(4, 300, 24):
        barrier = rectangle(shift - 0.3, start, shift + 0.3, start + 24)
        stage.place(shift, start + 12, partial(block, painter, barrier, 0.0, 0.95, (168, 168, 162), rng))
    for side in (-1, 1):
        for _ in range(int(rng.integers(22, 36))):
            x_m, y_m = shift + side * (outer + uniform(5, 60)), uniform(18, 260)
            if side > 0 and x_m < shift + outer + 26 and y_m < 140:
                continue
            stage.place(x_m, y_m, partial(tree, painter, x_m, y_m, uniform(5, 13), rng))
        rail = shift + side * (outer + 1.2)
        for start in steps_m(6, 120, 22):
            if side > 0 and start < 130 and len(regions) > 3:
                continue
            ends = np.array([rail, float(start)]), np.array([rail, start + 22.0])
            stage.place(rail, start + 11, partial(fence, painter, *ends, 0.8, (172, 176, 178)))
        for _ in range(int(rng.integers(2, 6))):
            x_m, y_m = shift + side * uniform(60, 150), uniform(150, 330)
            box = rectangle(x_m - 14, y_m, x_m + 14, y_m + 16)
            stage.place(x_m, y_m, partial(building, painter, box, uniform(8, 26), random_style(rng), rng))
    for y_m in (uniform(34, 60), uniform(95, 140)):
        x_m = shift - outer - 2.6
        stage.place(x_m, y_m, partial(sign, painter, x_m, y_m, 5.5, (4.2, 2.6), (24, 92, 58), rng))
    bridge = uniform(150, 210)
    deck = rectangle(shift - outer - 12, bridge, shift + outer + 12, bridge + 8)
    stage.place(shift, bridge, partial(block, painter, deck, 5.6, 7.6, (160, 156, 148), rng))
    for y_m in steps_m(uniform(18, 30), 170, 38):
        stage.place(shift, y_m, partial(lamp_post, painter, shift, y_m, 10.5, 2.2, 24))
    for index in range(lanes):
        offset = median / 2 + 0.5 + (index + 0.5) * lane_m
        speed = 24 + 4 * (lanes - index)
        stage.lane(
            [(shift + offset, -10), (shift + offset, 330)],
            "lorry" if index == lanes - 1 else "car",
            speed,
            48,
            0.5,
            0.14,
        )
        stage.lane(
            [(shift - offset, 330), (shift - offset, -10)],
            "lorry" if index == lanes - 1 else "car",
            speed,
            52,
            0.5,
            0.14,
        )
    return stage.finish()
