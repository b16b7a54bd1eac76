"""Silences, windows, receivers: what is held back, why, and what a person can do about it."""

import sqlite3
from datetime import UTC, datetime, timedelta

from tests.cli.workplace import CONFIG, Workplace

SILENCE = ("alerts", "silence")
CLEANING = (*SILENCE, "add", "--camera", "ga*", "--for", "2h", "--comment", "lens cleaning", "--by", "ann")


def test_a_silence_is_made_listed_shown_and_ended(site: Workplace) -> None:
    assert "Nothing is silenced." in site.run(*SILENCE, "list").stdout
    made = site.run(*CLEANING, "--cause", "flipped_180").stdout
    assert made.startswith("Silence 1 holds back cameras ga*; causes flipped_180 until ")
    assert made.endswith("that is 1 view.\n")
    [listed] = site.json(*SILENCE, "list")
    assert (listed["status"], listed["author"], listed["comment"]) == ("active", "ann", "lens cleaning")
    assert "lens cleaning" in site.run(*SILENCE, "list").stdout
    shown = site.run("status")
    assert "silenced" in shown.stdout
    assert "by ann: lens cleaning: gate." in shown.stderr
    gate, yard = site.json("status")
    assert gate["muted"]["by"] == "silence"
    assert yard["muted"] is None
    assert "Silence 1 ended at" in site.run(*SILENCE, "expire", 1, "--by", "bob").stdout
    assert site.json(*SILENCE, "list") == []
    [over] = site.json(*SILENCE, "list", "--all")
    assert (over["status"], over["expired_by"]) == ("over", "bob")
    assert "There is no silence 9" in site.run(*SILENCE, "expire", 9, code=2).stderr


def test_what_is_silenced_is_recorded_and_held_with_the_reason_and_can_be_sent_all_the_same(
    site: Workplace,
) -> None:
    site.run(*CLEANING)
    number = site.raise_incident()
    [held] = site.json("alerts", "list", "--status", "held")
    assert held["delivery"] == f"log:{number}-1"
    assert held["detail"].endswith("by ann: lens cleaning")
    assert "lens cleaning" in site.run("alerts", "list").stdout
    assert "queued again" in site.run("alerts", "replay", held["delivery"]).stdout
    assert [row["delivery"] for row in site.json("alerts", "list", "--status", "pending")] == [
        held["delivery"]
    ]


def test_a_silence_of_nothing_known_says_so_and_one_without_an_end_is_refused(site: Workplace) -> None:
    made = site.run(*SILENCE, "add", "--camera", "gaet", "--for", "1h", "--comment", "typing")
    assert "are the names right?" in made.stderr
    refused = site.run(*SILENCE, "add", "--camera", "gate", "--comment", "why", code=2)
    assert "either --for or --until" in refused.stderr
    refused = site.run(*SILENCE, "add", "--for", "1h", "--comment", "everything", code=2)
    assert "must say what it silences" in refused.stderr
    assert "expected a duration" in site.run(*CLEANING, "--for", "soon", code=2).stderr
    refused = site.run(*SILENCE, "add", "--camera", "gate", "--until", "2020-01-01", "--comment", "x", code=2)
    assert "must end after it begins" in refused.stderr


def test_it_is_explained_who_would_be_told(site: Workplace) -> None:
    extra = """
  - {name: urgent, kind: log, routes: [{severities: [critical]}], group: {by: [site]}, remind: {every: 4h}}
maintenance:
  - {name: roof-works, from: 2026-06-01T08:00, to: 2026-06-01T16:00}
"""
    site.config.write_text(CONFIG + extra.lstrip("\n"), encoding="utf-8")
    shown = site.run("alerts", "route", "gate", "--cause", "moved").stdout
    assert "gate moved, warning:" in shown
    assert "route 1: other severities" in shown
    log, urgent = site.json("alerts", "route", "gate", "--severity", "critical", "--at", "2026-06-01T12:00")
    assert log["fate"] == urgent["fate"] == "held"
    assert log["why"] == "maintenance until 2026-06-01 16:00 UTC: roof-works"
    assert (urgent["group"], urgent["wait_s"]) == ("site default", 30.0)
    assert (urgent["remind_every_s"], urgent["remind_at_most"]) == (14_400.0, 3)
    told = site.json("alerts", "route", "gate", "--cause", "offline", "--at", "2026-06-02T12:00+02:00")
    assert [one["fate"] for one in told] == ["told", "told"]
    assert "expected a time" in site.run("alerts", "route", "gate", "--at", "noon", code=2).stderr


def test_receivers_that_fail_are_shown_everywhere_one_looks(site: Workplace) -> None:
    [log] = site.json("alerts", "notifiers")
    assert log["condition"] == "never used"
    since = datetime.now(UTC) - timedelta(hours=3)
    row = ("log", 7, since, since, "answered 503", None, None, "", "")
    _store_state(site, row)
    [log] = site.json("alerts", "notifiers")
    assert (log["condition"], log["failures"]) == ("spared", 7)
    assert "spared" in site.run("alerts", "notifiers").stdout
    sentence = "Notifier log has been failing for 3 h (answered 503); 0 alerts wait."
    assert sentence in site.run("status").stderr
    assert sentence in site.run("alerts", "list").stderr
    assert f"warn  deliveries: {sentence}" in site.run("doctor").stdout


def test_a_notifier_that_was_switched_off_can_be_switched_on(site: Workplace) -> None:
    from monitor.settings import load_settings
    from monitor.wiring.notify import settings_digests

    digest = settings_digests(load_settings(site.config, {}))["log"]
    now = datetime.now(UTC)
    _store_state(site, ("log", 0, None, None, "", None, now, "answered 410", digest))
    assert "Notifier log is switched off: answered 410." in site.run("status").stderr
    assert "log is switched on again." in site.run("alerts", "enable", "log").stdout
    assert "log was not switched off." in site.run("alerts", "enable", "log").stdout
    assert site.json("alerts", "notifiers")[0]["condition"] == "never used"


def test_everything_that_was_given_up_is_queued_again(site: Workplace) -> None:
    assert "Nothing was given up." in site.run("alerts", "replay", "--all-dead").stdout
    site.raise_incident()
    with sqlite3.connect(site.folder / "data" / "monitor.db") as database:
        database.execute("UPDATE deliveries SET status = 'dead'")
    database.close()
    assert "Nothing was" in site.run("alerts", "replay", "--all-dead", "--notifier", "hook").stdout
    assert "Queued again: 1;" in site.run("alerts", "replay", "--all-dead", "--notifier", "log").stdout
    assert len(site.json("alerts", "list", "--notifier", "log", "--status", "pending")) == 1
    assert "Name one delivery" in site.run("alerts", "replay", code=2).stderr
    assert "goes with --all-dead" in site.run("alerts", "replay", "log:1-1", "--notifier", "x", code=2).stderr


def _store_state(site: Workplace, row: tuple[object, ...]) -> None:
    """How a receiver fared, as the daemon would have put it down."""
    values = [
        value.isoformat(" ").removesuffix("+00:00") if isinstance(value, datetime) else value for value in row
    ]
    with sqlite3.connect(site.folder / "data" / "monitor.db") as database:
        database.execute(
            "INSERT OR REPLACE INTO notifier_states (notifier, failures, failing_since, last_failed_at, last_detail,"
            " last_delivered_at, disabled_at, disabled_reason, settings_digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )
    database.close()
