"""The commented configuration to start from: `config/monitor.yaml`, which is inside the wheel too."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

_INSTALLED = "config/monitor.yaml"


def example_text() -> str:
    """The text that `monitor init` writes."""
    return _location().read_text(encoding="utf-8")


def _location() -> Traversable:
    package = files("monitor")
    installed = package.joinpath(_INSTALLED)
    # A checkout keeps the file beside the package, where people look for it; the wheel carries it inside.
    return installed if installed.is_file() else Path(str(package)).parent / _INSTALLED
