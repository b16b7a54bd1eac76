"""What the words of a network mean to the decision: the names of a head's logits, and a similarity with its limit."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.domain.comparison import Relation

SAME, MOVED, CHANGED = "same", "moved", "changed"

# A network that knows no more than that a view changed has not seen what it changed to. Another scene stands a little
# ahead of a cover, so that a tie is settled; a move least of all, for it is the gradients that see one, and a lock of
# theirs lifts it above the others. Nor does another scene reach the limit from which a soft picture is not called
# blurred: that is for the picture's quality to say.
MEANINGS: Mapping[str, Relation] = {
    SAME: Relation(1.0, 0.0, 0.0, 0.0),
    MOVED: Relation(0.0, 1.0, 0.0, 0.0),
    "different": Relation(0.0, 0.0, 1.0, 0.0),
    "obstructed": Relation(0.0, 0.0, 0.0, 1.0),
    "unrelated": Relation(0.0, 0.0, 1.0, 0.0),
    # Said of the upright pair; which turn it is, the bank of orientations finds, whose pair is then the same.
    "rotated": Relation(0.0, 0.0, 1.0, 0.0),
    CHANGED: Relation(0.0, 0.15, 0.45, 0.4),
}
"""What each name of a relation says, as probabilities."""
UNCHANGED = Relation(0.8, 0.2, 0.0, 0.0)
"""What `same` says of a network that has no word for a move: that it is the place, seen from about there."""


def relation_of(said: Mapping[str, float]) -> Relation:
    """Probabilities by names of `MEANINGS`, which sum to 1, as the decision takes them."""
    meanings = MEANINGS if MOVED in said else {**MEANINGS, SAME: UNCHANGED}

    def total(of: str) -> float:
        return sum(probability * float(getattr(meanings[name], of)) for name, probability in said.items())

    return Relation(total("same"), total("moved"), total("different"), total("obstructed"))


def check_relations(names: Iterable[object]) -> None:
    """Whether a head's logits can be understood; none at all can.

    Raises:
        ValueError: A name is unknown or comes twice, or `same` is missing.
    """
    named = list(names)
    if unknown := [str(name) for name in named if name not in MEANINGS]:
        raise ValueError(f"unknown relations: {', '.join(unknown)}; known are {', '.join(MEANINGS)}")
    if len(set(named)) != len(named) or (named and SAME not in named):
        raise ValueError(f"relations must be different ones, `{SAME}` among them")


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a cosine similarity of embeddings becomes a probability, for networks that judge by distance alone.

    Attributes:
        changed_below: Cosine similarity under which the view changed; there, either is as likely.
        changed_scale: By how much the similarity must differ from that for odds of e to 1; above 0.
    """

    changed_below: float
    changed_scale: float

    @classmethod
    def from_point(cls, operating_point: Mapping[str, Any]) -> Likeness | None:
        """As a card's operating point gives it; None where it gives neither of the two.

        Raises:
            ValueError: It gives one without the other, or a scale that is not above 0.
        """
        limits = [operating_point.get(name) for name in cls.__slots__]
        if limits == [None, None]:
            return None
        if None in limits:
            raise ValueError(f"operating_point has only one of {' and '.join(cls.__slots__)}")
        found = cls(*(float(limit) for limit in limits if limit is not None))
        if found.changed_scale <= 0:
            raise ValueError("operating_point has a changed_scale that is not above 0")
        return found

    def same(self, similarity: float) -> float:
        """The probability that a pair of this similarity (-1–1) shows the same view."""
        steps = (similarity - self.changed_below) / self.changed_scale
        # Beyond, the exponential overflows, and the probability is 0 or 1 to all digits.
        return 1.0 / (1.0 + math.exp(-min(max(steps, -500.0), 500.0)))

    def relation(self, similarity: float) -> Relation:
        """The same as the decision takes it: the rest is `changed`, which way is not known."""
        same = self.same(similarity)
        return relation_of({SAME: same, CHANGED: 1.0 - same})
