"""Alerts as HTTP requests: signed by the Standard Webhooks specification, or in the format of a known receiver."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

import structlog
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from monitor.domain.alert import Outcome, Receipt
from monitor.domain.links import PictureMode
from monitor.domain.message import Message
from monitor.domain.ports import Clock
from monitor.net.address import AddressPolicy
from monitor.net.client import fetch
from monitor.net.errors import AddressRefused, NetError, RequestRefused
from monitor.net.message import Request, Response
from monitor.net.redaction import conceal
from monitor.notifiers.errors import BadNotifierOptions, BadTemplate
from monitor.notifiers.pictures import NO_PICTURES, PictureSupply
from monitor.notifiers.progress import Progress
from monitor.notifiers.shapes import OWN, SHAPES, STANDARD, Composer

_log = structlog.get_logger(__name__)

# Nothing but a word or two is read out of the answer; this is only a bound.
MAX_ANSWER_BYTES = 1024 * 1024
# Key sizes that the specification allows.
KEY_BYTES = range(24, 65)
# Less than this is not worth beginning another request of the same message.
LEAST_S = 0.05
_OURS = frozenset({"content-type", "content-length", "host", "user-agent", "transfer-encoding"})

Fetch = Callable[[Request, AddressPolicy], Response]


@dataclass(frozen=True, slots=True)
class WebhookOptions:
    """Where alerts are posted to, in which format, and how they are signed.

    Attributes:
        url: The receiver; secret, as such addresses often are.
        secrets: Signing keys, `whsec_` and 24 to 64 bytes in Base64; the newest first. With several, each
            signs, and a receiver accepts any: this is how keys are exchanged without a gap. Without any nothing is
            signed, which the standard format does not allow.
        timeout_s: Wall-clock limit of one attempt.
        allow_private: Whether the receiver may be on this machine or in a private network.
        ca_file: Certificates to trust instead of the system's, or None.
        template: The name of a format, or the text of a template.
        key: A secret that the format puts into the body, such as PagerDuty's routing key, or None.
        headers: Further headers by name; their values are secret.
        pictures: How pictures are shown.

    Raises:
        BadNotifierOptions: A key is missing or malformed, or two options do not go together.
        RequestRefused: The URL or a header cannot be used.
    """

    url: SecretStr
    secrets: tuple[SecretStr, ...] = ()
    timeout_s: float = 10.0
    allow_private: bool = False
    ca_file: Path | None = None
    template: str = STANDARD
    key: SecretStr | None = None
    headers: Mapping[str, SecretStr] = field(default_factory=lambda: MappingProxyType({}))
    pictures: PictureMode = PictureMode.NONE

    def __post_init__(self) -> None:
        shape = SHAPES.get(self.template, OWN)
        if self.template == STANDARD and not self.secrets:
            raise BadNotifierOptions("The webhook has no signing key.", "Give it at least one.")
        if shape.needs_key and self.key is None:
            raise BadNotifierOptions(
                f"The format {self.template} needs a key.", "Give its routing key as `key`."
            )
        if self.pictures is PictureMode.ATTACH and not shape.takes_pictures:
            raise BadNotifierOptions(
                f"The format {self.template} has no room for pictures.", "Use `pictures: link`."
            )
        for number, secret in enumerate(self.secrets, start=1):
            if not _is_signing_key(secret.get_secret_value()):
                raise BadNotifierOptions(
                    f"Signing key {number} of the webhook is malformed.",
                    f"It is whsec_ followed by {KEY_BYTES[0]} to {KEY_BYTES[-1]} random bytes in Base64.",
                )
        for name in self.headers:
            if name.lower() in _OURS or name.lower().startswith("webhook-"):
                raise BadNotifierOptions(f"The header {name} is set by the program itself.", "Leave it out.")
        self.request({}, b"")

    def request(self, headers: Mapping[str, str], body: bytes) -> Request:
        """The request for one attempt; redirects are answers, not followed."""
        further = {name: value.get_secret_value() for name, value in self.headers.items()}
        return Request(
            url=self.url.get_secret_value(),
            method="POST",
            headers={**further, **headers},
            body=body,
            ca_file=self.ca_file,
            redirects=0,
            timeout_s=self.timeout_s,
            max_bytes=MAX_ANSWER_BYTES,
        )


class WebhookNotifier:
    """Posts alerts to one receiver. Receipts and logs never hold its URL, the keys or the answer's body.

    Args:
        options: Where to and how.
        clock: Time.
        pictures: What may be shown.
        fetch: Sends a request.

    Raises:
        BadTemplate: The template makes no JSON of messages as they come.
    """

    def __init__(
        self,
        options: WebhookOptions,
        clock: Clock,
        pictures: PictureSupply = NO_PICTURES,
        fetch: Fetch = fetch,
    ) -> None:
        self._options = options
        self._clock = clock
        self._pictures = pictures
        self._fetch = fetch
        self._composer = Composer(options.template, options.key.get_secret_value() if options.key else "")
        self._signers = [Webhook(secret.get_secret_value()) for secret in options.secrets]
        self._progress = Progress()
        self._policy = AddressPolicy(
            allow_loopback=options.allow_private, allow_private=options.allow_private
        )

    @classmethod
    def open(
        cls, options: WebhookOptions, clock: Clock, pictures: PictureSupply = NO_PICTURES
    ) -> WebhookNotifier:
        """One notifier."""
        return cls(options, clock, pictures)

    def send(self, message: Message, attempt: int) -> Receipt:
        """Post once, bounded by the options' time limit."""
        try:
            receipt = self._post_all(message)
        except (AddressRefused, RequestRefused) as error:
            receipt = Receipt(Outcome.REJECTED, self._without_address(error))
        except BadTemplate as error:
            receipt = Receipt(Outcome.REJECTED, str(error))
        except NetError as error:
            receipt = Receipt(Outcome.RETRY, self._without_address(error))
        except Exception as error:  # noqa: BLE001 - the port promises not to raise; the text may hold the URL
            _log.error("webhook.broke_down", message=message.id, attempt=attempt, error=type(error).__name__)
            receipt = Receipt(Outcome.RETRY, f"sending broke down ({type(error).__name__})")
        if receipt.outcome is not Outcome.RETRY:
            self._progress.forget(message.id)
        return receipt

    def _without_address(self, error: NetError) -> str:
        """The error's text without scheme, host and port: with some services the host alone is a secret."""
        origin = self._options.request({}, b"").origin
        host = urlsplit(origin).hostname or origin
        return conceal(str(error).replace(origin, "The receiver"), [host])

    def _post_all(self, message: Message) -> Receipt:
        """One request after another; the first that is not accepted decides, and time is one for all."""
        deadline_s = self._clock.monotonic_s() + self._options.timeout_s
        done = self._progress.accepted(message.id)
        pictures = self._pictures.of(message, self._options.pictures, self._clock)
        receipt = Receipt(Outcome.ACCEPTED)
        for number, part in enumerate(self._composer.parts(message)):
            if number in done:
                continue
            left_s = deadline_s - self._clock.monotonic_s()
            if left_s < LEAST_S:
                return Receipt(
                    Outcome.RETRY, f"only {number} requests were accepted in time, the others follow"
                )
            receipt = self._post(part.id, self._composer.body(part, pictures), left_s)
            if receipt.outcome is not Outcome.ACCEPTED:
                return receipt
            self._progress.note(message.id, number)
        return receipt

    def _post(self, key: str, body: str, timeout_s: float) -> Receipt:
        # The time of this attempt: receivers refuse what was signed more than some minutes ago.
        now = self._clock.now()
        headers = {
            "content-type": self._composer.shape.content_type,
            "user-agent": "camera-view-monitor",
            **self._signature(key, body, now),
        }
        request = replace(self._options.request(headers, body.encode()), timeout_s=timeout_s)
        return self._composer.shape.judge(self._fetch(request, self._policy), now)

    def _signature(self, key: str, body: str, now: datetime) -> Mapping[str, str]:
        if not self._signers:
            return {}
        return {
            "webhook-id": key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signer.sign(key, now, body) for signer in self._signers),
        }


def _is_signing_key(text: str) -> bool:
    prefix, _, encoded = text.partition("_")
    try:
        length = len(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError):
        return False
    return prefix == "whsec" and length in KEY_BYTES
