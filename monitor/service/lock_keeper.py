"""Holding the lock against a second daemon, also across a restart of the database."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Protocol

import structlog

from monitor.store.errors import DaemonAlreadyRunning, StoreError

_log = structlog.get_logger(__name__)


class HeldLock(Protocol):
    """A lock that may be lost."""

    def verify(self) -> None:
        """Make sure that it is still held.

        Raises:
            StoreError: It is not, or nobody can tell.
        """
        ...


# Takes the lock for as long as the block runs; raises DaemonAlreadyRunning when somebody else has it.
HoldLock = Callable[[], AbstractContextManager[HeldLock]]


class LockKeeper:
    """Takes the lock, looks after it, and takes it again when the connection that held it broke.

    Args:
        hold: Takes it.
        give_way: Called when another daemon has taken it meanwhile.
    """

    def __init__(self, hold: HoldLock, give_way: Callable[[], None]) -> None:
        self._hold = hold
        self._give_way = give_way
        self._stack = ExitStack()
        self._lock: HeldLock | None = None
        self.taken_by_other = False

    @property
    def is_held(self) -> bool:
        """Whether the lock was ours when last looked at."""
        return self._lock is not None

    def take(self) -> None:
        """Take the lock.

        Raises:
            DaemonAlreadyRunning: Somebody else holds it.
            StoreError: The database cannot be reached.
        """
        self._lock = self._stack.enter_context(self._hold())

    def look_after(self) -> None:
        """Make sure that it is held, and take it again if not."""
        if self._lock is not None:
            try:
                self._lock.verify()
            except StoreError as error:
                _log.warning("lock.lost", reason=str(error))
                self.release()
        if self._lock is None:
            self._retake()

    def release(self) -> None:
        """Let go; may be called twice."""
        self._lock = None
        try:
            self._stack.close()
        except StoreError as error:
            # It was lost with its connection: nothing is left to let go of.
            _log.debug("lock.not_released", reason=str(error))

    def _retake(self) -> None:
        try:
            self.take()
        except DaemonAlreadyRunning as error:
            self.taken_by_other = True
            _log.error("lock.taken_by_other", reason=str(error))
            self._give_way()
        except StoreError as error:
            # The database is away: work rests until the lock is ours again. Said when it was lost.
            _log.debug("lock.not_retaken", reason=str(error))
        else:
            _log.info("lock.taken_again")
