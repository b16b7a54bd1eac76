"""Key pictures out of an RTSP session, undecoded."""

from __future__ import annotations

import time
from types import MappingProxyType

from monitor.domain.ports import Clock
from monitor.net.deadline import Deadline
from monitor.net.errors import BrokenResponse, TimedOut
from monitor.net.rtsp.session import Call, RtspSession
from monitor.sources.stream.entry import EntryFinder, KeyPicture
from monitor.sources.stream.h264 import H264
from monitor.sources.stream.h265 import H265
from monitor.sources.stream.nal import Assembler, Codec
from monitor.sources.stream.rtp import parse_rtp

CODECS: MappingProxyType[str, Codec] = MappingProxyType({"H264": H264(), "H265": H265()})


class LiveStream:
    """A stream that plays.

    Args:
        call: Whom to ask; its encodings are some of `CODECS`.
        clock: Tells when pictures arrive.
        max_bytes: Of one picture.
        deadline: Until packets flow.

    Raises:
        NetError: It does not come about.
    """

    def __init__(self, call: Call, clock: Clock, max_bytes: int, deadline: Deadline) -> None:
        self._origin = call.address.origin
        self._clock = clock
        self._session = RtspSession(call, deadline)
        track = self._session.track
        self._payload_type = track.payload_type
        self._codec = CODECS[track.encoding]
        self._assembler = Assembler(self._codec, max_bytes)
        self._finder = EntryFinder(self._codec, track.parameter_sets, max_bytes)
        self._sender: int | None = None
        self._units = 0

    @property
    def decoder(self) -> str:
        """FFmpeg's name of what decodes the pictures."""
        return self._codec.decoder

    @property
    def torn(self) -> int:
        """Key pictures of which a part was lost on the way."""
        return self._finder.torn

    def next_picture(self, deadline: Deadline) -> KeyPicture:
        """The next one that arrives whole.

        Raises:
            TimedOut: None did in time.
            NetError: The stream broke.
        """
        try:
            for data in self._session.packets(deadline):
                if (picture := self._take(data)) is not None:
                    return picture
        except TimedOut as error:
            if not self._units:
                raise
            raise TimedOut(
                f"{self._origin} sent {self._units:,} pictures within {deadline.limit_s:.3g} s, "
                "and none that can be decoded from itself.",
                "Shorten the interval of key frames at the camera (I-frame interval, GOP), or set `mode: open`.",
                error.content_type,
            ) from None
        raise BrokenResponse(f"{self._origin} sent a broken answer: the stream ended.", "Restart the device.")

    def close(self) -> None:
        """Say goodbye to the camera."""
        self._session.close()

    def abort(self) -> None:
        """End `next_picture` in another thread."""
        self._session.abort()

    def _take(self, data: bytes) -> KeyPicture | None:
        packet = parse_rtp(data)
        if packet is None or packet.payload_type != self._payload_type:
            return None
        if packet.source != self._sender:
            # A server that begins anew counts anew as well.
            self._sender = packet.source
            self._assembler.begin_anew()
        for unit in self._assembler.add(packet):
            self._units += 1
            picture = self._finder.add(unit, self._clock.now(), time.monotonic())
            if picture is not None:
                return picture
        return None
