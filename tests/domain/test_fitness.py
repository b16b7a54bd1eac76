"""Which pictures may become references, and what is said of the others."""

from __future__ import annotations

from dataclasses import fields

import pytest

from monitor.domain.fitness import SelfTest, Severity, inspect
from monitor.domain.frame import FrameQuality
from monitor.domain.verdict import VerdictKind
from tests.domain.builders import quality

TOLD = (VerdictKind.FLIPPED_180, VerdictKind.MIRRORED)


def test_a_good_picture_has_no_findings():
    assert inspect(quality()) == ()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"flat_rows": 0.3}, "torn"),
        ({"brightness": 0.02}, "too dark"),
        ({"bright_fraction": 0.7}, "overexposed"),
        ({"texture": 0.01}, "too uniform"),
        ({"sharpness": 0.001}, "out of focus"),
    ],
)
def test_an_unfit_picture_is_refused_with_its_reason(changes: dict[str, float], says: str):
    (finding,) = inspect(quality(**changes))
    assert finding.severity is Severity.REFUSED
    assert says in finding.text


@pytest.mark.parametrize(
    ("changes", "says"), [({"texture": 0.1}, "10 % of the view"), ({"sharpness": 0.12}, "rather soft")]
)
def test_a_poor_picture_is_taken_with_a_warning(changes: dict[str, float], says: str):
    (finding,) = inspect(quality(**changes))
    assert finding.severity is Severity.WARNING
    assert says in finding.text


def test_a_dark_picture_is_not_called_uniform_as_well():
    (finding,) = inspect(quality(brightness=0.02, texture=0.0))
    assert "dark" in finding.text


@pytest.mark.parametrize("name", [field.name for field in fields(FrameQuality)])
@pytest.mark.parametrize("garbage", [float("nan"), float("inf")])
def test_a_picture_that_could_not_be_measured_is_refused(name: str, garbage: float):
    assert any(finding.severity is Severity.REFUSED for finding in inspect(quality(**{name: garbage})))


def test_a_view_on_which_all_is_told_has_no_findings():
    assert SelfTest(TOLD, (), smallest_shift=0.02).findings() == ()


def test_a_symmetric_view_says_what_cannot_be_told_and_as_what_it_would_be_reported():
    found = SelfTest((), ((VerdictKind.MIRRORED, VerdictKind.OK),), smallest_shift=0.02).findings()
    assert [finding.severity for finding in found] == [Severity.WARNING]
    assert "mirrored cannot be told here (it would be reported as ok)" in found[0].text


@pytest.mark.parametrize(
    ("smallest", "says"), [(None, "No move"), (0.05, "less than 5 %"), (0.1, "less than 10 %")]
)
def test_a_view_says_which_moves_escape_it(smallest: float | None, says: str):
    (finding,) = SelfTest(TOLD, (), smallest).findings()
    assert says in finding.text
