"""A hall with racks, indoors."""

from __future__ import annotations

from functools import partial

from monitor.simulator.materials import Colour
from monitor.simulator.props import block, sign
from monitor.simulator.scene import Lamp, Scene
from monitor.simulator.scenes.stage import Stage, rectangle, steps_m
from monitor.simulator.surfaces import EMITTER_ALWAYS, TOP, wall_facing

_GOODS: tuple[Colour, ...] = (
    (172, 132, 88),
    (186, 150, 108),
    (150, 112, 74),
    (70, 104, 150),
    (196, 190, 178),
    (150, 60, 50),
)


def warehouse(seed: int, view_size: tuple[int, int]) -> Scene:
    """Racks with pallets, a marked floor, columns, a roof with luminaires and a far wall with gates."""
    stage = Stage("warehouse", seed, view_size)
    rng, uniform = stage.rng, stage.uniform
    roof_m = uniform(9, 12)
    painter = stage.camera(uniform(5, 7), uniform(12, 20), uniform(-16, 16), uniform(62, 80), indoor=True)
    wide, long = uniform(26, 38), uniform(46, 70)
    painter.ground("epoxy", [(rectangle(-2.2, -5, 2.2, long), "concrete")])
    for x_m in (-2.3, 2.2):
        painter.marking(rectangle(x_m, -5, x_m + 0.12, long), (214, 182, 40))
    _shell(stage, wide, long, roof_m)
    pitch = uniform(5.6, 7.2)
    racks = [
        side * (pitch * (i + 0.75)) for side in (-1, 1) for i in range(4) if pitch * (i + 0.75) + 1.2 < wide
    ]
    start = uniform(9, 13)
    for x_m in racks:
        hue: Colour = (200, 92, 30) if rng.random() < 0.6 else (40, 76, 140)
        for y_m in steps_m(start, long - 7, 2.9):
            if abs(y_m - (start + 14.5)) < 1.5:
                continue
            stage.place(x_m, y_m, partial(_rack, stage, x_m, float(y_m), int(rng.integers(3, 5)), hue))
    for _ in range(int(rng.integers(5, 11))):
        x_m, y_m = uniform(-wide * 0.8, wide * 0.8), uniform(5, start - 1.5)
        box = rectangle(x_m - 0.6, y_m - 0.5, x_m + 0.6, y_m + 0.5)
        goods = _GOODS[int(rng.integers(len(_GOODS)))]
        stage.place(x_m, y_m, partial(block, painter, box, 0.0, uniform(0.8, 1.8), goods, rng))
    for x_m in racks[::2]:
        stage.place(
            x_m, start - 1, partial(sign, painter, x_m, start - 1, 4.6, (1.2, 0.7), (40, 40, 44), rng)
        )
    stage.lane([(0.9, 4), (0.9, long - 3)], "forklift", 2.6, 24, 0.5, 0.05)
    stage.lane([(-1.0, long - 3), (-1.0, 4)], "person", 1.2, 11, 0.4, 0.03)
    stage.lane([(-wide * 0.8, start + 14.5), (wide * 0.8, start + 14.5)], "person", 1.2, 13, 0.4, 0.02)
    stage.lane([(-wide * 0.7, start - 2.5), (wide * 0.7, start - 2.5)], "person", 1.1, 15, 0.4, 0.02)
    return stage.finish()


def _shell(stage: Stage, wide: float, long: float, roof_m: float) -> None:
    painter, rng = stage.painter, stage.rng
    painter.polygon(
        [[-wide, -5, roof_m], [wide, -5, roof_m], [wide, long, roof_m], [-wide, long, roof_m]],
        (104, 108, 112),
        TOP,
    )
    for y_m in steps_m(long - 2, 0, -5.0):
        painter.polygon(
            [[x, y_m, roof_m - drop] for x, drop in ((-wide, 0.1), (wide, 0.1), (wide, 0.9), (-wide, 0.9))],
            (132, 136, 142), wall_facing(0, -1),
        )  # fmt: skip
        for x_m in steps_m(-wide + 4, wide - 2, 8.0):
            low = roof_m - 1.0
            painter.polygon(
                [[x, y, low] for x, y in rectangle(x_m, y_m - 1.8, x_m + 1.1, y_m + 0.6)],
                (236, 236, 226), TOP, EMITTER_ALWAYS,
            )  # fmt: skip
            painter.lamps.append(Lamp((x_m, y_m, low), 16.0, (0.28, 0.28, 0.26)))
    block(
        painter, rectangle(-wide - 0.5, long, wide + 0.5, long + 0.5), 0.0, roof_m, (178, 180, 176), rng, 0.7
    )
    for side in (-1, 1):
        box = rectangle(side * wide - 0.2, -5, side * wide + 0.2, long)
        block(painter, box, 0.0, roof_m, (170, 174, 174), rng, 0.9)
    for x_m in steps_m(-wide + 4, wide - 6, 9.5):
        shade = stage.uniform(90, 170)
        gate = rectangle(x_m, long - 0.12, x_m + 4, long)
        block(painter, gate, 0.0, 4.4, (shade, shade * 1.02, shade * 1.06), rng)
        painter.marking(rectangle(x_m, long - 5, x_m + 4, long - 4.8), (214, 182, 40))


def _rack(stage: Stage, x_m: float, y_m: float, levels: int, hue: Colour) -> None:
    """One bay of a rack, 2.8 m along Y and 1.2 m deep, with pallets on each level."""
    painter, rng = stage.painter, stage.rng
    far = painter.distance_m(x_m, y_m) > 28  # single pallets are no longer told apart
    slots = [(y_m - 1.35, 2.66)] if far else [(y_m - 1.35 + slot * 0.92, 0.82) for slot in (2, 1, 0)]
    for level in range(levels):
        low = level * 1.9 + 0.15
        for near, long in slots:
            if rng.random() < 0.14:
                continue
            high = low + float(rng.uniform(0.7, 1.55))
            goods = _GOODS[int(rng.integers(len(_GOODS)))]
            block(painter, rectangle(x_m - 0.55, near, x_m + 0.55, near + long), low, high, goods, rng)
        beam = rectangle(x_m - 0.62, y_m - 1.4, x_m + 0.62, y_m + 1.4)
        block(painter, beam, low - 0.14, low, hue, rng)
    for side in (-0.62, 0.55):
        post = rectangle(x_m + side, y_m - 1.42, x_m + side + 0.08, y_m - 1.34)
        block(painter, post, 0.0, levels * 1.9 + 0.3, (58, 78, 120), rng)
