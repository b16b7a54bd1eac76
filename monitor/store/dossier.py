"""Everything about one incident, as of one moment."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from monitor.domain.incident import Incident
from monitor.domain.timeline import Entry
from monitor.store.deliveries import delivery_row
from monitor.store.engine import Database
from monitor.store.incidents import get_incident, select_incidents, to_incidents
from monitor.store.rows import DeliveryRow
from monitor.store.tables import deliveries, incidents
from monitor.store.timeline import entries_of

SHOWN = 100
"""So many children and deliveries are given at most; a site event has thousands."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """What there is about an incident.

    Attributes:
        incident: Itself.
        timeline: What happened to it, the earliest first.
        parent: What stands, or stood, for it; None where nothing does.
        children: What it stands for; of very many the first hundred …
        child_count: … of so many.
        deliveries: Who was told of it, the latest hundred, newest first.
    """

    incident: Incident
    timeline: tuple[Entry, ...]
    parent: Incident | None
    children: tuple[Incident, ...]
    child_count: int
    deliveries: tuple[DeliveryRow, ...]


class Dossiers:
    """The room in which everything about an incident is brought together."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, incident_id: int) -> Dossier:
        """Everything about an incident.

        Raises:
            UnknownIncident: There is none with this number.
        """
        with self._database.read() as connection:
            incident = get_incident(connection, incident_id)
            of_parent = select_incidents().where(incidents.c.id == incident.parent_id)
            parent = to_incidents(connection, connection.execute(of_parent).all())
            is_child = incidents.c.parent_id == incident_id
            children = connection.execute(
                select_incidents().where(is_child).order_by(incidents.c.id).limit(SHOWN)
            ).all()
            told = connection.execute(
                select(deliveries)
                .where(deliveries.c.incident_id == incident_id)
                .order_by(deliveries.c.sequence.desc(), deliveries.c.notifier)
                .limit(SHOWN)
            ).all()
            return Dossier(
                incident,
                tuple(entries_of(connection, incident_id)),
                parent[0] if parent else None,
                tuple(to_incidents(connection, children)),
                connection.scalar(select(func.count()).select_from(incidents).where(is_child)) or 0,
                tuple(delivery_row(row) for row in told),
            )
