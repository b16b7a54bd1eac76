"""Configurations as files, the way they are read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.settings import Settings, load_settings

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Reads a text as if it were the configuration file; keyword arguments are environment variables."""

    def load_text(text: str, **environ: str) -> Settings:
        path = tmp_path / "monitor.yaml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path, environ)

    return load_text
