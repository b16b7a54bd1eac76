from __future__ import annotations

import io
from datetime import timedelta

import numpy as np
import pytest
from PIL import Image

from monitor.domain.links import EvidenceLinks, EvidencePicture, PictureMode
from monitor.domain.message import Message
from monitor.notifiers.pictures import ALERTS_WITH_PICTURES, MAX_PICTURE_BYTES, PictureSupply, fit
from monitor.notifiers.text import text_of, title_of
from tests.notifiers.samples import ALERT, OCCURRED_AT, RunningClock, group_of

LINKS = EvidenceLinks(b"k" * 32, "https://cameras.example", 7 * 86_400.0)


def picture(form: str = "JPEG", side: int = 64, *, noisy: bool = False) -> bytes:
    rng = np.random.default_rng(7)
    pixels = (
        rng.integers(0, 256, (side, side, 3), np.uint8) if noisy else np.full((side, side, 3), 90, np.uint8)
    )
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, form)
    return target.getvalue()


def event_only(incident_id: int, name: str) -> bytes | None:
    return picture() if name == "event" and incident_id else None


def test_a_small_jpeg_stays_as_it_is() -> None:
    assert fit(picture()) == picture()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_large_picture_becomes_a_jpeg_that_is_small_enough(form: str) -> None:
    made = fit(picture(form, 1600, noisy=True))
    assert made is not None
    assert made.startswith(b"\xff\xd8\xff")
    assert len(made) <= MAX_PICTURE_BYTES
    with Image.open(io.BytesIO(made)) as opened:
        assert min(opened.size) >= 320


@pytest.mark.parametrize("content", [b"", b"no picture", picture("PNG")[:60], picture("GIF")])
def test_what_is_no_usable_picture_is_left_out(content: bytes) -> None:
    assert fit(content) is None


def test_by_default_nothing_is_shown() -> None:
    assert PictureSupply(event_only, LINKS).of(Message.of(ALERT), PictureMode.NONE, RunningClock()) == {}


def test_links_are_made_for_pictures_that_there_are_and_prove_themselves() -> None:
    shown = PictureSupply(event_only, LINKS).of(Message.of(ALERT), PictureMode.LINK, RunningClock())
    ((only,),) = shown.values()
    assert (only.name, only.content) == ("event", b"")
    grant = LINKS.read(only.url.rpartition("/")[2], RunningClock().now())
    assert grant is not None
    assert (grant.incident_id, grant.picture) == (17, EvidencePicture.EVENT)
    assert only.url in text_of(Message.of(ALERT), shown)


def test_without_a_server_there_are_no_links() -> None:
    shown = PictureSupply(event_only).of(Message.of(ALERT), PictureMode.LINK, RunningClock())
    assert list(shown.values()) == [()]


def test_attached_pictures_are_content() -> None:
    shown = PictureSupply(event_only, LINKS).of(Message.of(ALERT), PictureMode.ATTACH, RunningClock())
    assert shown[ALERT.id][0].content == picture()
    assert shown[ALERT.id][0].url == ""


def test_of_a_large_group_only_the_first_alerts_have_pictures() -> None:
    shown = PictureSupply(event_only, LINKS).of(group_of(1_000), PictureMode.ATTACH, RunningClock())
    assert list(shown) == [f"{number}-1" for number in range(1, ALERTS_WITH_PICTURES + 1)]


def test_every_attempt_of_a_message_has_the_same_link_until_it_would_soon_expire() -> None:
    def link(days: float) -> str:
        now = OCCURRED_AT + timedelta(days=days)
        return LINKS.link(17, EvidencePicture.EVENT, OCCURRED_AT, now)

    assert link(0) == link(1) == link(3.4)
    late = link(40)
    assert late != link(0)
    grant = LINKS.read(late.rpartition("/")[2], OCCURRED_AT + timedelta(days=40))
    assert grant is not None
    assert grant.expires_at >= OCCURRED_AT + timedelta(days=43.5)


def test_a_message_in_words_says_what_how_far_why_what_to_do_and_since_when() -> None:
    message = group_of(3)
    text = text_of(message)
    assert title_of(message) == "3 camera incidents at north: 3 new"
    for words in (
        "größer",
        "5.1 % right, 2.0 % up, roll +1.0°, zoom 1.10",
        "Because: two checks",
        "To do: Turn it",
    ):
        assert words in text
    assert "Since: 2026-03-04T05:06:07+00:00" in text
    assert "… and 9980 more" in text_of(group_of(10_000))
    assert len(text_of(group_of(10_000)).encode()) < 100_000
