"""What is fuzzed, and what must hold whatever comes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

OUTPUTS = (1, 2)


class Broken(AssertionError):
    """A promise of a target does not hold for some input."""


@dataclass(frozen=True)
class Target:
    """One thing that reads what strangers write.

    Attributes:
        promise: What holds for every input, in a sentence.
        check: Takes an input, and raises when the promise is broken. What it returns (or why the input was refused)
            must be the same each time.
        seeds: Inputs to begin with, some of them good ones.
        words: What such inputs are made of; helps the fuzzer past comparisons.
        longest: Bytes of an input.
        slowest_s: Processor time that one input may take.
        most_mb: Memory of the whole process while it is fuzzed.
    """

    promise: str
    check: Callable[[bytes], object]
    seeds: Callable[[], list[bytes]]
    words: tuple[bytes, ...] = ()
    longest: int = 4096
    slowest_s: float = 2.0
    most_mb: int = 1024

    def hold(self, data: bytes) -> None:
        """See whether the promise holds for an input.

        Raises:
            Broken: It is not kept in time, says something, or does not say the same again.
            Exception: Whatever else the code under test lets out.
        """
        with _nothing_said():
            began_s = time.thread_time()
            first = self.check(data)
            spent_s = time.thread_time() - began_s
            again = self.check(data)
        if first != again:
            raise Broken(f"once {first!r}, then {again!r}")
        if spent_s > self.slowest_s:
            raise Broken(f"it took {spent_s:.1f} s of processor time")


def names() -> list[str]:
    """Of all targets: one module each in `tests.fuzz.targets`."""
    return sorted(path.stem for path in (Path(__file__).parent / "targets").glob("[a-z]*.py"))


def load(name: str) -> Target:
    """The target of that name; only then is the code under test imported."""
    target: Target = import_module(f"tests.fuzz.targets.{name}").TARGET
    return target


@contextmanager
def _nothing_said() -> Iterator[None]:
    """Native libraries write past `sys.stderr`, so the descriptors themselves are watched."""
    kept = [os.dup(descriptor) for descriptor in OUTPUTS]
    heard = os.memfd_create("heard")
    try:
        for descriptor in OUTPUTS:
            os.dup2(heard, descriptor)
        yield
    finally:
        for descriptor, original in zip(OUTPUTS, kept, strict=True):
            os.dup2(original, descriptor)
            os.close(original)
        said = os.pread(heard, 500, 0)
        os.close(heard)
    if said:
        raise Broken(f"it wrote past the log: {said!r}")
