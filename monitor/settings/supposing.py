"""Rules that are only supposed: `thresholds.moved_excess=2.0`, as they would stand in the configuration."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from monitor.domain.errors import MonitorError
from monitor.domain.state import StatePolicy
from monitor.domain.thresholds import Thresholds
from monitor.settings.base import key_of
from monitor.settings.derived import Overrides, derive
from monitor.settings.document import Malformed, parse_document

SECTIONS: dict[str, type] = {"thresholds": Thresholds, "policy": StatePolicy}
NOT_KEPT = ("frozen_repeats", "frozen_after", "frozen_alike_repeats", "frozen_alike_after", "clock_skew")
"""Rules that are applied to what is not kept: they would change nothing, and look as if they did not matter."""


class BadSupposition(MonitorError):
    """A rule was supposed that cannot be."""


@dataclass(frozen=True, slots=True)
class Supposed:
    """Thresholds and a policy with some of their values exchanged.

    Attributes:
        thresholds: What is said of the thresholds.
        policy: What is said of the policy.
    """

    thresholds: Overrides
    policy: Overrides

    def onto(self, thresholds: Thresholds, policy: StatePolicy) -> tuple[Thresholds, StatePolicy]:
        """The rules of a view with what is supposed."""
        return self.thresholds.onto(thresholds), self.policy.onto(policy)


def suppose(texts: Iterable[str]) -> Supposed:
    """What is meant by texts such as `policy.min_duration.moved=5m`; keys and values are those of the file.

    Raises:
        BadSupposition: A key does not exist, or cannot have this value.
    """
    found: dict[str, Any] = {section: {} for section in SECTIONS}
    for text in texts:
        path, equals, value = text.partition("=")
        section, *keys = path.strip().split(".")
        if section not in SECTIONS or not keys or not equals:
            raise BadSupposition(
                f"{text!r} says nothing of thresholds or policy.",
                "Write for example thresholds.moved_excess=2.0 or policy.open_checks=3.",
            )
        if section == "policy" and keys[0] in NOT_KEPT:
            raise BadSupposition(
                f"History cannot be judged by another policy.{keys[0]}: the pictures that it is about are not kept.",
                "`monitor replay CAMERA DIR` tries it on a recording.",
            )
        place = found[section]
        for key in keys[:-1]:
            place = place.setdefault(key, {})
            if not isinstance(place, dict):
                raise BadSupposition(f"{text!r} cannot be that: {key} was given one value for all.")
        place[keys[-1]] = _value(value, text)
    return Supposed(*(_read(section, found[section]) for section in SECTIONS))


def _value(text: str, whole: str) -> object:
    try:
        return parse_document(f"value: {text}\n".encode()).data["value"]
    except Malformed as error:
        raise BadSupposition(f"{whole!r} cannot be read: {error}") from None


def _read(section: str, said: dict[str, Any]) -> Overrides:
    source = SECTIONS[section]
    try:
        return derive(source).model_validate(said)
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join([section, *map(str, first["loc"])])
        if first["type"] == "extra_forbidden":
            known = ", ".join(sorted(key_of(name) for name in derive(source).model_fields))
            raise BadSupposition(f"There is no {path}.", f"Of {section} there are: {known}.") from None
        raise BadSupposition(f"{path} cannot be that: {first['msg']}.") from None
