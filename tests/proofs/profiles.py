"""How many random histories, and which."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

ALL_CHECKS = list(HealthCheck)


def bounded(examples: int) -> settings:
    """For the suite: the same histories each time, and what fails is shortened."""
    return settings(
        max_examples=examples,
        stateful_step_count=30,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=ALL_CHECKS,
        print_blob=False,
    )


def longer(examples: int) -> settings:
    """For a proof: others each time, and longer ones."""
    return settings(
        bounded(examples), derandomize=False, stateful_step_count=60, phases=(Phase.generate, Phase.shrink)
    )
