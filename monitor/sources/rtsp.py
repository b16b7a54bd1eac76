"""Frames of a live stream (RTSP), one key frame at a time."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from monitor.domain.errors import FrameFault, SourceDenied, SourceError, SourceUnwilling
from monitor.domain.frame import Frame
from monitor.domain.ports import Clock
from monitor.net.deadline import Deadline
from monitor.net.errors import BrokenResponse, NetError, NoVideo, StatusRefused, TimedOut
from monitor.net.rtsp.address import RtspAddress
from monitor.net.rtsp.session import Call, Transport
from monitor.net.tls import Trust
from monitor.sources.errors import InvalidOption
from monitor.sources.memory import Memory
from monitor.sources.pictures import MAX_BYTES, MAX_PIXELS, TARGET_LONG_SIDE
from monitor.sources.stream.entry import KeyPicture, torn_fault
from monitor.sources.stream.finish import finish_frame
from monitor.sources.stream.kept_open import KeptOpen
from monitor.sources.stream.keyframe import TornPicture, decode_key_picture
from monitor.sources.stream.live import CODECS, LiveStream
from monitor.sources.web import CAMERA_ADDRESSES, explain_failure

_MAIN_FOR_GRABS = 60
"""So many grabs stay with the main stream after the sub-stream failed; then that is tried again."""


class Mode(StrEnum):
    """Whether the stream is opened for each grab, or kept open between them."""

    ON_DEMAND = "on_demand"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class RtspOptions:
    """Which stream, and how.

    Attributes:
        url: The main stream, rtsp or rtsps; `user:password@` in it counts as `username` and `password`. Hidden.
        substream_url: A smaller stream of the same camera, preferred where it works.
        username: For basic or digest authentication.
        password: Goes with it.
        transport: `tcp`, `udp`, or `auto`: TCP, and UDP where the camera refuses that.
        mode: `on_demand` opens the stream for each grab; `open` keeps it open, and grabs its newest key frame.
        max_age_s: With `mode: open`, how old that may be.
        ca_file: Certificates to trust instead of the system's.
        pinned_key: `sha256//…` of the camera's public key: the only one accepted.
        verify: Whether its certificate must be valid.
        timeout_s: A shorter time limit than that of the check; None leaves it at that.
        max_bytes: Of an encoded picture.
        max_pixels: Of a picture, judged before it is decoded.
        target_long_side: Pictures shrink to 1/2, 1/4 or 1/8 while their long side keeps so many pixels.

    Raises:
        InvalidOption: One of them cannot work.
        RequestRefused: A URL cannot be used.
    """

    url: str = field(repr=False)
    substream_url: str | None = field(default=None, repr=False)
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    transport: str = "auto"
    mode: str = "on_demand"
    max_age_s: float = 60.0
    ca_file: Path | None = None
    pinned_key: str | None = None
    verify: bool = True
    timeout_s: float | None = None
    max_bytes: int = MAX_BYTES
    max_pixels: int = MAX_PIXELS
    target_long_side: int = TARGET_LONG_SIDE

    def __post_init__(self) -> None:
        if self.transport not in list(Transport):
            raise InvalidOption(
                f"There is no transport {self.transport!r}.", f"Use one of {', '.join(Transport)}."
            )
        if self.mode not in list(Mode):
            raise InvalidOption(f"There is no mode {self.mode!r}.", f"Use one of {', '.join(Mode)}.")
        if not self.max_age_s > 0:
            raise InvalidOption("`max_age` is out of range.", "Give positive seconds.")
        secure = any(call.address.secure for call in self.calls())
        if secure and self.transport == Transport.UDP:
            raise InvalidOption("`rtsps` and `transport: udp` exclude each other.", "Set `transport: tcp`.")

    def calls(self) -> tuple[Call, ...]:
        """The streams in the order of preference."""
        addresses = [RtspAddress.of(url) for url in (self.substream_url, self.url) if url is not None]
        main = addresses[-1]
        return tuple(
            Call(
                address,
                CAMERA_ADDRESSES,
                tuple(CODECS),
                # Without a user of its own, the sub-stream is logged in to as the main stream is.
                username=main.username
                if self.username is None and address.username is None
                else self.username,
                password=main.password
                if self.username is None and address.username is None
                else self.password,
                transport=Transport(self.transport),
                trust=Trust(self.ca_file, self.pinned_key, self.verify),
            )
            for address in addresses
        )


def kept_open(options: RtspOptions) -> bool:
    """Whether a source with these options holds a connection between grabs."""
    return options.mode == Mode.OPEN


class RtspSource:
    """Takes key frames out of one camera's stream.

    Args:
        options: Which.
        clock: Tells when pictures arrive, which is when they count as captured.
    """

    def __init__(self, options: RtspOptions, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._calls = options.calls()
        self._on_main = 0
        self._kept: tuple[Call, KeptOpen] | None = None
        self._last: tuple[KeyPicture, Frame] | None = None

    def grab(self, timeout_s: float) -> Frame:
        """The next key frame, or with `mode: open` the newest.

        Raises:
            SourceUnreachable: Nothing answers there, or it answers with another status than 200.
            SourceDenied: Wrong or missing credentials, or a certificate that is not trusted.
            SourceTimeout: No key frame came in time.
            SourceStale: The stream is open, and its newest key frame is too old.
            FrameFault: What came is no video that is understood, or torn, or too large.
        """
        limit_s = min(timeout_s, self._options.timeout_s or timeout_s)
        ends_s = time.monotonic() + limit_s
        first, *others = self._in_order()
        if others:
            try:
                return self._note(first, self._grab(first, limit_s / 2))
            except SourceDenied:
                raise  # The other one has the same account, which is locked after a few failures.
            except SourceError:
                first = others[0]
        return self._note(first, self._grab(first, ends_s - time.monotonic()))

    def close(self) -> None:
        """Close the stream that is kept open."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept[1].close()

    def remember(self) -> Memory:
        """How many grabs the main stream has served since the sub-stream failed."""
        return {"on_main": self._on_main}

    def recall(self, memory: Memory) -> None:
        """Go on from that."""
        count = memory.get("on_main")
        if isinstance(count, int) and 0 <= count <= _MAIN_FOR_GRABS:
            self._on_main = count

    def _in_order(self) -> tuple[Call, ...]:
        return self._calls[::-1] if 0 < self._on_main < _MAIN_FOR_GRABS else self._calls

    def _note(self, call: Call, frame: Frame) -> Frame:
        on_main = call is self._calls[-1] and len(self._calls) > 1
        self._on_main = self._on_main % _MAIN_FOR_GRABS + 1 if on_main else 0
        return frame

    def _grab(self, call: Call, limit_s: float) -> Frame:
        try:
            if kept_open(self._options):
                return self._newest(call, limit_s)
            return self._next(call, limit_s)
        except NetError as error:
            raise _explain(error) from None

    def _next(self, call: Call, limit_s: float) -> Frame:
        """Open, take the first key frame that is whole, close."""
        origin = call.address.origin
        deadline = Deadline(limit_s, origin)
        stream = LiveStream(call, self._clock, self._options.max_bytes, deadline)
        torn = 0
        try:
            while True:
                picture = stream.next_picture(deadline)
                try:
                    return self._decode(picture, stream.decoder)
                except TornPicture:
                    torn += 1
        except (TimedOut, BrokenResponse):
            if torn + stream.torn:
                raise torn_fault(origin, torn + stream.torn) from None
            raise
        finally:
            stream.close()

    def _newest(self, call: Call, limit_s: float) -> Frame:
        origin = call.address.origin
        kept = self._keep(call)
        ends_s = time.monotonic() + limit_s
        useless: KeyPicture | None = None
        torn = 0
        while True:
            try:
                picture, decoder = kept.picture(max(0.0, ends_s - time.monotonic()), instead_of=useless)
            except (SourceError, NetError):
                if torn:
                    raise torn_fault(origin, torn) from None
                raise
            if self._last is None or self._last[0] is not picture:
                try:
                    self._last = (picture, self._decode(picture, decoder))
                except TornPicture:
                    useless, torn = picture, torn + 1
                    continue
            return self._last[1]

    def _keep(self, call: Call) -> KeptOpen:
        if self._kept is not None and self._kept[0] is call:
            return self._kept[1]
        self.close()
        options, clock = self._options, self._clock

        def connect(deadline: Deadline) -> LiveStream:
            return LiveStream(call, clock, options.max_bytes, deadline)

        self._kept = (call, KeptOpen(connect, call.address.origin, options.max_age_s))
        return self._kept[1]

    def _decode(self, picture: KeyPicture, decoder: str) -> Frame:
        decoded = decode_key_picture(picture, decoder, self._options.max_pixels)
        return finish_frame(
            decoded,
            picture.arrived_at,
            max_pixels=self._options.max_pixels,
            target_long_side=self._options.target_long_side,
        )


def _explain(error: NetError) -> SourceError:
    if isinstance(error, StatusRefused):
        meaning = SourceDenied if error.status in (401, 403) else SourceUnwilling
        return meaning(error.problem, error.remedy)
    if isinstance(error, NoVideo):
        return FrameFault(error.problem, error.remedy)
    return explain_failure(error)
