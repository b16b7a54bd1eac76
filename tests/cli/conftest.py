"""Commands set up the logs of the whole process; each test leaves them as it found them."""

import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.cli.workplace import _enrolled, bare, receiver, recordings, site

__all__ = ["_enrolled", "bare", "receiver", "recordings", "site"]


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
