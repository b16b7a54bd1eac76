"""The ways in which the use cases reach the world. Adapters implement them; doubles in tests say so in their names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from monitor.domain.alert import Receipt
from monitor.domain.comparison import Comparison
from monitor.domain.frame import Frame
from monitor.domain.message import Message
from monitor.domain.reference import Encoding, Reference
from monitor.domain.view import Rectangle, ViewKey


class Clock(Protocol):
    """Time, so that tests and replays can hold it."""

    def now(self) -> datetime:
        """Aware UTC wall-clock time."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never jump, for durations."""
        ...


class FrameSource(Protocol):
    """Where a camera's frames come from. One instance serves one camera."""

    def grab(self, timeout_s: float) -> Frame:
        """The newest frame.

        Raises:
            SourceError: No usable frame within `timeout_s`; the subclass says why.
        """
        ...

    def close(self) -> None:
        """Let go of connections and files; may be called twice."""
        ...


class Encoder(Protocol):
    """Sees pictures and compares them. Batches calls that arrive together; safe to call from several threads."""

    @property
    def bundle_id(self) -> str:
        """Names the network in use; stored with everything that it encodes."""
        ...

    def encode(self, frame: Frame) -> Encoding:
        """One forward pass and the picture's quality."""
        ...

    def enroll(self, frame: Frame, key: ViewKey) -> Reference:
        """Encode a picture as a reference, in every orientation; the id is 0 until it is stored."""
        ...

    def learn_constancy(self, known: bytes | None, encoding: Encoding) -> bytes:
        """Add a good frame to what is known of the parts of a view that never change (burnt-in text, dirt)."""
        ...

    def compare(
        self,
        encoding: Encoding,
        frame: Frame,
        reference: Reference,
        masks: Sequence[Rectangle] = (),
        constancy: bytes | None = None,
    ) -> Comparison:
        """Evidence from a frame against a reference, in the orientation that fits best.

        Masked parts and parts known to be constant have no say in the geometry.

        Raises:
            EncodingMismatch: The reference was encoded by another bundle.
        """
        ...


class Notifier(Protocol):
    """One way to tell somebody."""

    def send(self, message: Message, attempt: int) -> Receipt:
        """Send once, bounded in time.

        Args:
            message: One alert or several; its id is the idempotency key.
            attempt: 1 for the first.

        Never raises for a failed delivery: the receipt says whether it was accepted, may be retried, or never will.
        """
        ...
