"""A stream that stays open: a thread of its own keeps the newest key picture, undecoded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from monitor.domain.errors import SourceStale, SourceTimeout
from monitor.net.deadline import Deadline
from monitor.sources.stream.entry import KeyPicture
from monitor.sources.stream.live import LiveStream

_PAUSE_S = 1.0


class KeptOpen:
    """Reads one stream until it is closed.

    A stream that breaks after it gave pictures is opened again at once; where that fails, the next grab tries. So a
    dead camera is asked exactly as often as it is checked, and no account is locked by a thread that goes on trying.

    Args:
        connect: Opens the stream within a time limit.
        origin: What to call it in errors.
        max_age_s: How old the newest picture may be.
    """

    def __init__(self, connect: Callable[[Deadline], LiveStream], origin: str, max_age_s: float) -> None:
        self._connect = connect
        self._origin = origin
        self._max_age_s = max_age_s
        self._changed = threading.Condition()
        self._newest: tuple[KeyPicture, str] | None = None
        self._failure: Exception | None = None
        self._stream: LiveStream | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def picture(self, timeout_s: float, instead_of: KeyPicture | None = None) -> tuple[KeyPicture, str]:
        """The newest picture and what decodes it.

        Args:
            timeout_s: How long to wait for one, and for the connection where there is none.
            instead_of: One that is of no use; wait for another.

        Raises:
            SourceStale: The stream is open, and its newest picture is too old.
            SourceTimeout: None came in time.
            NetError: The stream cannot be opened.
        """
        ends_s = time.monotonic() + timeout_s
        with self._changed:
            if self._thread is None:
                self._failure = None
                self._thread = threading.Thread(
                    target=self._run, args=(timeout_s,), name="stream", daemon=True
                )
                self._thread.start()
            while True:
                newest = self._newest
                if (
                    newest is not None
                    and newest[0] is not instead_of
                    and self._age_s(newest[0]) <= self._max_age_s
                ):
                    return newest
                if self._failure is not None:
                    raise self._failure
                if not self._changed.wait(ends_s - time.monotonic()):
                    raise self._nothing(timeout_s)

    def close(self) -> None:
        """End the thread; may be called twice."""
        with self._changed:
            self._closed = True
            stream, thread = self._stream, self._thread
            self._changed.notify_all()
        if stream is not None:
            stream.abort()
        if thread is not None:
            thread.join(_PAUSE_S)

    def _age_s(self, picture: KeyPicture) -> float:
        return time.monotonic() - picture.arrived_s

    def _nothing(self, timeout_s: float) -> SourceStale | SourceTimeout:
        if self._newest is not None:
            return SourceStale(
                f"{self._origin} has sent no whole key frame for {self._age_s(self._newest[0]):.0f} s.",
                "Shorten the interval of key frames at the camera, or raise `max_age`.",
            )
        return SourceTimeout(
            f"{self._origin} sent no key frame within {timeout_s:.3g} s.",
            "Shorten the interval of key frames at the camera, or lengthen `timeout`.",
        )

    def _run(self, connect_s: float) -> None:
        while self._read(connect_s):
            with self._changed:
                self._changed.wait_for(lambda: self._closed, _PAUSE_S)
        with self._changed:
            self._thread = None
            self._changed.notify_all()

    def _read(self, connect_s: float) -> bool:
        """Open the stream, and read until it breaks; says whether it gave anything."""
        gave, stream = False, None
        try:
            stream = self._connect(Deadline(connect_s, self._origin))
            with self._changed:
                self._stream = stream
            while not self._closed:
                picture = stream.next_picture(Deadline(self._max_age_s, self._origin))
                with self._changed:
                    self._newest, self._failure = (picture, stream.decoder), None
                    self._changed.notify_all()
                gave = True
        except Exception as error:  # noqa: BLE001 - the grab that waits raises it
            if not gave:
                with self._changed:
                    self._failure = error
        finally:
            with self._changed:
                self._stream = None
            if stream is not None:
                stream.close()
        return gave and not self._closed
