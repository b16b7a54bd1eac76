"""The operator's round on PostgreSQL: the commands are the same, whatever keeps the results."""

from tests.cli.workplace import Workplace


def test_the_whole_round_works_on_postgres(bare: Workplace, postgres_url: str) -> None:
    bare.config.write_text(bare.config.read_text() + f"\ndatabase: {{url: '{postgres_url}'}}\n")
    bare.run("enroll", "--all")
    assert [view["state"] for view in bare.json("check")] == ["ok", "ok"]
    number = bare.raise_incident()
    assert bare.json("status", "gate")[0]["incident"] == number
    assert bare.json("history", "gate")[0]["change"] == "opened"
    assert bare.json("alerts", "list")[0]["delivery"] == f"log:{number}-1"
    bare.run("ack", number, "--by", "ann")
    bare.run("accept", number)
    assert [entry["origin"] for entry in bare.json("references", "list", "gate")[0]["references"]] == [
        "accepted"
    ]
    replayed = bare.run("replay", "yard", bare.recordings.folder / "good" / "yard")
    assert "References: the 1 that yard has in use." in replayed.stderr
    found = {one["area"]: one for one in bare.json("doctor")}
    assert found["database"]["level"] == "ok"
