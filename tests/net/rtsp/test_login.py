import re

import pytest

from monitor.net.rtsp import login as module
from monitor.net.rtsp.login import Login, offered

URI = "/dir/index.html"
REALM = "http-auth@example.org"
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_digests_are_those_of_the_standard(monkeypatch, algorithm, response):
    # RFC 7616, 3.9.1.
    monkeypatch.setattr(module.secrets, "token_hex", lambda _: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
    login = Login("Mufasa", "Circle of Life")
    assert login.take(
        [f'Digest realm="{REALM}", qop="auth, auth-int", algorithm={algorithm}, nonce="{NONCE}"']
    )
    assert f'response="{response}"' in (login.header("GET", URI) or "")


def test_the_old_form_without_quality_is_that_of_the_standard():
    # RFC 2069's example, as corrected in its errata.
    login = Login("Mufasa", "CircleOfLife")
    login.take(
        ['Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc"']
    )
    header = login.header("GET", URI) or ""
    assert 'response="1949323746fe6a43ef61f9606e7febea"' in header
    assert 'opaque="5ccc"' in header
    assert "qop" not in header


def test_the_best_offer_is_taken():
    offers = [
        'Basic realm="x"',
        'Digest realm="x", nonce="1"',
        'Digest realm="x", nonce="2", algorithm=SHA-256',
    ]
    login = Login("u", "p")
    assert login.take(offers)
    assert 'nonce="2"' in (login.header("PLAY", "rtsp://c/") or "")
    assert offered(offers) == " (it offers basic, digest)"


def test_basic_is_answered_where_nothing_better_is_offered():
    login = Login("viewer", "pä:ss")
    assert login.header("PLAY", "rtsp://c/") is None
    assert login.take(['Basic realm="x"'])
    assert login.header("PLAY", "rtsp://c/") == "Basic dmlld2VyOnDDpDpzcw=="


@pytest.mark.parametrize("challenges", [[], ["Magic x"], ['Digest algorithm=SHA-512-256, nonce="1"'], [""]])
def test_what_cannot_be_answered_is_not(challenges):
    login = Login("u", "p")
    assert not login.take(challenges)
    assert login.header("PLAY", "rtsp://c/") is None


def test_without_an_account_nothing_is_answered():
    login = Login(None, None)
    assert not login.known
    assert not login.take(['Basic realm="x"'])


def test_a_challenge_cannot_smuggle_in_a_line():
    login = Login('u"\r\nX: 1', "p")
    login.take(['Digest realm="a\\"b", nonce="1"'])
    header = login.header("PLAY", "rtsp://c/") or ""
    assert "\r" not in header
    assert 'realm="a\\"b"' in header
    assert re.search(r'username="u\\"X: 1"', header)
