"""What can go wrong with the database and the image files, and what to do about each."""

from __future__ import annotations

from monitor.domain.errors import MonitorError


class StoreError(MonitorError):
    """The store could not do what it was asked for; every error of the store derives from this."""


class BadDatabaseUrl(StoreError):
    """The database URL cannot be understood, or names a database that is not supported."""


class StoreUnavailable(StoreError):
    """The database or the image folder cannot be reached, read or written."""


class StoreLocked(StoreError):
    """Somebody else held the database for longer than we wait; trying again later may work."""


class DiskFull(StoreError):
    """There is no space left for the database or the images."""


class DatabaseDamaged(StoreError):
    """The database file is not a database, or no longer a sound one."""


class WalUnavailable(StoreError):
    """SQLite cannot use its write-ahead log at this place, so several threads could not share the
    database.
    """


class DatabaseTooNew(StoreError):
    """A newer version of the program has migrated the database."""


class DatabaseOutdated(StoreError):
    """The database was made by an older version of the program and waits for its migrations."""


class DaemonAlreadyRunning(StoreError):
    """Another daemon works on the same database."""


class DaemonLockLost(StoreError):
    """The lock against a second daemon is gone: the connection that held it broke."""


class ImageMissing(StoreError):
    """A picture is not, or no longer, in the image store."""


class EncodingUnreadable(StoreError):
    """A stored encoding was written in a format that this version does not know, or is damaged."""


class UnknownReference(StoreError):
    """No such reference belongs to the view."""


class UnknownGalleryVersion(StoreError):
    """The view's gallery has no such version."""


class LastReference(StoreError):
    """Without this reference the view would have none left to be compared with."""


class UnknownIncident(StoreError):
    """There is no incident with this number."""


class UnknownObservation(StoreError):
    """There is no observation with this number."""


class UnknownSilence(StoreError):
    """No silence has this number."""


class UnknownDelivery(StoreError):
    """There is no delivery with this id."""
