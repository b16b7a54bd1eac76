import io
import json
import re
import zipfile
from pathlib import Path

from PIL import Image

from tests.cli.workplace import FLIP_AFTER, Workplace

PICTURES = {"reference", "event", "overlay", "difference"}


def raise_move(site: Workplace) -> int:
    """Move `yard` and look until an incident is open; its number."""
    for minute in range(FLIP_AFTER, FLIP_AFTER + 4):
        site.upload("yard", site.recordings.bad("yard", minute), minute)
        found = site.json("check", "yard", code=1)
        if found[0]["incident"]:
            return int(found[0]["incident"])
    raise AssertionError("no incident was opened")


def with_field_of_view(site: Workplace) -> None:
    text = site.config.read_text()
    site.config.write_text(text.replace("{name: yard,", "{name: yard, field_of_view: {horizontal: 60},"))


def test_a_flip_is_written_down_with_its_pictures_and_a_page(site: Workplace, tmp_path: Path) -> None:
    number, place = site.raise_incident(), tmp_path / "evidence"
    said = site.run("evidence", number, "--out", place).stdout
    assert "gate is upside down" in said
    assert "by 180°" in said
    assert {file.name for file in place.iterdir()} == {
        "index.html", "figures.json", *(f"{name}.jpg" for name in PICTURES)
    }  # fmt: skip
    for name in PICTURES:
        with Image.open(place / f"{name}.jpg") as picture:
            assert picture.format == "JPEG"
            assert max(picture.size) <= 960
    figures = json.loads((place / "figures.json").read_text())
    assert (figures["cause"], figures["verdict"]["kind"]) == ("flipped_180", "flipped_180")
    assert figures["verdict"]["evidence"]["orientation"] == "rotated_180"
    assert figures["disagreement"]["after"] < 0.7 * figures["disagreement"]["before"]
    assert figures["thresholds"]["shift_tolerance"] == 0.01


def test_the_page_needs_nothing_beside_it(site: Workplace, tmp_path: Path) -> None:
    site.run("evidence", site.raise_incident(), "--out", tmp_path / "evidence")
    page = (tmp_path / "evidence" / "index.html").read_text()
    sources = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert len(sources) == len(PICTURES)
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert "<script" not in page
    assert "Turn the camera by 180°" in page


def test_a_move_is_told_in_degrees_where_the_field_of_view_is_known(site: Workplace, tmp_path: Path) -> None:
    with_field_of_view(site)
    site.run("enroll", "yard", "--image", site.recordings.good("yard"))
    number = raise_move(site)
    said = site.run("evidence", number, "--out", tmp_path / "moved.zip").stdout
    # 6 % of a picture 60° wide: atan(2 · 0.06 · tan 30°) = 4.0°.
    assert re.search(r"Turn the camera (3\.9|4\.0|4\.1)° right to restore\.", said)
    with zipfile.ZipFile(tmp_path / "moved.zip") as archive:
        figures = json.loads(archive.read("moved/figures.json"))
        assert Image.open(io.BytesIO(archive.read("moved/overlay.jpg"))).format == "JPEG"
    assert abs(figures["displacement"]["pan_degrees"] - 4.0) < 0.2
    assert figures["field_of_view"]["horizontal_deg"] == 60
    assert figures["worst"]["displacement"]["dx_percent"] > 5
    assert [row["change"] for row in figures["history"] if row["change"]][-1] == "opened"


def test_figures_alone_are_printed_and_nothing_is_written(site: Workplace) -> None:
    number = site.raise_incident()
    shown = site.json("evidence", number)
    assert shown["incident"] == number
    assert not Path(f"incident-{number}").exists()


def test_what_is_there_already_is_left_alone(site: Workplace, tmp_path: Path) -> None:
    number = site.raise_incident()
    taken = tmp_path / "taken.zip"
    taken.write_bytes(b"mine")
    refused = site.run("evidence", number, "--out", taken, code=2)
    assert "is there already" in refused.stderr
    assert taken.read_bytes() == b"mine"


def test_without_a_frame_there_is_the_reference_and_no_address(site: Workplace) -> None:
    text = site.config.read_text().replace("close_after: 0s", "close_after: 0s, min_duration: {offline: 0s}")
    site.config.write_text(text)
    for file in (site.folder / "in" / "gate").iterdir():
        file.unlink()
    site.json("check", "gate", code=1)
    number = site.json("check", "gate", code=1)[0]["incident"]
    shown = site.json("evidence", number)
    assert shown["pictures"] == ["reference"]
    assert shown["remedy"].startswith("No picture arrives")
    assert str(site.folder) not in json.dumps(shown)


def test_an_unknown_incident_is_refused(site: Workplace) -> None:
    assert "There is no incident 99." in site.run("evidence", 99, code=2).stderr
