"""Alerts as signed HTTP requests, by the Standard Webhooks specification."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from monitor.domain.alert import Outcome, Receipt
from monitor.domain.message import Message
from monitor.domain.ports import Clock
from monitor.net.address import AddressPolicy
from monitor.net.client import fetch
from monitor.net.errors import AddressRefused, NetError, RequestRefused
from monitor.net.message import Request, Response
from monitor.net.redaction import conceal
from monitor.notifiers.errors import BadNotifierOptions
from monitor.notifiers.payload import encode_message

_log = structlog.get_logger(__name__)

# Nothing is read out of the answer; this is only a bound.
MAX_ANSWER_BYTES = 1024 * 1024
# Key sizes that the specification allows.
KEY_BYTES = range(24, 65)
# Statuses outside 5xx that ask for another attempt.
_RETRIED = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})

Fetch = Callable[[Request, AddressPolicy], Response]


@dataclass(frozen=True, slots=True)
class WebhookOptions:
    """Where alerts are posted to, and how they are signed.

    Attributes:
        url: The receiver; secret, as such addresses often are.
        secrets: Signing keys, `whsec_` and 24 to 64 bytes in Base64; the newest first. With several, each
            signs, and a receiver accepts any: this is how keys are exchanged without a gap.
        timeout_s: Wall-clock limit of one attempt.
        allow_private: Whether the receiver may be on this machine or in a private network.
        ca_file: Certificates to trust instead of the system's, or None.

    Raises:
        BadNotifierOptions: A signing key is missing or malformed.
        RequestRefused: The URL cannot be used.
    """

    url: SecretStr
    secrets: tuple[SecretStr, ...]
    timeout_s: float = 10.0
    allow_private: bool = False
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        if not self.secrets:
            raise BadNotifierOptions("The webhook has no signing key.", "Give it at least one.")
        for number, secret in enumerate(self.secrets, start=1):
            if not _is_signing_key(secret.get_secret_value()):
                raise BadNotifierOptions(
                    f"Signing key {number} of the webhook is malformed.",
                    f"It is whsec_ followed by {KEY_BYTES[0]} to {KEY_BYTES[-1]} random bytes in Base64.",
                )
        self.request({}, b"")

    def request(self, headers: Mapping[str, str], body: bytes) -> Request:
        """The request for one attempt; redirects are answers, not followed."""
        return Request(
            url=self.url.get_secret_value(),
            method="POST",
            headers=headers,
            body=body,
            ca_file=self.ca_file,
            redirects=0,
            timeout_s=self.timeout_s,
            max_bytes=MAX_ANSWER_BYTES,
        )


class WebhookNotifier:
    """Posts alerts to one receiver. Receipts and logs never hold its URL, the keys or the answer's body."""

    def __init__(self, options: WebhookOptions, clock: Clock, fetch: Fetch = fetch) -> None:
        self._options = options
        self._clock = clock
        self._fetch = fetch
        self._signers = [Webhook(secret.get_secret_value()) for secret in options.secrets]
        self._policy = AddressPolicy(
            allow_loopback=options.allow_private, allow_private=options.allow_private
        )

    @classmethod
    def open(cls, options: WebhookOptions, clock: Clock) -> WebhookNotifier:
        """One notifier."""
        return cls(options, clock)

    def send(self, message: Message, attempt: int) -> Receipt:
        """Post once, bounded by the options' time limit."""
        try:
            return self._post(message)
        except (AddressRefused, RequestRefused) as error:
            return Receipt(Outcome.REJECTED, self._without_address(error))
        except NetError as error:
            return Receipt(Outcome.RETRY, self._without_address(error))
        except Exception as error:  # noqa: BLE001 - the port promises not to raise; the text may hold the URL
            _log.error("webhook.broke_down", message=message.id, attempt=attempt, error=type(error).__name__)
            return Receipt(Outcome.RETRY, f"sending broke down ({type(error).__name__})")

    def _without_address(self, error: NetError) -> str:
        """The error's text without scheme, host and port: with some services the host alone is a secret."""
        origin = self._options.request({}, b"").origin
        host = urlsplit(origin).hostname or origin
        return conceal(str(error).replace(origin, "The receiver"), [host])

    def _post(self, message: Message) -> Receipt:
        body = encode_message(message)
        # The time of this attempt: receivers refuse what was signed more than some minutes ago.
        now = self._clock.now()
        signatures = " ".join(signer.sign(message.id, now, body) for signer in self._signers)
        headers = {
            "content-type": "application/json",
            "user-agent": "camera-view-monitor",
            "webhook-id": message.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signatures,
        }
        response = self._fetch(self._options.request(headers, body.encode()), self._policy)
        return judge(response, now)


def judge(response: Response, now: datetime) -> Receipt:
    """What an answer means for the delivery.

    2xx accepted; 408, 425, 429 and 5xx asked for again; 410 gone for good; redirects and the rest rejected.
    """
    status = response.status
    answer = f"answered {describe_status(status)}"
    if 200 <= status < 300:
        return Receipt(Outcome.ACCEPTED, answer)
    if status == HTTPStatus.GONE:
        return Receipt(Outcome.GONE, f"{answer}: the receiver wants no more of these")
    if status >= 500 or status in _RETRIED:
        wish_s = parse_retry_after(response.headers.get("retry-after", ""), now)
        return Receipt(Outcome.RETRY, answer, wish_s)
    if 300 <= status < 400:
        return Receipt(Outcome.REJECTED, f"{answer}: redirects are not followed, configure the final address")
    return Receipt(Outcome.REJECTED, answer)


def describe_status(status: int) -> str:
    """`503 Service Unavailable`; only the number where it has no registered meaning."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def parse_retry_after(text: str, now: datetime) -> float | None:
    """Seconds from a Retry-After header, which holds seconds or a date; None for neither."""
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) < 12:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _is_signing_key(text: str) -> bool:
    prefix, _, encoded = text.partition("_")
    try:
        length = len(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError):
        return False
    return prefix == "whsec" and length in KEY_BYTES
