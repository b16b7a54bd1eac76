import base64
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.net.redaction import CONCEALED, conceal

SECRET = "p@ss w/ö%r"


@pytest.mark.parametrize(
    "spelling",
    [
        SECRET, quote(SECRET), quote(SECRET, safe=""), quote_plus(SECRET), quote(SECRET, safe="").lower(),
        base64.b64encode(SECRET.encode()).decode(),
    ],
)  # fmt: skip
def test_finds_every_spelling(spelling):
    assert conceal(f"see http://u:{spelling}@cam now", [SECRET]) == f"see http://u:{CONCEALED}@cam now"


def test_conceals_the_longer_of_two_that_overlap():
    assert conceal("hunter22", ["hunter2", "hunter22"]) == CONCEALED


def test_ignores_empty_secrets():
    assert conceal("text", [""]) == "text"


@given(st.text(max_size=20), st.text(min_size=4, max_size=20), st.text(max_size=20))
def test_no_secret_survives(before, secret, after):
    shown = conceal(before + secret + after, [secret]).replace(CONCEALED, "\0")
    assert secret not in shown or secret in CONCEALED
