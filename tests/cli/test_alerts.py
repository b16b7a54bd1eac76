import sqlite3

from tests.cli.workplace import FLIP_AFTER, Workplace
from tests.notifiers.receiver import Answer, Receiver


def test_a_test_alert_arrives_signed_and_the_answer_is_shown(site: Workplace, receiver: Receiver) -> None:
    assert "hook: accepted (answered 204 No Content)." in site.run("alerts", "test", "hook").stdout
    assert "hook: accepted" in site.run("alerts", "test", "hook").stdout
    first, second = receiver.requests
    assert first.verified()["type"] == "test"
    assert "nothing needs to be done" in first.verified()["data"]["headline"]
    assert first.webhook_id != second.webhook_id


def test_a_refusing_receiver_ends_with_1_and_its_address_stays_secret(
    site: Workplace, receiver: Receiver
) -> None:
    receiver.respond = lambda _request: Answer(status=410)
    result = site.run("alerts", "test", "hook", code=1)
    assert "gone; the notifier would be switched off" in result.stdout
    assert "s3cret" not in result.output


def test_the_log_can_be_tested_too(site: Workplace) -> None:
    assert "log: accepted" in site.run("alerts", "test", "log").stdout


def test_an_unknown_notifier_is_refused_with_those_that_are_known(site: Workplace) -> None:
    assert "Configured: log." in site.run("alerts", "test", "nobody", code=2).stderr


def test_deliveries_are_listed_and_can_be_repeated(site: Workplace) -> None:
    assert "Nothing has been sent yet." in site.run("alerts", "list").stdout
    number = site.raise_incident()
    [waiting] = site.json("alerts", "list", "--status", "pending")
    assert waiting["delivery"] == f"log:{number}-1"
    assert waiting["alert"]["headline"] == "gate is upside down"
    with sqlite3.connect(site.folder / "data" / "monitor.db") as database:
        database.execute("UPDATE deliveries SET status = 'dead', attempts = 9")
    database.close()
    assert site.json("alerts", "list", "--status", "pending") == []
    assert waiting["delivery"] in site.run("alerts", "list", "--status", "dead").stdout
    assert "queued again" in site.run("alerts", "replay", waiting["delivery"]).stdout
    assert site.json("alerts", "list")[0]["attempts"] == 0


def test_an_unknown_delivery_is_refused(site: Workplace) -> None:
    assert "There is no delivery 'log:9-9'" in site.run("alerts", "replay", "log:9-9", code=2).stderr


def test_nothing_is_queued_for_a_single_suspicion(site: Workplace) -> None:
    site.upload("gate", site.recordings.bad("gate"), FLIP_AFTER)
    site.run("check", "gate", code=1)
    assert site.json("alerts", "list") == []
