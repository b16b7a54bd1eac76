"""A quay with containers and cranes."""

from __future__ import annotations

from functools import partial

import numpy as np

from monitor.simulator.materials import Colour
from monitor.simulator.props import block, building, fence, lamp_post, random_style, sign
from monitor.simulator.scene import Scene
from monitor.simulator.scenes.stage import Stage, rectangle, steps_m
from monitor.simulator.surfaces import wall_facing

_CONTAINERS: tuple[Colour, ...] = (
    (150, 54, 40), (36, 84, 130), (46, 110, 84), (196, 130, 44), (138, 140, 142), (96, 40, 56),
    (210, 204, 190),
)  # fmt: skip


def harbour(seed: int, view_size: tuple[int, int]) -> Scene:
    """Water on one side, a quay with rails, bollards, stacked containers, cranes and a ship."""
    stage = Stage("harbour", seed, view_size)
    rng, uniform = stage.rng, stage.uniform
    painter = stage.camera(uniform(9, 15), uniform(12, 18), uniform(-12, 12), uniform(54, 72))
    side = 1 if rng.random() < 0.5 else -1
    edge = side * uniform(2, 8)
    water = rectangle(edge, -5, edge + side * 900, 1500)
    painter.ground("concrete", [
        (rectangle(edge - side * 22, -5, edge - side * 14, 400), "old_asphalt"),
        (rectangle(edge - side * 60, -5, edge - side * 46, 400), "gravel"),
        (water, "water"),
    ])  # fmt: skip
    for rail in (3.0, 3.9, 11.0, 11.9):
        x_m = edge - side * rail
        painter.marking(rectangle(x_m - 0.06, -5, x_m + 0.06, 260), (74, 66, 60), 0.9)
    painter.marking(
        rectangle(min(edge, edge - side * 0.5), -5, max(edge, edge - side * 0.5), 400), (206, 176, 60)
    )
    stage.dashes(edge - side * 18, 0, 200, 3, 4)
    for y_m in steps_m(5, 180, 9):
        bollard = rectangle(edge - side * 1.2 - 0.25, y_m, edge - side * 1.2 + 0.25, y_m + 0.5)
        stage.place(edge, y_m, partial(block, painter, bollard, 0.0, 0.7, (44, 46, 50), rng))
    for column in range(3):
        x_m = edge - side * (28 + column * 5.5)
        for y_m in steps_m(uniform(10, 16), 150, 13.2):
            for level in range(int(rng.integers(0, 4))):
                hue = _CONTAINERS[int(rng.integers(len(_CONTAINERS)))]
                box = rectangle(x_m - 1.22, y_m, x_m + 1.22, y_m + 12.2)
                draw = partial(block, painter, box, level * 2.6, level * 2.6 + 2.55, hue, rng, 0.4)
                stage.place(x_m, y_m + 6 - level * 0.01, draw)
    for y_m in (uniform(38, 60), uniform(95, 140)):
        stage.place(edge, y_m, partial(_crane, stage, edge - side * 7.4, float(y_m), side))
    ship_at = uniform(55, 85)
    hull: Colour = (52, 58, 74) if rng.random() < 0.5 else (122, 40, 36)
    ship = rectangle(
        min(edge + side * 2, edge + side * 16), ship_at, max(edge + side * 2, edge + side * 16), ship_at + 75
    )
    stage.place(edge, ship_at + 40, partial(block, painter, ship, 0.0, 6.5, hue_of(hull), rng, 3.0))
    middle = edge + side * 9
    house = rectangle(middle - 5, ship_at + 52, middle + 5, ship_at + 64)
    stage.place(middle, ship_at + 39, partial(building, painter, house, 17, random_style(rng), rng))
    for start in (ship_at + 6, ship_at + 20, ship_at + 34):
        cargo = rectangle(middle - 5, start, middle + 5, start + 12)
        hue = _CONTAINERS[int(rng.integers(len(_CONTAINERS)))]
        stage.place(
            middle,
            ship_at + 39.5 - start * 0.001,
            partial(block, painter, cargo, 6.5, uniform(9, 13), hue, rng, 2.4),
        )
    for offset in (54.0, 70.0, 86.0):
        x_m, y_m = edge - side * offset, uniform(70, 150)
        shed = rectangle(x_m - 8, y_m, x_m + 8, y_m + 40)
        stage.place(x_m, y_m + 10, partial(building, painter, shed, uniform(7, 14), random_style(rng), rng))
    for x_m in steps_m(-260, 260, 34):
        far = rectangle(x_m, 620 + uniform(0, 60), x_m + uniform(16, 32), 700)
        stage.place(x_m, 640, partial(building, painter, far, uniform(10, 46), random_style(rng), rng))
    for y_m in steps_m(uniform(14, 22), 150, 30):
        x_m = edge - side * 24.5
        stage.place(x_m, y_m, partial(lamp_post, painter, x_m, y_m, 11.0, side * 1.6, 24))
    for start in steps_m(6, 70, 13):
        ends = np.array([edge - side * 45.0, float(start)]), np.array([edge - side * 45.0, start + 13.0])
        stage.place(edge - side * 45, start + 6, partial(fence, painter, *ends, 2.0, (128, 132, 130)))
    at = (edge - side * 13.0, uniform(18, 26))
    stage.place(*at, partial(sign, painter, *at, 3.0, (1.6, 1.1), (196, 150, 30), rng))
    road = edge - side * 18
    stage.lane([(road - 1.9, -8), (road - 1.9, 200)], "lorry", 7, 38, 0.45, 0.1)
    stage.lane([(road + 1.9, 200), (road + 1.9, -8)], "car", 8, 44, 0.4, 0.08)
    stage.lane([(edge - side * 1.9, 8), (edge - side * 1.9, 80)], "person", 1.2, 14, 0.45, 0.05)
    stage.lane([(edge - side * 26, 60), (edge - side * 13, 10)], "person", 1.3, 16, 0.4, 0.04)
    return stage.finish()


def hue_of(colour: Colour) -> Colour:
    """A hull is lighter than its paint where the plates catch the light."""
    return (colour[0] * 1.15, colour[1] * 1.15, colour[2] * 1.15)


def _crane(stage: Stage, x_m: float, y_m: float, side: int) -> None:
    """A portal crane whose boom reaches over the water."""
    painter = stage.painter
    paint: Colour = (186, 120, 30) if stage.rng.random() < 0.5 else (60, 96, 140)
    front = wall_facing(0, -1)
    for offset in (-4.0, 4.0):
        for y in (y_m + 8, y_m):
            post = rectangle(x_m + offset - 0.4, y - 0.4, x_m + offset + 0.4, y + 0.4)
            block(painter, post, 0.0, 22.0, paint, stage.rng)
    beam = rectangle(x_m - 5, y_m - 0.5, x_m + 5, y_m + 8.5)
    block(painter, beam, 14.0, 15.4, paint, stage.rng, 1.2)
    reach = x_m + side * 32
    boom = rectangle(min(x_m - side * 10, reach), y_m + 3, max(x_m - side * 10, reach), y_m + 5)
    block(painter, boom, 22.0, 24.0, paint, stage.rng, 1.6)
    painter.polygon([[x_m, y_m + 4, 24], [x_m + 0.6, y_m + 4, 34], [x_m - 0.6, y_m + 4, 34]], paint, front)
    painter.polygon(
        [[x_m, y_m + 4, 33.6], [reach, y_m + 4, 24], [reach, y_m + 4, 24.4], [x_m, y_m + 4, 34]], paint, front
    )
