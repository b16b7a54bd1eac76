"""Things that stand in a scene: buildings, trees, lamp posts, parked cars, containers, fences, signs."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np

from monitor.simulator.bodies import car_faces, car_shape
from monitor.simulator.materials import Colour, FacadeStyle, Pixels, facade, noise_tile
from monitor.simulator.painter import Painter
from monitor.simulator.scene import Caster, Lamp
from monitor.simulator.surfaces import EMITTER_LAMP, FOLIAGE, TOP, wall_facing

WALLS: tuple[Colour, ...] = (
    (176, 120, 92),
    (196, 176, 140),
    (150, 148, 146),
    (188, 182, 172),
    (160, 104, 84),
    (206, 198, 178),
    (120, 126, 134),
    (174, 158, 120),
    (142, 118, 104),
    (200, 162, 128),
)
CAR_COLOURS: tuple[Colour, ...] = (
    (205, 206, 208),
    (60, 62, 66),
    (140, 24, 26),
    (36, 62, 122),
    (150, 152, 156),
    (28, 30, 32),
    (188, 180, 160),
    (44, 92, 66),
    (204, 150, 40),
    (96, 104, 116),
)


def random_style(rng: np.random.Generator, shop: bool = False) -> FacadeStyle:
    """A facade style drawn at random."""
    wall = np.clip(
        np.asarray(WALLS[int(rng.integers(len(WALLS)))]) * rng.uniform(0.85, 1.1) + rng.normal(0, 4, 3),
        40,
        230,
    )
    glass = np.array([52.0, 66.0, 84.0]) * rng.uniform(0.7, 1.4)
    return FacadeStyle(
        wall=(float(wall[0]), float(wall[1]), float(wall[2])),
        glass=(float(glass[0]), float(glass[1]), float(glass[2])),
        storey_m=float(rng.uniform(2.9, 3.7)),
        bay_m=float(rng.uniform(2.2, 4.2)),
        window=(float(rng.uniform(0.35, 0.75)), float(rng.uniform(0.4, 0.65))),
        shop=shop,
        bricks=bool(rng.random() < 0.7),
    )


def box_corners(x_m: float, y_m: float, width_m: float, length_m: float, turn_deg: float = 0.0) -> np.ndarray:
    """The footprint (4, 2) of a box centred at (x, y), counter-clockwise seen from above."""
    angle = np.deg2rad(turn_deg)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    half = (
        np.array([[-width_m, -length_m], [width_m, -length_m], [width_m, length_m], [-width_m, length_m]]) / 2
    )
    return np.asarray(half @ rotation.T + (x_m, y_m))


def building(
    painter: Painter, footprint: np.ndarray, height_m: float, style: FacadeStyle, rng: np.random.Generator
) -> None:
    """A box with windows on every visible wall, and a flat roof."""
    camera = painter.pinhole.position()
    walls = []
    for start, end in zip(footprint, np.roll(footprint, -1, axis=0), strict=True):
        normal = np.array([end[1] - start[1], start[0] - end[0]])
        if normal @ (camera[:2] - start) > 0:
            middle = (start + end) / 2
            walls.append((float(np.linalg.norm(middle - camera[:2])), start, end, normal))
    for _, start, end, normal in sorted(walls, key=lambda wall: -wall[0]):
        width_m = float(np.linalg.norm(end - start))
        painter.textured(
            [*start, 0.0],
            [*(end - start), 0.0],
            [0.0, 0.0, height_m],
            partial(facade, width_m, height_m, style=style, rng=rng),
            wall_facing(*normal),
        )
    if camera[2] > height_m:
        roof = tuple(c * 0.55 + 30 for c in style.wall)
        painter.polygon(np.column_stack([footprint, np.full(len(footprint), height_m)]), roof, TOP)  # type: ignore[arg-type]
    painter.casters.append(Caster(footprint, 0.0, height_m))


def tree(painter: Painter, x_m: float, y_m: float, height_m: float, rng: np.random.Generator) -> None:
    """A trunk and a crown of leaf clusters, lit from above."""
    pixels, depth = painter.pinhole.project(np.array([[x_m, y_m, 0.0], [x_m, y_m, height_m]]))
    if depth.min() < 1.5:
        return
    foot, top = pixels
    tall_px = float(np.linalg.norm(foot - top))
    if tall_px < 4:
        return
    radius_m = height_m * float(rng.uniform(0.24, 0.34))
    trunk_m = 0.035 * height_m
    painter.polygon(
        [[x_m - trunk_m, y_m, 0], [x_m + trunk_m, y_m, 0], [x_m + trunk_m / 2, y_m, height_m * 0.6],
         [x_m - trunk_m / 2, y_m, height_m * 0.6]],
        (86, 70, 54), wall_facing(0, -1),
    )  # fmt: skip
    mask, colours = _crown(tall_px * radius_m / height_m, tall_px * 0.36, rng)
    centre = foot + (top - foot) * 0.64
    corner = (round(centre[0] - mask.shape[1] / 2), round(centre[1] - mask.shape[0] / 2))
    painter.stamp(mask, colours, corner, float(depth[0]), FOLIAGE)
    angles = np.linspace(0, 2 * np.pi, 9)[:-1]
    ring = np.column_stack([np.cos(angles), np.sin(angles)]) * radius_m * 0.85 + (x_m, y_m)
    painter.casters.append(Caster(ring, height_m * 0.35, height_m * 0.9))
    painter.casters.append(Caster(box_corners(x_m, y_m, 2 * trunk_m, 2 * trunk_m), 0.0, height_m * 0.4))


def _crown(radius_x_px: float, radius_y_px: float, rng: np.random.Generator) -> tuple[Pixels, Pixels]:
    """A crown's mask (h, w) and colours (h, w, 3)."""
    wide, high = int(2.7 * radius_x_px) + 6, int(2.7 * radius_y_px) + 6
    mask = np.zeros((high, wide), np.uint8)
    colours = np.zeros((high, wide, 3), np.uint8)
    hue = np.array([64.0, 96.0, 42.0]) * rng.uniform(0.75, 1.2) + rng.normal(0, 7, 3)
    clusters = int(np.clip(radius_x_px * 4, 20, 240))
    angle, spread = rng.uniform(0, 2 * np.pi, clusters), np.sqrt(rng.uniform(0, 1, clusters))
    offset_x, offset_y = np.cos(angle) * spread, np.sin(angle) * spread
    for index in np.argsort(offset_y * 0.3 + rng.uniform(-1, 0.4, clusters))[::-1]:
        x = round(wide / 2 + offset_x[index] * radius_x_px)
        y = round(high / 2 + offset_y[index] * radius_y_px)
        lit = 0.85 - 0.38 * offset_y[index] - 0.12 * offset_x[index] + rng.normal(0, 0.14)
        shade = tuple(float(c) for c in np.clip(hue * max(lit, 0.25), 0, 255))
        axes = (
            max(1, round(radius_x_px * rng.uniform(0.08, 0.24))),
            max(1, round(radius_y_px * rng.uniform(0.07, 0.2))),
        )
        turn = float(rng.uniform(0, 180))
        cv2.ellipse(colours, (x, y), axes, turn, 0, 360, shade, -1)
        cv2.ellipse(mask, (x, y), axes, turn, 0, 360, (255,), -1, cv2.LINE_AA)
    tile = noise_tile()
    grain = 1 + 0.2 * cv2.resize(tile[: min(high, 512), : min(wide, 512)], (wide, high))
    return mask, np.clip(colours * grain[..., None], 0, 255).astype(np.uint8)


def _plate(left_m: float, right_m: float, y_m: float, low_m: float, high_m: float) -> np.ndarray:
    """An upright rectangle (4, 3) across the view."""
    return np.array(
        [[left_m, y_m, low_m], [right_m, y_m, low_m], [right_m, y_m, high_m], [left_m, y_m, high_m]]
    )


def lamp_post(
    painter: Painter, x_m: float, y_m: float, height_m: float = 7.5, arm_m: float = 1.6, reach_m: float = 15.0
) -> None:
    """A street lamp; `arm_m` reaches along X (negative: to the left)."""
    mast = (96.0, 100.0, 102.0)
    side = wall_facing(0, -1)
    head = x_m + arm_m
    painter.polygon(_plate(x_m - 0.07, x_m + 0.07, y_m, 0, height_m), mast, side)
    painter.polygon(_plate(min(x_m, head), max(x_m, head), y_m, height_m - 0.1, height_m), mast, side)
    lens = _plate(head - 0.4, head + 0.4, y_m, height_m - 0.1, height_m + 0.1)
    painter.polygon(lens, (190, 190, 180), side, EMITTER_LAMP)
    painter.lamps.append(Lamp((head, y_m, height_m), reach_m))
    painter.casters.append(Caster(box_corners(x_m, y_m, 0.16, 0.16), 0.0, height_m))


def parked_car(painter: Painter, x_m: float, y_m: float, turn_deg: float, rng: np.random.Generator) -> None:
    """A car at rest, turned `turn_deg` counter-clockwise from facing +Y."""
    colour = CAR_COLOURS[int(rng.integers(len(CAR_COLOURS)))]
    shape = car_shape("van" if rng.random() < 0.12 else "car")
    contact = box_corners(x_m, y_m, shape.width_m * 1.05, shape.length_m * 1.02, turn_deg)
    painter.marking(contact, (38, 38, 40), 0.6)
    for face in car_faces(shape, x_m, y_m, np.deg2rad(90 + turn_deg), colour, painter.pinhole.position()):
        painter.polygon(face.points, face.colour, face.surface)
    painter.casters.append(Caster(contact, 0.0, shape.height_m))


def block(
    painter: Painter,
    footprint: np.ndarray,
    bottom_m: float,
    top_m: float,
    colour: Colour,
    rng: np.random.Generator,
    ribs_m: float = 0.0,
) -> None:
    """A plain box (container, crate, kerb, rack): three visible faces, optional vertical ribs."""
    camera = painter.pinhole.position()
    for start, end in zip(footprint, np.roll(footprint, -1, axis=0), strict=True):
        normal = np.array([end[1] - start[1], start[0] - end[0]])
        if normal @ (camera[:2] - start) <= 0:
            continue
        width_m, height_m = float(np.linalg.norm(end - start)), top_m - bottom_m
        painter.textured(
            [*start, bottom_m], [*(end - start), 0.0], [0.0, 0.0, height_m],
            partial(_ribbed, width_m, height_m, colour=colour, ribs_m=ribs_m, rng=rng),
            wall_facing(*normal),
        )  # fmt: skip
    if camera[2] > top_m:
        top = tuple(min(255.0, c * 1.05) for c in colour)
        painter.polygon(np.column_stack([footprint, np.full(len(footprint), top_m)]), top, TOP)  # type: ignore[arg-type]
    painter.casters.append(Caster(footprint, bottom_m, top_m))


def _ribbed(
    width_m: float,
    height_m: float,
    px_per_m: float,
    *,
    colour: Colour,
    ribs_m: float,
    rng: np.random.Generator,
) -> tuple[Pixels, Pixels]:
    wide, high = max(3, round(width_m * px_per_m)), max(3, round(height_m * px_per_m))
    tile = noise_tile()
    row, column = (int(v) for v in rng.integers(0, 400, 2))
    face = np.empty((high, wide, 3), np.float32)
    face[:] = colour
    stains = cv2.resize(
        tile[row : row + 20, column : column + 20], (wide, high), interpolation=cv2.INTER_CUBIC
    )
    fine = cv2.resize(tile[: min(high, 512), : min(wide, 512)], (wide, high))
    face += (6 * stains + 5 * fine)[..., None]
    if ribs_m:
        face -= (20 * (np.mod(np.arange(wide) / px_per_m, ribs_m) < ribs_m * 0.4))[None, :, None]
    face[: max(1, high // 30)] *= 0.7
    face[-max(1, high // 20) :] *= 0.75
    return np.clip(face, 0, 255).astype(np.uint8), np.zeros((high, wide), np.uint8)


def fence(painter: Painter, start: np.ndarray, end: np.ndarray, height_m: float, colour: Colour) -> None:
    """Posts and rails between two ground points."""
    length_m = float(np.linalg.norm(end - start))
    along = (end - start) / length_m
    normal = wall_facing(along[1], -along[0])
    posts = np.arange(0, length_m + 0.01, 2.2)
    for position in posts[np.argsort([-painter.distance_m(*(start + along * p)) for p in posts])]:
        left, right = start + along * (position - 0.05), start + along * (position + 0.05)
        painter.polygon([[*left, 0], [*right, 0], [*right, height_m], [*left, height_m]], colour, normal)
    for level in (0.35, 0.65, 0.96):
        low, high = height_m * level - 0.04, height_m * level + 0.03
        painter.polygon([[*start, low], [*end, low], [*end, high], [*start, high]], colour, normal)


def sign(
    painter: Painter,
    x_m: float,
    y_m: float,
    height_m: float,
    size_m: tuple[float, float],
    colour: Colour,
    rng: np.random.Generator,
) -> None:
    """A board on a post with a border and lines that stand for letters."""
    side = wall_facing(0, -1)
    painter.polygon(
        [
            [x_m - 0.06, y_m, 0],
            [x_m + 0.06, y_m, 0],
            [x_m + 0.06, y_m, height_m],
            [x_m - 0.06, y_m, height_m],
        ],
        (120, 122, 124),
        side,
    )
    wide, high = size_m

    def board(px_per_m: float) -> tuple[Pixels, Pixels]:
        width, rows = max(6, round(wide * px_per_m)), max(6, round(high * px_per_m))
        face = np.empty((rows, width, 3), np.uint8)
        face[:] = (236, 236, 232)
        cv2.rectangle(face, (1, 1), (width - 2, rows - 2), colour, -1)
        for line in range(2):
            row = round(rows * (0.32 + 0.36 * line))
            reach = round(width * float(rng.uniform(0.45, 0.85)))
            cv2.line(face, (round(width * 0.1), row), (reach, row), (240, 240, 238), max(1, rows // 8))
        return face, np.zeros((rows, width), np.uint8)

    painter.textured([x_m - wide / 2, y_m - 0.02, height_m - high], [wide, 0, 0], [0, 0, high], board, side)
