"""What a card says of the decision, and which cards are refused."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from monitor.domain.thresholds import Thresholds
from monitor.vision.bundle import load_bundle, shipped_bundle_path
from monitor.vision.card import card_from_json, card_to_json
from monitor.vision.network import Network
from tests.vision.test_bundle import card


def test_limits_of_the_operating_point_take_the_place_of_the_built_in_ones() -> None:
    calibrated = card(operating_point={"confidence": 0.75, "moved_excess": 1.8, "similarity_other": 0.6})
    assert calibrated.limits == {"confidence": 0.75, "moved_excess": 1.8}
    assert calibrated.thresholds == replace(Thresholds(), confidence=0.75, moved_excess=1.8)


def test_a_card_that_knows_no_limits_leaves_all_as_it_is() -> None:
    old = card(operating_point={"alarm_above": 0.5, "similarity_same": 0.5})
    assert (old.limits, old.thresholds, old.relation_temperature) == ({}, Thresholds(), 1.0)


@pytest.mark.parametrize(
    "point",
    [
        {"confidence": float("nan")},
        {"confidence": float("inf")},
        {"confidence": "high"},
        {"relation_temperature": 0},
    ],
)
def test_limits_that_nothing_can_be_decided_by_are_refused(point: dict[str, object]) -> None:
    values = json.loads(json.dumps(card_to_json(card())))
    with pytest.raises(ValueError, match="operating_point"):
        card_from_json({**values, "operating_point": point})


def test_a_temperature_makes_the_head_less_sure_and_prefers_nothing_else() -> None:
    bundle = load_bundle(shipped_bundle_path())
    rng = np.random.default_rng(0)
    picture = rng.normal(0.0, 1.0, (3, bundle.card.input.height, bundle.card.input.width)).astype(np.float32)

    def judge(temperature: float) -> list[float]:
        point = {**bundle.card.operating_point, "relation_temperature": temperature}
        network = Network(replace(bundle, card=replace(bundle.card, operating_point=point)))
        grids = dict(network.encode(picture))
        relation = network.relate([(grids, grids)])[0][0]
        return [relation.same, relation.moved, relation.different, relation.obstructed]

    sure, doubting = np.array(judge(1.0)), np.array(judge(2.0))
    assert doubting.max() < sure.max()
    assert doubting == pytest.approx(np.sqrt(sure) / np.sqrt(sure).sum(), abs=1e-4)
