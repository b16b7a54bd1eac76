from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from monitor.grabbers.output import BURST_LINES, MAX_LINE_BYTES
from monitor.logs import configure_logging
from tests.grabbers.conftest import odd, until

SECRET = "Sup3r-geheim/42"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The log as the service writes it, at its most talkative."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    configure_logging("json", "debug", [SECRET], stream)
    yield stream
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.handlers[:], root.level = handlers, level


def lines(log: io.StringIO, event: str) -> list[dict]:
    return [line for line in map(json.loads, log.getvalue().splitlines()) if line["event"] == event]


def test_what_a_grabber_writes_is_in_the_log_without_secrets(open_pool, log):
    odd(open_pool(), "say", secret=SECRET).grab(10.0)
    until(lambda: any(line["text"] == "short and harmless" for line in lines(log, "grabber.said")))
    said = lines(log, "grabber.said")
    assert {line["level"] for line in said} == {"debug"}
    assert any(line["text"].startswith("rtsp://") and "camera/1" in line["text"] for line in said)
    # Not even a part of the line that is too long, which a cut through the secret would have left.
    assert SECRET not in log.getvalue()
    assert SECRET[:6] not in log.getvalue()
    assert all(len(line["text"]) <= MAX_LINE_BYTES for line in said)


def test_a_grabber_that_babbles_neither_fills_the_log_nor_hangs(open_pool, log):
    pool = open_pool()
    odd(pool, "chatter").grab(20.0)
    odd(pool, "say").grab(10.0)
    until(lambda: lines(log, "grabber.said"))
    pool.close()
    assert BURST_LINES <= len(lines(log, "grabber.said")) < 3 * BURST_LINES


def test_a_crash_tells_where_it_happened(open_pool, log):
    from monitor.domain.errors import FrameFault

    with pytest.raises(FrameFault):
        odd(open_pool(), "segfault").grab(10.0)
    until(lambda: any("Segmentation fault" in line["text"] for line in lines(log, "grabber.said")))
    until(lambda: any("in segfault" in line["text"] for line in lines(log, "grabber.said")))


def test_a_fault_of_a_source_is_told_without_secrets(open_pool, log):
    try:
        odd(open_pool(), "fail", secret=SECRET).grab(10.0)
    except Exception:
        structlog.get_logger("test").exception("check.broke_down")
    (line,) = lines(log, "check.broke_down")
    assert "in fail" in line["exception"]
    assert SECRET not in log.getvalue()
