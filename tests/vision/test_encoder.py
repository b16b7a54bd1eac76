"""The shipped bundle through the encoder: orientations, displacement, and references of another bundle refused."""

import threading
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from monitor.domain.decision import decide
from monitor.domain.displacement import Displacement
from monitor.domain.frame import Frame
from monitor.domain.orientation import Orientation, turn
from monitor.domain.thresholds import Thresholds
from monitor.domain.view import ViewKey
from monitor.vision.bundle import BundleError, load_bundle, shipped_bundle_path
from monitor.vision.encoder import EncodingMismatch, NetworkEncoder
from monitor.vision.network import Network
from tests.vision.drawn import canvas, in_other_light, look

KEY = ViewKey("gate")


def framed(pixels):
    height, width = pixels.shape[:2]
    return Frame(np.ascontiguousarray(pixels), datetime(2026, 6, 1, tzinfo=UTC), "0" * 64, width, height)


@pytest.fixture(scope="module")
def encoder():
    return NetworkEncoder(Network(load_bundle(shipped_bundle_path()), threads=1))


@pytest.fixture(scope="module")
def reference(encoder):
    return replace(encoder.enroll(framed(look(canvas())), KEY), id=1)


def judge(encoder, reference, pixels):
    frame = framed(pixels)
    encoding = encoder.encode(frame)
    return decide(encoding.quality, [encoder.compare(encoding, frame, reference)], Thresholds())


def test_a_reference_is_known_in_every_orientation(encoder, reference):
    assert set(reference.turned) == set(Orientation) - {Orientation.UPRIGHT}
    for vector in (reference.upright.embedding, *reference.turned.values()):
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-3)
    assert reference.upright.bundle_id == encoder.bundle_id


def test_the_same_view_in_other_light_is_ok(encoder, reference):
    assert judge(encoder, reference, in_other_light(look(canvas()))).kind == "ok"


@pytest.mark.parametrize("orientation", [o for o in Orientation if o is not Orientation.UPRIGHT])
def test_a_turned_view_is_named_for_its_turn(encoder, reference, orientation):
    assert judge(encoder, reference, turn(look(canvas()), orientation)).kind is orientation.verdict


def test_a_camera_turned_by_90_degrees_that_keeps_its_format_is_named_too(encoder, reference):
    turned = np.rot90(canvas())  # 1200 rows, 900 columns: its middle, in the usual format
    frame = turned[600 - 240 : 600 + 240, 450 - 320 : 450 + 320]

    assert judge(encoder, reference, frame).kind == "rotated_90"


@pytest.mark.parametrize(
    "move", [Displacement(0.05, 0), Displacement(0, -0.03), Displacement(0.04, 0.02, 3.0, 1.05)]
)
def test_a_moved_view_is_moved_by_that_much(encoder, reference, move):
    verdict = judge(encoder, reference, look(canvas(), move))

    assert verdict.kind == "moved"
    assert verdict.displacement.dx == pytest.approx(move.dx, abs=0.003)
    assert verdict.displacement.dy == pytest.approx(move.dy, abs=0.003)
    assert verdict.displacement.roll_deg == pytest.approx(move.roll_deg, abs=0.2)


def test_another_scene_is_never_ok(encoder, reference):
    # Drawn boxes are nothing that the network was trained on: which of the three, it need not know.
    assert judge(encoder, reference, look(canvas(9))).kind in ("different_scene", "obstructed", "unsure")


def test_references_of_another_bundle_are_never_compared(encoder, reference):
    foreign = replace(reference, upright=replace(reference.upright, bundle_id="other-000000000000"))
    frame = framed(look(canvas()))

    with pytest.raises(EncodingMismatch, match="reencode"):
        encoder.compare(encoder.encode(frame), frame, foreign)


def test_batched_encodings_are_those_of_single_ones(encoder):
    frames = [framed(look(canvas(seed))) for seed in range(6)]
    alone = [encoder.encode(frame).embedding for frame in frames]
    together = [None] * len(frames)

    def work(index):
        together[index] = encoder.encode(frames[index]).embedding

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(frames))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert np.allclose(np.stack(alone), np.stack(together), atol=1e-4)


def test_a_picture_that_breaks_the_network_fails_its_own_caller_only(encoder):
    good = framed(look(canvas()))
    network = encoder._network

    with pytest.raises(Exception, match=r"(?i)shape|dimension|rank|invalid"):
        network.encode(np.zeros((3, 10, 10), np.float32))

    assert encoder.encode(good).embedding.shape == (256,)


def test_a_bundle_whose_graph_is_no_graph_is_refused_by_name():
    bundle = load_bundle(shipped_bundle_path())

    with pytest.raises(BundleError, match=bundle.id):
        Network(replace(bundle, encoder_onnx=b"no graph"))
