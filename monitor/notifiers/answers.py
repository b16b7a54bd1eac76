"""What receivers' answers mean for a delivery."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from monitor.domain.alert import Outcome, Receipt
from monitor.net.message import Response

# Statuses outside 5xx that ask for another attempt.
_RETRIED = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})

Judge = Callable[[Response, datetime], Receipt]


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


def judge_slack(response: Response, now: datetime) -> Receipt:
    """As `judge`; and Slack says `ok` when it has taken a message, which a captive portal does not."""
    receipt = judge(response, now)
    if receipt.outcome is Outcome.ACCEPTED and response.body.strip() != b"ok":
        return Receipt(Outcome.RETRY, f"{receipt.detail}, but not with Slack's `ok`")
    return receipt


def judge_teams(response: Response, now: datetime) -> Receipt:
    """As `judge`; but Teams' older webhooks answer 200 and tell of a failure in the text."""
    receipt = judge(response, now)
    if receipt.outcome is Outcome.ACCEPTED and b"returned HTTP error" in response.body:
        return Receipt(Outcome.RETRY, f"{receipt.detail}, and says that it did not pass the message on")
    return receipt


def judge_pagerduty(response: Response, now: datetime) -> Receipt:
    """As `judge`; and PagerDuty answers 202 when it has taken an event, nothing else will do."""
    receipt = judge(response, now)
    if receipt.outcome is Outcome.ACCEPTED and response.status != HTTPStatus.ACCEPTED:
        return Receipt(Outcome.RETRY, f"{receipt.detail}, where PagerDuty answers 202")
    return receipt


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
