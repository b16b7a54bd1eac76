"""Which pictures may leave, and where they come from."""

from __future__ import annotations

from monitor.domain.links import EvidenceLinks
from monitor.notifiers.pictures import NO_PICTURES, PictureSupply
from monitor.settings import Settings
from monitor.store import Store
from monitor.usecases.evidence import EvidenceShelf
from monitor.web.key import load_link_key
from monitor.wiring.sight import evidence_tools


class IncidentPictures:
    """Finds pictures of incidents, as JPEG; none in the mode for text only. One for notifiers and the web server.

    Args:
        store: Keeps them.
        settings: Say whether pictures may leave at all.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._shelf = EvidenceShelf(evidence_tools(store))
        self._text_only = settings.alerts.text_only

    def use(self, settings: Settings) -> None:
        """Go on with other settings."""
        self._text_only = settings.alerts.text_only

    def __call__(self, incident_id: int, name: str) -> bytes | None:
        """One picture by its incident and name, or None where there is none or it may not be shown."""
        return None if self._text_only else self._shelf(incident_id, name)


def picture_supply(settings: Settings, pictures: IncidentPictures) -> PictureSupply:
    """What notifiers may show.

    Raises:
        LinkKeyUnusable: Links are to be made, and there is no key for them.
    """
    if settings.alerts.text_only:
        return NO_PICTURES
    is_linking = settings.web.enabled and settings.web.public_url is not None
    return PictureSupply(pictures, evidence_links(settings) if is_linking else None)


def evidence_links(settings: Settings) -> EvidenceLinks:
    """Makes and reads links.

    Raises:
        LinkKeyUnusable: There is no key for them.
    """
    web = settings.web
    given = web.link_key
    key = bytes.fromhex(given.get_secret_value()) if given is not None else load_link_key(settings.data_dir)
    return EvidenceLinks(key, web.public_url or "", web.link_lifetime_s)
