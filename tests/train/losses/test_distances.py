"""Every distance, as a matrix and in pairs, equals the sum over components that defines it."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.train.losses.batches import examples
from train.losses.distances import DISTANCES, LossError, cosine_similarity_paired, distance_named


def by_definition(name: str, first: list[float], second: list[float]) -> float:
    differences = [abs(a - b) for a, b in zip(first, second, strict=True)]
    if name == "manhattan":
        return sum(differences)
    squares = sum(d**2 for d in differences)
    if name == "squared_euclidean":
        return squares
    if name == "euclidean":
        return math.sqrt(squares)
    product = sum(a * b for a, b in zip(first, second, strict=True))
    return 1 - product / (math.hypot(*first) * math.hypot(*second))


def embeddings(name: str, count: int, seed: int) -> torch.Tensor:
    chance = torch.Generator().manual_seed(seed)
    drawn = torch.randn(count, 5, generator=chance, dtype=torch.float64) * 3
    return torch.nn.functional.normalize(drawn) if name == "unit_cosine" else drawn


@pytest.mark.parametrize("name", DISTANCES)
@examples
@given(first=st.integers(1, 6), second=st.integers(1, 6), seed=st.integers(0, 1000))
def test_a_matrix_holds_the_distance_of_every_row_to_every_row(
    name: str, first: int, second: int, seed: int
) -> None:
    rows, columns = embeddings(name, first, seed), embeddings(name, second, seed + 1)
    found = distance_named(name).matrix(rows, columns)
    assert found.shape == (first, second)
    for i, row in enumerate(rows.tolist()):
        for j, column in enumerate(columns.tolist()):
            assert float(found[i, j]) == pytest.approx(by_definition(name, row, column), abs=1e-9)


@pytest.mark.parametrize("name", DISTANCES)
def test_pairs_are_the_diagonal_of_the_matrix(name: str) -> None:
    first, second = embeddings(name, 7, 0), embeddings(name, 7, 1)
    distance = distance_named(name)
    torch.testing.assert_close(distance.paired(first, second), distance.matrix(first, second).diagonal())


@pytest.mark.parametrize("name", DISTANCES)
def test_a_distance_to_itself_is_zero_and_has_a_finite_gradient(name: str) -> None:
    rows = embeddings(name, 3, 0).requires_grad_()
    distance = distance_named(name)
    (distance.matrix(rows, rows).sum() + distance.paired(rows, rows.clone()).sum()).backward()
    assert distance.matrix(rows, rows).diagonal().abs().max() < 1e-9
    assert rows.grad is not None
    assert rows.grad.isfinite().all()


@pytest.mark.parametrize("name", ["euclidean", "squared_euclidean"])
def test_near_neighbours_far_from_the_origin_keep_their_distance_in_single_precision(name: str) -> None:
    first = torch.full((40, 8), 30.0)
    second = first.clone()
    second[:, 0] += 2**-8
    power = 2 if name == "squared_euclidean" else 1
    found = distance_named(name).matrix(first, second)
    torch.testing.assert_close(found, torch.full((40, 40), 2.0 ** (-8 * power)))


def test_an_embedding_without_length_is_like_nothing_and_its_gradient_is_finite() -> None:
    nothing = torch.zeros(1, 4, requires_grad=True)
    similarity = cosine_similarity_paired(nothing, torch.ones(1, 4))
    similarity.sum().backward()
    assert float(similarity.detach()) == 0
    assert nothing.grad is not None
    assert nothing.grad.isfinite().all()


@pytest.mark.parametrize("name", ["cosine", "unit_cosine"])
def test_cosine_distance_is_one_minus_its_similarity(name: str) -> None:
    first, second = embeddings("unit_cosine", 4, 0), embeddings("unit_cosine", 4, 1)
    distance = distance_named(name)
    assert distance.similarity_matrix is not None
    torch.testing.assert_close(1 - distance.similarity_matrix(first, second), distance.matrix(first, second))


def test_an_unknown_distance_is_refused_with_the_known_ones() -> None:
    with pytest.raises(LossError, match="'chebyshev'") as refused:
        distance_named("chebyshev")
    assert "squared_euclidean" in str(refused.value.remedy)
