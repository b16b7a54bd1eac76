"""Pictures that all tests of the recipes share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.train.recipes.designs import draw_places


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of drawn class folders; tests leave it as it is."""
    return draw_places(tmp_path_factory.mktemp("places"))
