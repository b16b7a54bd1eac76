from tests.cli.workplace import FLIP_AFTER, Workplace


def test_the_incidents_picture_becomes_the_new_normal_and_can_be_undone(site: Workplace) -> None:
    number = site.raise_incident()
    said = site.run("accept", number, "--comment", "hangs from the ceiling now").stdout
    assert f"Incident {number} is over" in said
    assert "the earlier ones rest" in said
    site.upload("gate", site.recordings.bad("gate", FLIP_AFTER + 2), FLIP_AFTER + 2)
    assert site.json("check", "gate")[0]["verdict"]["kind"] == "ok"
    site.run("references", "rollback", "gate")
    site.upload("gate", site.recordings.bad("gate", FLIP_AFTER + 3), FLIP_AFTER + 3)
    assert site.json("check", "gate", code=1)[0]["verdict"]["kind"] == "flipped_180"


def test_add_keeps_the_earlier_references_in_use(site: Workplace) -> None:
    assert "beside 1 earlier" in site.run("accept", site.raise_incident(), "--add").stdout
    site.upload("gate", site.recordings.good("gate", FLIP_AFTER + 2), FLIP_AFTER + 2)
    assert site.json("check", "gate")[0]["verdict"]["kind"] == "ok"


def test_an_incident_without_a_picture_cannot_be_accepted(site: Workplace) -> None:
    text = site.config.read_text().replace("close_after: 0s", "close_after: 0s, min_duration: {offline: 0s}")
    site.config.write_text(text)
    for file in (site.folder / "in" / "gate").iterdir():
        file.unlink()
    site.json("check", "gate", code=1)
    number = site.json("check", "gate", code=1)[0]["incident"]
    refused = site.run("accept", number, code=2)
    assert "has no picture (offline)" in refused.stderr
    assert "monitor enroll gate" in refused.stderr
