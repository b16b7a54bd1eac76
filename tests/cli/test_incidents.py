from __future__ import annotations

import pytest

from tests.cli.workplace import Workplace


def test_an_open_incident_is_listed_with_how_urgent_it_is(site: Workplace) -> None:
    assert "No incident is open." in site.run("incidents", "list").stdout
    number = site.raise_incident()
    shown = site.run("incidents", "list").stdout
    assert f"{number}" in shown
    assert all(word in shown for word in ("gate", "flipped 180", "warning"))
    (one,) = site.json("incidents", "list", "--camera", "gate")
    assert (one["incident"], one["scope"], one["severity"], one["parent"]) == (
        number,
        "view",
        "warning",
        None,
    )
    assert site.json("incidents", "list", "--camera", "yard") == []
    assert site.json("incidents", "list", "--site", "elsewhere") == []
    assert len(site.json("incidents", "list", "--site", "default")) == 1


def test_everything_about_an_incident_is_shown_in_order(site: Workplace) -> None:
    number = site.raise_incident()
    site.run("ack", number, "--by", "ann", "--comment", "on my way")
    site.run("incidents", "comment", number, "the mast is bent", "--by", "bob")
    site.run("label", number, "wrong", "--cause", "moved", "--by", "bob", "--comment", "not flipped")
    site.run("ack", number, "--undo", "--by", "ann")
    shown = site.json("incidents", "show", number)
    assert [(entry["kind"], entry["author"]) for entry in shown["timeline"]] == [
        ("opened", ""),
        ("acknowledged", "ann"),
        ("commented", "bob"),
        ("labelled", "bob"),
        ("unacknowledged", "ann"),
    ]
    assert shown["timeline"][3]["data"] | {"label": 0} == {
        "label": 0,
        "right": False,
        "cause": "moved",
        "observation": None,
    }
    assert shown["acknowledged_by"] is None
    # Of its beginning, and of the acknowledgement; that this was taken back is not told.
    assert [row["notifier"] for row in shown["deliveries"]] == ["log", "log"]
    said = site.run("incidents", "show", number).stdout
    assert f"Incident {number} of gate: flipped 180, warning" in said
    assert "the mast is bent" in said
    assert "wrong; moved; not flipped" in said
    assert "least similar:" in said


def test_an_incident_that_is_ended_by_hand_is_taken_up_again_if_the_view_is_still_wrong(
    site: Workplace,
) -> None:
    number = site.raise_incident()
    said = site.run("incidents", "resolve", number, "--comment", "turned back", "--by", "ann").stdout
    assert f"Incident {number} of gate is over since" in said
    assert site.json("incidents", "list") == []
    assert site.json("incidents", "list", "--all")[0]["comment"] == "turned back"
    for minute in (9, 10):
        site.upload("gate", site.recordings.bad("gate", minute), minute)
        site.run("check", "gate", code=1)
    shown = site.json("incidents", "show", number)
    assert (shown["resolved_at"], shown["reopened"]) == (None, 1)
    assert [entry["kind"] for entry in shown["timeline"]] == ["opened", "resolved", "reopened"]
    assert {row["kind"] for row in shown["deliveries"]} >= {"incident.opened", "incident.reopened"}
    assert "taken up again 1 times" in site.run("incidents", "show", number).stdout


def test_an_unknown_incident_is_refused(site: Workplace) -> None:
    for command in (("show", 99), ("comment", 99, "x"), ("resolve", 99)):
        assert "There is no incident 99." in site.run("incidents", *command, code=2).stderr


def test_a_check_is_labelled_by_its_number(site: Workplace) -> None:
    number = site.raise_incident()
    (latest, *_) = site.json("history", "gate")
    said = site.run("label", latest["observation"], "right", "--observation").stdout
    assert f"Observation {latest['observation']} is labelled right." in said
    kinds = [entry["kind"] for entry in site.json("incidents", "show", number)["timeline"]]
    assert kinds == ["opened", "labelled"]
    assert "There is no observation 999" in site.run("label", 999, "right", "--observation", code=2).stderr


def test_taking_note_may_say_that_the_verdict_was_wrong(site: Workplace) -> None:
    number = site.raise_incident()
    said = site.run("ack", number, "--wrong", "--cause", "moved", "--by", "ann").stdout
    assert "Its verdict is labelled wrong." in said
    labelled = site.json("incidents", "show", number)["timeline"][-1]
    assert (labelled["kind"], labelled["author"], labelled["data"]["cause"]) == ("labelled", "ann", "moved")


@pytest.mark.parametrize(
    "arguments",
    [
        ("ack", 1, "--cause", "moved"),
        ("ack", 1, "--right", "--cause", "moved"),
        ("label", 1, "right", "--cause", "ok"),
    ],
)
def test_a_true_cause_goes_with_a_wrong_verdict_only(site: Workplace, arguments: tuple[object, ...]) -> None:
    assert "--cause" in site.run(*arguments, code=2).stderr


def test_the_status_says_how_urgent_an_incident_is(site: Workplace) -> None:
    site.raise_incident()
    assert "warning" in site.run("status").stdout
    assert site.json("status", "gate")[0]["severity"] == "warning"
