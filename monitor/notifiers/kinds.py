"""Every kind of notifier. A new one is a module beside this one and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from monitor.domain.ports import Clock, Notifier
from monitor.notifiers.apprise import AppriseNotifier, AppriseOptions
from monitor.notifiers.errors import UnknownNotifierKind
from monitor.notifiers.log import LogNotifier, LogOptions
from monitor.notifiers.pictures import NO_PICTURES, PictureSupply
from monitor.notifiers.webhook import WebhookNotifier, WebhookOptions

NotifierOptions = LogOptions | WebhookOptions | AppriseOptions


@dataclass(frozen=True, slots=True)
class NotifierKind:
    """One kind.

    Attributes:
        options: The frozen dataclass that says everything it needs.
        open: Makes one of its options, the time, and the pictures that it may show.
    """

    options: type[Any]
    open: Callable[[Any, Clock, PictureSupply], Notifier]


NOTIFIER_KINDS: Mapping[str, NotifierKind] = MappingProxyType(
    {
        "log": NotifierKind(LogOptions, LogNotifier.open),
        "webhook": NotifierKind(WebhookOptions, WebhookNotifier.open),
        "apprise": NotifierKind(AppriseOptions, AppriseNotifier.open),
    }
)


def open_notifier(options: NotifierOptions, clock: Clock, pictures: PictureSupply = NO_PICTURES) -> Notifier:
    """The notifier for these options.

    Raises:
        UnknownNotifierKind: No kind has options of this type.
    """
    for kind in NOTIFIER_KINDS.values():
        if isinstance(options, kind.options):
            return kind.open(options, clock, pictures)
    raise UnknownNotifierKind(
        f"{type(options).__name__} belongs to no kind of notifier.",
        f"Use one of {', '.join(NOTIFIER_KINDS)}.",
    )
