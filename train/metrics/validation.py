"""What a training run of the view network reports of its validation cameras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from train.data.groups import Batch
from train.networks.view import RELATIONS, Encoding, PairOutput


def validation_figures(results: Sequence[tuple[Batch, Encoding, PairOutput]]) -> Mapping[str, float]:
    """Share of right relations by class, and median errors of displacement where it is measurable.

    Shift errors are in percent of the view, roll in degrees, zoom in percent.
    """
    if not results:
        return {}
    relation = torch.cat([batch.relation for batch, _, _ in results])
    said = torch.cat([output.relation for _, _, output in results]).argmax(dim=1)
    figures = {}
    for index, name in enumerate(RELATIONS):
        of_class = relation == index
        if of_class.any():
            figures[f"right_{name}"] = float((said[of_class] == index).float().mean())
    measurable = torch.cat([batch.measurable for batch, _, _ in results])
    if measurable.any():
        target = torch.cat([batch.displacement for batch, _, _ in results])[measurable]
        measured = torch.cat([output.displacement for _, _, output in results])[measurable]
        error = (measured - target).abs()
        for moved, name in ((relation[measurable] == 0, "same"), (relation[measurable] == 1, "moved")):
            if moved.any():
                part = error[moved]
                figures[f"shift_error_{name}_percent"] = float(part[:, :2].amax(dim=1).median() * 100)
                figures[f"roll_error_{name}_deg"] = float(part[:, 2].median())
                figures[f"zoom_error_{name}_percent"] = float(part[:, 3].median() * 100)
    return figures
