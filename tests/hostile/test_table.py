"""Every row of the table, through the same door as the service: bounded, named, and silent about secrets."""

import time
from collections import Counter
from urllib.parse import quote

import pytest

from monitor.clock import SystemClock
from monitor.domain.errors import MonitorError, SourceError
from monitor.sources.kinds import source_kind
from tests.hostile.case import CANARY, HostileCase
from tests.hostile.table import CASES, PAGE, markdown, split_page


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_peer_costs_a_bounded_time_and_ends_as_the_table_says(case: HostileCase) -> None:
    with case.serve() as address:
        options = case.options(address)
        source = source_kind(case.kind).open(options, SystemClock())
        started_s = time.monotonic()
        outcome: Exception | None = None
        try:
            for _ in range(case.grabs):
                outcome = attempt(source, case.timeout_s)
        finally:
            source.close()
        took_s = time.monotonic() - started_s
    assert type(outcome) is (case.expected or type(None)), outcome
    assert took_s <= case.within_s
    if outcome is not None:
        assert isinstance(outcome, MonitorError)
        said = f"{outcome} {outcome!r} {outcome.args}"
        assert CANARY not in said.lower()
        assert case.said in said
        assert outcome.problem
        assert outcome.remedy


def attempt(source, timeout_s: float) -> Exception | None:
    """The error of one grab; None after a frame."""
    try:
        frame = source.grab(timeout_s)
    except SourceError as error:
        return error
    assert frame.pixels.ndim == 3
    return None


def test_names_are_unique_within_a_kind() -> None:
    assert [case for case, count in Counter(map(str, CASES)).items() if count > 1] == []


def test_every_address_with_a_host_carries_the_canary_in_all_its_secrets() -> None:
    for case in CASES:
        if case.kind in ("exec", "folder", "usb", "video"):
            continue
        scheme = "rtsp" if case.kind == "rtsp" else "http"
        options = case.options(f"{scheme}://127.0.0.1:1/{CANARY}")
        given = [
            value
            for name in ("url", "username", "password", "token")
            if (value := getattr(options, name, None))
        ]
        assert given
        assert all(CANARY in value for value in given)


def test_the_canary_is_not_changed_by_percent_encoding() -> None:
    assert quote(CANARY, safe="") == CANARY.lower()


def test_the_documentation_shows_this_table() -> None:
    assert split_page(PAGE.read_text(encoding="utf-8"))[1] == markdown(), "run python -m tests.hostile.table"
