"""Reading the headers of H.264 and H.265, bit by bit."""

from __future__ import annotations

_MOST_ZEROS = 32


class Bits:
    """Bits of a NAL unit's payload, emulation prevention undone.

    Args:
        payload: Behind the NAL unit's own header; only its beginning is ever looked at.
        most: So many bytes of it.
    """

    def __init__(self, payload: bytes, most: int = 512) -> None:
        data = payload[:most].replace(b"\x00\x00\x03", b"\x00\x00")
        self._length = len(data) * 8
        self._value = int.from_bytes(data, "big")
        self._position = 0

    def take(self, count: int) -> int:
        """The next `count` bits as a number.

        Raises:
            ValueError: There are no more.
        """
        self._position += count
        if self._position > self._length:
            raise ValueError("the header breaks off")
        return (self._value >> (self._length - self._position)) & ((1 << count) - 1)

    def flag(self) -> bool:
        """The next bit."""
        return bool(self.take(1))

    def unsigned(self) -> int:
        """An exponential Golomb code, ue(v).

        Raises:
            ValueError: There is none.
        """
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > _MOST_ZEROS:
                raise ValueError("no number")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        """The same with a sign, se(v)."""
        code = self.unsigned()
        return (code + 1) // 2 if code % 2 else -(code // 2)
