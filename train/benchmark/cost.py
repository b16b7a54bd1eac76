"""What a check costs beyond grabbing and decoding: processor time by stage, beside the bare network and other methods.

Everything is measured in one run and in turns, a stage of one subject after that of another, so that whatever else the
machine does falls on all alike. Times are processor time of the whole process on one thread each. Pictures have the
size of the data (512 pixels at most); `monitor bench` measures whole checks at camera sizes.
"""

from __future__ import annotations

import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import cv2
import numpy as np

from monitor.domain.comparison import Alignment
from monitor.domain.decision import decide
from monitor.domain.displacement import Displacement
from monitor.domain.frame import Frame
from monitor.domain.orientation import Orientation
from monitor.domain.reference import Encoding, Reference
from monitor.domain.thresholds import Thresholds
from monitor.domain.view import ViewKey
from monitor.vision.alignment import Prepared, align, glance
from monitor.vision.bundle import load_bundle
from monitor.vision.encoder import NetworkEncoder
from monitor.vision.injection import Injection
from monitor.vision.look import WORTH_A_TRY
from monitor.vision.network import Network
from monitor.vision.preprocess import prepare
from monitor.vision.quality import measure
from train.benchmark.memory import Memory, measure_memory
from train.benchmark.method import Method
from train.benchmark.one_thread import one_thread
from train.benchmark.series import Series, UnfitSeries, divide, shown
from train.data.splits import Pool
from train.inference import open_session

MOVE = Injection(displacement=Displacement(dx=0.05))
FLIP = Injection(orientation=Orientation.ROTATED_180)
BARE = "bare encoder session"
CHECK = "check"
"""Stage of a whole judgement: encoding, comparison and decision."""


class Situation(StrEnum):
    """What a frame shows of its view."""

    STILL = "still"
    DISPLACED = "displaced"
    FLIPPED = "flipped"
    UNRECOGNISED = "unrecognised"


@dataclass(frozen=True, slots=True)
class CostRow:
    """One stage of one subject in one situation.

    Attributes:
        subject: Who works: the bundle's id, the bare session, or a method.
        stage: What it does.
        situation: On what.
        samples: How many times were taken.
        median_ms: Processor time, milliseconds.
        p90_ms: The time that nine in ten stay below.
    """

    subject: str
    stage: str
    situation: Situation
    samples: int
    median_ms: float
    p90_ms: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What was measured.

    Attributes:
        subject: The bundle's id.
        rows: Times, in the order of the stages.
        settled: Share of the still views that the first look at the gradients settled, without head and tiles.
        cameras: How many cameras the pictures are of.
        bundle_mb: Size of the bundle's file, in millions of bytes.
        memory: Of a fresh process.
    """

    subject: str
    rows: tuple[CostRow, ...]
    settled: float
    cameras: int
    bundle_mb: float
    memory: Memory


P = ParamSpec("P")
T = TypeVar("T")
Times = dict[tuple[str, str, Situation], list[float]]


def measure_cost(
    pool: Pool, bundle: Path, others: Sequence[Method] = (), cameras: int = 8, rounds: int = 4
) -> Cost:
    """Measure a bundle's checks, the bare network and other methods side by side.

    Args:
        pool: Its fixed cameras give the pictures.
        bundle: The file.
        others: Methods to measure beside it.
        cameras: From so many cameras at most, evenly chosen.
        rounds: So often over all pictures, after a first round that does not count.

    Raises:
        BundleError: The bundle does not load.
        UnfitSeries: No camera has two pictures to compare.
        MemoryNotMeasured: The process that was to be measured failed.
    """
    service = _Service(bundle)
    views = [_View.enroll(reference, frames, service, others) for reference, frames in _views(pool, cameras)]
    times: Times = defaultdict(list)
    settled: list[bool] = []
    with one_thread():
        for turn in range(rounds + 1):
            for view, situation in itertools.product(views, Situation):
                frame = view.frames[situation]
                found, still = service.check(view.reference, frame)
                for method, kept in zip(others, view.kept, strict=True):
                    found[method.name, CHECK] = _spent(method.judge, kept, frame.pixels)[1]
                if turn:
                    for (subject, stage), spent_ms in found.items():
                        times[subject, stage, situation].append(spent_ms)
                    settled += [still] if situation is Situation.STILL else []
    return Cost(
        subject=service.name,
        rows=tuple(_row(*key, spent_ms) for key, spent_ms in times.items()),
        settled=float(np.mean(settled)),
        cameras=len(views),
        bundle_mb=bundle.stat().st_size / 1e6,
        memory=measure_memory(bundle),
    )


@dataclass(frozen=True, slots=True)
class _View:
    """A camera's reference as everybody keeps it, with a frame for each situation."""

    reference: Reference
    kept: Sequence[Any]
    frames: Mapping[Situation, Frame]

    @classmethod
    def enroll(
        cls, frame: Frame, frames: Mapping[Situation, Frame], service: _Service, others: Sequence[Method]
    ) -> _View:
        return cls(service.enroll(frame), [method.enroll(frame.pixels) for method in others], frames)


class _Service:
    """The service's judgement, taken apart: each stage is timed where the others do not disturb it."""

    def __init__(self, path: Path) -> None:
        bundle = load_bundle(path)
        self._spec = bundle.card.input
        self._network = Network(bundle)
        self._encoder = NetworkEncoder(self._network)
        self._bare = open_session(bundle.encoder_onnx)
        self._outputs = [output.name for output in self._bare.get_outputs()]
        self._thresholds = Thresholds()
        self.name = bundle.id

    def enroll(self, frame: Frame) -> Reference:
        """As the service does."""
        return self._encoder.enroll(frame, ViewKey("measured"))

    def check(self, reference: Reference, frame: Frame) -> tuple[dict[tuple[str, str], float], bool]:
        """Milliseconds by subject and stage, and whether the first look settled the matter."""
        image, prepare_ms = _spent(prepare, frame.pixels, self._spec)
        _, bare_ms = _spent(self._bare.run, self._outputs, {"images": image[None]})
        _, pass_ms = _spent(self._network.encode, image)
        _, quality_ms = _spent(measure, frame.pixels)
        encoding, encode_ms = _spent(self._encoder.encode, frame)
        comparison, compare_ms = _spent(self._encoder.compare, encoding, frame, reference)
        _, decide_ms = _spent(decide, encoding.quality, [comparison], self._thresholds)
        stages = {
            "encode: picture to input": prepare_ms,
            "encode: network": pass_ms,
            "encode: quality": quality_ms,
            "encode": encode_ms,
        }
        upright, still = self._upright(reference, encoding)
        stages |= upright
        # What the comparison took beyond the upright one went to other orientations, passes of the network included.
        stages["compare: other orientations"] = max(0.0, compare_ms - sum(upright.values()))
        stages |= {"compare": compare_ms, "decide": decide_ms, CHECK: encode_ms + compare_ms + decide_ms}
        times = {(self.name, stage): spent_ms for stage, spent_ms in stages.items()}
        return {(BARE, "encode"): bare_ms, **times}, still

    def _upright(self, reference: Reference, encoding: Encoding) -> tuple[dict[str, float], bool]:
        """The stages that `NetworkEncoder.compare` goes through for the upright orientation."""
        ours = self._encoder.prepared(reference.upright, (), None)
        # Taken once before, as it is kept with the reference.
        ours.spectrum, ours.tile_spectra  # noqa: B018
        (theirs, (seen, still)), glance_ms = _spent(_look, ours, encoding)
        stages = {"compare: glance": glance_ms}
        if not still:
            judged, stages["compare: head"] = _spent(self._encoder.relate, reference.upright, encoding.grids)
            hints = [judged[1]] if judged and judged[1] and judged[0].moved > WORTH_A_TRY else []
            _, stages["compare: alignment"] = _spent(align, ours, theirs, hints, seen)
        return stages, still


def _look(ours: Prepared, encoding: Encoding) -> tuple[Prepared, tuple[Alignment, bool]]:
    theirs = Prepared(encoding.luma)
    return theirs, glance(ours, theirs)


def _views(pool: Pool, cameras: int) -> list[tuple[Frame, dict[Situation, Frame]]]:
    """References with a frame for each situation, of evenly chosen cameras."""
    series: list[Series] = []
    for camera, pictures in pool.cameras.items():
        try:
            one = divide(camera, pictures, other_lights=False)
        except UnfitSeries:
            continue
        series += [one] if one.checked else []
    if len(series) < 2:
        raise UnfitSeries(
            "Too few cameras have two pictures to compare.", "Give a split with two fixed cameras at least."
        )
    chosen = [series[n * len(series) // cameras] for n in range(cameras)] if len(series) > cameras else series
    views = []
    for one in chosen:
        stranger = series[(series.index(one) + 1) % len(series)]
        reference, later = shown(one.references[0]), one.checked[0]
        frames = {
            Situation.STILL: shown(later),
            Situation.DISPLACED: shown(later, MOVE),
            Situation.FLIPPED: shown(later, FLIP),
            Situation.UNRECOGNISED: _resized(shown(stranger.references[0]), reference),
        }
        views.append((reference, frames))
    return views


def _resized(frame: Frame, like: Frame) -> Frame:
    size = (like.native_width, like.native_height)
    pixels = np.asarray(cv2.resize(frame.pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    return replace(frame, pixels=pixels, native_width=size[0], native_height=size[1])


def _row(subject: str, stage: str, situation: Situation, spent_ms: Sequence[float]) -> CostRow:
    median_ms, p90_ms = float(np.median(spent_ms)), float(np.quantile(spent_ms, 0.9))
    return CostRow(subject, stage, situation, len(spent_ms), median_ms, p90_ms)


def _spent(work: Callable[P, T], *given: P.args, **named: P.kwargs) -> tuple[T, float]:
    """What a call gives, and the milliseconds of processor time that it took."""
    began_s = time.process_time()
    made = work(*given, **named)
    return made, (time.process_time() - began_s) * 1000
