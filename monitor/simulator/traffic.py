"""Cars, lorries, fork-lifts and people on the lanes of a scene: where each is at a moment."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from monitor.simulator.bodies import Face, car_faces, car_shape, person_faces
from monitor.simulator.projection import Array
from monitor.simulator.props import CAR_COLOURS, box_corners
from monitor.simulator.scene import Caster, Lane, Scene
from monitor.simulator.seeds import stable_token, unit_hash


@dataclass(frozen=True)
class Traveller:
    """Something that moves: where it is (metres), where it heads (rad), and `token`, its identity."""

    kind: str
    x_m: float
    y_m: float
    angle: float
    travelled_m: float
    token: int

    def faces(self, camera: Array) -> list[Face]:
        """Its faces in drawing order, seen from `camera` (3,)."""
        if self.kind == "person":
            coat, trousers = (self._colour(salt) for salt in (5, 6))
            stride = self.travelled_m / 1.5
            return person_faces(self.x_m, self.y_m, self.angle, stride, coat, trousers, camera)
        colour = (
            (214.0, 150.0, 30.0)
            if self.kind == "forklift"
            else CAR_COLOURS[int(len(CAR_COLOURS) * self._pick(7))]
        )
        return car_faces(car_shape(self.shape_name), self.x_m, self.y_m, self.angle, colour, camera)

    @property
    def shape_name(self) -> str:
        """The vehicle's shape; some cars are vans, some of the lorry lane's vehicles are cars."""
        if self.kind == "lorry":
            return "lorry" if self._pick(8) < 0.45 else "car"
        return "van" if self.kind == "forklift" or self._pick(8) < 0.13 else "car"

    def caster(self) -> Caster:
        """What casts its shadow."""
        if self.kind == "person":
            return Caster(box_corners(self.x_m, self.y_m, 0.42, 0.3), 0.0, 1.7)
        shape = car_shape(self.shape_name)
        turn_deg = math.degrees(self.angle) - 90
        return Caster(
            box_corners(self.x_m, self.y_m, shape.width_m, shape.length_m, turn_deg),
            0.0,
            shape.height_m * 0.92,
        )

    def _pick(self, salt: int) -> float:
        return unit_hash(self.token, salt)

    def _colour(self, salt: int) -> tuple[float, float, float]:
        base = 35 + 150 * self._pick(salt)
        red, green, blue = (base * (0.75 + 0.5 * self._pick(salt * 10 + i)) for i in range(3))
        return red, green, blue


def travellers(scene: Scene, epoch_s: float, darkness: float) -> list[Traveller]:
    """Everything that is on the way at this moment (seconds since 1970); fewer when it is dark."""
    found: list[Traveller] = []
    for index, lane in enumerate(scene.lanes):
        found.extend(_on_lane(lane, scene.seed * 1009 + index, epoch_s, darkness))
    return found


def _on_lane(lane: Lane, key: int, epoch_s: float, darkness: float) -> Iterator[Traveller]:
    steps = np.diff(lane.path, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    total_m = float(lengths.sum())
    slots = max(1, math.ceil(total_m / lane.gap_m))
    loop_m = slots * lane.gap_m
    busy = lane.busy + (lane.night_busy - lane.busy) * darkness
    for slot in range(slots):
        way_m = epoch_s * lane.speed_m_s + slot * lane.gap_m
        lap, position_m = divmod(way_m, loop_m)
        token = stable_token(key, slot, int(lap))
        position_m += 0.45 * lane.gap_m * unit_hash(token, 2)
        if position_m >= total_m or unit_hash(token, 1) >= busy:
            continue
        leg = int(np.searchsorted(np.cumsum(lengths), position_m, side="right"))
        leg = min(leg, len(steps) - 1)
        part = (position_m - float(lengths[:leg].sum())) / lengths[leg]
        x_m, y_m = lane.path[leg] + steps[leg] * part
        side = (unit_hash(token, 3) - 0.5) * (1.2 if lane.traveller == "person" else 0.4)
        ahead = steps[leg] / lengths[leg]
        angle = math.atan2(ahead[1], ahead[0])
        yield Traveller(
            lane.traveller,
            float(x_m - ahead[1] * side),
            float(y_m + ahead[0] * side),
            angle,
            position_m,
            token,
        )
