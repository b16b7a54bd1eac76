"""From packets to pictures: what arrives whole is shown, and nothing else is."""

import random
import time
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.errors import FrameFault
from monitor.net.rtsp.datagrams import Reordering
from monitor.sources.stream.entry import EntryFinder, KeyPicture
from monitor.sources.stream.h264 import H264
from monitor.sources.stream.h265 import H265
from monitor.sources.stream.keyframe import TornPicture, decode_key_picture
from monitor.sources.stream.nal import Assembler
from monitor.sources.stream.rtp import parse_rtp
from tests.rtsp.packets import encode, key_frame, nals_of, packetize, rtp
from tests.sources.drawing import draw, looks_like

CODECS = {"h264": H264(), "hevc": H265()}
MOMENT = datetime(2026, 6, 1, tzinfo=UTC)


def pictures_of(packets: list[bytes], codec: str = "h264", max_bytes: int = 1 << 20) -> list[KeyPicture]:
    """All key pictures in a run of packets."""
    assembler, finder = Assembler(CODECS[codec], max_bytes), EntryFinder(CODECS[codec], (), max_bytes)
    found = []
    for data in packets:
        packet = parse_rtp(data)
        if packet is None:
            continue
        for unit in assembler.add(packet):
            if (picture := finder.add(unit, MOMENT, time.monotonic())) is not None:
                found.append(picture)
    return found


def shown(picture: KeyPicture, codec: str = "h264") -> np.ndarray:
    """Its pixels, RGB."""
    return decode_key_picture(picture, codec, 50_000_000).to_ndarray(format="rgb24")


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("slices", [1, 3])
@pytest.mark.parametrize("largest", [100, 1200, 60_000])
def test_a_key_frame_is_put_together_from_any_packets(codec, slices, largest):
    nals = key_frame(codec, 320, 240, slices)
    (picture,) = pictures_of(packetize(nals, 65_530, 7, codec, largest), codec)
    assert looks_like(shown(picture, codec), tolerance=20)
    assert picture.arrived_at == MOMENT


@pytest.mark.parametrize("codec", CODECS)
def test_units_may_be_aggregated_in_one_packet(codec):
    nals = key_frame(codec)
    head = bytes((24,)) if codec == "h264" else bytes((48 << 1, 1))
    payload = head + b"".join(len(nal).to_bytes(2, "big") + nal for nal in nals)
    (picture,) = pictures_of([rtp(payload, 0, marker=True)], codec)
    assert looks_like(shown(picture, codec), tolerance=20)


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize(("width", "height"), [(64, 48), (320, 240), (1280, 720), (352, 288)])
def test_the_size_is_known_before_anything_is_decoded(codec, width, height):
    (picture,) = pictures_of(packetize(key_frame(codec, width, height), codec=codec), codec)
    assert picture.size is not None
    # Whole blocks are declared, and what is too much is cropped.
    assert 0 <= picture.size[0] - width < 16
    assert 0 <= picture.size[1] - height < 16
    with pytest.raises(FrameFault, match="max_pixels"):
        decode_key_picture(picture, codec, width * height // 2)


def test_a_picture_without_marks_ends_where_the_next_one_begins():
    packets = packetize(key_frame(), 0, 1) + packetize(key_frame(), 100, 2)
    unmarked = [bytes((packet[0], packet[1] & 0x7F)) + packet[2:] for packet in packets]
    renumbered = [
        packet[:2] + number.to_bytes(2, "big") + packet[4:] for number, packet in enumerate(unmarked)
    ]
    assert len(pictures_of(renumbered)) == 1


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("marked", [True, False])
def test_with_any_packet_lost_the_picture_is_not_taken(codec, marked):
    nals = key_frame(codec, 320, 240, 3)
    before, after = packetize([b"\x0c\x00\x00"], 0, 1), packetize([b"\x0c\x00\x00"], 0, 3)
    packets = packetize(nals, 0, 2, codec, 300)
    run = [*before, *packets, *after]
    run = [packet[:2] + number.to_bytes(2, "big") + packet[4:] for number, packet in enumerate(run)]
    if not marked:
        run = [bytes((packet[0], packet[1] & 0x7F)) + packet[2:] for packet in run]
    assert len(pictures_of(run, codec)) == 1
    for lost in range(1, len(run) - 1):
        left = run[:lost] + run[lost + 1 :]
        for picture in pictures_of(left, codec):
            # What was lost can only have been a parameter set or a note, and the picture is whole without it …
            try:
                assert looks_like(shown(picture, codec), tolerance=20)
            except TornPicture:
                continue  # … or the decoder says that it is not.


def test_damage_in_any_place_of_an_h264_picture_is_noticed():
    *rest, last = key_frame("h264", 320, 240)
    whole = shown(pictures_of(packetize(key_frame("h264", 320, 240)))[0])
    dice = random.Random(5)
    torn = 0
    for _ in range(60):
        damaged = bytearray(last)
        for position in (dice.randrange(20, len(last)) for _ in range(4)):
            damaged[position] ^= 1 << dice.randrange(8)
        try:
            seen = shown(pictures_of(packetize([*rest, bytes(damaged)]))[0])
        except TornPicture:
            torn += 1
            continue
        # The very last bits may be anything; then nearly nothing differs.
        assert np.abs(seen.astype(int) - whole).mean() < 12
    assert torn > 40


def test_a_picture_refreshed_little_by_little_is_shown_when_it_is_whole():
    pictures = [np.roll(draw(320, 240), 4 * step, axis=1) for step in range(50)]
    units = encode(pictures, keys_every=12, more=":intra-refresh=1")
    kinds = [{nal[0] & 31 for nal in nals_of(unit)} for unit in units]
    assert 5 in kinds[0]
    assert not any(5 in kind for kind in kinds[1:]), "only the first one is a key frame, which is not seen"
    packets, sent = [], []
    for number, unit in enumerate(units[3:], 3):
        made = packetize(nals_of(unit), len(packets), number * 18_000)
        packets += made
        sent += [number] * len(made)
    found = pictures_of(packets)
    assert found
    assert len(found[0].units) > 5
    seen = shown(found[0])
    differences = [np.abs(seen.astype(int) - picture).mean() for picture in pictures]
    assert min(differences) < 6
    assert int(np.argmin(differences)) > 10


def test_without_any_entry_nothing_is_shown():
    units = encode([np.roll(draw(), step, axis=1) for step in range(6)])
    packets: list[bytes] = []
    for number, unit in enumerate(units[1:]):
        packets += packetize(nals_of(unit), len(packets), number)
    assert pictures_of(packets) == []


def test_parameter_sets_that_came_earlier_are_kept():
    *sets_and_notes, picture = key_frame()
    packets = packetize(sets_and_notes, 0, 1) + packetize([picture], len(sets_and_notes), 2)
    (found,) = pictures_of(packets)
    assert looks_like(shown(found), tolerance=20)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=80), max_size=20), st.sampled_from(sorted(CODECS)))
def test_no_bytes_raise_anything_else_than_torn(payloads, codec):
    packets = [
        rtp(payload, number, number // 3, marker=number % 3 == 2) for number, payload in enumerate(payloads)
    ]
    for picture in pictures_of([*payloads, *packets], codec):
        try:
            decode_key_picture(picture, codec, 1_000_000)
        except (TornPicture, FrameFault):
            continue


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 65_535), st.integers(1, 120), st.randoms(use_true_random=False))
def test_packets_come_in_order_whatever_the_network_did(first, count, dice):
    numbers = [(first + step) % 65_536 for step in range(count)]
    places = sorted(range(count), key=lambda place: place + dice.uniform(0, 8) if place else -1.0)
    order = Reordering()
    came = [
        int.from_bytes(packet[2:4], "big")
        for place in places
        for packet in order.add(rtp(b"x", numbers[place]))
    ]
    assert came == numbers


def test_a_lost_packet_is_waited_for_and_then_given_up():
    order = Reordering(depth=4)
    came = [
        int.from_bytes(packet[2:4], "big")
        for number in [0, 1, 3, 4, 5, 6, 7, 2, 8]
        for packet in order.add(rtp(b"x", number))
    ]
    assert came == [0, 1, 3, 4, 5, 6, 7, 8]
