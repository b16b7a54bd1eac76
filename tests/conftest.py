"""What all tests share: a real PostgreSQL for those that ask for it, and an order in which nobody waits at the end."""

from __future__ import annotations

import pytest

pytest_plugins = ["tests.postgres"]

# Files whose tests mostly wait, the longest first: begun first, they run beside all others.
SLOW = ("e2e/test_demo.py", "e2e/")


def pytest_configure(config: pytest.Config) -> None:
    """Let pytest-xdist keep our order; its own begins with the files that hold the most tests."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; all else stays in its order."""

    def turn(item: pytest.Item) -> int:
        path = item.path.as_posix()
        return next((number for number, part in enumerate(SLOW) if f"tests/{part}" in path), len(SLOW))

    items.sort(key=turn)
