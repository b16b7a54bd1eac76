"""Taking secrets out of text."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

CONCEALED = "[concealed]"


def conceal(text: str, secrets: Iterable[str]) -> str:
    """`text` with every secret replaced, whether it stands there plain, percent-encoded or in Base64.

    Percent-encoding has several spellings (which characters, `+` for a space, case of the hex digits): all
    are found. Empty secrets are ignored.
    """
    spellings: set[str] = set()
    for secret in secrets:
        if secret:
            encoded = base64.b64encode(secret.encode()).decode()
            spellings |= {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), encoded}
    # Longest first: a secret that contains another one must not be left half visible.
    for spelling in sorted(spellings, key=len, reverse=True):
        text = re.sub(_hex_digits_in_any_case(spelling), CONCEALED, text)
    return text


def _hex_digits_in_any_case(spelling: str) -> str:
    pattern = re.escape(spelling)
    return re.sub(r"%[0-9A-F]{2}", lambda match: f"(?i:{match.group()})", pattern)
