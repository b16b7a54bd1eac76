"""Single pictures from a camera's M-JPEG stream: connect, take one whole picture that is surely new, hang up."""

from __future__ import annotations

from dataclasses import dataclass, replace

from monitor.domain.errors import FrameFault, SourceError, SourceTimeout
from monitor.domain.frame import Frame
from monitor.domain.ports import Clock
from monitor.net.client import HttpClient
from monitor.net.errors import BodyTooLarge, NetError, TimedOut
from monitor.sources.content import content_kind
from monitor.sources.errors import InvalidOption
from monitor.sources.jpeg_stream import JpegStream
from monitor.sources.pictures import decode_picture
from monitor.sources.web import CAMERA_ADDRESSES, WebOptions, check_status, explain_failure

MAX_SKIP = 100
_HEADERS = {"Accept": "multipart/x-mixed-replace, image/jpeg, */*;q=0.1"}
_SHOWN_START = 1024


@dataclass(frozen=True, slots=True)
class MjpegOptions(WebOptions):
    """Which stream to look into, and how; the other options are as for a snapshot.

    Attributes:
        skip: So many pictures are passed over, as many cameras begin with one from a buffer, of the last viewer's time.

    Raises:
        InvalidOption: They contradict each other.
        RequestRefused: The URL or another part of the request cannot be sent.
    """

    skip: int = 1

    def __post_init__(self) -> None:
        WebOptions.__post_init__(self)  # `super()` does not find its class in a dataclass with slots.
        if not 0 <= self.skip <= MAX_SKIP:
            raise InvalidOption("`skip` is out of range.", f"Pass over 0 to {MAX_SKIP} pictures.")


class MjpegSource:
    """Looks into one camera's stream at each grab.

    Args:
        options: Which.
        clock: Gives the time of capture.
    """

    def __init__(self, options: MjpegOptions, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        # Junk between pictures counts too, so that an endless one ends.
        self._request = replace(options.request(_HEADERS), max_bytes=options.max_bytes * (options.skip + 2))
        self._client = HttpClient(CAMERA_ADDRESSES)

    def grab(self, timeout_s: float) -> Frame:
        """The first whole picture behind those to skip, or the last one that came when the stream or the time ends.

        Raises:
            SourceUnreachable: Nothing answers there, or it answers with another status than 200.
            SourceDenied: Wrong or missing credentials, or a certificate that is not trusted.
            SourceTimeout: No whole picture came in time.
            FrameFault: What came holds no whole picture, or too much, or is damaged.
        """
        viewer = _Viewer(self._options)
        request = replace(self._request, timeout_s=self._options.limit_s(timeout_s))
        try:
            check_status(request, self._client.stream(request, viewer.look_at))
        except (NetError, FrameFault) as error:
            if viewer.newest is None:
                raise _explain(error) from None
        if viewer.newest is None:
            raise FrameFault(
                f"The stream of {request.origin} ends after {viewer.count:,} bytes without one whole JPEG; "
                f"it begins as {content_kind(viewer.beginning) if viewer.count else 'nothing'}.",
                "See what the address shows in a browser, or restart the camera.",
            )
        return decode_picture(
            viewer.newest,
            captured_at=self._clock.now(),
            max_bytes=self._options.max_bytes,
            max_pixels=self._options.max_pixels,
            target_long_side=self._options.target_long_side,
            camera_zone=self._options.zone(),
        )

    def close(self) -> None:
        """Nothing is held open between grabs but what a refusal left."""
        self._client.close()


class _Viewer:
    """What was seen of the stream at one grab.

    Attributes:
        newest: The last whole picture, or None.
        beginning: The first bytes, from which a stream that is none can be named.
        count: How many bytes came.
    """

    def __init__(self, options: MjpegOptions) -> None:
        self.newest: bytes | None = None
        self.beginning = b""
        self.count = 0
        self._stream = JpegStream(options.max_bytes)
        self._to_skip = options.skip

    def look_at(self, data: bytes) -> bool:
        """Take the next bytes; whether the picture that was wanted is among them."""
        if self.count < _SHOWN_START:
            self.beginning += data[: _SHOWN_START - self.count]
        self.count += len(data)
        for picture in self._stream.feed(data):
            self.newest = picture
            self._to_skip -= 1
            if self._to_skip < 0:
                return True
        return False


def _explain(error: NetError | FrameFault) -> SourceError:
    match error:
        case BodyTooLarge():
            return FrameFault(
                f"{error.problem.removesuffix('.')}, without one whole JPEG among them.",
                "See that the address is that of an M-JPEG stream; or raise `max_bytes`.",
            )
        case TimedOut():
            return SourceTimeout(
                f"{error.problem.removesuffix('.')}, without one whole JPEG.",
                "Lengthen `timeout`, or lower the stream's resolution.",
            )
        case FrameFault():
            return error
        case _:
            return explain_failure(error)
