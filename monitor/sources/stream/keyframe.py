"""Decoding one key picture, and nothing that is not whole."""

from __future__ import annotations

import av

from monitor.sources.pictures import check_shape
from monitor.sources.stream.entry import KeyPicture


class TornPicture(Exception):
    """The decoder found damage; another picture may be whole."""


def decode_key_picture(picture: KeyPicture, decoder: str, max_pixels: int) -> av.VideoFrame:
    """The picture, whole.

    A decoder of its own for each picture, so that none can show anything of another. It has one thread, stops at the
    first error, and is flushed at once.

    Raises:
        FrameFault: Its declared size is refused; nothing was decoded.
        TornPicture: It is damaged, or shows what was never sent.
    """
    if picture.size is not None:
        check_shape(*picture.size, max_pixels)
    context = av.CodecContext.create(decoder, "r")
    assert isinstance(context, av.VideoCodecContext)
    context.thread_count = 1
    # `explode` makes damage an error. Concealment stays on: H.264 marks as corrupt what had to be concealed. H.265
    # knows neither, and shows whatever comes out of damaged bytes; there, lost packets are found by their numbers.
    context.options = {"err_detect": "explode", "max_pixels": str(max_pixels)}
    found: list[av.VideoFrame] = []
    try:
        for unit in picture.units:
            found += context.decode(av.Packet(unit))
        found += context.decode(None)
    except (av.FFmpegError, ValueError) as error:
        raise TornPicture(type(error).__name__) from None
    whole = [frame for frame in found if not frame.is_corrupt]
    if not whole:
        raise TornPicture("no frame")
    return whole[-1]
