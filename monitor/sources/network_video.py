"""Video at an HTTP address: HLS or MPEG-DASH, live or recorded, or a whole file.

Fetched by our own client, so that every address is judged and everything has its bounds, and decoded from memory:
FFmpeg opens no connection.
"""

from __future__ import annotations

import hashlib
import io
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import av

from monitor.domain.errors import FrameFault, SourceStale, SourceUnwilling
from monitor.net.client import HttpClient
from monitor.net.errors import NetError, RequestRefused
from monitor.net.message import Request, Response
from monitor.sources.content import name_content
from monitor.sources.dash import read_manifest
from monitor.sources.hls import read_playlist
from monitor.sources.movie import Movie
from monitor.sources.pictures import check_shape
from monitor.sources.playlist import Part, Playlist, Segment, choose
from monitor.sources.segment_index import read_index
from monitor.sources.web import CAMERA_ADDRESSES, check_status, explain_failure

_PLAYLIST = b"#EXTM3U"
_MANIFEST = b"<MPD"
_LONGEST_PLAYLIST_BYTES = 4 << 20
_STALE_AFTER_SEGMENTS = 4
_STALE_AFTER_AT_LEAST_S = 30.0


@dataclass(slots=True)
class Progress:
    """Whether a live video goes on.

    Attributes:
        newest: Its newest segment, as a number that stands for its address.
        since_s: The monotonic time at which that was seen first.
    """

    newest: int = 0
    since_s: float = 0.0

    def check(self, newest: int, now_s: float, allowed_s: float, origin: str) -> None:
        """Note the newest segment.

        Raises:
            SourceStale: It has been the newest for too long.
        """
        if newest != self.newest or not 0.0 < self.since_s <= now_s:
            self.newest, self.since_s = newest, now_s
        if now_s - self.since_s > allowed_s:
            raise SourceStale(
                f"{origin} has had no new video for {now_s - self.since_s:.0f} s.",
                "Look at the camera or encoder behind it.",
            )


class NetworkVideo:
    """One video at an address; see `Movie`, in whose place it stands.

    Args:
        request: For the address; its credentials go to that host only.
        max_pixels: Of a frame.
        target_long_side: Of several sizes, the smallest is taken that is as large.
        progress: What is known of a live video, kept up.

    Attributes:
        length_s: As the playlist declares; None for live video.
        live: Whether only the newest picture can be had; known once `frame_at` was called.
    """

    def __init__(self, request: Request, max_pixels: int, target_long_side: int, progress: Progress) -> None:
        self._request = request
        self._max_pixels = max_pixels
        self._target_long_side = target_long_side
        self._progress = progress
        self._client = HttpClient(CAMERA_ADDRESSES)
        self._playlist: Playlist | None = None
        self._file: Movie | None = None
        self.length_s: float | None = None

    def open(self, deadline_s: float) -> None:
        """Fetch what stands at the address; live playlists are fetched again at each call.

        Raises:
            SourceError: Nothing usable is there.
        """
        if self._file is not None or (self._playlist is not None and not self._playlist.live):
            return
        url = self._request.url
        response = self._ask(Part(url), deadline_s)
        data = response.body
        if data.lstrip(b"\xef\xbb\xbf \r\n").startswith(_PLAYLIST):
            playlist = self._hls(data, url, deadline_s)
        elif _MANIFEST in data[:4096]:
            playlist = self._dash(response, deadline_s)
        else:
            self._file = Movie(io.BytesIO(data), self._max_pixels, self._request.origin, container_of(data))
            self.length_s = self._file.length_s
            return
        self._playlist = playlist
        self.length_s = None if playlist.live else sum(segment.duration_s for segment in playlist.segments)

    def frame_at(self, at_s: float, deadline_s: float) -> av.VideoFrame | None:
        """The first frame that is not before `at_s`; of live video the newest key frame.

        Raises:
            SourceError: It cannot be had.
            av.FFmpegError: It cannot be decoded.
        """
        if self._file is not None:
            return self._file.frame_at(at_s, deadline_s)
        assert self._playlist is not None
        if self._playlist.live:
            return self._newest(self._playlist, deadline_s)
        begins_s = 0.0
        for segment in self._playlist.segments:
            if at_s < begins_s + segment.duration_s:
                return self._first_from(segment, at_s - begins_s, deadline_s)
            begins_s += segment.duration_s
        return None

    def close(self) -> None:
        """Close connections and what was fetched."""
        self._client.close()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _hls(self, data: bytes, url: str, deadline_s: float) -> Playlist:
        playlist = self._read(data, url)
        if playlist.variants:
            url = choose(playlist.variants, self._target_long_side).url
            playlist = self._read(self._fetch(Part(url), deadline_s), url)
            if not playlist.segments:
                raise FrameFault(
                    f"{self._request.origin} sends a playlist without video.", "Try the address in a player."
                )
        return playlist

    def _dash(self, response: Response, deadline_s: float) -> Playlist:
        self._bound(response.body)
        origin = self._request.origin
        playlist = read_manifest(
            response.body, self._request.url, origin, _clock_of(response), self._target_long_side
        )
        if playlist.index is None:
            return playlist
        segments = read_index(self._fetch(playlist.index, deadline_s), playlist.index, origin)
        return replace(playlist, segments=segments, index=None)

    def _newest(self, playlist: Playlist, deadline_s: float) -> av.VideoFrame:
        last = playlist.segments[-1]
        allowed_s = max(_STALE_AFTER_AT_LEAST_S, _STALE_AFTER_SEGMENTS * playlist.target_s)
        origin = self._request.origin
        self._progress.check(_number_of(last.media), time.monotonic(), allowed_s, origin)
        try:
            data = self._fetch_segment(last, deadline_s)
        except SourceUnwilling:
            if not playlist.reckoned or len(playlist.segments) < 2:
                raise
            # By the clock it is over, but the encoder may be a moment behind.
            data = self._fetch_segment(playlist.segments[-2], deadline_s)
        return newest_key_frame(data, self._max_pixels, origin)

    def _first_from(self, segment: Segment, offset_s: float, deadline_s: float) -> av.VideoFrame | None:
        data = self._fetch_segment(segment, deadline_s)
        movie = Movie(io.BytesIO(data), self._max_pixels, self._request.origin, container_of(data))
        try:
            # Segments may be a little shorter than they say; their last frame then is the one.
            last_s = max(0.0, (movie.length_s or offset_s) - 1e-3)
            return movie.frame_at(min(offset_s, last_s), deadline_s) or movie.frame_at(0.0, deadline_s)
        finally:
            movie.close()

    def _bound(self, playlist: bytes) -> None:
        if len(playlist) > _LONGEST_PLAYLIST_BYTES:
            raise FrameFault(
                f"{self._request.origin} sends a playlist of {len(playlist):,} bytes.",
                "Give that of one stream.",
            )

    def _read(self, data: bytes, url: str) -> Playlist:
        self._bound(data)
        return read_playlist(data.decode("utf-8", "replace"), url, self._request.origin)

    def _fetch_segment(self, segment: Segment, deadline_s: float) -> bytes:
        head = b"" if segment.head is None else self._fetch(segment.head, deadline_s)
        return head + self._fetch(segment.media, deadline_s)

    def _fetch(self, part: Part, deadline_s: float) -> bytes:
        return self._ask(part, deadline_s).body

    def _ask(self, part: Part, deadline_s: float) -> Response:
        """The answer, with what was asked for as its body."""
        try:
            request = self._request_for(part, max(0.001, deadline_s - time.monotonic()))
            response = self._client.fetch(request)
        except NetError as error:
            raise explain_failure(error) from None
        body, wanted = response.body, part.length
        if wanted is not None and response.status == 206:
            whole = body
        else:
            check_status(request, response)
            whole = body if wanted is None else body[part.first_byte : part.first_byte + wanted]
        if not whole or (wanted is not None and len(whole) != wanted):
            raise FrameFault(
                f"{request.origin} sends {len(whole):,} bytes of a segment instead of all.",
                "Try it in a player.",
            )
        return replace(response, body=whole)

    def _request_for(self, part: Part, timeout_s: float) -> Request:
        headers = {}
        if part.length is not None:
            headers["Range"] = f"bytes={part.first_byte}-{part.first_byte + part.length - 1}"
        if _same_host(part.url, self._request.url):
            return replace(self._request, url=part.url, headers=headers, timeout_s=timeout_s)
        if urlsplit(part.url).scheme not in ("http", "https"):
            raise RequestRefused(
                f"{self._request.origin} names video that is neither at http nor at https.",
                "Look at the playlist.",
            )
        return Request(
            part.url, headers=headers, timeout_s=timeout_s, max_bytes=self._request.max_bytes,
            ca_file=self._request.ca_file, verify=self._request.verify,
        )  # fmt: skip


def newest_key_frame(data: bytes, max_pixels: int, origin: str) -> av.VideoFrame:
    """The last key frame of a segment that is whole; no other frame is decoded.

    Raises:
        FrameFault: It is no video, too large, or none of its key frames is whole.
    """
    with av.open(io.BytesIO(data), "r", format=container_of(data)) as container:
        if not container.streams.video:
            raise FrameFault(f"{origin} sends a segment without video.", "Try the address in a player.")
        stream = container.streams.video[0]
        check_shape(stream.width, stream.height, max_pixels)
        context = stream.codec_context
        context.thread_count = 1
        context.options = {"err_detect": "explode"}
        keys = [packet for packet in container.demux(stream) if packet.size and packet.is_keyframe]
        for packet in reversed(keys):
            try:
                frames = [
                    frame
                    for frame in [*context.decode(packet), *context.decode(None)]
                    if not frame.is_corrupt
                ]
            except av.InvalidDataError:
                frames = []
            if frames:
                return frames[-1]
            context.flush_buffers()
    raise FrameFault(
        f"{origin} sends a segment without a whole key frame.", "Look at the encoder; try it in a player."
    )


def container_of(data: bytes) -> str:
    """FFmpeg's name of the container; only these are tried, so that nothing in it can name other files.

    Raises:
        FrameFault: It is none of them.
    """
    if data[:1] == b"\x47" and data[188:189] in (b"\x47", b""):
        return "mpegts"
    if data[4:8] in (b"ftyp", b"styp", b"moof", b"sidx", b"moov", b"mdat", b"free", b"emsg"):
        return "mp4"
    if data[:4] == b"\x1aE\xdf\xa3":
        return "matroska"
    raise FrameFault(
        f"This is no video, but {name_content(data)}.", "Give the address of an HLS playlist or a video file."
    )


def _clock_of(response: Response) -> datetime:
    """The server's time, which its live video goes by; ours where it does not say."""
    with suppress(ValueError, TypeError):
        told = parsedate_to_datetime(response.headers.get("date", ""))
        return told if told.tzinfo is not None else told.replace(tzinfo=UTC)
    return datetime.now(UTC)


def _same_host(one: str, other: str) -> bool:
    first, second = urlsplit(one), urlsplit(other)
    return (first.scheme, first.netloc) == (second.scheme, second.netloc)


def _number_of(part: Part) -> int:
    """Stands for an address, without showing it; never 0."""
    digest = hashlib.sha256(f"{part.url} {part.first_byte}".encode()).digest()
    return int.from_bytes(digest[:6], "big") | 1
