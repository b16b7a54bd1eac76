import hashlib
import io
import os
import struct
import subprocess
import sys
import time
import zlib
from contextlib import suppress
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from monitor.domain.errors import FrameFault, SourceDenied, SourceUnreachable
from monitor.sources.pictures import decode_picture, load_picture
from tests.sources.drawing import CORNERS, draw, encode, looks_like

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
GREY = tuple((round(0.299 * r + 0.587 * g + 0.114 * b),) * 3 for r, g, b in CORNERS)
RED, GREEN, BLUE, PLAIN = CORNERS


def decode(data: bytes, **limits):
    return decode_picture(data, captured_at=NOON, **limits)


def in_mode(mode: str) -> Image.Image:
    return Image.fromarray(draw()).convert(mode)


def in_palette() -> Image.Image:
    return in_mode("RGB").quantize(8)


def exif(orientation: int) -> bytes:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags.tobytes()


def grey_in_16_bit() -> Image.Image:
    return Image.fromarray(np.asarray(in_mode("L")).astype(np.uint16) * 257)


def with_alpha() -> Image.Image:
    image = in_mode("RGBA")
    image.putalpha(Image.new("L", image.size, 128))
    return image


GOOD = {
    "jpeg": (encode(draw()), CORNERS),
    "progressive jpeg": (encode(draw(), progressive=True), CORNERS),
    "4:2:0 jpeg": (encode(draw(), subsampling=2), CORNERS),
    "grey jpeg": (encode(in_mode("L")), GREY),
    "cmyk jpeg": (encode(in_mode("CMYK")), CORNERS),
    "jpeg with something behind its end": (encode(draw()) + b"\0" * 100, CORNERS),
    "jpeg with broken exif": (encode(draw(), exif=b"Exif\0\0garbage"), CORNERS),
    "png": (encode(draw(), "PNG"), CORNERS),
    "png with alpha": (encode(with_alpha(), "PNG"), CORNERS),
    "grey png with alpha": (encode(in_mode("LA"), "PNG"), GREY),
    "palette png": (encode(in_palette(), "PNG"), CORNERS),
    "16-bit png": (encode(grey_in_16_bit(), "PNG"), GREY),
    "interlace-free png of rows": (encode(draw(65, 47), "PNG"), CORNERS),
    "webp": (encode(draw(), "WEBP", quality=95), CORNERS),
    "lossless webp with alpha": (encode(with_alpha(), "WEBP", lossless=True), CORNERS),
    "bmp": (encode(draw(), "BMP"), CORNERS),
    "palette bmp": (encode(in_palette(), "BMP"), CORNERS),
    "still gif": (encode(in_palette(), "GIF"), CORNERS),
}


def animation(kind: str) -> bytes:
    pictures = [Image.fromarray(np.roll(draw(), 9 * turn, 1)) for turn in range(3)]
    stream = io.BytesIO()
    pictures[0].save(stream, kind, save_all=True, append_images=pictures[1:], duration=100)
    return stream.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def jpeg_claiming(width: int, height: int) -> bytes:
    data = bytearray(encode(draw()))
    start = data.index(b"\xff\xc0")
    data[start + 5 : start + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def jpeg_of_many_scans() -> bytes:
    data = encode(draw(1600, 1200), progressive=True)
    start = data.index(b"\xff\xda")
    end = data.index(b"\xff\xc4", start)
    return data[:end] + data[start:end] * 400 + data[end:]


JPEG, PNG = GOOD["jpeg"][0], GOOD["png"][0]
BAD = {
    "nothing": (b"", "empty"),
    "html": (b"<!DOCTYPE html><html><title>hunter2</title></html>", "an HTML page"),
    "html after blanks": (b"\r\n \n<html>", "an HTML page"),
    "xml": (b"<?xml version='1.0'?><e/>", "an XML document"),
    "json": (b'{"error": "hunter2"}', "a JSON document"),
    "text": (b"hunter2 is wrong", "text"),
    "zeros": (b"\0" * 4000, "zero bytes"),
    "noise": (bytes(range(128, 256)) * 20, "unknown kind"),
    "pdf": (b"%PDF-1.4 ...", "a PDF"),
    "gzip": (b"\x1f\x8b\x08\0\0", "gzip"),
    "mp4": (b"\0\0\0\x18ftypmp42\0\0", "an MP4 video"),
    "heic": (b"\0\0\0\x18ftypheic\0\0", "HEIC"),
    "h264": (b"\0\0\0\x01\x67\x42", "H.264"),
    "multipart": (b"--boundary\r\nContent-Type: image/jpeg\r\n", "multipart"),
    "tiff": (encode(draw(), "TIFF"), "a TIFF picture"),
    "half a jpeg": (JPEG[: len(JPEG) // 2], "truncated"),
    "jpeg without its last byte": (JPEG[:-1], "truncated"),
    "jpeg without its end": (JPEG[:-2], "truncated"),
    "jpeg header only": (JPEG[:200], "truncated"),
    "jpeg magic only": (b"\xff\xd8\xff", "JPEG"),
    "half a progressive jpeg": (GOOD["progressive jpeg"][0][:-300], "truncated"),
    "jpeg cut behind its thumbnail": (encode(draw(), exif=b"Exif\0\0" + JPEG)[: len(JPEG) + 12], ""),
    "jpeg without a picture": (b"\xff\xd8\xff\xd9", ""),
    "half a png": (PNG[: len(PNG) // 2], "truncated"),
    "png without its end": (PNG[:-4], "truncated"),
    "half a webp": (GOOD["webp"][0][:60], ""),
    "half a bmp": (GOOD["bmp"][0][:3000], ""),
    "animated gif": (animation("GIF"), "animated"),
    "animated png": (animation("PNG"), "animated"),
    "animated webp": (animation("WEBP"), "animated"),
    "bomb in png": (png_claiming(30_000, 30_000), "megapixels"),
    "100 megapixels in jpeg": (jpeg_claiming(10_000, 10_000), "megapixels"),
    "60 megapixels in jpeg": (jpeg_claiming(10_000, 6_000), "10000 × 6000 = 60 megapixels"),
    "largest png": (png_claiming(2**31 - 1, 2**31 - 1), "megapixels"),
    "jpeg of many scans": (jpeg_of_many_scans(), "scans"),
    "jpeg without height": (jpeg_claiming(64, 0), ""),
    "png without width": (png_claiming(0, 10), ""),
    "one pixel": (encode(draw(2, 2)[:1, :1], "PNG"), "too small"),
    "a strip": (encode(draw(1000, 20), "PNG"), "strip"),
}


@pytest.mark.parametrize("name", GOOD)
def test_every_good_picture_becomes_rgb(name):
    data, expected = GOOD[name]
    frame = decode(data)
    assert frame.pixels.dtype == np.uint8
    assert frame.pixels.shape == (frame.native_height, frame.native_width, 3)
    assert looks_like(frame.pixels, expected, tolerance=24 if "cmyk" in name or "4:2:0" in name else 14)
    assert frame.digest == hashlib.sha256(data).hexdigest()
    assert (frame.captured_at, frame.encoded) == (NOON, data)
    assert frame.pixels.flags.c_contiguous
    assert not frame.pixels.flags.writeable


@pytest.mark.parametrize("name", BAD)
def test_every_bad_picture_is_a_fault_that_names_what_came(name, capfd):
    data, expected = BAD[name]
    started_s = time.monotonic()
    with pytest.raises(FrameFault) as caught:
        decode(data)
    assert expected in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert time.monotonic() - started_s < 5
    assert capfd.readouterr().err == ""


def test_broken_metadata_is_no_fault_and_nothing_is_said_of_it() -> None:
    # In a process of its own: pytest turns warnings into errors, and the service must not write them to stderr.
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x02" + b"\x01\x12\0\x03"
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    picture = encode(draw())
    broken = picture[:2] + segment + picture[2:]
    script = (
        "import sys; from datetime import UTC, datetime; from monitor.sources.pictures import decode_picture;"
        "print(decode_picture(sys.stdin.buffer.read(), captured_at=datetime.now(UTC)).pixels.shape)"
    )
    done = subprocess.run([sys.executable, "-c", script], input=broken, capture_output=True, check=True)
    assert done.stdout == b"(48, 64, 3)\n"
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, (RED, GREEN, BLUE, PLAIN)),
        (2, (GREEN, RED, PLAIN, BLUE)),
        (3, (PLAIN, BLUE, GREEN, RED)),
        (4, (BLUE, PLAIN, RED, GREEN)),
        (5, (RED, BLUE, GREEN, PLAIN)),
        (6, (BLUE, RED, PLAIN, GREEN)),
        (7, (PLAIN, GREEN, BLUE, RED)),
        (8, (GREEN, PLAIN, RED, BLUE)),
        (99, (RED, GREEN, BLUE, PLAIN)),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_turns_the_picture_upright_by_its_exif_tag(kind, orientation, expected):
    frame = decode(encode(draw(), kind, exif=exif(orientation), quality=95))
    assert looks_like(frame.pixels, expected, tolerance=20)
    size = (48, 64) if orientation in (5, 6, 7, 8) else (64, 48)
    assert (frame.native_width, frame.native_height) == size


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize(
    ("native", "target", "expected"),
    [((1280, 720), 640, 640), ((1279, 720), 640, 1279), ((1920, 1080), 640, 960), ((2560, 1440), 640, 640),
     ((1920, 1080), 100, 240), ((1000, 1900), 640, 950)],
)  # fmt: skip
def test_decodes_only_as_large_as_needed(kind, native, target, expected):
    frame = decode(encode(draw(*native), kind), target_long_side=target)
    assert max(frame.pixels.shape[:2]) == expected
    assert (frame.native_width, frame.native_height) == native
    assert looks_like(frame.pixels)


def test_limits_can_be_set():
    with pytest.raises(FrameFault, match="max_bytes"):
        decode(JPEG, max_bytes=100)
    with pytest.raises(FrameFault, match="max_pixels"):
        decode(JPEG, max_pixels=1000)


def decodes_or_faults(data: bytes) -> None:
    with suppress(FrameFault):
        assert decode(data, max_pixels=1_000_000).pixels.shape[2] == 3


FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FUZZ
@given(st.binary(max_size=400))
def test_arbitrary_bytes_never_raise_anything_else(data):
    decodes_or_faults(data)


@FUZZ
@given(
    st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"RIFF\0\0\0\0WEBP"]),
    st.binary(max_size=300),
)
def test_arbitrary_bytes_behind_a_signature_never_raise_anything_else(signature, data):
    decodes_or_faults(signature + data)


@FUZZ
@given(st.sampled_from([name for name in GOOD if "behind" not in name]), st.floats(0, 1, exclude_max=True))
def test_a_truncated_picture_is_never_a_frame(name, share):
    data = GOOD[name][0]
    cut = data[: int(share * len(data))]
    if name in ("png", "bmp", "webp") or "jpeg" in name:
        with pytest.raises(FrameFault):
            decode(cut)
    else:
        decodes_or_faults(cut)


@FUZZ
@given(
    st.sampled_from(list(GOOD)),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 7)), max_size=8),
)
def test_flipped_bits_never_raise_anything_else(name, flips):
    data = bytearray(GOOD[name][0])
    for share, bit in flips:
        data[int(share * len(data))] ^= 1 << bit
    decodes_or_faults(bytes(data))


def test_loads_a_file_and_dates_it_by_name_or_writing(tmp_path):
    named, unnamed = tmp_path / "20260601T120000Z.jpg", tmp_path / "garden.jpg"
    named.write_bytes(JPEG)
    unnamed.write_bytes(JPEG)
    os.utime(unnamed, (NOON.timestamp(), NOON.timestamp()))
    assert load_picture(named).captured_at == NOON
    assert load_picture(unnamed).captured_at == NOON
    assert looks_like(load_picture(named).pixels)


def test_every_unusable_file_has_its_named_error(tmp_path):
    (tmp_path / "page.jpg").write_bytes(b"<html>")
    (tmp_path / "large.jpg").write_bytes(b"\xff" * 5000)
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "circle.jpg").symlink_to(tmp_path / "circle.jpg")
    for name, expected, said in (
        ("none.jpg", SourceUnreachable, "does not exist"),
        ("", SourceUnreachable, "is a folder"),
        ("page.jpg/x.jpg", SourceUnreachable, "not in a folder"),
        ("pipe.jpg", SourceUnreachable, "not a file"),
        ("circle.jpg", SourceUnreachable, "cannot be read"),
        ("a\0b.jpg", SourceUnreachable, "no valid path"),
        ("page.jpg", FrameFault, "page.jpg: This is no picture, but an HTML page"),
    ):
        with pytest.raises(expected, match=said):
            load_picture(tmp_path / name)
    with pytest.raises(FrameFault, match="5,000 bytes"):
        load_picture(tmp_path / "large.jpg", max_bytes=4000)


def test_a_file_that_may_not_be_read_is_denied(tmp_path, as_nobody):
    secret = as_nobody.folder / "secret.jpg"
    secret.write_bytes(JPEG)
    secret.chmod(0)
    with as_nobody(), pytest.raises(SourceDenied, match="may not be read"):
        load_picture(secret)


def textured(width: int = 640, height: int = 480) -> bytes:
    """A picture whose data damage shows in: noise in every block."""
    noise = np.random.default_rng(0).integers(0, 120, (height // 8, width // 8, 3), np.uint8)
    return encode(np.kron(noise, np.ones((8, 8, 1), np.uint8)) + draw(width, height) // 3, quality=80)


def garbled(data: bytes, share: float, length: int = 100) -> bytes:
    """With other bytes in the compressed part from that share of it on; no markers among them."""
    start = data.index(b"\xff\xda") + 14
    at = start + int(share * (len(data) - 2 - start - length))
    return data[:at] + bytes(range(1, length + 1)) + data[at + length :]


def test_a_whole_picture_is_not_complained_of():
    assert [decode(data).complaint for data, _ in GOOD.values()] == [None] * len(GOOD)


@pytest.mark.parametrize("target_long_side", [480, 80])
def test_damage_that_the_decoder_paints_over_is_told(target_long_side: int):
    whole = textured()
    complaints = [
        decode(garbled(whole, share), target_long_side=target_long_side).complaint
        for share in np.linspace(0.05, 0.9, 20)
    ]
    assert sum(complaint is not None for complaint in complaints) >= 15
    assert decode(whole, target_long_side=target_long_side).complaint is None


def test_missing_restart_intervals_are_told():
    data = encode(Image.open(io.BytesIO(textured())), quality=80, restart_marker_rows=1)
    third, fourth = data.index(b"\xff\xd3"), data.index(b"\xff\xd4")
    assert decode(data[:third] + data[fourth:]).complaint is not None


@pytest.mark.parametrize(("factor", "target_long_side"), [(1, 1600), (2, 800), (4, 400), (8, 200)])
def test_pixels_are_those_that_pillow_decodes_reduced_or_not(factor: int, target_long_side: int):
    data = encode(draw(1601, 1203), quality=85, subsampling=2)
    by_pillow = Image.open(io.BytesIO(data))
    if factor > 1:
        by_pillow.draft(None, (1601 // factor, 1203 // factor))
    pixels = decode(data, target_long_side=target_long_side).pixels
    assert np.array_equal(pixels, np.asarray(by_pillow.convert("RGB")))


def test_a_camera_that_begins_to_turn_by_exif_shows_what_it_showed():
    upright = decode(encode(draw()))
    lying = decode(encode(np.rot90(draw()), exif=exif(6)))
    assert (lying.native_width, lying.native_height) == (upright.native_width, upright.native_height)
    assert looks_like(lying.pixels)
