"""The parser of M-JPEG streams, on bytes alone."""

import io

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from monitor.domain.errors import FrameFault
from monitor.sources.jpeg_stream import MAX_FALSE_STARTS, MAX_SEGMENTS, JpegStream
from tests.sources.drawing import draw, encode

LIMIT = 200_000
SMALL = encode(draw(32, 24))
OTHER = encode(255 - draw(32, 24))


def with_thumbnail() -> bytes:
    """A JPEG that holds two others, whole, in its EXIF."""
    exif = b"Exif\0\0" + SMALL + b"\0\0" + OTHER
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    return OTHER[:2] + segment + OTHER[2:]


def progressive() -> bytes:
    buffer = io.BytesIO()
    noise = np.random.default_rng(5).integers(0, 255, (48, 64, 3), np.uint8)
    Image.fromarray(noise).save(buffer, "JPEG", progressive=True, restart_marker_blocks=2)
    return buffer.getvalue()


THUMBNAILED, PROGRESSIVE = with_thumbnail(), progressive()
PICTURES = (SMALL, OTHER, THUMBNAILED, PROGRESSIVE)


def multipart(pictures, *, boundary=b"--b", end=b"\r\n", headers=True, length=len) -> bytes:
    parts = []
    for picture in pictures:
        head = [boundary]
        if headers:
            head.append(b"Content-Type: image/jpeg")
            if length is not None:
                head.append(b"Content-Length: %d" % length(picture))
        parts.append(end.join([*head, b"", picture, b""]))
    return b"".join(parts)


def found(data: bytes, size: int | None = None, limit: int = LIMIT) -> list[bytes]:
    stream = JpegStream(limit)
    pieces = [data] if size is None else [data[i : i + size] for i in range(0, len(data), size)]
    return [picture for piece in pieces for picture in stream.feed(piece)]


STREAMS = {
    "as it should be": multipart(PICTURES),
    "with line feeds alone": multipart(PICTURES, end=b"\n"),
    "without lengths": multipart(PICTURES, length=None),
    "with lengths too short": multipart(PICTURES, length=lambda picture: 3),
    "with lengths too long": multipart(PICTURES, length=lambda picture: 10**9),
    "with negative lengths": multipart(PICTURES, length=lambda picture: -5),
    "without part headers": multipart(PICTURES, headers=False),
    "without dashes": multipart(PICTURES, boundary=b"b"),
    "with four dashes": multipart(PICTURES, boundary=b"----b"),
    "with a boundary that is never the same": b"".join(
        multipart([picture], boundary=b"--%d" % at) for at, picture in enumerate(PICTURES)
    ),
    "without a boundary": b"".join(PICTURES),
    "behind a preamble": b"HTTP? \xff\xff\xd8 \xff\xd8 no\r\n" * 50 + multipart(PICTURES),
    "with an epilogue": multipart(PICTURES) + b"--b--\r\nThe end \xff\xd8\xff",
    "padded with zeros": b"".join(picture + bytes(1000) for picture in PICTURES),
}


@pytest.mark.parametrize("form", STREAMS)
@pytest.mark.parametrize("size", [None, 1, 2, 3, 1000])
def test_finds_every_picture_whatever_stands_around_it(form, size):
    assert found(STREAMS[form], size) == list(PICTURES)


def test_fill_bytes_before_a_marker_belong_to_the_picture():
    filled = SMALL[:2] + b"\xff" * 9 + SMALL[2:]
    assert found(filled) == [filled]


@pytest.mark.parametrize(
    "torn", [THUMBNAILED[:3], THUMBNAILED[:40], THUMBNAILED[: len(SMALL) + 90], SMALL[:-1]]
)
def test_a_torn_picture_is_passed_over_and_the_next_but_one_found_at_the_latest(torn):
    assert found(torn + multipart([OTHER, SMALL]))[-1] == SMALL


def test_a_picture_torn_within_its_data_costs_no_other():
    torn = SMALL[:-20]
    assert found(torn + b"\r\n--b\r\n\r\n" + OTHER) == [OTHER]


def test_garbage_that_begins_as_a_jpeg_costs_no_other():
    for garbage in (
        b"\xff\xd8\xff\xe0\xff\xff no",
        b"\xff\xd8\xff\xe0\x00\x01",
        b"\xff\xd8\xff\xd9",
        SMALL[:20],
    ):
        assert found(garbage + b"\r\n" + OTHER + bytes(70_000) + SMALL) == [OTHER, SMALL]


def test_a_header_whose_length_reaches_into_the_next_picture_costs_that_one_at_most():
    lying = SMALL[:4] + b"\xff\x00" + SMALL[6:]
    assert found(lying + OTHER * 300)[-1] == OTHER


def test_nothing_is_found_in_junk_and_nothing_of_it_is_kept():
    stream = JpegStream(LIMIT)
    for _ in range(100):
        assert stream.feed(b"\xff\xd8 \xff\x00 junk" * 1000) == []
    assert len(stream._held) < 10


@pytest.mark.parametrize("size", [None, 1, 1000])
def test_a_picture_is_bounded_to_the_byte(size):
    assert found(OTHER, size, len(OTHER)) == [OTHER]
    with pytest.raises(FrameFault, match="max_bytes"):
        found(OTHER, size, len(OTHER) - 1)


@pytest.mark.parametrize("size", [None, 1000])
def test_what_came_before_a_picture_that_is_too_large_is_given(size):
    endless = SMALL[: SMALL.index(b"\xff\xda") + 14] + bytes(300_000)
    stream = JpegStream(LIMIT)
    pieces = [SMALL + endless] if size is None else [SMALL, endless]
    assert stream.feed(pieces[0]) == [SMALL]
    for _ in range(2):
        with pytest.raises(FrameFault, match="max_bytes"):
            stream.feed(b"".join(pieces[1:]))


def test_endless_false_beginnings_end():
    with pytest.raises(FrameFault, match="beginnings"):
        found(b"\xff\xd8\xff\xe0\x00\x00" * (MAX_FALSE_STARTS + 1))
    with pytest.raises(FrameFault, match="beginnings"):
        found(b"\xff\xd8\xff\xda\x00\x02torn" * (MAX_FALSE_STARTS + 2))


def test_endless_segments_and_fill_bytes_end():
    many = b"\xff\xd8" + b"\xff\xe1\x00\x02" * (MAX_SEGMENTS + 1)
    assert found(many + SMALL) == [SMALL]
    assert found(b"\xff\xd8" + b"\xff" * (MAX_SEGMENTS + 5) + SMALL[2:] + SMALL)[-1] == SMALL


def test_beginnings_nested_in_one_another_cost_no_more_than_a_bounded_number_of_steps(monkeypatch):
    steps = 0
    walk = JpegStream._walk_header

    def counting(stream):
        nonlocal steps
        steps += 1
        return walk(stream)

    monkeypatch.setattr(JpegStream, "_walk_header", counting)
    nest = b"".join(
        b"\n\xff\xd8\xff\xe0" + (60_000 - at - 5).to_bytes(2, "big") for at in range(0, 59_000, 7)
    )
    with pytest.raises(FrameFault, match="beginnings"):
        found(nest + b"behind" + b"\xff\xe1\x00\x02" * 100_000, limit=1 << 20)
    assert steps <= 3 * MAX_FALSE_STARTS


def test_a_thumbnail_of_a_picture_that_breaks_off_is_not_taken_for_a_picture():
    in_its_thumbnail, behind_it = THUMBNAILED[: len(SMALL) + 90], THUMBNAILED[: len(SMALL) + len(OTHER) + 14]
    for torn in (in_its_thumbnail, behind_it, behind_it + b"\xff\xd9"):
        assert found(multipart([torn] * 5)) == []
        assert found(multipart([torn] * 5 + [PROGRESSIVE] * 3))[-1] == PROGRESSIVE


pieces = st.one_of(
    st.sampled_from(PICTURES),
    st.binary(max_size=40),
    st.sampled_from(
        [b"\r\n--b\r\n", b"Content-Length: 7\n", b"\xff\xd8\xff", b"\xff\xd8\xff\xda\x00\x08", b"\xff\xd9"]
    ),
    st.builds(
        lambda picture, at: picture[: at % len(picture)], st.sampled_from(PICTURES), st.integers(0, 9999)
    ),
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(pieces, max_size=12),
    st.lists(st.integers(1, 900), min_size=1, max_size=30),
    st.integers(20, 4000),
)
@example([SMALL], [1], len(SMALL) - 1)
def test_how_the_stream_is_cut_makes_no_difference(parts, sizes, limit):
    data = b"".join(parts)

    def all_of(cuts):
        stream, at, pictures = JpegStream(limit), 0, []
        try:
            for size in cuts:
                pictures += stream.feed(data[at : at + size])
                at += size
            stream.feed(b"")
        except FrameFault as fault:
            return pictures, fault.problem
        return pictures, None

    repeated = sizes * (len(data) // sum(sizes) + 1)
    assert all_of(repeated) == all_of([len(data)])


@settings(max_examples=300, deadline=None)
@given(st.lists(pieces, max_size=12))
def test_what_is_found_begins_and_ends_as_a_jpeg_and_stands_in_the_stream(parts):
    data = b"".join(parts)
    for picture in found(data):
        assert picture.startswith(b"\xff\xd8\xff")
        assert picture.endswith(b"\xff\xd9")
        assert picture in data


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(PICTURES), max_size=5),
    st.binary(max_size=60).filter(lambda junk: b"\xff" not in junk),
)
def test_whole_pictures_are_all_found_whatever_plain_bytes_lie_between(pictures, junk):
    assert found(junk + junk.join(pictures) + junk) == pictures
