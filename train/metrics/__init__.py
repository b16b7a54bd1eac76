"""Figures that people read, each equal to a reference implementation in its test.

`validation` watches a training run, `detection` weighs scores of two classes, `classification` counts names,
`retrieval` ranks galleries, `oneshot` holds N-way contests, `reliability` asks whether probabilities mean what they
say, `bounds` says how sure a share is.
"""

from train.metrics.bounds import largest_alarm_share as largest_alarm_share
from train.metrics.reliability import softmax as softmax
from train.metrics.validation import validation_figures as validation_figures

__all__ = ["largest_alarm_share", "softmax", "validation_figures"]
