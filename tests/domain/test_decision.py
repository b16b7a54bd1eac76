"""The verdict on one frame: cases, orderings and properties that hold for any limits one may choose."""

from __future__ import annotations

import json
import math
from dataclasses import astuple, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.comparison import Alignment, Comparison, Relation
from monitor.domain.decision import Belief, decide, weigh
from monitor.domain.displacement import Displacement
from monitor.domain.frame import FrameQuality
from monitor.domain.orientation import Orientation
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import Verdict, VerdictKind
from tests.domain.builders import (
    A_MOVE,
    AT_REST,
    DIFFERENT,
    GOOD,
    MOVED,
    OBSTRUCTED,
    SAME,
    alignment,
    comparison,
    displacements,
    quality,
    quick,
)

LIMITS = Thresholds()
# Fixed for the cases in which two witnesses are weighed against each other; the defaults are tuned on real footage.
EVEN = replace(LIMITS, alignment_weight=6.0, network_trust=0.01, confidence=0.7)
NOT_NUMBERS = st.sampled_from([float("nan"), float("inf"), float("-inf")])
SHARES = st.floats(0, 1)


def judge(*comparisons: Comparison, picture: FrameQuality = GOOD, thresholds: Thresholds = LIMITS) -> Verdict:
    return decide(picture, comparisons or [comparison()], thresholds)


def relation(same: float, moved: float, different: float, obstructed: float) -> Relation:
    total = same + moved + different + obstructed
    return Relation(same / total, moved / total, different / total, obstructed / total)


relations = st.builds(relation, *[st.floats(0.001, 1)] * 4)
alignments = st.builds(
    Alignment,
    displacement=displacements,
    support=SHARES,
    support_at_rest=SHARES,
    spread=SHARES,
    spread_at_rest=SHARES,
    peak=st.floats(0, 100),
)
comparisons = st.builds(
    comparison,
    st.none() | relations,
    st.none() | alignments,
    reference_id=st.integers(1, 9),
    orientation=st.sampled_from(Orientation),
    similarity=st.floats(-1, 1),
    network=st.none() | displacements,
    sharpness_ratio=st.floats(0, 3),
    texture_ratio=st.floats(0, 3),
)
qualities = st.builds(FrameQuality, *[SHARES] * 8)


# Cases


def test_a_view_that_is_where_it_was_is_ok():
    seen = judge()
    assert seen.kind is VerdictKind.OK
    assert (seen.reference_id, seen.similarity) == (1, 0.95)
    assert seen.displacement == Displacement()


def test_a_displaced_view_has_moved_by_what_the_alignment_measured():
    seen = judge(comparison(MOVED, alignment(), network=Displacement(dx=0.2)))
    assert seen.kind is VerdictKind.MOVED
    assert seen.displacement is not None
    assert seen.displacement.dx == 0.06
    assert "6.0 % right" in " ".join(seen.reasons)


def test_the_network_measures_where_the_alignment_does_not_lock():
    loose = alignment(Displacement(dx=-0.3), support=0.0)
    seen = judge(comparison(MOVED, loose, network=Displacement(dx=0.2)))
    assert seen.kind is VerdictKind.MOVED
    assert seen.displacement == Displacement(dx=0.2)


@pytest.mark.parametrize(
    ("said", "kind"), [(DIFFERENT, VerdictKind.DIFFERENT_SCENE), (OBSTRUCTED, VerdictKind.OBSTRUCTED)]
)
def test_what_only_the_network_can_tell_is_told_without_a_displacement(said: Relation, kind: VerdictKind):
    seen = judge(comparison(said, alignment(support=0.0), network=Displacement(dx=0.2)))
    assert (seen.kind, seen.displacement) == (kind, None)


@pytest.mark.parametrize("turned", [turned for turned in Orientation if turned is not Orientation.UPRIGHT])
def test_a_turned_view_is_named_by_its_turn(turned: Orientation):
    seen = judge(comparison(SAME, AT_REST, orientation=turned))
    assert seen.kind is turned.verdict
    assert seen.displacement is not None


@pytest.mark.parametrize("turned", [turned for turned in Orientation if turned is not Orientation.UPRIGHT])
@given(
    said=st.none() | relations,
    geometry=st.none() | alignments,
    picture=qualities,
    similarity=st.floats(-1, 1),
)
@quick
def test_a_match_in_another_orientation_is_never_ok_nor_merely_moved(
    turned: Orientation,
    said: Relation | None,
    geometry: Alignment | None,
    picture: FrameQuality,
    similarity: float,
):
    seen = judge(comparison(said, geometry, orientation=turned, similarity=similarity), picture=picture)
    assert seen.kind not in (VerdictKind.OK, VerdictKind.MOVED)


def test_a_broken_line_is_a_fault_of_the_stream_whatever_the_rest_shows():
    seen = judge(picture=quality(flat_rows=0.6))
    assert (seen.kind, seen.confidence) == (VerdictKind.STREAM_FAULT, 1.0)


def test_a_black_picture_without_texture_is_dark_and_one_with_lamps_is_compared():
    assert judge(picture=quality(dark_fraction=0.99, texture=0.1)).kind is VerdictKind.DARK
    assert judge(picture=quality(dark_fraction=0.99, texture=0.4)).kind is VerdictKind.OK
    assert judge(picture=quality(dark_fraction=0.7, texture=0.1)).kind is VerdictKind.OK


def test_glare_is_told_only_where_the_view_is_not_recognised():
    glaring = quality(bright_fraction=0.8, brightness=0.9)
    assert judge(comparison(DIFFERENT, None), picture=glaring).kind is VerdictKind.OVEREXPOSED
    assert judge(picture=glaring).kind is VerdictKind.OK


def test_lost_focus_needs_both_a_softer_picture_and_a_soft_one():
    soft = quality(sharpness=0.001)
    vague = alignment(Displacement(), support=0.1)
    assert judge(comparison(SAME, vague, sharpness_ratio=0.05), picture=soft).kind is VerdictKind.BLURRED
    sharp = quality(sharpness=0.5)
    assert judge(comparison(SAME, vague, sharpness_ratio=0.05), picture=sharp).kind is VerdictKind.OK
    assert judge(comparison(SAME, vague, sharpness_ratio=1.0), picture=soft).kind is VerdictKind.OK


def test_a_night_is_smooth_and_not_out_of_focus():
    vague = alignment(Displacement(), support=0.1)
    night = quality(sharpness=0.1, dark_fraction=0.6)
    assert judge(comparison(SAME, vague, sharpness_ratio=0.2), picture=night).kind is VerdictKind.OK


def test_fog_that_leaves_the_near_lines_where_they_were_is_no_lost_focus():
    soft = quality(sharpness=0.1)
    assert judge(comparison(sharpness_ratio=0.2), picture=soft).kind is VerdictKind.OK


def test_a_lit_picture_without_texture_is_obstructed():
    assert judge(comparison(texture_ratio=0.01)).kind is VerdictKind.OBSTRUCTED


def test_nothing_to_compare_with_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="at least one reference"):
        decide(GOOD, [], LIMITS)


# Two witnesses


@pytest.mark.parametrize(
    ("said", "geometry"), [(DIFFERENT, AT_REST), (SAME, alignment()), (MOVED, AT_REST), (OBSTRUCTED, AT_REST)]
)
def test_two_sure_witnesses_that_contradict_each_other_leave_it_unsure(said: Relation, geometry: Alignment):
    sure = Relation(*(round(share) for share in astuple(said)))
    assert judge(comparison(sure, geometry), thresholds=EVEN).kind is VerdictKind.UNSURE


def test_a_network_in_doubt_is_decided_by_the_alignment():
    doubt = relation(1, 1, 1, 1)
    assert judge(comparison(doubt, None), thresholds=EVEN).kind is VerdictKind.UNSURE
    assert judge(comparison(doubt, AT_REST), thresholds=EVEN).kind is VerdictKind.OK
    assert judge(comparison(doubt, alignment()), thresholds=EVEN).kind is VerdictKind.MOVED


def test_without_a_relation_head_likeness_alone_does_not_make_a_view_ok():
    assert judge(comparison(None, None, similarity=1.0), thresholds=EVEN).kind is VerdictKind.UNSURE
    assert judge(comparison(None, AT_REST, similarity=0.9), thresholds=EVEN).kind is VerdictKind.OK


@quick
@given(st.none() | relations, st.none() | alignments, st.floats(-1, 1))
def test_belief_is_a_distribution(said: Relation | None, geometry: Alignment | None, similarity: float):
    belief = weigh(comparison(said, geometry, similarity=similarity), LIMITS)
    shares = [getattr(belief, field.name) for field in fields(Belief)]
    assert all(0 <= share <= 1 for share in shares)
    assert sum(shares) == pytest.approx(1)


@quick
@given(relations, displacements, st.tuples(SHARES, SHARES).map(sorted))
def test_more_agreement_of_the_gradients_never_speaks_against_what_they_show(
    said: Relation, displacement: Displacement, support: list[float]
):
    less, more = (
        weigh(comparison(said, alignment(displacement, support=share)), LIMITS) for share in support
    )
    assert more.recognised >= less.recognised - 1e-9


# Monotone in evidence


@quick
@given(comparisons, qualities, st.floats(0, 1))
def test_more_support_at_rest_never_turns_ok_into_something_else(
    seen: Comparison, picture: FrameQuality, more: float
):
    still = replace(AT_REST, support=0.3 if seen.alignment is None else seen.alignment.support)
    before = replace(seen, alignment=still)
    after = replace(seen, alignment=replace(still, support=still.support + (1 - still.support) * more))
    if judge(before, picture=picture).kind is VerdictKind.OK:
        assert judge(after, picture=picture).kind is VerdictKind.OK


def mixed(one: Relation, other: Relation, share: float) -> Relation:
    """`one` with a share of `other` in it."""
    return Relation(*(a * (1 - share) + b * share for a, b in zip(astuple(one), astuple(other), strict=True)))


@quick
@given(comparisons, relations, qualities, SHARES)
def test_a_network_surer_of_the_same_never_turns_ok_into_something_else(
    seen: Comparison, said: Relation, picture: FrameQuality, more: float
):
    surer = mixed(said, Relation(1, 0, 0, 0), more)
    if judge(replace(seen, relation=said), picture=picture).kind is VerdictKind.OK:
        assert judge(replace(seen, relation=surer), picture=picture).kind is VerdictKind.OK


@quick
@given(comparisons, relations, qualities, SHARES)
def test_a_network_surer_of_another_scene_never_turns_a_view_ok(
    seen: Comparison, said: Relation, picture: FrameQuality, more: float
):
    surer = mixed(said, Relation(0, 0, 1, 0), more)
    if judge(replace(seen, relation=said), picture=picture).kind is not VerdictKind.OK:
        assert judge(replace(seen, relation=surer), picture=picture).kind is not VerdictKind.OK


@quick
@given(comparisons, relations, qualities, SHARES)
def test_a_network_surer_of_another_scene_leaves_another_scene_what_it_is(
    seen: Comparison, said: Relation, picture: FrameQuality, more: float
):
    surer = mixed(said, Relation(0, 0, 1, 0), more)
    if judge(replace(seen, relation=said), picture=picture).kind is VerdictKind.DIFFERENT_SCENE:
        # Less recognised, glare is what is left to name.
        assert judge(replace(seen, relation=surer), picture=picture).kind in (
            VerdictKind.DIFFERENT_SCENE,
            VerdictKind.OVEREXPOSED,
        )


@quick
@given(relations, SHARES, st.floats(0.0, 0.5), st.floats(0.0, 0.5))
def test_a_larger_displacement_is_never_more_the_same(
    said: Relation, support: float, one: float, other: float
):
    near, far = sorted([one, other])
    beliefs = [
        weigh(comparison(said, alignment(Displacement(dx=dx), support=support)), LIMITS) for dx in (near, far)
    ]
    assert beliefs[1].same <= beliefs[0].same + 1e-9


@quick
@given(comparisons, qualities, st.floats(0.5, 1), st.floats(0.5, 1))
def test_a_stricter_confidence_never_makes_a_view_ok(
    seen: Comparison, picture: FrameQuality, one: float, other: float
):
    lax, strict = (replace(LIMITS, confidence=limit) for limit in sorted([one, other]))
    if judge(seen, picture=picture, thresholds=strict).kind is VerdictKind.OK:
        assert judge(seen, picture=picture, thresholds=lax).kind is VerdictKind.OK


# No path from garbage to ok


@pytest.mark.parametrize(
    "name",
    [
        "brightness",
        "contrast",
        "saturation",
        "dark_fraction",
        "bright_fraction",
        "sharpness",
        "texture",
        "flat_rows",
    ],
)
def test_a_measure_of_the_picture_that_is_no_number_is_never_ok(name: str):
    for garbage in (math.nan, math.inf, -math.inf):
        seen = judge(picture=quality(**{name: garbage}))
        assert seen.kind is not VerdictKind.OK
        json.dumps(dict(seen.evidence), allow_nan=False)


@quick
@given(st.sampled_from(["similarity", "sharpness_ratio", "texture_ratio"]), NOT_NUMBERS)
def test_a_ratio_or_likeness_that_is_no_number_is_never_ok(name: str, garbage: float):
    seen = judge(comparison(**{name: garbage}))  # type: ignore[arg-type]
    assert seen.kind is not VerdictKind.OK
    json.dumps(dict(seen.evidence), allow_nan=False)


@quick
@given(st.sampled_from([field.name for field in fields(Relation)]), NOT_NUMBERS)
def test_a_probability_that_is_no_number_is_never_ok(name: str, garbage: float):
    seen = judge(comparison(replace(SAME, **{name: garbage})))
    assert seen.kind is not VerdictKind.OK
    json.dumps(dict(seen.evidence), allow_nan=False)


@quick
@given(st.sampled_from(["dx", "dy", "roll_deg", "zoom"]), NOT_NUMBERS, st.booleans())
def test_a_displacement_that_is_no_number_is_never_ok(name: str, garbage: float, by_network: bool):
    broken = replace(Displacement(), **{name: garbage})
    seen = judge(
        comparison(network=broken)
        if by_network
        else comparison(geometry=replace(AT_REST, displacement=broken))
    )
    assert seen.kind is not VerdictKind.OK
    json.dumps(dict(seen.evidence), allow_nan=False)


@quick
@given(st.sampled_from(["support", "peak"]), NOT_NUMBERS)
def test_an_alignment_that_is_no_number_is_never_ok(name: str, garbage: float):
    seen = judge(comparison(geometry=replace(AT_REST, **{name: garbage})))
    assert seen.kind is not VerdictKind.OK


def test_nothing_but_zeros_is_never_ok():
    nothing = comparison(
        Relation(0, 0, 0, 0),
        Alignment(Displacement(zoom=0.0), 0, 0, 0, 0, 0),
        similarity=0.0,
        sharpness_ratio=0.0,
        texture_ratio=0.0,
    )
    assert judge(nothing, picture=FrameQuality(*[0.0] * 8)).kind is not VerdictKind.OK
    assert judge(nothing).kind is not VerdictKind.OK


@quick
@given(st.floats(-1e6, -1e-6), st.floats(-1e6, -1e-6))
def test_negative_probabilities_and_support_count_for_nothing(share: float, support: float):
    seen = judge(comparison(Relation(share, share, share, share), alignment(Displacement(), support=support)))
    assert seen.kind is not VerdictKind.OK


# Several references


@quick
@given(st.permutations([1, 2, 3]))
def test_the_reference_that_the_frame_resembles_most_counts_wherever_it_stands(order: list[int]):
    gallery = {
        1: comparison(DIFFERENT, None, reference_id=1, similarity=0.2),
        2: comparison(SAME, AT_REST, reference_id=2),
        3: comparison(relation(1, 1, 1, 1), None, reference_id=3, similarity=0.99),
    }
    seen = judge(*(gallery[number] for number in order))
    assert (seen.kind, seen.reference_id) == (VerdictKind.OK, 2)


@quick
@given(comparisons, qualities)
def test_a_reference_of_something_else_beside_one_that_fits_changes_nothing(
    other: Comparison, picture: FrameQuality
):
    fits = comparison(reference_id=99, similarity=1.0)
    stranger = replace(other, relation=DIFFERENT, alignment=None)
    assert judge(fits, stranger, picture=picture) == judge(fits, picture=picture)


def test_a_reference_whose_comparison_is_no_number_hides_no_other():
    broken = comparison(replace(SAME, same=math.nan), reference_id=2)
    assert judge(comparison(), broken).kind is VerdictKind.OK
    assert judge(broken, comparison()).kind is VerdictKind.OK


def test_an_upright_match_counts_before_a_turned_one():
    """A view that looks like its own flip is not flipped."""
    turned = comparison(orientation=Orientation.ROTATED_180, reference_id=2, similarity=0.99)
    assert judge(comparison(), turned).kind is VerdictKind.OK
    assert judge(turned, comparison()).kind is VerdictKind.OK


# Evidence


@quick
@given(qualities, st.lists(comparisons, min_size=1, max_size=3))
def test_every_verdict_has_a_confidence_reasons_and_evidence_for_json(
    picture: FrameQuality, seen: list[Comparison]
):
    judged = judge(*seen, picture=picture)
    assert 0 <= judged.confidence <= 1
    assert judged.reasons
    json.dumps(dict(judged.evidence), allow_nan=False)
    assert {f"threshold_{field.name}" for field in fields(Thresholds)} <= set(judged.evidence)
    assert judged.kind not in (VerdictKind.OFFLINE, VerdictKind.FROZEN), "these are not seen in a frame"
    if judged.kind is VerdictKind.MOVED and any(one.alignment or one.network_displacement for one in seen):
        assert judged.displacement is not None


@quick
@given(qualities, st.lists(comparisons, min_size=1, max_size=3))
def test_the_same_evidence_gives_the_same_verdict(picture: FrameQuality, seen: list[Comparison]):
    assert judge(*seen, picture=picture) == judge(*seen, picture=picture)


# What each witness may claim alone


def test_a_cover_that_leaves_some_of_the_view_aligned_is_a_cover():
    mostly_hidden = relation(0.1, 0.02, 0.02, 0.8)
    in_few_cells = replace(AT_REST, support=0.2, spread=0.2)
    in_most_cells = replace(AT_REST, support=0.5, spread=0.8)
    assert judge(comparison(mostly_hidden, in_few_cells)).kind is VerdictKind.OBSTRUCTED
    assert judge(comparison(mostly_hidden, in_most_cells)).kind is VerdictKind.OK


def test_a_small_move_that_only_the_network_sees_is_a_doubt_and_a_large_one_is_a_move():
    silent = replace(alignment(Displacement(), support=0.08), peak=4.0)
    small = judge(comparison(MOVED, silent, network=Displacement(dx=0.012)))
    large = judge(comparison(MOVED, silent, network=Displacement(dx=0.1)))
    aligned = judge(comparison(MOVED, alignment(Displacement(dx=0.025)), network=Displacement(dx=0.012)))
    assert (small.kind, large.kind, aligned.kind) == (
        VerdictKind.UNSURE,
        VerdictKind.MOVED,
        VerdictKind.MOVED,
    )


def test_a_turn_needs_the_alignment_or_a_lead_in_likeness():
    """Water looks alike upside down."""
    turned = comparison(SAME, alignment(Displacement(), support=0.05), orientation=Orientation.MIRRORED)
    alike = replace(turned, similarities=dict.fromkeys(Orientation, 0.5) | {Orientation.UPRIGHT: 0.6})
    led = replace(turned, similarities=dict.fromkeys(Orientation, 0.1) | {Orientation.MIRRORED: 0.9})
    locked = replace(alike, alignment=replace(AT_REST, support=0.5))
    assert judge(alike).kind is not VerdictKind.MIRRORED
    assert judge(led).kind is VerdictKind.MIRRORED
    assert judge(locked).kind is VerdictKind.MIRRORED


def test_a_view_that_is_surely_not_seen_is_reported_though_the_reason_is_open():
    strange = judge(comparison(relation(0.02, 0.02, 0.5, 0.46), alignment(support=0.0)))
    in_doubt = judge(comparison(relation(0.25, 0.25, 0.25, 0.25), alignment(support=0.0)))
    assert strange.kind is VerdictKind.DIFFERENT_SCENE
    assert any("may as well" in reason for reason in strange.reasons)
    assert in_doubt.kind is VerdictKind.UNSURE


def test_a_soft_picture_is_blurred_with_its_shapes_and_covered_without_them():
    soft = comparison(SAME, alignment(Displacement(), 0.1), sharpness_ratio=0.1, texture_ratio=0.05)
    assert judge(soft, picture=quality(sharpness=0.01, contrast=0.15)).kind is VerdictKind.BLURRED
    assert judge(soft, picture=quality(sharpness=0.01, contrast=0.01)).kind is VerdictKind.OBSTRUCTED


def test_another_softer_scene_is_not_a_blur():
    elsewhere = comparison(DIFFERENT, alignment(support=0.0), sharpness_ratio=0.1)
    assert judge(elsewhere, picture=quality(sharpness=0.02)).kind is VerdictKind.DIFFERENT_SCENE


def test_a_pan_beyond_the_reach_of_the_network_is_a_move_if_landmarks_are_recognised():
    pan = Displacement(dx=-0.35)
    found = Alignment(pan, 0.12, 0.0, spread=0.3, spread_at_rest=0.0, peak=4.0, landmarks=150)
    verdict = judge(comparison(DIFFERENT, found))
    assert (verdict.kind, verdict.displacement) == (VerdictKind.MOVED, pan)
    few = replace(found, landmarks=9)
    assert judge(comparison(DIFFERENT, few)).kind is VerdictKind.DIFFERENT_SCENE


def test_a_move_that_the_limits_of_the_view_tolerate_is_ok_though_the_network_calls_it_moved():
    lenient = replace(Thresholds(), shift_tolerance=0.2)
    seen = replace(comparison(MOVED, alignment(A_MOVE, support=0.5)), network_displacement=A_MOVE)
    assert judge(seen).kind is VerdictKind.MOVED
    assert decide(quality(), [seen], lenient).kind is VerdictKind.OK
