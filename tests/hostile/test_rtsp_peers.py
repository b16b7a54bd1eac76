"""Every row of the table for `rtsp`."""

import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from monitor.sources.kinds import open_source
from tests.hostile.case import CANARY, HostileCase
from tests.hostile.rtsp_cases import CASES
from tests.sources.conftest import WallClock
from tests.sources.drawing import looks_like


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_peer_costs_one_grab_and_no_more(case: HostileCase) -> None:
    with case.serve() as address:
        source = open_source(case.kind, case.options(address), WallClock())
        started_s = time.monotonic()
        try:
            for _ in range(case.grabs - 1):
                with suppress(Exception):
                    source.grab(case.timeout_s)
            if case.expected is None:
                frame = source.grab(case.timeout_s)
                assert looks_like(frame.pixels, tolerance=30)
                assert frame.captured_at <= datetime.now(UTC)
            else:
                with pytest.raises(case.expected) as caught:
                    source.grab(case.timeout_s)
                assert case.said in caught.value.problem
                assert caught.value.remedy
                assert CANARY not in str(caught.value) + repr(caught.value)
        finally:
            source.close()
        assert time.monotonic() - started_s < case.within_s
