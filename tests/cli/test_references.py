from dataclasses import replace

from monitor.vision.bundle import ENCODER_FILE, HEAD_FILE, load_bundle, shipped_bundle_path, write_bundle
from tests.cli.workplace import Workplace


def use_another_network(site: Workplace) -> None:
    """The shipped one under another name, and so with another id."""
    shipped = load_bundle(shipped_bundle_path())
    members = {ENCODER_FILE: shipped.encoder_onnx}
    if shipped.head_onnx is not None:
        members[HEAD_FILE] = shipped.head_onnx
    write_bundle(site.folder / "other.bundle", replace(shipped.card, name="other"), members)
    site.config.write_text(site.config.read_text() + "\nbundle: other.bundle\n")


def test_the_list_shows_references_versions_and_where_the_pictures_are(site: Workplace) -> None:
    site.run("enroll", "gate", "--by", "ann", "--reason", "new lens")
    gallery = site.json("references", "list", "gate", "--all")[0]
    assert [(entry["in_use"], entry["versions"]) for entry in gallery["references"]] == [
        (False, [1]),
        (True, [2]),
    ]
    assert next((one["version"], one["by"], one["reason"]) for one in gallery["versions"]) == (
        2,
        "ann",
        "new lens",
    )
    table = site.run("references", "list", "gate").stdout
    assert "new lens" in table
    assert gallery["references"][1]["path"] in table


def test_a_removed_reference_can_be_brought_back(site: Workplace) -> None:
    site.run("enroll", "gate", "--add", "--image", site.recordings.good("gate", 9))
    number = site.json("references", "list", "gate")[0]["references"][0]["reference"]
    assert "1 left" in site.run("references", "remove", "gate", number).stdout
    assert len(site.json("references", "list", "gate")[0]["references"]) == 1
    site.run("references", "rollback", "gate")
    assert len(site.json("references", "list", "gate")[0]["references"]) == 2


def test_the_last_reference_stays_unless_forced(site: Workplace) -> None:
    number = site.json("references", "list", "gate")[0]["references"][0]["reference"]
    assert "no reference left" in site.run("references", "remove", "gate", number, code=2).stderr
    site.run("references", "remove", "gate", number, "--force")
    assert site.json("status", "gate")[0]["state"] == "unenrolled"


def test_rollback_without_an_earlier_version_is_refused(site: Workplace) -> None:
    assert "has no version 0" in site.run("references", "rollback", "gate", code=2).stderr


def test_after_a_change_of_the_network_references_are_encoded_again(site: Workplace) -> None:
    use_another_network(site)
    found = site.json("check", "gate", code=1)[0]
    assert found["verdict"]["kind"] == "unsure"
    assert "references reencode" in found["verdict"]["reasons"][0]
    assert "2 references encoded again." in site.run("references", "reencode").stdout
    assert "All references are those of other-" in site.run("references", "reencode").stdout
    site.upload("gate", site.recordings.good("gate", 1), 1)
    assert site.json("check", "gate")[0]["verdict"]["kind"] == "ok"


def test_a_lost_picture_is_named_and_does_not_stop_the_rest(site: Workplace) -> None:
    use_another_network(site)
    lost = site.json("references", "list", "gate")[0]["references"][0]["path"]
    (site.folder / lost).unlink()
    said = site.run("references", "reencode", code=1).stdout
    assert "1 reference encoded again." in said
    assert "of gate:" in said
    assert "lost" in site.run("references", "list", "gate").stdout


def test_a_camera_without_references_says_how_to_get_some(bare: Workplace) -> None:
    assert "`monitor enroll gate` takes some" in bare.run("references", "list", "gate").stdout
