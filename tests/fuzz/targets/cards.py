"""The card of a bundle, which somebody else may have written: lines `FIELD JSON` replace what stands in a good one."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from monitor.vision.bundle import load_bundle, shipped_bundle_path
from monitor.vision.card import card_from_json, card_to_json
from tests.fuzz.target import Broken, Target


@cache
def good_card() -> str:
    card = card_to_json(load_bundle(shipped_bundle_path()).card)
    # Free text and figures, of which nothing is read, would only slow every input down.
    return json.dumps({**card, "calibration": {}, "metrics": {}, "training": {}})


def check(data: bytes) -> object:
    values = json.loads(good_card())
    for line in data.splitlines():
        _replace(values, line)
    try:
        card = card_from_json(values)
        once = json.dumps(card_to_json(card), sort_keys=True)
        again = json.dumps(card_to_json(card_from_json(json.loads(once))), sort_keys=True)
        # What the service asks a card for must work with every card that it takes.
        asked = (card.thresholds, card.verdicts, card.likeness, card.relation_temperature)
    except ValueError as refused:
        return str(refused)
    if once != again:
        raise Broken(f"{once} comes back as {again}")
    return repr(asked)


def _replace(values: dict[str, Any], line: bytes) -> None:
    field, _, text = line.decode("utf-8", "replace").partition(" ")
    *outer, last = field.split(".")
    place: Any = values
    for part in outer:
        place = place.get(part) if isinstance(place, dict) else None
    try:
        if isinstance(place, dict):
            place[last] = json.loads(text)
    except (ValueError, RecursionError):
        place.pop(last, None)


def seeds() -> list[bytes]:
    values = json.loads(good_card())
    fields = [f"{name} {json.dumps(value)}"[:300].encode() for name, value in values.items()]
    inner = [
        f"{name}.{key} {json.dumps(value)}".encode()
        for name in ("input", "operating_point", "members")
        for key, value in values[name].items()
    ]
    return [*fields, *inner, b"grids []\nrelations []", b"input 5", b'grids [{"name": 1}]']


TARGET = Target(
    promise="A card that can be used and written again, or a ValueError.",
    check=check,
    seeds=seeds,
    words=(
        b"null", b"true", b"1e999", b"-1", b"NaN", b"[]", b"{}", b'""', b"grids ", b"input.width ", b"relations ",
        b"operating_point.", b"can_tell ", b"relation_temperature", b"changed_below", b"changed_scale", b"\n",
    ),
    longest=600,
)  # fmt: skip
