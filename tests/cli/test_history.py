from tests.cli.workplace import Workplace


def test_checks_and_changes_come_newest_first(site: Workplace) -> None:
    site.run("check", "gate")
    number = site.raise_incident()
    rows = site.json("history", "gate")
    assert [row["verdict"]["kind"] for row in rows] == ["flipped_180", "flipped_180", "ok"]
    assert [row["change"] for row in rows] == ["opened", "suspected", None]
    assert rows[0]["incident"] == number
    assert rows[0]["verdict"]["evidence"]
    table = site.run("history", "gate").stdout
    assert table.index("opened") < table.index("suspected")


def test_the_limit_counts(site: Workplace) -> None:
    site.raise_incident()
    assert len(site.json("history", "gate", "--limit", "1")) == 1


def test_a_camera_that_was_never_looked_at_says_so(bare: Workplace) -> None:
    assert "has not been looked at yet" in bare.run("history", "gate").stdout


def test_an_unknown_camera_is_refused_with_those_that_are_known(site: Workplace) -> None:
    assert "Configured: gate, yard." in site.run("history", "gaet", code=2).stderr
