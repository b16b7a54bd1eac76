"""Importing torchvision beside a torch that its compiled operators were not built for.

The package index has one Linux wheel of torchvision, built against CUDA's torch. Beside a CPU build of torch its
compiled operators do not load, and `import torchvision` then fails, because it registers how two of them behave in
tracing: `nms` and, from 0.28 on, `qnms`. To declare what these two would take and give is enough for models,
transforms and ONNX export. Whatever calls a compiled operator still fails, and says that it has no implementation.
Where the compiled operators load (a matching pair of wheels) nothing is declared.
"""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from importlib.machinery import PathFinder
from types import ModuleType

import torch

from monitor.domain.errors import MonitorError

NEEDED_OPERATORS = ("nms", "qnms")
SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


class TorchvisionMissing(MonitorError):
    """A network needs torchvision, and it is not installed."""


def import_torchvision(module: str = "torchvision") -> ModuleType:
    """A module of torchvision, by its full name, such as `torchvision.models`.

    Raises:
        TorchvisionMissing: torchvision is not installed.
    """
    found = importlib.util.find_spec("torchvision")
    if found is None:
        raise TorchvisionMissing("torchvision is not installed.", "Install it: pip install torchvision")
    _declare_operators(tuple(found.submodule_search_locations or ()))
    return importlib.import_module(module)


def missing_operators() -> tuple[str, ...]:
    """Those of `NEEDED_OPERATORS` that this process does not know."""
    return tuple(name for name in NEEDED_OPERATORS if not hasattr(torch.ops.torchvision, name))


@cache
def _declare_operators(folders: tuple[str, ...]) -> torch.library.Library | None:
    """Declare what is missing, once. The cache keeps the declarations alive: they end with the object."""
    if _compiled_operators_load(folders):
        return None
    missing = missing_operators()
    if not missing:
        return None
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for name in missing:
        library.define(name + SCHEMA)  # type: ignore[no-untyped-call]
    return library


def _compiled_operators_load(folders: tuple[str, ...]) -> bool:
    compiled = PathFinder.find_spec("_C", list(folders))
    if compiled is None or compiled.origin is None:
        return False
    try:
        torch.ops.load_library(compiled.origin)  # type: ignore[no-untyped-call]
    except OSError:
        return False
    return True
