import base64
import html
import json
import re
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.logs import HIDDEN, Redactor

CANARY = 'c4n@ry/"it\'s" <ü>%41+\\end'


SPELLINGS = {
    "plain": CANARY,
    "percent-encoded": quote(CANARY, safe=""),
    "percent-encoded in a path": quote(CANARY),
    "percent-encoded in a form": quote_plus(CANARY),
    "percent-encoded with small digits": re.sub("%..", lambda m: m[0].lower(), quote(CANARY, safe="")),
    "JSON": json.dumps(CANARY)[1:-1],
    "JSON with letters": json.dumps(CANARY, ensure_ascii=False)[1:-1],
    "JSON in JSON": json.dumps(json.dumps(CANARY)[1:-1])[1:-1],
    "Python": repr(CANARY)[1:-1],
    "Python bytes": repr(CANARY.encode())[2:-1],
    "Python in JSON": json.dumps(repr(CANARY)[1:-1])[1:-1],
    "HTML": html.escape(CANARY),
    "base64": base64.b64encode(CANARY.encode()).decode(),
}  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_secret_is_hidden_however_it_is_spelled(spelling: str) -> None:
    assert Redactor([CANARY]).redact(f"before {spelling} after") == f"before {HIDDEN} after"


@pytest.mark.parametrize("user", ["", "a", "ab", "abc", "operator@site"])
def test_a_password_is_hidden_in_the_base64_of_any_user_and_password(user: str) -> None:
    encoded = base64.b64encode(f"{user}:{CANARY}".encode()).decode()
    redacted = Redactor([CANARY]).redact(f"sent {encoded}")
    assert HIDDEN in redacted
    # At most the user, and a few bits of the secret's first and last letters, are left.
    assert len(redacted) <= len(f"sent {HIDDEN}") + len(base64.b64encode(f"{user}:".encode())) + 8


@given(st.text(min_size=8, max_size=30), st.text(max_size=20), st.text(max_size=20))
def test_no_secret_survives_in_json_or_urls_whatever_surrounds_it(
    secret: str, before: str, after: str
) -> None:
    try:
        secret.encode()
    except UnicodeEncodeError:
        return
    redactor = Redactor([secret])
    line = redactor.redact(json.dumps({"event": f"{before} {secret} {after}"}))
    assert json.dumps(secret)[1:-1] not in line.replace(HIDDEN, "")
    assert quote(secret, safe="") not in redactor.redact(f"http://h/?q={quote(secret, safe='')}").replace(
        HIDDEN, "\0"
    )


def test_the_longest_of_overlapping_secrets_is_hidden_whole() -> None:
    assert Redactor(["hunter", "hunter2000"]).redact("hunter2000 hunter") == f"{HIDDEN} {HIDDEN}"


def test_secrets_can_be_added_later() -> None:
    redactor = Redactor()
    assert redactor.redact("first-secret") == "first-secret"
    redactor.add(["first-secret"])
    redactor.add(["second-secret"])
    assert redactor.redact("first-secret, second-secret") == f"{HIDDEN}, {HIDDEN}"


def test_secrets_too_short_to_tell_from_words_are_left_but_hidden_in_their_own_fields() -> None:
    redactor = Redactor(["a", "on", ""])
    assert redactor.redact("a camera is on") == "a camera is on"
    assert redactor.redact_value({"password": "on", "db_token": "a", "state": "on"}) == {
        "password": HIDDEN, "db_token": HIDDEN, "state": "on",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("GET http://admin:pa55@cam/s", f"GET http://admin:{HIDDEN}@cam/s"),
        ("rtsp://u:p@h:554/x and rtsp://h/y@z", f"rtsp://u:{HIDDEN}@h:554/x and rtsp://h/y@z"),
        ("Authorization: Basic dTpw", f"Authorization: Basic {HIDDEN}"),
        ('{"authorization": "Bearer abc.def"}', f'{{"authorization": "Bearer {HIDDEN}"}}'),
        ("at 10:30 mail a@b.example", "at 10:30 mail a@b.example"),
    ],
)
def test_credentials_are_recognised_by_where_they_stand(line: str, expected: str) -> None:
    assert Redactor().redact(line) == expected


def test_values_of_every_shape_are_redacted_and_the_others_kept() -> None:
    class Thing:
        def __repr__(self) -> str:
            return f"Thing({CANARY!r})"

    thing, plain = Thing(), object()
    value = {
        "a": [CANARY, 5, None],
        "b": (CANARY,),
        CANARY: 1.5,
        "c": thing,
        "d": plain,
        "e": CANARY.encode(),
        "f": {CANARY},
    }
    redacted = Redactor([CANARY]).redact_value(value)
    assert redacted == {
        "a": [HIDDEN, 5, None],
        "b": (HIDDEN,),
        HIDDEN: 1.5,
        "c": f"Thing('{HIDDEN}')",
        "d": plain,
        "e": HIDDEN,
        "f": [HIDDEN],
    }


def test_a_secret_number_is_hidden_too() -> None:
    assert Redactor(["20251122"]).redact_value({"pin": 20251122, "count": 3}) == {"pin": HIDDEN, "count": 3}


def test_ten_thousand_secrets_do_not_make_a_line_slow() -> None:
    redactor = Redactor(f"{number:05d}-password-{number * 7919 % 100_003}" for number in range(10_000))
    line = (
        "a line of ordinary length about camera 00042, which was found to be moved by 3.1 % to the right" * 2
    )
    began = time.perf_counter()
    for _ in range(100):
        redactor.redact(line)
    assert (time.perf_counter() - began) / 100 < 0.01
