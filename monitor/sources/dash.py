"""What an MPEG-DASH manifest (ISO/IEC 23009-1) says, as far as it takes to find a picture.

Of all that the format allows, this is read: several periods, addresses by template (numbers or times, with or without a
timeline), lists, and single files; recorded and live. Not read: what stands at other addresses (xlink), and encrypted
video.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from defusedxml.ElementTree import fromstring

from monitor.domain.errors import FrameFault
from monitor.sources.dash_addresses import Scheme, fill
from monitor.sources.dash_times import Run, parse_duration, parse_moment
from monitor.sources.playlist import Part, Playlist, Segment, Variant, choose

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST_SEGMENTS = 100_000
"""Of a recording; two days in pieces of two seconds."""
LIVE_SEGMENTS = 2
"""So many of the newest are looked at."""
_VIDEO_CODECS = ("avc", "hvc", "hev", "vp0", "vp8", "vp9", "av01", "mp4v")


@dataclass(frozen=True, slots=True)
class _Rendition:
    """One encoding of a period's video.

    Attributes:
        variant: Its size and rate; the address is where its own addresses start.
        scheme: How its segments are addressed.
        name: Its `id`.
        encrypted: Whether it is.
    """

    variant: Variant
    scheme: Scheme
    name: str
    encrypted: bool


def read_manifest(data: bytes, url: str, origin: str, now: datetime, target_long_side: int) -> Playlist:
    """Understand a manifest.

    Args:
        data: The manifest.
        url: Where it came from; addresses in it start there.
        origin: What to call it in errors.
        now: By the clock of the server, which live video goes by.
        target_long_side: Of several sizes, the smallest is taken that is as large.

    Returns:
        Segments; of live video the newest ones that are over.

    Raises:
        FrameFault: It is none, has no video, or all of that is encrypted.
    """
    try:
        root = fromstring(data, forbid_dtd=True)
        live = root.attrib.get("type", "static") == "dynamic"
        periods = list(_periods(root, url, live, now))
        found = [_of_period(*period, live=live, target_long_side=target_long_side) for period in periods]
    except FrameFault:
        raise
    except Exception as error:  # noqa: BLE001 - servers make up anything: numbers without end, negative times
        raise FrameFault(
            f"{origin} sends a manifest that cannot be understood: {type(error).__name__}.",
            "Try the address in a player.",
        ) from None
    shown = [playlist for playlist in found if playlist is not None and playlist.segments]
    if not shown:
        if None in found:
            raise FrameFault(
                f"{origin} sends encrypted video.",
                "Give an address without encryption; keys are not fetched.",
            )
        raise FrameFault(f"{origin} sends a manifest without video.", "Check that the stream is running.")
    if live or len(shown) == 1:
        return shown[-1]
    if any(playlist.index for playlist in shown):
        # Several files with an index each: whole files then, their lengths are declared.
        shown = [replace(playlist, index=None) for playlist in shown]
    segments = tuple(segment for playlist in shown for segment in playlist.segments)
    if len(segments) > MOST_SEGMENTS:
        raise _too_many()
    return replace(shown[0], segments=segments)


def _periods(
    root: Element, url: str, live: bool, now: datetime
) -> Iterator[tuple[Element, str, float | None]]:
    """Each period with the address that its own start from, and its length so far in seconds, or None."""
    base = _base(root, url)
    total_s = parse_duration(root.attrib.get("mediaPresentationDuration"))
    elapsed_s = None
    if live and "availabilityStartTime" in root.attrib:
        elapsed_s = (now - parse_moment(root.attrib["availabilityStartTime"])).total_seconds()
    periods = root.findall("{*}Period")
    starts: list[float] = []
    ends_s = 0.0
    for period in periods:
        start_s = parse_duration(period.attrib.get("start"))
        starts.append(ends_s if start_s is None else start_s)
        ends_s = starts[-1] + (parse_duration(period.attrib.get("duration")) or 0.0)
    for number, period in enumerate(periods):
        length_s = parse_duration(period.attrib.get("duration"))
        if length_s is None:
            after = [*starts[number + 1 :][:1], *([total_s] if total_s is not None else [])]
            length_s = after[0] - starts[number] if after else None
        if elapsed_s is not None:
            so_far_s = elapsed_s - starts[number]
            if so_far_s <= 0.0:
                continue
            length_s = so_far_s if length_s is None else min(so_far_s, length_s)
        yield period, _base(period, base), length_s


def _of_period(
    period: Element, base: str, length_s: float | None, *, live: bool, target_long_side: int
) -> Playlist | None:
    """Its segments, maybe none; None where all of its video is encrypted."""
    renditions = list(_renditions(period, base))
    clear = [rendition for rendition in renditions if not rendition.encrypted]
    if not clear:
        return None if renditions else Playlist((), (), live, 0.0)
    best = choose([rendition.variant for rendition in clear], target_long_side)
    rendition = next(rendition for rendition in clear if rendition.variant is best)
    return _segments(rendition, length_s, live)


def _renditions(period: Element, base: str) -> Iterator[_Rendition]:
    of_period = Scheme.of(period)
    for group in period.findall("{*}AdaptationSet"):
        group_base, of_group = _base(group, base), Scheme.of(group, of_period)
        for listed in group.findall("{*}Representation"):
            known = {**group.attrib, **listed.attrib}
            if not _shows_pictures(known) or group.find("{*}EssentialProperty") is not None:
                continue
            sides = (int(known.get("width", 0)), int(known.get("height", 0)))
            variant = Variant(_base(listed, group_base), max(sides), int(known.get("bandwidth", 0)))
            locked = any(each.find("{*}ContentProtection") is not None for each in (group, listed))
            yield _Rendition(variant, Scheme.of(listed, of_group), listed.attrib.get("id", ""), locked)


def _shows_pictures(known: dict[str, str]) -> bool:
    kind = known.get("contentType") or known.get("mimeType", "").partition("/")[0]
    return kind == "video" or (not kind and known.get("codecs", "").startswith(_VIDEO_CODECS))


def _segments(rendition: _Rendition, length_s: float | None, live: bool) -> Playlist:
    scheme, base = rendition.scheme, rendition.variant.url
    if scheme.media_template:
        return _by_template(rendition, length_s, live)
    head = scheme.head(base)
    if scheme.listed:
        each_s = scheme.duration / scheme.timescale
        if scheme.timeline is not None:
            lengths = [run.duration / scheme.timescale for run in scheme.runs(length_s) for _ in _times(run)]
        else:
            lengths = [each_s] * len(scheme.listed)
        segments = [
            Segment(part, head, duration_s)
            for part, duration_s in zip(scheme.parts(base), lengths, strict=False)
        ]
        return Playlist((), tuple(segments[-LIVE_SEGMENTS:] if live else segments), live, each_s)
    segment = Segment(Part(base), None, length_s or 0.0)
    return Playlist((), (segment,), live, length_s or 0.0, index=None if live else scheme.index(base))


def _by_template(rendition: _Rendition, length_s: float | None, live: bool) -> Playlist:
    scheme, base = rendition.scheme, rendition.variant.url
    runs = scheme.runs(length_s, whole=live)
    reckoned = live and scheme.timeline is None
    wanted = LIVE_SEGMENTS if live else MOST_SEGMENTS
    if not live and sum(run.count for run in runs) > MOST_SEGMENTS:
        raise _too_many()

    def address(template: str, number: int, time: int) -> str:
        names: dict[str, str | int] = {
            "RepresentationID": rendition.name,
            "Bandwidth": rendition.variant.bandwidth,
            "Number": number,
            "Time": time,
        }
        return urljoin(base, fill(template, names))

    head = scheme.head(base)
    if scheme.head_template:
        head = Part(address(scheme.head_template, 0, 0))
    segments: list[Segment] = []
    for run in reversed(runs):
        for step in reversed(range(max(0, run.count - (wanted - len(segments))), run.count)):
            number, time = run.first_number + step, run.first_time + step * run.duration
            part = Part(address(scheme.media_template, number, time))
            segments.append(Segment(part, head, run.duration / scheme.timescale))
        if len(segments) >= wanted:
            break
    longest_s = max((run.duration for run in runs), default=0) / scheme.timescale
    return Playlist((), tuple(reversed(segments)), live, longest_s, reckoned)


def _times(run: Run) -> Sequence[int]:
    if run.count > MOST_SEGMENTS:
        raise _too_many()
    return range(run.count)


def _base(element: Element, base: str) -> str:
    found = element.find("{*}BaseURL")
    return base if found is None or not found.text else urljoin(base, found.text.strip())


def _too_many() -> FrameFault:
    return FrameFault(f"A manifest lists more than {MOST_SEGMENTS:,} segments.", "Give a shorter recording.")
