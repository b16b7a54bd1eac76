"""Figures that people read, each equal to a reference implementation in its test.

`validation` watches a training run, `detection` weighs scores of two classes, `classification` counts names,
`retrieval` ranks galleries, `oneshot` holds N-way contests, `reliability` asks whether probabilities mean what they
say, `bounds` says how sure a share is. Only `validation` needs torch, so nothing is imported here.
"""
