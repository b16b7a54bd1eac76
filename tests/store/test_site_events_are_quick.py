"""A site of many views that change at once must not be counted again by each of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy import insert, select, update

from monitor.domain.addressee import Addressee
from monitor.domain.incident import Observation, Scope
from monitor.domain.matcher import Matter
from monitor.domain.site_event import SiteEventPolicy
from monitor.domain.state import Change, Status, ViewState
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey, ViewSpec
from monitor.store import Store
from monitor.store.tables import deliveries, incidents
from tests.store.builders import NOW, announce, at, observation, opened, recovered, spec, told

MANY, FEW = 600, 40
WAITING = 10_000
POLICY = SiteEventPolicy(at_least=5, share=0.3)


def everybody(_matter: Matter) -> Sequence[Addressee]:
    return told("log")


def record(store: Store, views: Sequence[ViewSpec], make: Callable[[ViewKey], Observation]) -> float:
    """Record one check of each view; processor time of this process for each, seconds."""
    started = time.process_time()
    for one in views:
        store.record(make(one.key), told("log"), announce, spec=one, addressing=everybody)
    return (time.process_time() - started) / len(views)


def suspected(key: ViewKey) -> Observation:
    seen = observation(0, VerdictKind.FLIPPED_180, Change.SUSPECTED, key=key)
    return replace(seen, state=ViewState(Status.SUSPECT, at(0), VerdictKind.FLIPPED_180))


def test_a_check_costs_the_same_whether_six_hundred_views_change_with_it_or_forty(store: Store) -> None:
    sites = {
        site: [spec(ViewKey(f"{site}-{number:04}"), site=site, site_event=POLICY) for number in range(size)]
        for site, size in (("few", FEW), ("many", MANY))
    }
    store.views.sync([one for site in sites.values() for one in site], NOW)
    costs_s: dict[str, tuple[float, float]] = {}
    for site, views in sites.items():
        record(store, views, suspected)
        record(store, views[:1], lambda key: opened(30, key=key))  # this one looks at the whole site
        opening_s = record(store, views[1:31], lambda key: opened(30, key=key))
        costs_s[site] = opening_s, record(store, views[1:21], lambda key: recovered(90, key=key))
    assert {one.subject for one in store.group_incidents.open(Scope.SITE)} == {"few", "many"}
    for few_s, many_s in zip(costs_s["few"], costs_s["many"], strict=True):
        assert many_s < 3 * few_s


def test_looking_for_what_is_due_is_quick_beside_ten_thousand_that_wait_for_their_sites_incident(
    store: Store,
) -> None:
    store.views.sync([spec()], NOW)
    only = store.record(opened(0), [Addressee("ops", "site", 30.0)], announce).incident
    assert only is not None
    _multiply(store, WAITING)
    looks_s = []
    for _ in range(3):
        began_s = time.process_time()
        assert store.deliveries.lease(at(100), "me", 30.0, 16, 4) == []
        looks_s.append(time.process_time() - began_s)
    assert min(looks_s) < 0.1
    assert store.deliveries.waiting() == {"ops": WAITING}


def _multiply(store: Store, number: int) -> None:
    """Make of the only incident so many, over but untold, that an open one stands for."""
    with store._database.write() as connection:
        told_of = dict(connection.execute(select(deliveries)).mappings().one())
        values = dict(connection.execute(select(incidents)).mappings().one())
        only = values.pop("id")
        site = values | {"scope": Scope.SITE, "subject": "site"}
        parent = connection.scalar(insert(incidents).values(site).returning(incidents.c.id))
        child = {"parent_id": parent, "resolved_at": at(50)}
        connection.execute(update(incidents).where(incidents.c.id == only).values(child))
        connection.execute(insert(incidents), [values | child] * (number - 1))
        others = connection.scalars(select(incidents.c.id).where(incidents.c.id > parent)).all()
        copies = [told_of | {"id": f"ops:{one}-1", "incident_id": one} for one in others]
        connection.execute(insert(deliveries), copies)
