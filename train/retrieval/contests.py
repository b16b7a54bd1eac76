"""N-way one-shot contests among labelled pictures, by a bundle's own judgement of pairs.

Koch, Zemel and Salakhutdinov (Siamese Neural Networks for One-shot Image Recognition, 2015): a query meets one picture
of each of N classes, one of them its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monitor.vision.bundle import load_bundle
from monitor.vision.network import Network
from monitor.vision.preprocess import prepare
from train.data.manifest import read_picture
from train.metrics.bounds import Interval, binomial_interval
from train.metrics.oneshot import draw_contests, n_way_accuracy

SAME = "same"
EMBEDDING = "embedding"
Outputs = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class ContestFigures:
    """How contests went.

    Attributes:
        bundle_id: Who took part.
        ways: Pictures to choose among.
        trials: Contests.
        accuracy: Share won; a tie is lost.
        bounds: 95 % of the share.
    """

    bundle_id: str
    ways: int
    trials: int
    accuracy: float
    bounds: Interval


def hold_contests(
    bundle: Path,
    pictures: Sequence[Path],
    labels: Sequence[str],
    ways: int = 20,
    trials: int = 400,
    seed: int = 0,
    on_done: Callable[[], object] = lambda: None,
) -> ContestFigures:
    """Draw contests and let a bundle choose: by its head's probability of "same", or by cosine without a head.

    Args:
        bundle: The file.
        pictures: N files.
        labels: N classes.
        ways: Classes of a contest, the query's own included.
        trials: Contests.
        seed: The same gives the same contests.
        on_done: Called after each contest.

    Raises:
        BundleError: The bundle does not load.
        FigureError: Fewer classes than ways, or none of two pictures.
        DataError: A picture cannot be read.
    """
    network = Network(load_bundle(bundle))
    contests = draw_contests(labels, ways, trials, np.random.default_rng(seed))
    known: dict[int, Outputs] = {}

    def outputs(index: int) -> Outputs:
        if index not in known:
            known[index] = network.encode(prepare(read_picture(pictures[index]), network.bundle.card.input))
        return known[index]

    alike = np.empty(contests.support.shape)
    for trial, (query, support) in enumerate(zip(contests.query, contests.support, strict=True)):
        asked = outputs(int(query))
        alike[trial] = _likeness(network, asked, [outputs(int(one)) for one in support])
        on_done()
    accuracy = n_way_accuracy(alike)
    return ContestFigures(
        network.bundle.id, ways, trials, accuracy, binomial_interval(round(accuracy * trials), trials)
    )


def _likeness(network: Network, asked: Outputs, support: Sequence[Outputs]) -> list[float]:
    if network.has_head:
        return [said[SAME] for said, _ in network.judge([(one, asked) for one in support])]
    return [float(one[EMBEDDING] @ asked[EMBEDDING]) for one in support]
