"""The structure of a JPEG, walked over without decoding; much quicker than `pictures`, so it gets much further."""

from __future__ import annotations

from monitor.domain.errors import FrameFault
from monitor.sources.content import name_content
from monitor.sources.jpeg import check_structure
from tests.fuzz.target import Broken, Target
from tests.fuzz.targets import pictures

PIXELS = 40_000_000
NAMES_OF_CONTENT = frozenset("abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,()-")


def check(data: bytes) -> object:
    name = name_content(data)
    if not NAMES_OF_CONTENT.issuperset(name) or len(name) > 80:
        raise Broken(f"a name that repeats what came: {name!r}")
    try:
        check_structure(data, PIXELS)
    except FrameFault as fault:
        return str(fault)
    if b"\xff\xd9" not in data:
        raise Broken("taken for a whole JPEG, and it has no end")
    return name


TARGET = Target(
    promise="A FrameFault, or bytes in which a JPEG has an end; and nothing of what came is repeated.",
    check=check,
    seeds=pictures.seeds,
    words=pictures.TARGET.words,
    slowest_s=0.5,
)
