"""Single pictures from a camera's snapshot address."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from monitor.domain.errors import FrameFault, SourceError, SourceStale
from monitor.domain.frame import Frame
from monitor.domain.ports import Clock
from monitor.net.client import HttpClient
from monitor.net.errors import NetError
from monitor.net.message import Response
from monitor.sources.errors import InvalidOption
from monitor.sources.memory import Memory
from monitor.sources.pictures import decode_picture
from monitor.sources.validators import (
    LastSnapshot,
    after_picture,
    age_s,
    from_memory,
    parse_date,
    to_memory,
)
from monitor.sources.web import CAMERA_ADDRESSES, WebOptions, check_status, explain_failure

_HEADERS = {"Accept": "image/*, */*;q=0.1"}
_NOT_MODIFIED = 304


class Conditional(StrEnum):
    """When a camera is asked for a picture only if it has another one than last time."""

    AUTO = "auto"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class HttpOptions(WebOptions):
    """Which snapshot address to ask, and how.

    Attributes:
        conditional: `auto` asks for a picture only if it is another one than last time, once the camera has shown that
            its validators can be believed; `off` never does.
        max_age_s: An older picture is stale; with None, any age will do.

    Raises:
        InvalidOption: They contradict each other.
        RequestRefused: The URL or another part of the request cannot be sent.
    """

    conditional: str = "auto"
    max_age_s: float | None = None

    def __post_init__(self) -> None:
        WebOptions.__post_init__(self)  # `super()` does not find its class in a dataclass with slots.
        if self.conditional not in list(Conditional):
            raise InvalidOption(
                f"`conditional` cannot be {self.conditional!r}.", f"Use one of {', '.join(Conditional)}."
            )
        if self.max_age_s is not None and not self.max_age_s > 0:
            raise InvalidOption("`max_age` is out of range.", "Give positive seconds.")


class HttpSource:
    """Asks one camera for a picture at a time, over one connection kept open.

    A picture is held, and the next one asked for conditionally, only where a "not
    changed" is likely and would be believed: a thousand live cameras hold none.

    Args:
        options: Which camera.
        clock: Gives the time of capture. A picture that comes again was captured again: the camera says so by sending
            it, and only so a camera that hands out an old file is found to be frozen. What the camera itself tells
            is in `told_at`.
    """

    def __init__(self, options: HttpOptions, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._client = HttpClient(CAMERA_ADDRESSES)
        self._last: LastSnapshot | None = None
        self._held: Frame | None = None

    def grab(self, timeout_s: float) -> Frame:
        """The picture that the camera shows now.

        Raises:
            SourceUnreachable: Nothing answers there, or it answers with another status than 200.
            SourceDenied: Wrong or missing credentials, or a certificate that is not trusted.
            SourceTimeout: The picture was not there in time.
            SourceStale: The picture is older than it may be.
            FrameFault: What came is no usable picture, or too much, or broke off.
        """
        request = replace(
            self._options.request({**_HEADERS, **self._condition()}),
            timeout_s=self._options.limit_s(timeout_s),
            compressed=True,
        )
        try:
            response = self._client.fetch(request)
        except NetError as error:
            raise _explain(error) from None
        now = self._clock.now()
        if response.status == _NOT_MODIFIED and self._held is not None and self._last is not None:
            self._last = self._last.said_unchanged()
            frame = replace(self._held, captured_at=now)
        else:
            check_status(request, response)
            if not response.body:
                raise FrameFault(f"{request.origin} answers 200, but with nothing.", "Restart the camera.")
            frame = self._decode(response)
            self._last = after_picture(self._last, frame.digest, response.headers, now)
        may_ask = self._options.conditional == Conditional.AUTO and self._last.condition()
        self._held = frame if may_ask else None
        self._check_age(self._last, response, request.origin)
        return frame

    def remember(self) -> Memory:
        """What the camera said of its last picture."""
        return {} if self._last is None else to_memory(self._last)

    def recall(self, memory: Memory) -> None:
        """Go on from what another instance remembered."""
        self._last = from_memory(memory)
        if self._held is not None and (self._last is None or self._last.digest != self._held.digest):
            self._held = None

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _condition(self) -> dict[str, str]:
        return self._last.condition() if self._held is not None and self._last is not None else {}

    def _decode(self, response: Response) -> Frame:
        frame = decode_picture(
            response.body,
            captured_at=self._clock.now(),
            max_bytes=self._options.max_bytes,
            max_pixels=self._options.max_pixels,
            target_long_side=self._options.target_long_side,
            camera_zone=self._options.zone(),
        )
        if frame.told_at is not None:
            return frame
        return replace(frame, told_at=parse_date(response.headers.get("last-modified")))

    def _check_age(self, last: LastSnapshot, response: Response, origin: str) -> None:
        limit_s = self._options.max_age_s
        if limit_s is None:
            return
        old_s = age_s(last, response.headers, self._clock.now())
        if old_s > limit_s:
            raise SourceStale(
                f"{origin} hands out a picture that is {old_s:,.0f} s old, older than {limit_s:g} s.",
                "See why the camera does not renew it any more, or raise `max_age`.",
            )


def _explain(error: NetError) -> SourceError:
    meaning = explain_failure(error)
    if error.content_type.startswith("multipart/"):
        return type(meaning)(meaning.problem, "That is a video stream: give it `kind: mjpeg`.")
    return meaning
