"""Which recipes reproduce which published design, what was published of it, and how short a quick run of it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Design:
    """One recipe of a published design.

    Attributes:
        letter: Of the design.
        recipe: Name of its file in config/recipes, without the ending.
        title: For the report.
        published: What its makers report, in words; empty where they give no figure.
        differs: In what our data or our run differ from theirs.
        headline: Figure of the validation that stands beside the published one.
        quick: What a quick run changes in the recipe.
    """

    letter: str
    recipe: str
    title: str
    published: str
    differs: str
    headline: str
    quick: Mapping[str, Any]


def _steps(steps: int, validation_batches: int = 4) -> dict[str, Any]:
    """A run of so many steps, judged once, at its end."""
    return {
        "run": {
            "steps": steps,
            "epochs": None,
            "validate_steps": steps,
            "validation_batches": validation_batches,
            "early_stopping": None,
        }
    }


SAME_MATERIAL = "Views of our cameras, and photos in other light."
DESIGNS = (
    Design(
        "A",
        "rotation_siamese",
        "Rotation Siamese",
        "",
        "Pairs are drawn from our photos and cameras.",
        "accuracy",
        _steps(50),
    ),
    Design(
        "A+",
        "rotation_siamese_three_way",
        "Rotation Siamese, third class",
        "",
        "Not published: the cure of A's flaw.",
        "accuracy",
        _steps(50),
    ),
    Design(
        "B",
        "koch_oneshot",
        "Koch one-shot",
        "92.0 % of 20-way one-shot contests on Omniglot",
        "Contests among held-out views and photos in other light, not among drawn characters.",
        "one_shot",
        _steps(60),
    ),
    Design("C", "triplet_cnn", "Triplet CNN, semi-hard", "", SAME_MATERIAL, "rank_1", _steps(150, 8)),
    Design(
        "C",
        "triplet_cnn_random",
        "Triplet CNN, random",
        "",
        "No figure was published.",
        "auc",
        _steps(150, 8),
    ),
    Design(
        "D",
        "mobilenet_retrieval",
        "MobileNetV2 retrieval",
        "46.2 % top-1 of 18 classes",
        "Our classes are fixed cameras, and held out are their last pictures: far easier than styles of art.",
        "top_1",
        _steps(60),
    ),
    Design(
        "E",
        "osnet_triplet",
        "OSNet triplet",
        "mAP 78.7, Rank-1/5/10/20 81.8/93.9/95.5/97.7 %",
        "Views instead of people, without pretrained weights, and far fewer steps.",
        "mean_average_precision",
        _steps(40),
    ),
)
