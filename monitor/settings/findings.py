"""From the validation's errors to problems with a place and a sentence that says what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from monitor.settings.document import Document
from monitor.settings.problems import Problem, key_path
from monitor.settings.schema import known_keys

Keys = tuple[str | int, ...]

_EXPECTATIONS = {
    "string_type": "expected text{quote}",
    "bool_type": "expected true or false",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "finite_number": "expected a finite number",
    "greater_than": "expected more than {gt}",
    "greater_than_equal": "expected at least {ge}",
    "less_than": "expected less than {lt}",
    "less_than_equal": "expected at most {le}",
    "tuple_type": "expected a list",
    "list_type": "expected a list",
    "dict_type": "expected keys and values",
    "mapping_type": "expected keys and values",
    "model_type": "expected keys and values",
    "model_attributes_type": "expected keys and values",
    "too_short": "expected at least {min_length} entry",
    "string_too_short": "expected at least {min_length} characters",
}
# Errors about values that are never secret: only for these is a text repeated to the reader.
_QUOTABLE = frozenset(
    {"monitor_duration", "monitor_size", "monitor_zone", "monitor_name", "monitor_time_format"}
)
# Keys whose values are not repeated, whatever is wrong with them.
_CONFIDENTIAL = frozenset(
    {"password", "token", "secrets", "secret", "url", "database", "username", "urls", "headers", "key"}
)
_LONGEST_QUOTE = 60


def problems_from(errors: Iterable[ErrorDetails], document: Document) -> list[Problem]:
    """One problem for each error of the validation."""
    return [_problem(error, document) for error in errors]


def locate(keys: Keys, message: str, document: Document, absent: Keys = ()) -> Problem:
    """A problem at the place of these keys; `absent` are further ones that the file lacks."""
    line, column, path = document.place_of(keys)
    return Problem(line, column, key_path((*path, *absent)), message)


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """`; did you mean …?` with the nearest known word, else the empty text."""
    near = difflib.get_close_matches(str(word), list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _problem(error: ErrorDetails, document: Document) -> Problem:
    keys = tuple(error["loc"])
    kind, context = error["type"], error.get("ctx", {})
    if keys[-1:] == ("[key]",):
        keys = keys[:-1]
    if kind == "missing":
        return locate(keys[:-1], "this key is missing", document, absent=keys[-1:])
    if kind == "union_tag_not_found":
        return locate(keys, f"the key {context['discriminator']} is missing".replace("'", ""), document)
    if kind == "extra_forbidden":
        return locate(keys, _unknown_key(keys), document)
    if kind in ("literal_error", "enum"):
        message = _choice(error["input"], context["expected"], keys)
    elif kind == "union_tag_invalid":
        keys = (*keys, str(context["discriminator"]).strip("'"))
        message = _choice(context["tag"], context["expected_tags"], keys)
    elif kind in _EXPECTATIONS:
        quote = "; put a number that is meant as text in quotes" if _is_number(error["input"]) else ""
        bounds = {name: f"{bound:g}" if _is_number(bound) else bound for name, bound in context.items()}
        expected = _EXPECTATIONS[kind].format(**bounds, quote=quote)
        message = _found(error, keys, expected)
    elif kind == "string_pattern_mismatch":
        message = f"expected text of the form {context['pattern']}"
    else:
        message = _found(error, keys, error["msg"]) if kind in _QUOTABLE else error["msg"]
    return locate(keys, message, document)


def _unknown_key(keys: Keys) -> str:
    known = known_keys(keys[:-1])
    hint = did_you_mean(keys[-1], known)
    return f"unknown key{hint}" if hint or not known else f"unknown key; known here: {', '.join(known)}"


def _choice(found: object, expected: str, keys: Keys) -> str:
    words = expected.replace("'", "")
    hint = did_you_mean(found, words.replace(" or ", ", ").split(", ")) if isinstance(found, str) else ""
    return f"found {_described(found, keys, quotable=True)}, expected {words}{hint}"


def _found(error: ErrorDetails, keys: Keys, expected: str) -> str:
    return f"found {_described(error['input'], keys, quotable=error['type'] in _QUOTABLE)}, {expected}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _described(value: Any, keys: Keys, *, quotable: bool) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "keys and values"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    confidential = not _CONFIDENTIAL.isdisjoint(key for key in keys if isinstance(key, str))
    if _is_number(value):
        return "a number" if confidential else f"{value:g}"
    text = str(value)
    harmless = not confidential and "://" not in text and "@" not in text and len(text) <= _LONGEST_QUOTE
    return f"'{text}'" if quotable and harmless else "text"
