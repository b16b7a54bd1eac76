"""A street crossing between houses."""

from __future__ import annotations

from functools import partial

from monitor.simulator.props import building, lamp_post, parked_car, random_style, sign, tree
from monitor.simulator.scene import Scene
from monitor.simulator.scenes.stage import Stage, rectangle, steps_m


def street_crossing(seed: int, view_size: tuple[int, int]) -> Scene:
    """Two streets that cross, zebra markings, rows of houses with shops, trees and parked cars."""
    stage = Stage("street", seed, view_size)
    rng, uniform = stage.rng, stage.uniform
    painter = stage.camera(uniform(5.5, 9), uniform(11, 18), uniform(-14, 14), uniform(56, 76))
    half = uniform(3.4, 5.0)
    walk = uniform(2.4, 4.0)
    cross = uniform(24, 34)
    cross_half = uniform(3.2, 4.6)
    front = half + walk
    centre = uniform(-3, 3)
    left, right = centre - half, centre + half
    painter.ground(
        "slabs",
        [
            (rectangle(left, -5, right, 160), "asphalt"),
            (rectangle(-120, cross - cross_half, 120, cross + cross_half), "old_asphalt"),
            (rectangle(right + walk * 0.55, 4, right + walk * 0.95, cross - cross_half - 4), "grass"),
        ],
    )
    stage.dashes(centre, -2, cross - cross_half - 6, 3, 3)
    stage.dashes(centre, cross + cross_half + 6, 120, 3, 3)
    for y_m in (cross - cross_half - 3.4, cross + cross_half + 0.8):
        for x_m in steps_m(left + 0.4, right - 0.3, 1.0):
            painter.marking(rectangle(x_m, y_m, x_m + 0.5, y_m + 2.6))
    painter.marking(rectangle(centre + 0.2, cross - cross_half - 4.6, right - 0.1, cross - cross_half - 4.2))
    for x_m in (left - 0.15, right):
        painter.marking(rectangle(x_m, -5, x_m + 0.15, cross - cross_half), (190, 186, 176), 0.5)
    for side in (-1, 1):
        y_m = -6.0
        while y_m < 130:
            depth_m, width_m = uniform(9, 14), uniform(9, 16)
            gap = y_m < cross + cross_half + walk and y_m + width_m > cross - cross_half - walk
            if gap:
                y_m = cross + cross_half + walk + 0.5
                continue
            x0 = centre + side * (front + uniform(0, 0.6))
            box = rectangle(min(x0, x0 + side * depth_m), y_m, max(x0, x0 + side * depth_m), y_m + width_m)
            house = partial(
                building, painter, box, uniform(7, 17), random_style(rng, rng.random() < 0.6), rng
            )
            stage.place(x0, y_m + width_m / 2, house)
            y_m += width_m + (uniform(2, 6) if rng.random() < 0.15 else 0.05)
    end = rectangle(-24 + centre, 150, 24 + centre, 165)
    stage.place(0, 155, partial(building, painter, end, uniform(12, 22), random_style(rng), rng))
    for y_m in steps_m(uniform(8, 13), 100, uniform(9, 14)):
        if abs(y_m - cross) < cross_half + 4:
            continue
        x_m = right + walk * 0.75
        stage.place(x_m, y_m, partial(tree, painter, x_m, y_m, uniform(4.5, 8), rng))
        if rng.random() < 0.75:
            stage.place(left + 1.1, y_m, partial(parked_car, painter, left + 1.1, y_m + 4, 0.0, rng))
    for y_m in steps_m(uniform(12, 18), 110, 24):
        stage.place(left - 0.7, y_m, partial(lamp_post, painter, left - 0.7, y_m, 7.0, 1.6))
    sign_at = (right + 0.6, cross - cross_half - 5)
    stage.place(*sign_at, partial(sign, painter, *sign_at, 2.9, (1.1, 0.8), (30, 70, 150), rng))
    stage.lane([(right - half * 0.45, -8), (right - half * 0.45, 150)], "car", 11, 26, 0.45, 0.08)
    stage.lane([(left + half * 0.75, 150), (left + half * 0.75, -8)], "car", 10, 30, 0.4, 0.06)
    stage.lane([(-70, cross - cross_half / 2), (70, cross - cross_half / 2)], "car", 9, 34, 0.4, 0.05)
    stage.lane([(70, cross + cross_half / 2), (-70, cross + cross_half / 2)], "car", 9, 38, 0.35, 0.05)
    stage.lane([(right + walk * 0.3, 6), (right + walk * 0.3, 80)], "person", 1.4, 9, 0.5, 0.04)
    stage.lane([(left - walk * 0.5, 80), (left - walk * 0.5, 6)], "person", 1.3, 11, 0.45, 0.03)
    zebra = cross - cross_half - 2.1
    stage.lane([(left - walk, zebra), (right + walk, zebra)], "person", 1.4, 9, 0.3, 0.02)
    return stage.finish()
