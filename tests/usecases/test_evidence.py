"""What an incident rests on, put together from a real store."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from html.parser import HTMLParser

import pytest

from monitor.domain.angles import FieldOfView
from monitor.domain.errors import FrameFault, SourceTimeout
from monitor.domain.exhibit import Drawn, Exhibit
from monitor.domain.frame import Frame
from monitor.domain.incident import Scope
from monitor.domain.orientation import Orientation
from monitor.domain.state import StatePolicy
from monitor.domain.verdict import VerdictKind
from monitor.store import UnknownIncident
from monitor.usecases.evidence import KEPT_PACKS, EvidenceShelf, EvidenceTools, pack
from monitor.usecases.evidence_page import page
from tests.usecases.doubles import GATE, YARD, Bench, at, read_picture, shifted, turned, view_of


@dataclass
class RecordingArtist:
    """Draws nothing, and remembers what it was given."""

    exhibits: list[Exhibit] = field(default_factory=list)

    def __call__(self, exhibit: Exhibit) -> Drawn:
        self.exhibits.append(exhibit)
        shots = {"reference": exhibit.reference, "event": exhibit.event, "latest": exhibit.latest}
        pictures = {name: name.encode() for name, shot in shots.items() if shot is not None}
        return Drawn(pictures | {"overlay": b"<overlay>"}, 0.7, 0.2)


@pytest.fixture
def artist() -> RecordingArtist:
    return RecordingArtist()


def tools(
    bench: Bench,
    artist: RecordingArtist,
    read: Callable[[bytes, datetime], Frame] = read_picture,
) -> EvidenceTools:
    return EvidenceTools(bench.store, read, artist)


def incident(bench: Bench, seen: Frame, seconds: float = 60.0) -> int:
    """Open an incident by showing something; returns its number."""
    for step in range(6):
        bench.check(seconds + step * 30, seen)
        if bench.store.incidents.open():
            return bench.store.incidents.open()[0].id
    raise AssertionError("no incident was opened")


def test_a_move_is_laid_over_the_reference_that_spoke(watched: Bench, artist: RecordingArtist):
    night = replace(view_of(3), captured_at=at(1))
    watched.enroll(night, force=True, keep=[watched.store.gallery.list(GATE)[0].reference_id])
    number = incident(watched, shifted(1, 20))
    figures = pack(number, tools(watched, artist)).figures
    (exhibit,) = artist.exhibits
    assert exhibit.reference is not None
    assert (exhibit.reference.pixels == view_of(1).pixels).all()
    assert exhibit.event is not None
    assert (exhibit.event.pixels == shifted(1, 20).pixels).all()
    assert exhibit.displacement is not None
    assert exhibit.displacement.dx == pytest.approx(0.1)
    assert exhibit.orientation is Orientation.UPRIGHT
    assert figures["displacement"]["dx_percent"] == pytest.approx(10.0)
    assert figures["reference"]["id"] == watched.store.gallery.list(GATE)[0].reference_id


def test_the_figures_tell_the_whole_story_and_are_json(watched: Bench, artist: RecordingArtist):
    number = incident(watched, shifted(1, 20))
    figures = json.loads(json.dumps(pack(number, tools(watched, artist)).figures, allow_nan=False))
    assert figures["title"] == f"Incident {number}: gate has moved: 10.0 % right"
    assert (figures["site"], figures["camera"], figures["view"]) == ("harbour", "gate", "main")
    assert figures["remedy"].startswith("Pan right by 10.0 %")
    assert figures["thresholds"]["shift_tolerance"] == 0.01
    assert figures["bundle"] == "net-1"
    assert [row["change"] for row in figures["history"]] == ["suspected", "opened"]
    assert [entry["kind"] for entry in figures["timeline"]] == ["opened"]
    assert figures["first_seen_at"] == at(60).isoformat()
    assert figures["worst"]["displacement"]["dx_percent"] == pytest.approx(10.0)
    assert figures["disagreement"] == {"before": 0.7, "after": 0.2}
    assert (figures["field_of_view"], "pan_degrees" in figures["displacement"]) == (None, False)


def test_where_the_field_of_view_is_known_the_check_itself_measures_degrees(
    watched: Bench, artist: RecordingArtist
):
    spec = replace(watched.store.views.get(GATE).spec, field_of_view=FieldOfView(60.0))
    watched.store.views.sync([spec], at(10))
    figures = pack(incident(watched, shifted(1, 20)), tools(watched, artist)).figures
    assert figures["displacement"]["pan_degrees"] == pytest.approx(6.59, abs=0.01)
    assert figures["remedy"].startswith("Turn the camera 6.6° right to restore.")
    alert = watched.store.deliveries.list()[0].alert
    assert alert.details["displacement"]["pan_degrees"] == pytest.approx(6.59, abs=0.01)
    assert "6.6° right" in alert.details["remedy"]


def test_a_flip_is_turned_back(watched: Bench, artist: RecordingArtist):
    pack(incident(watched, turned(1, Orientation.ROTATED_180)), tools(watched, artist))
    assert artist.exhibits[0].orientation is Orientation.ROTATED_180


def test_another_scene_is_not_moved_back(watched: Bench, artist: RecordingArtist):
    figures = pack(incident(watched, view_of(9)), tools(watched, artist)).figures
    assert (artist.exhibits[0].displacement, artist.exhibits[0].orientation) == (None, Orientation.UPRIGHT)
    assert figures["displacement"] is None


def test_the_latest_is_the_recovery_once_it_is_over(watched: Bench, artist: RecordingArtist):
    number = incident(watched, shifted(1, 20))
    assert artist.exhibits == []
    policy = StatePolicy(close_checks=1, close_after_s=0.0)
    watched.store.views.sync([replace(watched.store.views.get(GATE).spec, policy=policy)], at(200))
    for seconds in (300, 400, 500):
        watched.check(seconds, view_of(1, noise=int(seconds / 100)))
    assert watched.store.incidents.get(number).resolved_at is not None
    pack(number, tools(watched, artist))
    latest = artist.exhibits[0].latest
    assert latest is not None
    assert "at the end" in latest.caption
    assert (latest.pixels[1:] == view_of(1).pixels[1:]).all()


def test_of_a_swapped_pair_the_parts_are_named(watched: Bench, artist: RecordingArtist):
    for step in range(4):
        watched.check(60 + 30 * step, view_of(2, noise=step))
        watched.check(60 + 30 * step, view_of(1, noise=step), key=YARD)
    (pair,) = [each for each in watched.store.incidents.list() if each.scope is Scope.PAIR]
    found = pack(pair.id, tools(watched, artist))
    parts = [each.id for each in watched.store.incidents.list() if each.parent_id == pair.id]
    assert sorted(found.figures["parts"]) == sorted(parts)
    assert len(parts) == 2
    assert "swap the cables or the addresses of gate and yard" in found.figures["remedy"]
    assert "Stands for incidents" in page(found)
    assert pack(parts[0], tools(watched, artist)).figures["part_of"] == pair.id


def test_without_a_frame_the_reference_in_use_is_shown_and_no_address(
    watched: Bench, artist: RecordingArtist
):
    away = SourceTimeout("http://192.0.2.11/snapshot did not answer within 10 s.")
    number = None
    for step in range(40):
        watched.check(60 + 60 * step, away)
        if watched.store.incidents.open():
            number = watched.store.incidents.open()[0].id
            break
    assert number is not None
    found = pack(number, tools(watched, artist))
    assert "event" not in found.pictures
    assert artist.exhibits[0].reference is not None
    assert found.figures["verdict"]["reasons"] == []
    assert "192.0.2.11" not in json.dumps(found.figures) + page(found)


def test_a_damaged_picture_is_left_out_and_named(watched: Bench, artist: RecordingArtist):
    number = incident(watched, shifted(1, 20))

    def read(_content: bytes, _at: datetime) -> Frame:
        raise FrameFault("The picture is damaged.", "Look at the disk.")

    figures = pack(number, tools(watched, artist, read)).figures
    assert artist.exhibits[0].event is None
    assert figures["missing"]["event"] == "The picture is damaged."


def test_a_pruned_picture_is_left_out_and_named(watched: Bench, artist: RecordingArtist):
    number = incident(watched, shifted(1, 20))
    digest = watched.store.incidents.get(number).frame_digest
    assert digest is not None
    watched.store.images.path(digest).unlink()
    assert "not in the image store" in pack(number, tools(watched, artist)).figures["missing"]["event"]


def test_an_unknown_incident_has_no_evidence(watched: Bench, artist: RecordingArtist):
    with pytest.raises(UnknownIncident):
        pack(99, tools(watched, artist))


class Reader(HTMLParser):
    """Collects a page's text, and the tags that were left open."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_page_shows_pictures_figures_and_what_to_do(watched: Bench, artist: RecordingArtist):
    number = incident(watched, shifted(1, 20))
    watched.store.incidents.acknowledge(number, "<b>ann</b>", "I'll go & look", at(500))
    reader = Reader()
    reader.feed(page(pack(number, tools(watched, artist))))
    text = " ".join(reader.text)
    assert reader.open == []
    for word in (
        "has moved",
        "Pan right by 10.0 %",
        "Reference",
        "Differences",
        "There is none.",
        "<b>ann</b>",
    ):
        assert word in text
    assert "I'll go & look" in text


def test_a_shelf_draws_once_and_again_when_the_incident_changes(watched: Bench, artist: RecordingArtist):
    shelf, number = EvidenceShelf(tools(watched, artist)), incident(watched, shifted(1, 20))
    assert [shelf(number, name) for name in ("event", "reference", "latest")] == [
        b"event",
        b"reference",
        None,
    ]
    assert len(artist.exhibits) == 1
    watched.check(600, turned(1, Orientation.ROTATED_180))
    watched.check(660, turned(1, Orientation.ROTATED_180))
    watched.check(720, turned(1, Orientation.ROTATED_180))
    assert watched.store.incidents.get(number).cause is VerdictKind.FLIPPED_180
    assert shelf(number, "event") == b"event"
    assert len(artist.exhibits) == 2


def test_a_shelf_has_nothing_of_what_is_not_there(watched: Bench, artist: RecordingArtist):
    shelf, number = EvidenceShelf(tools(watched, artist)), incident(watched, shifted(1, 20))
    assert shelf(99, "event") is None
    assert shelf(number, "../secret") is None
    assert artist.exhibits == []


def test_a_shelf_keeps_only_so_many(watched: Bench, artist: RecordingArtist):
    shelf, number = EvidenceShelf(tools(watched, artist), keep=0), incident(watched, shifted(1, 20))
    assert shelf(number, "event") == b"event"
    assert shelf(number, "event") == b"event"
    assert len(artist.exhibits) == 2
    assert KEPT_PACKS > 1
