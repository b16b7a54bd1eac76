"""The store as the rest of the program sees it: a thin house around its rooms."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from monitor.domain.addressee import Addressee, Addressing, nobody
from monitor.domain.incident import Observation
from monitor.domain.view import ViewKey, ViewSpec
from monitor.store.cache import EncodingCache
from monitor.store.days import Days
from monitor.store.deliveries import Deliveries
from monitor.store.dossier import Dossiers
from monitor.store.engine import Database
from monitor.store.gallery import Gallery
from monitor.store.groups import GroupIncidents
from monitor.store.holding import HeldAlerts
from monitor.store.images import ImageStore
from monitor.store.incidents import Incidents
from monitor.store.lock import DaemonLock, hold_daemon_lock
from monitor.store.merged import MergedIncidents
from monitor.store.migrate import ensure_current
from monitor.store.observations import History, Labels
from monitor.store.receivers import Receivers
from monitor.store.recording import Announce, Recorder
from monitor.store.reminding import Reminders
from monitor.store.report_data import ReportData
from monitor.store.report_runs import ReportRuns
from monitor.store.retention import Retention
from monitor.store.rows import Recorded, Watch
from monitor.store.silences import Silences
from monitor.store.timeline import Timelines
from monitor.store.views import Views
from monitor.store.watches import Watches

DEFAULT_CACHE_BYTES = 64 * 2**20


class Store:
    """One database and its folder of pictures, used from any number of threads.

    Every method raises errors derived from `StoreError`, named for what went wrong, and none of SQLAlchemy's.

    Attributes:
        views: What is watched, where it stands, when it is due.
        gallery: References, in versions.
        incidents: Listing, acknowledging, resolving.
        group_incidents: Incidents about several views at once, from their start to their end.
        merged_incidents: Incidents that stand for those of single views, and their end.
        dossiers: Everything about one incident.
        timelines: What happened to incidents, in order.
        history: Past observations.
        labels: What people say about verdicts.
        deliveries: The queue of alerts.
        held: Alerts that are not to be told at present.
        silences: What people do not want to be told for a while.
        reminders: Reminding of incidents that nobody has taken note of.
        receivers: How notifiers' receivers have fared.
        images: Pictures by digest.
        retention: Letting go of what is old.
        days: Days of views, summed up.
        report_data: What reports are made of.
        report_runs: Which scheduled reports were made and sent.

    Args:
        database: Migrated, and taken over: closing the store closes it.
        images: The pictures.
        cache_bytes: Memory for encodings read lately; a reference takes about 0.25 MB.
    """

    def __init__(
        self, database: Database, images: ImageStore, *, cache_bytes: int = DEFAULT_CACHE_BYTES
    ) -> None:
        self._database = database
        self._watches = Watches(database, EncodingCache(cache_bytes))
        self._recorder = Recorder(database, images)
        self.images = images
        self.views = Views(database)
        self.gallery = Gallery(database, images)
        self.incidents = Incidents(database)
        self.group_incidents = GroupIncidents(database)
        self.merged_incidents = MergedIncidents(database)
        self.timelines = Timelines(database)
        self.dossiers = Dossiers(database)
        self.history = History(database)
        self.labels = Labels(database)
        self.deliveries = Deliveries(database)
        self.held = HeldAlerts(database)
        self.silences = Silences(database)
        self.reminders = Reminders(database)
        self.receivers = Receivers(database)
        self.retention = Retention(database, images)
        self.days = Days(database)
        self.report_data = ReportData(database)
        self.report_runs = ReportRuns(database)

    @property
    def where(self) -> str:
        """The database's URL without its password, for people."""
        return self._database.where

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            StoreError: There is none; named for what went wrong.
        """
        self._database.ping()

    def hold_daemon_lock(self, owner: str) -> AbstractContextManager[DaemonLock]:
        """Hold the lock against a second daemon for as long as the block runs; see `monitor.store.lock`.

        Raises:
            DaemonAlreadyRunning: Somebody holds it; says who.
        """
        return hold_daemon_lock(self._database, owner)

    def load_watch(self, key: ViewKey) -> Watch:
        """Everything that one check of a view needs, in one read transaction.

        Raises:
            UnknownView: No view has this name.
        """
        return self._watches.load(key)

    def save_constancy(self, key: ViewKey, content: bytes) -> None:
        """Keep what stays the same in a view's pictures.

        Raises:
            UnknownView: No view has this name.
        """
        self._watches.save_constancy(key, content)

    def record(
        self,
        observation: Observation,
        addressees: Sequence[Addressee],
        announce: Announce,
        *,
        spec: ViewSpec | None = None,
        addressing: Addressing = nobody,
    ) -> Recorded:
        """Record one check: observation, state, incident and deliveries, all or nothing; see
        `Recorder.record`.

        Raises:
            UnknownView: The view is not stored.
        """
        return self._recorder.record(observation, addressees, announce, spec=spec, addressing=addressing)

    def close(self) -> None:
        """Close every connection; may be called twice."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(
    url: str, images_dir: Path, *, migrate: bool = True, cache_bytes: int = DEFAULT_CACHE_BYTES
) -> Store:
    """Open a store, and make or update its database.

    Args:
        url: `sqlite:///path/to/file.db` or `postgresql://user:password@host/database`.
        images_dir: The folder for pictures; made when it is missing.
        migrate: Whether an empty or older database is brought up to date, or refused.
        cache_bytes: Memory for encodings read lately.

    Raises:
        BadDatabaseUrl: The URL is of no supported kind.
        DatabaseTooNew: A newer version of the program made the database.
        DatabaseOutdated: It is older and `migrate` is false.
        WalUnavailable: SQLite cannot work safely at this place.
        StoreUnavailable: It cannot be reached or written, or the image folder cannot.
    """
    database = Database(url)
    try:
        ensure_current(database, migrate=migrate)
        database.remember_file()
        return Store(database, ImageStore(images_dir), cache_bytes=cache_bytes)
    except BaseException:
        database.close()
        raise


def upgrade(url: str) -> None:
    """Bring a database up to date: what `open_store` does, for those who want it as a step of its own.

    Raises:
        DatabaseTooNew: A newer version of the program made the database.
        StoreError: It cannot be reached or written.
    """
    database = Database(url)
    try:
        ensure_current(database, migrate=True)
    finally:
        database.close()
