"""Cars, vans, lorries and people as a few flat faces that can be projected."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from monitor.simulator.materials import Colour
from monitor.simulator.projection import Array
from monitor.simulator.surfaces import EMITTER_HEADLIGHT, EMITTER_NONE, EMITTER_TAILLIGHT, TOP, wall_facing

_GLASS: Colour = (44, 52, 60)
_TYRE: Colour = (26, 26, 28)


@dataclass(frozen=True)
class Face:
    """A flat convex polygon (N, 3) in metres with its colour and ids."""

    points: Array
    colour: Colour
    surface: int
    emitter: int = EMITTER_NONE


@dataclass(frozen=True)
class VehicleShape:
    """Lengths in metres; the cabin runs from `cabin_back` to `cabin_front` (shares of the length)."""

    length_m: float
    width_m: float
    body_m: float
    height_m: float
    cabin_back: float
    cabin_front: float
    slope_m: float


_SHAPES = {
    "car": VehicleShape(4.4, 1.8, 0.85, 1.5, -0.42, 0.2, 0.55),
    "van": VehicleShape(5.4, 2.0, 1.1, 2.3, -0.5, 0.34, 0.35),
    "lorry": VehicleShape(9.5, 2.5, 1.2, 3.6, -0.5, 0.28, 0.05),
}


def car_shape(kind: str) -> VehicleShape:
    """The shape of a 'car', 'van' or 'lorry'."""
    return _SHAPES[kind]


def car_faces(
    shape: VehicleShape, x_m: float, y_m: float, angle: float, colour: Colour, camera: Array
) -> list[Face]:
    """The faces of a vehicle that the camera (3,) sees, in drawing order; it drives along `angle` (rad)."""
    forward = np.array([math.cos(angle), math.sin(angle)])
    left = np.array([-forward[1], forward[0]])
    half, wide = shape.length_m / 2, shape.width_m / 2
    back, front = shape.cabin_back * shape.length_m, shape.cabin_front * shape.length_m
    slope = shape.slope_m
    body = _prism((-half, half, -half, half), wide, 0.28, shape.body_m)
    cabin = _prism((back, front, back + slope * 0.7, front - slope), wide * 0.9, shape.body_m, shape.height_m)
    boxed = shape.height_m > 3
    to_camera = camera[:2] - (x_m, y_m)

    def placed(points: Array) -> Array:
        ground = points[:, :1] * forward + points[:, 1:2] * left + (x_m, y_m)
        return np.column_stack([ground, points[:, 2]])

    faces: list[Face] = []
    nearer_side = 1 if float(to_camera @ left) > 0 else -1
    for along in (-half * 0.62, half * 0.62):
        side = nearer_side * wide * 1.01
        wheel = [
            (along + 0.36 * math.cos(t), side, 0.36 + 0.36 * math.sin(t)) for t in np.arange(8) * math.pi / 4
        ]
        faces.append(Face(placed(np.array(wheel)), _TYRE, wall_facing(*(left * nearer_side))))
    for is_cabin, prism in ((False, body), (True, cabin)):
        for name, points in prism.items():
            shine = 1.0 if not is_cabin or boxed else 0.0
            normal = {"front": forward, "back": -forward, "left": left, "right": -left}.get(name)
            if normal is None:
                if camera[2] > shape.body_m:
                    roof = tuple(min(255.0, c * 1.04) for c in colour)
                    faces.append(Face(placed(points), roof, TOP))  # type: ignore[arg-type]
                continue
            if float(normal @ (to_camera - normal * half * 0.5)) > 0:
                face_colour = colour if shine else _GLASS
                faces.append(Face(placed(points), face_colour, wall_facing(*normal)))
        if not is_cabin:
            faces += [
                Face(placed(p), c, wall_facing(*(forward * d)), e)
                for p, c, e, d in _lights(half, wide, float(forward @ to_camera))
            ]
    return faces


def _lights(half: float, wide: float, ahead: float) -> list[tuple[Array, Colour, int, int]]:
    """Two lights on the end that faces the camera: polygon, colour, emitter, direction."""
    direction = 1 if ahead > 0 else -1
    colour: Colour = (228, 228, 220) if direction > 0 else (150, 20, 22)
    emitter = EMITTER_HEADLIGHT if direction > 0 else EMITTER_TAILLIGHT
    x = direction * half * 1.005
    lights = []
    for side in (-1, 1):
        y0, y1 = side * wide * 0.62, side * wide * 0.94
        lights.append(
            (
                np.array([[x, y0, 0.55], [x, y1, 0.55], [x, y1, 0.78], [x, y0, 0.78]]),
                colour,
                emitter,
                direction,
            )
        )
    return lights


def _prism(ends: tuple[float, float, float, float], wide: float, low: float, high: float) -> dict[str, Array]:
    """A box whose top may be shorter: ends = (back, front, top back, top front) along the vehicle."""
    back, front, top_back, top_front = ends
    inner = wide * 0.92 if (back, front) != (top_back, top_front) else wide
    corner = {
        "bl": (back, wide, low), "br": (back, -wide, low),
        "fl": (front, wide, low), "fr": (front, -wide, low),
        "tbl": (top_back, inner, high), "tbr": (top_back, -inner, high),
        "tfl": (top_front, inner, high), "tfr": (top_front, -inner, high),
    }  # fmt: skip
    sides = {
        "back": ("bl", "br", "tbr", "tbl"), "front": ("fl", "fr", "tfr", "tfl"),
        "left": ("bl", "fl", "tfl", "tbl"), "right": ("br", "fr", "tfr", "tbr"),
        "top": ("tbl", "tbr", "tfr", "tfl"),
    }  # fmt: skip
    return {name: np.array([corner[c] for c in names]) for name, names in sides.items()}


def person_faces(
    x_m: float, y_m: float, angle: float, stride: float, coat: Colour, trousers: Colour, camera: Array
) -> list[Face]:
    """A walking person, 1.75 m, as a flat figure turned to the camera; `stride` is the phase in turns."""
    away = np.array([x_m, y_m]) - camera[:2]
    away = away / max(float(np.linalg.norm(away)), 1e-6)
    across = np.array([-away[1], away[0]])
    forward = np.array([math.cos(angle), math.sin(angle)])
    swing = 0.28 * math.sin(2 * math.pi * stride)
    surface = wall_facing(-away[0], -away[1])

    def flat(points: list[tuple[float, float]], lean: float = 0.0) -> Array:
        placed = []
        for offset, height in points:
            ground = across * offset + forward * lean * max(0.0, 0.85 - height) + (x_m, y_m)
            placed.append((*ground, height))
        return np.array(placed)

    head = [(0.12 * math.cos(t), 1.62 + 0.14 * math.sin(t)) for t in np.arange(8) * math.pi / 4]
    return [
        Face(flat([(-0.16, 0.0), (-0.02, 0.0), (0.02, 0.88), (-0.16, 0.88)], swing), trousers, surface),
        Face(flat([(0.02, 0.0), (0.16, 0.0), (0.16, 0.88), (-0.02, 0.88)], -swing), trousers, surface),
        Face(
            flat([(-0.2, 0.8), (0.2, 0.8), (0.25, 1.42), (0.1, 1.5), (-0.1, 1.5), (-0.25, 1.42)]),
            coat,
            surface,
        ),
        Face(flat(head), (196, 150, 124), surface),
    ]
