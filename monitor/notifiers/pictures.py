"""Pictures on their way to receivers: as links, as content, or not at all."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PIL import Image

from monitor.domain.alert import Alert
from monitor.domain.links import EvidenceLinks, EvidencePicture, EvidencePictures, PictureMode, no_pictures
from monitor.domain.message import Message
from monitor.domain.ports import Clock

MEDIA_TYPE = "image/jpeg"
# Receivers, mail servers above all, refuse large messages: a picture for a message is made smaller than this …
MAX_PICTURE_BYTES = 200_000
# … and of a group only the first alerts have pictures.
ALERTS_WITH_PICTURES = 5

_JPEG = b"\xff\xd8\xff"
# Longest sides that are tried, and the quality: 200 kB hold Full HD of nearly every scene.
_LONG_SIDES = (1920, 1280, 960, 640, 320)
_QUALITY = 85


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """One picture of one alert; with a link or with content.

    Attributes:
        name: Which of the incident's pictures.
        url: The link; empty where the content is here.
        content: A JPEG; empty where there is a link.
    """

    name: str
    url: str = ""
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class PictureSupply:
    """What notifiers may show.

    Attributes:
        find: Finds pictures.
        links: Makes links, or None where nothing serves them.
    """

    find: EvidencePictures = no_pictures
    links: EvidenceLinks | None = None

    def of(self, message: Message, mode: PictureMode, clock: Clock) -> Mapping[str, Sequence[ShownPicture]]:
        """The pictures of a message's first alerts, by the alerts' ids; the most telling picture first."""
        if mode is PictureMode.NONE:
            return {}
        alerts = message.alerts[:ALERTS_WITH_PICTURES]
        return {alert.id: tuple(self._of_alert(alert, mode, clock)) for alert in alerts}

    def _of_alert(self, alert: Alert, mode: PictureMode, clock: Clock) -> list[ShownPicture]:
        shown = []
        for name in EvidencePicture:
            content = self.find(alert.incident_id, name.value) if alert.incident_id else None
            if content is None:
                continue
            if mode is PictureMode.ATTACH:
                fitting = fit(content)
                if fitting is not None:
                    shown.append(ShownPicture(name.value, content=fitting))
            elif self.links is not None:
                url = self.links.link(alert.incident_id, name, alert.occurred_at, clock.now())
                shown.append(ShownPicture(name.value, url=url))
        return shown


NO_PICTURES = PictureSupply()


def fit(content: bytes, max_bytes: int = MAX_PICTURE_BYTES) -> bytes | None:
    """The picture as a JPEG that is small enough, or None where it is damaged; a small JPEG stays as it is."""
    if content.startswith(_JPEG) and len(content) <= max_bytes:
        return content
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as picture:
            for side in _LONG_SIDES:
                picture.draft("RGB", (side, side))
                smaller = picture.convert("RGB")
                smaller.thumbnail((side, side))
                target = io.BytesIO()
                smaller.save(target, "JPEG", quality=_QUALITY)
                if target.tell() <= max_bytes:
                    return target.getvalue()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return None
