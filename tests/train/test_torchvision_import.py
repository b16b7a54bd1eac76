"""torchvision comes in beside whatever build of torch there is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from train.networks.torchvision_import import TorchvisionMissing, import_torchvision

pytest.importorskip("torch")
ROOT = Path(__file__).parents[2]
PLAIN = """
try:
    import torchvision
    print("works")
except RuntimeError as error:
    assert "nms does not exist" in str(error), error
    print("fails")
"""
OURS = """
import gc, io
import onnxruntime, torch
from train.networks.torchvision_import import import_torchvision, missing_operators
torchvision = import_torchvision()
gc.collect()  # declarations must outlive the call that made them
network = import_torchvision("torchvision.models").mobilenet_v2(num_classes=5).eval()
images, file = torch.rand(1, 3, 64, 64), io.BytesIO()
with torch.no_grad():
    torch.onnx.export(network, (images,), file, opset_version=17, dynamo=False)
    want = network(images).numpy()
session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
got = session.run(None, {session.get_inputs()[0].name: images.numpy()})[0]
assert abs(want - got).max() < 1e-5

boxes, scores = torch.tensor([[0.0, 0.0, 1.0, 1.0]]), torch.ones(1)
if torchvision.extension._has_ops():
    assert torchvision.ops.nms(boxes, scores, 0.5).tolist() == [0]
    print("works")
else:
    assert missing_operators() == ()
    try:
        torch.ops.torchvision.nms(boxes, scores, 0.5)
    except NotImplementedError:
        print("fails")
"""
THERE_ALREADY = """
import torch
theirs = torch.library.Library("torchvision", "FRAGMENT")
for name in ("nms", "qnms"):
    theirs.define(name + "(Tensor dets, Tensor scores, float iou_threshold, bool theirs=True) -> Tensor")
from train.networks.torchvision_import import import_torchvision, missing_operators
assert missing_operators() == ()
before = str(torch.ops.torchvision.nms.default._schema)
import_torchvision()
assert str(torch.ops.torchvision.nms.default._schema) == before and "theirs" in before
print("left alone")
"""


def _run(code: str) -> str:
    process = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout.strip()


def test_models_export_through_ours_and_operators_are_declared_exactly_where_a_plain_import_fails() -> None:
    assert _run(OURS) == _run(PLAIN)


def test_operators_that_are_there_are_left_alone() -> None:
    assert _run(THERE_ALREADY) == "left alone"


def test_without_torchvision_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(TorchvisionMissing, match="pip install torchvision"):
        import_torchvision()
