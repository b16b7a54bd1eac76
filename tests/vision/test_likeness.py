"""What the words of a network mean: names of relations, and a similarity with its limit."""

from __future__ import annotations

from dataclasses import astuple, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.comparison import Alignment, Comparison, Relation
from monitor.domain.decision import decide
from monitor.domain.displacement import Displacement
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.vision.likeness import MEANINGS, Likeness, relation_of
from tests.domain.builders import AT_REST, GOOD, alignment, comparison, quality

LIKENESS = Likeness(changed_below=0.6, changed_scale=0.1)
SILENT = Alignment(Displacement(), support=0.0, support_at_rest=0.0, spread=0.0, spread_at_rest=0.0, peak=3.0)


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(1e-6, 1))
def test_probabilities_sum_to_one_and_rise_with_the_similarity(
    similarity: float, below: float, scale: float
) -> None:
    likeness = Likeness(below, scale)
    assert sum(astuple(likeness.relation(similarity))) == pytest.approx(1)
    assert likeness.same(similarity) <= likeness.same(similarity + 0.01)
    assert likeness.same(below) == 0.5


@given(st.dictionaries(st.sampled_from(sorted(MEANINGS)), st.floats(0.01, 1), min_size=1))
def test_whatever_names_a_head_has_their_probabilities_sum_to_one(weights: dict[str, float]) -> None:
    total = sum(weights.values())
    relation = relation_of({name: weight / total for name, weight in weights.items()})
    assert sum(astuple(relation)) == pytest.approx(1)


def test_names_of_the_default_network_pass_through_to_the_last_digit() -> None:
    said = {"same": 0.1 + 0.2, "moved": 1 / 3, "different": 0.25, "obstructed": 1 / 7}
    assert relation_of(said) == Relation(*said.values())


def test_what_is_unrelated_or_rotated_is_not_the_view() -> None:
    said = relation_of({"same": 0.0, "rotated": 0.75, "unrelated": 0.25})
    assert said == Relation(0.0, 0.0, 1.0, 0.0)


def seen(similarity: float, geometry: Alignment, **more: float) -> Comparison:
    made = comparison(LIKENESS.relation(similarity), geometry, similarity=similarity, **more)  # type: ignore[arg-type]
    return replace(made, told_by_network=frozenset({VerdictKind.OK, VerdictKind.DIFFERENT_SCENE}))


def judge(similarity: float, geometry: Alignment) -> Verdict:
    return decide(GOOD, [seen(similarity, geometry)], Thresholds())


@pytest.mark.parametrize(
    ("similarity", "geometry", "kind"),
    [
        (0.95, AT_REST, VerdictKind.OK),
        (0.95, SILENT, VerdictKind.OK),
        (0.95, alignment(), VerdictKind.MOVED),
        (0.1, SILENT, VerdictKind.DIFFERENT_SCENE),
        (0.5, SILENT, VerdictKind.DIFFERENT_SCENE),
        (0.6, SILENT, VerdictKind.UNSURE),
        (0.1, alignment(), VerdictKind.MOVED),
        # Two witnesses against each other.
        (0.1, AT_REST, VerdictKind.UNSURE),
        (0.6, AT_REST, VerdictKind.OK),
    ],
)
def test_changed_is_another_scene_unless_the_gradients_measure_a_move(
    similarity: float, geometry: Alignment, kind: VerdictKind
) -> None:
    assert judge(similarity, geometry).kind is kind


def test_changed_is_a_soft_picture_where_its_quality_says_so() -> None:
    soft = quality(sharpness=0.05, contrast=0.2)
    blurred = decide(soft, [seen(0.4, SILENT, sharpness_ratio=0.1)], Thresholds())
    assert blurred.kind is VerdictKind.BLURRED
