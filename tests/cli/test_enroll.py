import numpy as np
import pytest
from PIL import Image

from tests.cli.workplace import Workplace


def test_enrolling_a_camera_says_what_can_be_told_apart_there(bare: Workplace) -> None:
    said = bare.run("enroll", "gate").stdout
    assert "gate: enrolled with 1 new reference (version 1)." in said
    assert "flipped 180" in said
    assert "mirrored" in said
    assert "moves from" in said
    assert bare.json("status", "gate")[0]["references"] == 1
    assert bare.json("status", "yard")[0]["state"] == "unenrolled"


def test_all_goes_on_when_a_camera_fails_and_ends_with_1(bare: Workplace) -> None:
    text = bare.config.read_text().replace("path: in/yard", "path: in/nowhere")
    bare.config.write_text(text)
    said = bare.run("enroll", "--all", code=1).stdout
    assert "gate: enrolled" in said
    assert "yard: not enrolled." in said
    assert "in/nowhere does not exist" in said
    assert "1 view enrolled, 1 failed." in said


def test_all_leaves_enrolled_views_alone_unless_told_otherwise(site: Workplace) -> None:
    assert "2 views enrolled already and left alone" in site.run("enroll", "--all").stdout
    assert len(site.json("references", "list", "gate")[0]["versions"]) == 1
    site.run("enroll", "--all", "--again")
    assert len(site.json("references", "list", "gate")[0]["versions"]) == 2


def test_pictures_from_files_are_taken_instead_of_the_cameras(site: Workplace) -> None:
    pictures = [site.recordings.bad("gate", 6), site.recordings.bad("gate", 7)]
    site.run("enroll", "gate", "--image", *pictures, "--by", "ann", "--reason", "turned on purpose")
    version = site.json("references", "list", "gate")[0]["versions"][0]
    assert (version["by"], version["reason"]) == ("ann", "turned on purpose")
    assert site.json("check", "gate", code=1)[0]["verdict"]["kind"] == "flipped_180"


def test_a_second_picture_that_shows_another_view_is_refused(site: Workplace) -> None:
    pictures = [site.recordings.good("gate"), site.recordings.bad("gate")]
    refused = site.run("enroll", "gate", "--image", *pictures, code=2)
    assert "do not show one and the same view" in refused.stderr
    assert len(site.json("references", "list", "gate")[0]["versions"]) == 1


def test_add_keeps_the_present_references_in_use(site: Workplace) -> None:
    site.run("enroll", "gate", "--add", "--image", site.recordings.good("gate", 9))
    assert [entry["in_use"] for entry in site.json("references", "list", "gate")[0]["references"]] == [
        True,
        True,
    ]


def test_a_black_picture_is_refused_unless_forced(bare: Workplace) -> None:
    black = bare.folder / "black.png"
    Image.fromarray(np.zeros((240, 320, 3), np.uint8)).save(black)
    refused = bare.run("enroll", "gate", "--image", black, code=2)
    assert "too dark" in refused.stderr
    assert "--force" in refused.stderr
    assert "too dark" in bare.run("enroll", "gate", "--image", black, "--force").stdout


def test_several_frames_are_grabbed_where_the_camera_gives_them(bare: Workplace) -> None:
    # A folder gives its newest file again and again: then there is one.
    assert "1 new reference" in bare.run("enroll", "gate", "--frames", "5").stdout


def test_enrolling_anew_ends_the_open_incident(site: Workplace) -> None:
    number = site.raise_incident()
    site.run("enroll", "gate")
    assert site.json("status", "gate")[0]["incident"] is None
    site.upload("gate", site.recordings.bad("gate", 8), 8)
    assert site.json("check", "gate")[0]["verdict"]["kind"] == "ok"
    assert "was over at" in site.run("ack", number).stdout


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "Name a camera, or use --all"),
        (("gate", "--all"), "leave out CAMERA"),
        (("gate", "--again"), "--again goes with --all"),
        (("gate", "picture.jpg"), "Pictures go behind --image"),
        (("gaet",), "There is no camera 'gaet'"),
        (("gate", "--image", "missing.jpg"), "missing.jpg does not exist"),
    ],
)
def test_what_cannot_be_meant_is_refused(bare: Workplace, arguments: tuple[str, ...], problem: str) -> None:
    assert problem in bare.run("enroll", *arguments, code=2).stderr
