from tests.cli.workplace import Workplace


def test_an_incident_is_acknowledged_once_and_stays_open(site: Workplace) -> None:
    number = site.raise_incident()
    said = site.run("ack", number, "--by", "ann", "--comment", "on my way").stdout
    assert f"Incident {number} of gate (flipped 180) is acknowledged by ann" in said
    assert "acknowledged by ann" in site.run("ack", number, "--by", "bob").stdout
    view = site.json("status", "gate")[0]
    assert (view["incident"], view["acknowledged_by"]) == (number, "ann")
    assert f"{number}, seen by ann" in site.run("status").stdout


def test_an_unknown_incident_is_refused(site: Workplace) -> None:
    refused = site.run("ack", 99, code=2)
    assert "There is no incident 99." in refused.stderr
    assert "monitor status" in refused.stderr
