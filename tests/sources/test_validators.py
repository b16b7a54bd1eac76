"""What a web server says of its pictures, and when it is believed."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.validators import (
    PROOFS,
    UNCHANGED_IN_A_ROW,
    LastSnapshot,
    after_picture,
    age_s,
    from_memory,
    parse_date,
    to_memory,
)

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def seen(*pictures: tuple[str, str], header: str = "etag") -> LastSnapshot:
    """After pictures with these digests and validators, one a minute."""
    last = None
    for minute, (digest, validator) in enumerate(pictures):
        headers = {header: validator} if validator else {}
        last = after_picture(last, digest, headers, NOON + timedelta(minutes=minute))
    assert last is not None
    return last


PROVEN = (("a", "1"), ("b", "2"), ("c", "3"), ("c", "3"))


def test_a_server_whose_tags_change_with_its_pictures_is_believed_once_a_picture_comes_again():
    for count in range(1, len(PROVEN)):
        assert seen(*PROVEN[:count]).condition() == {}
    assert seen(*PROVEN).condition() == {"If-None-Match": "3"}
    assert seen(*PROVEN, header="last-modified").condition() == {"If-Modified-Since": "3"}


@pytest.mark.parametrize(
    "pictures",
    [
        [(digest, "") for digest in "abcdd"],
        [(digest, "1") for digest in "abcdd"],
        [(digest, "ö\r\n" + digest) for digest in "abcdd"],
        [(digest, digest * 300) for digest in "abcdd"],
        [*PROVEN, ("d", "3"), ("d", "3")],
        [*PROVEN, ("d", "4")],
    ],
    ids=["no tag", "a constant tag", "a tag with line breaks", "a long tag", "another picture under the last tag",
         "a picture that came once"],
)  # fmt: skip
def test_others_are_asked_for_the_picture_itself(pictures):
    assert seen(*pictures).condition() == {}


def test_the_picture_itself_is_asked_for_again_and_again():
    last = seen(*PROVEN)
    for _ in range(UNCHANGED_IN_A_ROW):
        assert last.condition()
        last = last.said_unchanged()
    assert last.condition() == {}
    assert after_picture(last, "c", {"etag": "3"}, NOON).condition()


def test_a_lie_takes_as_long_to_make_good_as_the_first_proof():
    last = seen(*PROVEN, ("d", "3"), ("e", "4"), ("e", "4"))
    assert last.condition() == {}
    for digest in "fg"[: PROOFS - 1] + "gg":
        last = after_picture(last, digest, {"etag": digest}, NOON)
    assert last.condition() == {"If-None-Match": "g"}


def http(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


@pytest.mark.parametrize(
    ("headers", "expected_s"),
    [
        ({}, 60),
        ({"age": "900"}, 900),
        ({"age": "-900"}, 60),
        ({"age": "9" * 30}, 60),
        ({"last-modified": http(NOON - timedelta(seconds=240))}, 300),
        ({"last-modified": http(NOON - timedelta(seconds=240)), "age": "10"}, 310),
        # On the camera's own clock, however wrong, the difference counts.
        ({"last-modified": http(NOON - timedelta(days=900)), "date": http(NOON - timedelta(days=900))}, 60),
        (
            {
                "last-modified": http(NOON + timedelta(days=9)),
                "date": http(NOON + timedelta(days=9, hours=1)),
            },
            3600,
        ),
        # These say nothing.
        ({"last-modified": http(datetime(1970, 1, 1, tzinfo=UTC))}, 60),
        ({"last-modified": http(datetime(2100, 1, 1, tzinfo=UTC))}, 60),
        ({"last-modified": "yesterday"}, 60),
    ],
)
def test_the_age_of_a_picture(headers, expected_s):
    last = after_picture(None, "a", {}, NOON)
    assert age_s(last, headers, NOON + timedelta(seconds=60)) == expected_s


def test_the_age_after_not_modified_comes_from_what_was_said_before():
    last = after_picture(None, "a", {"last-modified": http(NOON - timedelta(hours=1))}, NOON)
    assert age_s(last.said_unchanged(), {}, NOON) == 3600


def test_a_picture_ages_while_it_keeps_coming():
    assert age_s(seen(("a", ""), ("a", ""), ("a", "")), {}, NOON + timedelta(hours=1)) == 3600


def test_what_is_remembered_goes_through_json_unchanged():
    last = seen(*PROVEN).said_unchanged()
    assert from_memory(json.loads(json.dumps(to_memory(last)))) == last


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=5,
)


KEPT = to_memory(seen(*PROVEN))


@given(st.fixed_dictionaries({name: st.just(value) | json_values for name, value in KEPT.items()}))
def test_a_memory_that_was_tampered_with_raises_nothing_and_sends_nothing_odd(memory):
    last = from_memory(memory)
    if last is not None:
        for value in last.condition().values():
            assert value.isascii()
            assert value.isprintable()


@given(st.text(max_size=40))
def test_no_date_raises_anything(text):
    moment = parse_date(text)
    assert moment is None or moment.tzinfo is not None
