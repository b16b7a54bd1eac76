"""Links to pictures: what they grant, and that nothing else passes."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.links import EvidenceLinks, EvidencePicture, Grant
from tests.domain.builders import quick

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LINKS = EvidenceLinks(b"k" * 32, "https://cameras.example", 3600.0)
GRANT = Grant(17, EvidencePicture.EVENT, NOW + timedelta(hours=1))
TOKEN = LINKS.token(GRANT)


def test_a_token_grants_what_it_was_made_for() -> None:
    assert LINKS.read(TOKEN, NOW) == GRANT
    assert LINKS.read(TOKEN, GRANT.expires_at - timedelta(seconds=1)) == GRANT


def test_a_token_ends_at_its_time() -> None:
    assert LINKS.read(TOKEN, GRANT.expires_at) is None


def test_a_token_of_another_key_grants_nothing() -> None:
    assert replace(LINKS, key=b"o" * 32).read(TOKEN, NOW) is None


def test_the_key_is_not_shown() -> None:
    assert "kkkk" not in repr(LINKS)


@pytest.mark.parametrize("position", range(len(TOKEN)))
def test_a_token_with_any_character_changed_grants_nothing(position: int) -> None:
    for other in "Az09-_.~":
        changed = TOKEN[:position] + other + TOKEN[position + 1 :]
        assert changed == TOKEN or LINKS.read(changed, NOW) is None


@pytest.mark.parametrize("length", range(len(TOKEN)))
def test_a_token_cut_short_grants_nothing(length: int) -> None:
    assert LINKS.read(TOKEN[:length], NOW) is None


def test_a_longer_claim_under_the_same_signature_grants_nothing() -> None:
    _, signature = TOKEN.split(".")
    for claim in ("18.event.99999999999", "17.event.99999999999", "17.latest.1772604367"):
        forged = base64.urlsafe_b64encode(claim.encode()).rstrip(b"=").decode()
        assert LINKS.read(f"{forged}.{signature}", NOW) is None


@quick
@given(st.text(max_size=150))
def test_no_text_makes_it_fail_or_pass(text: str) -> None:
    assert LINKS.read(text, NOW) is None or text == TOKEN


@quick
@given(
    st.integers(0, 10**17),
    st.sampled_from(EvidencePicture),
    st.timedeltas(timedelta(days=-9_000), timedelta(days=60_000)),
    st.timedeltas(timedelta(0), timedelta(days=3000)),
)
def test_a_link_works_for_at_least_half_a_lifetime(
    incident_id: int, picture: EvidencePicture, age: timedelta, later: timedelta
) -> None:
    since = NOW + age
    now = since + later
    token = LINKS.link(incident_id, picture, since, now).removeprefix("https://cameras.example/evidence/")
    grant = LINKS.read(token, now)
    assert grant is not None
    assert (grant.incident_id, grant.picture) == (incident_id, picture)
    left_s = (grant.expires_at - now).total_seconds()
    assert 0.5 * LINKS.lifetime_s - 1 <= left_s <= 1.5 * LINKS.lifetime_s
