"""What a validation makes of scores: figures, a threshold between the kinds, and the pairs that went worst."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from torch import Tensor

from monitor.vision.preprocess import InputSpec
from train.data.design_batches import PairBatch
from train.design_validation import Judged, judge_batches, operating_point, pair_figures
from train.metrics.errors import FigureError
from train.networks.design import DesignNetwork

NAMES = ("same", "changed")
TURNED = ("same", "rotated", "unrelated")


def judged(relation: ArrayLike, score: ArrayLike, said: ArrayLike | None = None) -> Judged:
    truth = np.asarray(relation, np.int64)
    return Judged(
        truth,
        np.asarray(score, np.float64),
        None if said is None else np.asarray(said, np.int64),
        np.zeros((len(truth), 8, 200, 3), np.uint8),
    )


def by_similarity(same: ArrayLike, changed: ArrayLike) -> Judged:
    first, second = np.atleast_1d(same), np.atleast_1d(changed)
    return judged([0] * len(first) + [1] * len(second), [*first, *second])


def probability(point: dict[str, float], score: float) -> float:
    """Of "same", as the service takes it from the card."""
    return float(1 / (1 + np.exp(-(score - point["changed_below"]) / point["changed_scale"])))


@settings(max_examples=30, deadline=None)
@given(st.floats(-0.8, 0.8), st.floats(0.02, 0.15), st.integers(5, 200), st.integers(5, 200))
def test_the_threshold_of_kinds_that_part_lies_between_them_however_many_there_are_of_each(
    middle: float, half_gap: float, same: int, changed: int
) -> None:
    near, far = np.linspace(0, 0.03, same), np.linspace(0, 0.03, changed)
    point = dict(operating_point(by_similarity(middle + half_gap + near, middle - half_gap - far)))
    assert middle - half_gap < point["changed_below"] < middle + half_gap
    assert probability(point, middle + half_gap + 0.03) > 0.5 > probability(point, middle - half_gap - 0.03)


def test_of_kinds_that_overlap_the_threshold_is_where_either_is_as_likely() -> None:
    chance = np.random.default_rng(0)
    point = dict(operating_point(by_similarity(chance.normal(0.6, 0.1, 4000), chance.normal(0.2, 0.1, 1000))))
    assert point["changed_below"] == pytest.approx(0.4, abs=0.01)
    # Two normal kinds of one width: log-odds are linear, with slope (difference of means) / variance.
    assert point["changed_scale"] == pytest.approx(0.1**2 / 0.4, rel=0.15)


@pytest.mark.parametrize(
    ("same", "changed"),
    [
        (np.full(20, 0.5), np.full(20, 0.5)),
        (np.linspace(-1, 1, 50), np.linspace(-1, 1, 50)),
        (np.full(20, 0.1), np.full(20, 0.9)),
        (np.full(20, 1.0), np.full(3, 1.0)),
    ],
    ids=["all alike", "one spread", "the wrong way round", "all at the end"],
)
def test_scores_that_tell_nothing_give_a_card_that_loads_and_is_sure_of_nothing(
    same: np.ndarray, changed: np.ndarray
) -> None:
    point = dict(operating_point(by_similarity(same, changed)))
    assert -1 <= point["changed_below"] <= 1
    assert np.isfinite(point["changed_scale"])
    assert point["changed_scale"] > 0
    assert all(0.2 < probability(point, score) < 0.8 for score in (same.mean(), changed.mean()))


def test_only_the_two_kinds_that_every_design_knows_count_for_threshold_and_figures() -> None:
    relation, score = [0] * 10 + [1] * 10, [*np.linspace(0.8, 0.9, 10), *np.linspace(0.1, 0.2, 10)]
    without, strangers = judged(relation, score), judged([*relation, *[2] * 10], [*score, *[0.95] * 10])
    assert operating_point(strangers) == operating_point(without)
    figures = pair_figures(strangers, TURNED)
    assert figures.pop("called_same_unrelated") == 1.0
    assert figures == pair_figures(without, TURNED)
    assert strangers.confusion(TURNED).counts.tolist() == [[10, 0, 0], [0, 10, 0], [10, 0, 0]]


def test_figures_of_a_hand_counted_case() -> None:
    # A judge: "same" of four is said of three and of one of four that changed.
    found = judged(
        [0, 0, 0, 0, 1, 1, 1, 1], [0.9, 0.8, 0.7, 0.3, 0.6, 0.2, 0.1, 0.0], [0, 0, 0, 1, 0, 1, 1, 1]
    )
    figures = pair_figures(found, NAMES)
    assert figures["threshold"] == 0.5
    assert figures["auc"] == pytest.approx(15 / 16)
    assert figures["equal_error_rate"] == pytest.approx(0.25)
    assert figures["fpr_at_tpr_95"] == pytest.approx(0.25)
    assert figures["accuracy"] == figures["precision"] == figures["recall"] == 0.75
    assert (figures["called_same_same"], figures["called_same_changed"]) == (0.75, 0.25)
    assert found.confusion(NAMES).counts.tolist() == [[3, 1], [1, 3]]


def test_pairs_of_one_kind_only_are_refused_with_what_to_do() -> None:
    with pytest.raises(FigureError, match="All 4 cases are positive"):
        operating_point(judged([0] * 4, [0.1, 0.2, 0.3, 0.4]))


def test_the_worst_pairs_are_shown_first_and_no_more_than_eight() -> None:
    relation, score = [0] * 10 + [1] * 10, [*np.linspace(0.3, 0.9, 10), *np.linspace(0.1, 0.99, 10)]
    found = judged(relation, score)
    found.thumbnails[:] = np.arange(20, dtype=np.uint8)[:, None, None, None]
    shown = found.examples(NAMES)
    assert [int(picture[0, 0, 0]) for picture in shown.values()][:2] == [19, 18]
    assert len(shown) == 8
    assert all(picture.shape == (28, 200, 3) for picture in shown.values())


class _Means(DesignNetwork):
    """Embeds a picture as the mean of its colours; as a judge it calls pairs the same that are about as bright."""

    def __init__(self) -> None:
        super().__init__()
        self.input, self.embedding_size = InputSpec(16, 16, 0.0, 255.0), 3
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, images: Tensor) -> Tensor:
        return images.mean(dim=(2, 3))


class _Judge(_Means):
    relations = ("same", "changed")

    def judge(self, reference: Tensor, frame: Tensor) -> Tensor:
        apart = (reference - frame).abs().mean(dim=1)
        return torch.stack([0.1 - apart, apart - 0.1], dim=1) * 50


def pairs() -> list[PairBatch]:
    red, dark = torch.zeros(1, 3, 16, 16), torch.full((1, 3, 16, 16), 0.2)
    red[:, 0] = 1.0
    batch = PairBatch(torch.cat([red, dark]), torch.cat([red * 0.9, red]), torch.tensor([0, 1]))
    return [batch, batch]


def test_without_a_judge_pairs_are_scored_by_cosine_and_parted_by_a_threshold() -> None:
    found = judge_batches(_Means(), pairs(), bf16=False)
    assert found.said is None
    assert found.score == pytest.approx([1.0, 3**-0.5] * 2)
    assert found.relation.tolist() == [0, 1, 0, 1]
    assert 3**-0.5 < found.threshold < 1
    assert found.answers.tolist() == [0, 1, 0, 1]


def test_a_judge_is_taken_at_its_word() -> None:
    found = judge_batches(_Judge(), pairs(), bf16=False)
    assert found.said is not None
    assert found.said.tolist() == found.answers.tolist() == [0, 1, 0, 1]
    apart = np.array([0.1 / 3, (0.8 + 0.2 + 0.2) / 3] * 2)
    assert found.score == pytest.approx(1 / (1 + np.exp(-100 * (0.1 - apart))), abs=1e-5)


def test_thumbnails_show_the_reference_beside_the_frame() -> None:
    found = judge_batches(_Means(), pairs(), bf16=False)
    assert found.thumbnails.shape == (4, 112, 224, 3)
    left, right = found.thumbnails[1][:, :112], found.thumbnails[1][:, 112:]
    assert left.reshape(-1, 3)[0].tolist() == [51, 51, 51]
    assert right.reshape(-1, 3)[0].tolist() == [255, 0, 0]
