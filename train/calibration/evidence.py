"""What the whole decision sees of calibration pictures: gathered once, judged under any limits afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.domain.comparison import Comparison, Relation
from monitor.domain.decision import decide
from monitor.domain.fitness import Severity, inspect
from monitor.domain.frame import Frame, FrameQuality
from monitor.domain.reference import Encoding, Reference
from monitor.domain.state import SILENT
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey
from monitor.vision.encoder import NetworkEncoder
from train.benchmark.comparator import frame_of
from train.benchmark.lights import light_of
from train.benchmark.method import Pair, Pixels
from train.benchmark.series import taken_at
from train.data.manifest import Picture, read_picture
from train.data.sampling import PairingRules
from train.data.splits import Pool

SERIES = "series"
"""Kind of the evidence that comes from whole pictures of one camera in the order of time."""
_KEY = ViewKey("calibration")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One frame against one reference, before any judgement.

    Attributes:
        kind: `SERIES`, or the pair's row of the benchmark's protocol.
        camera: Of the reference.
        light: Both conditions in alphabetical order, or `any`.
        reference: Names the reference; frames of one series share it.
        at: When the frame was taken, or None where that is not known.
        accepted: The verdicts that are right, the best first.
        quality: Of the frame.
        comparison: As the service would have it.
        relation: The head's word on the upright pair, even where the service does not ask for it; None without a head.
    """

    kind: str
    camera: str
    light: str
    reference: str
    at: datetime | None
    accepted: tuple[VerdictKind, ...]
    quality: FrameQuality
    comparison: Comparison
    relation: Relation | None

    @property
    def is_same_view(self) -> bool:
        """Whether nothing happened, so that every report is a false one."""
        return self.accepted[0] is VerdictKind.OK

    def judge(self, thresholds: Thresholds) -> Verdict:
        """The decision under these limits."""
        return decide(self.quality, [self.comparison], thresholds)


def is_report(kind: VerdictKind) -> bool:
    """Whether a verdict reports something: neither that all is well, nor that nothing can be told."""
    return kind is not VerdictKind.OK and kind not in SILENT


def gather_pairs(encoder: NetworkEncoder, pairs: Iterable[Pair]) -> Iterator[Evidence]:
    """Evidence of the benchmark's pairs; a reference is enrolled once for the pairs that follow each other with it."""
    enrolled: tuple[Pixels, Reference] | None = None
    for pair in pairs:
        if enrolled is None or enrolled[0] is not pair.reference:
            enrolled = (pair.reference, encoder.enroll(frame_of(pair.reference), _KEY))
        frame = frame_of(pair.frame)
        yield _evidence(
            encoder,
            enrolled[1],
            (frame, encoder.encode(frame)),
            kind=pair.kind,
            camera=pair.camera,
            light=pair.light,
            reference_name=pair.id,
            at=None,
            accepted=pair.truth.verdicts,
        )


def gather_series(
    encoder: NetworkEncoder,
    pool: Pool,
    rules: PairingRules,
    *,
    references_per_camera: int,
    frames_per_reference: int,
) -> Iterator[Evidence]:
    """Evidence of whole pictures: of each camera several references, each with the frames around it in time order.

    Only pictures that enrolment would take become references. Cameras whose day and night share nothing are compared
    within their light, and cameras that drift within the recipe's reach, as the pairs of training are.
    """
    for pictures in pool.cameras.values():
        frames = [frame_of(read_picture(picture.path)) for picture in pictures]
        encodings = [encoder.encode(frame) for frame in frames]
        for index in _typical_references(encodings, references_per_camera):
            reference = encoder.enroll(frames[index], _KEY)
            for other in _partners(pictures, index, rules, frames_per_reference):
                yield _evidence(
                    encoder,
                    reference,
                    (frames[other], encodings[other]),
                    kind=SERIES,
                    camera=pictures[index].camera,
                    light=light_of(pictures[index], pictures[other]),
                    reference_name=pictures[index].path.name,
                    at=taken_at(pictures[other].timestamp),
                    accepted=(VerdictKind.OK,),
                )


def _typical_references(encodings: Sequence[Encoding], wanted: int) -> list[int]:
    """Places of pictures that are fit to be enrolled, evenly spread over the time."""
    fit = [
        place
        for place, encoding in enumerate(encodings)
        if all(finding.severity is not Severity.REFUSED for finding in inspect(encoding.quality))
    ]
    count = min(wanted, len(fit))
    return [fit[(2 * number + 1) * len(fit) // (2 * count)] for number in range(count)]


def _partners(pictures: Sequence[Picture], index: int, rules: PairingRules, wanted: int) -> list[int]:
    """Places of the frames to compare with a reference, in time order, so many of the nearest."""
    reference = pictures[index]
    reach = rules.within.get(reference.camera, len(pictures))
    alike = reference.camera in rules.same_condition
    possible = [
        place
        for place in range(max(0, index - reach), min(len(pictures), index + reach + 1))
        if place != index and not (alike and pictures[place].condition != reference.condition)
    ]
    return sorted(sorted(possible, key=lambda place: abs(place - index))[:wanted])


def _evidence(
    encoder: NetworkEncoder,
    reference: Reference,
    seen: tuple[Frame, Encoding],
    *,
    kind: str,
    camera: str,
    light: str,
    reference_name: str,
    at: datetime | None,
    accepted: tuple[VerdictKind, ...],
) -> Evidence:
    frame, encoding = seen
    judged = encoder.relate(reference.upright, encoding.grids)
    return Evidence(
        kind=kind,
        camera=camera,
        light=light,
        reference=reference_name,
        at=at,
        accepted=accepted,
        quality=encoding.quality,
        comparison=encoder.compare(encoding, frame, reference),
        relation=judged[0] if judged else None,
    )
