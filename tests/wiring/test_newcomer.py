"""What is offered for a new camera, and in which order."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.clock import SystemClock
from monitor.onvif.device import Device
from monitor.simulator import OnvifBehaviour, OnvifShelf, SimulatedCamera, SimulatedClock, Site, SiteServer
from monitor.sources.errors import InvalidOption
from monitor.wiring import newcomer
from monitor.wiring.newcomer import Offer, offers, source_entry

MAIN, SUB = "rtsp://127.0.0.1/gate/main", "rtsp://127.0.0.1/gate/sub"


def offered(size: tuple[int, int], *, snapshot: bool = True) -> list[Offer]:
    site = Site(
        [SimulatedCamera("gate", "street", 11, size)], SimulatedClock(datetime(2026, 6, 1, tzinfo=UTC), 0)
    )
    shelf = OnvifShelf(site, OnvifBehaviour(snapshot=snapshot))
    with SiteServer(site, onvif=shelf) as server:
        device = Device(shelf.address("gate", server.url), SystemClock())
        found = list(offers(device, device.profiles()))
    assert all(isinstance(offer, Offer) for offer in found)
    return [offer for offer in found if isinstance(offer, Offer)]


def test_a_snapshot_comes_before_any_stream_and_once() -> None:
    urls = [offer.url.partition("://")[2].partition("/")[2] for offer in offered((1280, 960))]
    assert urls == ["gate/snapshot.jpg", "gate/sub", "gate/main"]


def test_the_sub_stream_comes_first_where_it_suffices_with_the_main_one_behind_it() -> None:
    first, second = offered((1280, 960), snapshot=False)
    assert (first.url, first.main_url) == (SUB, MAIN)
    assert (second.url, second.main_url) == (MAIN, None)
    assert first.label == "stream of gate sub (640 × 480, H265)"


def test_the_main_stream_comes_first_where_the_other_is_too_small() -> None:
    assert [offer.url for offer in offered((640, 480), snapshot=False)] == [MAIN, SUB]


@pytest.mark.parametrize(
    ("knows", "entry"),
    [
        (True, {"kind": "rtsp", "url": MAIN, "substream_url": SUB, "username": "viewer"}),
        (False, {"kind": "rtsp", "url": SUB, "username": "viewer"}),
    ],
)
def test_a_kind_that_knows_of_sub_streams_gets_both(
    knows: bool, entry: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newcomer, "knows_substreams", lambda kind: knows)
    assert source_entry(SUB, "viewer", None, MAIN) == entry


def test_an_address_that_no_kind_of_source_has_is_refused() -> None:
    with pytest.raises(InvalidOption, match="begins with gopher"):
        source_entry("gopher://10.0.4.17/", None, None)
