"""What is held is told later, or dropped with a reason; silences and receivers' states are kept."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import event, update

from monitor.domain.addressee import Addressee
from monitor.domain.alert import Alert, AlertKind, Outcome, Receipt
from monitor.domain.incident import Incident
from monitor.domain.matcher import Matcher
from monitor.domain.severity import Severity
from monitor.domain.silence import Silence
from monitor.domain.state import Change
from monitor.domain.telling import OVER_UNTOLD, SUPERSEDED
from monitor.domain.timeline import EntryKind
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey
from monitor.store import DeliveryStatus, Store, UnknownSilence
from monitor.store.tables import incidents
from monitor.store.timeline import Timelines
from tests.store.builders import NOW, announce, at, observation, opened, recovered, spec, told

WHY = "silenced until tomorrow by ann: cleaning"
HELD = (Addressee("ops", held=WHY), Addressee("log"))
ACCEPTED = Receipt(Outcome.ACCEPTED, "200")


def statuses(store: Store, notifier: str = "ops") -> dict[str, tuple[DeliveryStatus, str]]:
    return {
        row.alert.id.partition("-")[2]: (row.status, row.detail)
        for row in store.deliveries.list(notifier=notifier)
    }


def deliver(store: Store, seconds: float) -> list[str]:
    """Send everything that is due; ids of the deliveries."""
    sent: list[str] = []
    while batches := store.deliveries.lease(at(seconds), "me", 30.0, 9, 9):
        for batch in batches:
            store.deliveries.finish(batch, ACCEPTED, None, at(seconds))
            sent += batch.deliveries
    return sent


def changed(seconds: float) -> object:
    return observation(seconds, VerdictKind.OFFLINE, Change.CAUSE_CHANGED)


def test_a_held_alert_is_not_sent_and_says_why(store: Store) -> None:
    recorded = store.record(opened(0), HELD, announce)
    assert recorded.incident is not None
    assert recorded.alerts == 1
    assert deliver(store, 10) == [f"log:{recorded.incident.id}-1"]
    assert statuses(store) == {"1": (DeliveryStatus.HELD, WHY)}
    (held,) = store.held.all()
    assert (held.incident.id, held.reasons) == (recorded.incident.id, {"ops": WHY})


def test_what_holds_is_in_the_timeline(store: Store) -> None:
    incident = store.record(opened(0), HELD, announce).incident
    assert incident is not None
    store.held.release([incident.id], "ops", at(20), at(20))
    entries = Timelines(store._database).of(incident.id)
    kinds = [entry.kind for entry in entries if entry.kind in (EntryKind.HELD, EntryKind.RELEASED)]
    assert kinds == [EntryKind.HELD, EntryKind.RELEASED]
    assert any(WHY in entry.text for entry in entries)


def test_a_released_alert_is_sent(store: Store) -> None:
    incident = store.record(opened(0), HELD, announce).incident
    assert incident is not None
    deliver(store, 10)
    assert store.held.release([incident.id], "ops", at(20), at(20)) == 1
    assert store.held.release([incident.id], "ops", at(20), at(20)) == 0
    assert deliver(store, 20) == [f"ops:{incident.id}-1"]


def test_many_are_released_in_few_transactions_but_not_what_is_over(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.store.holding.CHUNK", 3)
    keys = [ViewKey(f"camera-{place}") for place in range(7)]
    store.views.sync([spec(key) for key in keys], NOW)
    ids = []
    for key in keys:
        incident = store.record(opened(0, key=key), HELD[:1], announce).incident
        assert incident is not None
        ids.append(incident.id)
    store.record(recovered(1, key=keys[0]), (), announce)
    commits: list[object] = []
    event.listen(store._database.engine, "commit", commits.append)
    assert store.held.release(ids, "ops", at(20), at(20)) == 6
    assert len(commits) == 3
    kinds = [[entry.kind for entry in Timelines(store._database).of(number)] for number in ids]
    assert [EntryKind.RELEASED in each for each in kinds] == [False, *[True] * 6]
    assert len(deliver(store, 20)) == 6


def test_of_an_incident_that_is_over_before_it_was_told_nothing_is(store: Store) -> None:
    incident = store.record(opened(0), HELD, announce).incident
    assert incident is not None
    store.record(recovered(60), HELD, announce)
    assert statuses(store) == {
        "1": (DeliveryStatus.DROPPED, OVER_UNTOLD),
        "2": (DeliveryStatus.DROPPED, OVER_UNTOLD),
    }
    assert deliver(store, 100) == [f"log:{incident.id}-1", f"log:{incident.id}-2"]
    assert store.held.release([incident.id], "ops", at(100), at(100)) == 0
    store.deliveries.replay(f"ops:{incident.id}-1", at(200))
    assert deliver(store, 200) == [f"ops:{incident.id}-1"]


def test_who_was_told_of_the_beginning_hears_of_the_end_whatever_holds_and_wherever_routes_lead(
    store: Store,
) -> None:
    incident = store.record(opened(0), told("ops", "by-cause"), announce).incident
    assert incident is not None
    deliver(store, 10)
    store.record(changed(30), (Addressee("ops", held=WHY),), announce)  # type: ignore[arg-type]
    assert statuses(store)["2"] == (DeliveryStatus.HELD, WHY)
    # Its route asks for the first cause only: still, it hears that this has changed, and of the end.
    assert deliver(store, 40) == [f"by-cause:{incident.id}-2"]
    store.record(recovered(60), (Addressee("ops", held=WHY),), announce)
    assert statuses(store)["2"] == (DeliveryStatus.DROPPED, SUPERSEDED)
    assert sorted(deliver(store, 70)) == [f"by-cause:{incident.id}-3", f"ops:{incident.id}-3"]


def test_a_change_that_is_told_brings_the_held_beginning_along_first(store: Store) -> None:
    incident = store.record(opened(0), (Addressee("ops", held=WHY),), announce).incident
    assert incident is not None
    store.record(changed(30), told("ops"), announce)  # type: ignore[arg-type]
    assert deliver(store, 40) == [f"ops:{incident.id}-1", f"ops:{incident.id}-2"]


def note(store: Store, incident_id: int, addressees: tuple[Addressee, ...] = ()) -> None:
    store.incidents.acknowledge(
        incident_id, "ann", "", at(50), addressees=addressees, announce=announce_acknowledged
    )


def announce_acknowledged(incident: Incident, sequence: int) -> Alert:
    alert = announce(incident, opened(0), sequence)
    return replace(alert, kind=AlertKind.ACKNOWLEDGED)


def test_an_acknowledgement_is_told_to_whom_the_incident_is_and_to_nobody_else(store: Store) -> None:
    incident = store.record(opened(0), HELD, announce).incident
    assert incident is not None
    note(store, incident.id, told("late"))
    assert deliver(store, 60) == [f"log:{incident.id}-1", f"log:{incident.id}-2"]
    # What is held is not overtaken by it.
    assert store.held.release([incident.id], "ops", at(70), at(70)) == 1
    assert deliver(store, 70) == [f"ops:{incident.id}-1"]


def test_an_acknowledgement_is_not_told_while_the_notifier_is_to_be_spared(store: Store) -> None:
    incident = store.record(opened(0), told("ops"), announce).incident
    assert incident is not None
    note(store, incident.id, HELD)
    assert deliver(store, 60) == [f"ops:{incident.id}-1"]


def test_an_acknowledgement_of_what_is_over_is_not_told(store: Store) -> None:
    incident = store.record(opened(0), told("ops"), announce).incident
    assert incident is not None
    store.record(recovered(20), told("ops"), announce)
    note(store, incident.id, told("ops"))
    assert deliver(store, 60) == [f"ops:{incident.id}-1", f"ops:{incident.id}-2"]


def test_held_alerts_that_are_given_up_say_why(store: Store) -> None:
    incident = store.record(opened(0), HELD, announce).incident
    assert incident is not None
    store.held.keep([incident.id], "ops", "maintenance")
    assert statuses(store)["1"] == (DeliveryStatus.HELD, "maintenance")
    assert store.held.drop([incident.id], "ops", "no route", at(9)) == 1
    assert statuses(store)["1"] == (DeliveryStatus.DROPPED, "no route")
    assert store.held.all() == []


def test_what_another_incident_stands_for_waits_and_is_dropped_if_it_is_over_by_then(store: Store) -> None:
    yard = ViewKey("yard")
    store.views.sync([spec(), spec(yard)], NOW)
    parent = store.record(opened(0), (), announce).incident
    child = store.record(opened(1, key=yard), told("ops"), announce).incident
    assert parent is not None
    assert child is not None
    with store._database.write() as connection:
        connection.execute(update(incidents).where(incidents.c.id == child.id).values(parent_id=parent.id))
    assert deliver(store, 100) == []
    store.record(recovered(110, key=yard), told("ops"), announce)
    store.record(recovered(120), (), announce)
    store.held.drop_told_by_parents(at(130))
    assert store.held.drop_told_by_parents(at(130)) == 0
    assert {status for status, _ in statuses(store).values()} == {DeliveryStatus.DROPPED}
    assert deliver(store, 200) == []


def a_silence(begins: float = 0, ends: float = 3600, **of: object) -> Silence:
    matcher = Matcher(**(of or {"cameras": ("gate*",)}))  # type: ignore[arg-type]
    return Silence(0, matcher, "ann", "lens cleaning", NOW, at(begins), at(ends))


def test_silences_are_kept_and_count_from_their_beginning_to_their_end(store: Store) -> None:
    made = store.silences.add(
        a_silence(10, 20, views=("ptz/yard",), causes=(VerdictKind.MOVED,), severities=(Severity.INFO,))
    )
    assert store.silences.list() == [made]
    assert made.matcher.causes == (VerdictKind.MOVED,)
    assert [bool(store.silences.active(at(moment))) for moment in (9, 10, 19.9, 20)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_silence_can_be_ended_once(store: Store) -> None:
    made = store.silences.add(a_silence())
    ended = store.silences.expire(made.id, "bob", at(5))
    assert (ended.expired_at, ended.expired_by) == (at(5), "bob")
    assert store.silences.expire(made.id, "eve", at(6)) == ended
    assert store.silences.active(at(6)) == []
    with pytest.raises(UnknownSilence, match="99"):
        store.silences.expire(99, "bob", at(5))


def test_how_a_receiver_fared_is_kept(store: Store) -> None:
    failed = Receipt(Outcome.RETRY, "answered 503")
    assert store.receivers.all() == {}
    store.receivers.note("ops", failed, at(1), "digest")
    after = store.receivers.note("ops", failed, at(2), "digest")
    assert store.receivers.all() == {"ops": after}
    assert (after.failures, after.failing_since, after.last_failed_at) == (2, at(1), at(2))
    store.receivers.note("ops", ACCEPTED, at(3), "digest")
    assert store.receivers.all()["ops"].last_delivered_at == at(3)


def test_a_receiver_that_is_gone_stays_off_until_its_settings_are_others_or_a_person_says_so(
    store: Store,
) -> None:
    gone = Receipt(Outcome.GONE, "answered 410")
    off = store.receivers.note("ops", gone, at(1), "digest")
    assert off.is_disabled("digest")
    assert not store.receivers.note("ops", ACCEPTED, at(2), "other").is_disabled("other")
    store.receivers.note("ops", gone, at(3), "other")
    assert store.receivers.enable("ops")
    assert not store.receivers.enable("ops")
    assert replace(store.receivers.all()["ops"], settings_digest="other").disabled_at is None
