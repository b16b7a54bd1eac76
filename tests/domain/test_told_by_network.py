"""What a network cannot tell by itself comes out only where the alignment carries it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.domain.comparison import Alignment, Comparison, Relation
from monitor.domain.decision import decide
from monitor.domain.displacement import Displacement
from monitor.domain.orientation import Orientation
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import Verdict, VerdictKind
from tests.domain.builders import (
    AT_REST,
    DIFFERENT,
    GOOD,
    MOVED,
    OBSTRUCTED,
    SAME,
    alignment,
    comparison,
    quality,
)

OK, FLIPPED, DIFFERENT_SCENE = VerdictKind.OK, VerdictKind.FLIPPED_180, VerdictKind.DIFFERENT_SCENE
FLIPS = frozenset({OK, FLIPPED})
CHANGES = frozenset({OK, DIFFERENT_SCENE})
SILENT = Alignment(Displacement(), support=0.0, support_at_rest=0.0, spread=0.0, spread_at_rest=0.0, peak=3.0)
FEW_CELLS = replace(AT_REST, spread=0.1, spread_at_rest=0.1)


def judge(tells: frozenset[VerdictKind], seen: Comparison) -> Verdict:
    return decide(GOOD, [replace(seen, told_by_network=tells)], Thresholds())


@pytest.mark.parametrize(
    ("tells", "relation", "kind"),
    [
        (FLIPS, SAME, VerdictKind.UNSURE),
        (CHANGES, SAME, OK),
        (FLIPS, DIFFERENT, VerdictKind.UNSURE),
        (CHANGES, DIFFERENT, DIFFERENT_SCENE),
        (CHANGES, OBSTRUCTED, VerdictKind.UNSURE),
        (CHANGES | {VerdictKind.OBSTRUCTED}, OBSTRUCTED, VerdictKind.OBSTRUCTED),
    ],
)
def test_the_word_of_the_network_alone_counts_as_far_as_its_card_goes(
    tells: frozenset[VerdictKind], relation: Relation, kind: VerdictKind
) -> None:
    verdict = judge(tells, comparison(relation, SILENT))
    assert verdict.kind is kind
    if kind is VerdictKind.UNSURE:
        assert "card" in verdict.reasons[0]


@pytest.mark.parametrize("tells", [FLIPS, CHANGES, frozenset()])
def test_what_the_alignment_carries_comes_out_whatever_the_network_can_tell(
    tells: frozenset[VerdictKind],
) -> None:
    assert judge(tells, comparison(SAME, AT_REST)).kind is OK
    assert judge(tells, comparison(MOVED, alignment())).kind is VerdictKind.MOVED
    assert judge(tells, comparison(OBSTRUCTED, FEW_CELLS)).kind is VerdictKind.OBSTRUCTED
    turned = comparison(SAME, AT_REST, orientation=Orientation.ROTATED_180)
    assert judge(tells, turned).kind is FLIPPED


def test_a_turn_that_no_alignment_supports_is_for_those_who_can_tell_it() -> None:
    turned = comparison(SAME, SILENT, orientation=Orientation.ROTATED_180)
    certain = replace(turned, relation=Relation(1.0, 0.0, 0.0, 0.0))
    assert judge(FLIPS, certain).kind is FLIPPED
    assert judge(CHANGES, certain).kind is VerdictKind.UNSURE


def test_faults_of_the_picture_are_no_matter_of_the_network() -> None:
    seen = replace(comparison(DIFFERENT, SILENT, texture_ratio=0.01), told_by_network=frozenset())
    assert decide(GOOD, [seen], Thresholds()).kind is VerdictKind.OBSTRUCTED
    black = quality(dark_fraction=1.0, texture=0.0)
    assert decide(black, [seen], Thresholds()).kind is VerdictKind.DARK


def test_a_displacement_that_nothing_holds_is_not_told() -> None:
    verdict = judge(CHANGES, comparison(SAME, replace(SILENT, displacement=Displacement(dx=0.2))))
    assert verdict.kind is OK
    assert verdict.displacement is None
