"""The domain's values as JSON and back, read off their type hints: a new field needs no change here.

Reading forgives what time brings: unknown keys are skipped and missing ones take the field's default, so rows
of an older version stay readable.
"""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

T = TypeVar("T")
Reader = Callable[[Any], Any]


def to_json(value: Any) -> Any:
    """Turn a value into what both databases take as JSON.

    Numbers that JSON has no word for (NaN, infinities) become None, NUL characters in texts vanish:
    PostgreSQL refuses both, and one odd number must not cost an observation.

    Raises:
        TypeError: It holds something without a JSON form.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(to_json(key)): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_json(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no JSON form")


def from_json(kind: type[T], data: Any) -> T:
    """Build a `kind` from what `to_json` made of one.

    Raises:
        ValueError, TypeError: The data are of another kind.
    """
    hint: Any = kind
    value: T = _reader(hint)(data)
    return value


@cache
def _reader(kind: Any) -> Reader:
    """What builds a `kind`; worked out once, as type hints take long to look at."""
    origin = get_origin(kind)
    if kind is Any or kind is object:
        return _as_it_is
    if origin in (Union, types.UnionType):
        return _union_reader(get_args(kind))
    if origin is tuple:
        read_item = _reader(get_args(kind)[0])
        return lambda data: tuple(read_item(item) for item in data)
    if origin is not None and issubclass(origin, Mapping):
        read_key, read_value = (_reader(argument) for argument in get_args(kind))
        return lambda data: {read_key(key): read_value(item) for key, item in data.items()}
    if dataclasses.is_dataclass(kind):
        return _dataclass_reader(kind)
    if kind is datetime:
        return datetime.fromisoformat
    if kind is float:
        # What JSON could not say, see `to_json`.
        return lambda data: math.nan if data is None else float(data)
    if issubclass(kind, Enum):
        return lambda data: kind(data)
    return lambda data: _checked(kind, data)


def _as_it_is(data: Any) -> Any:
    return data


def _checked(kind: type, data: Any) -> Any:
    if not isinstance(data, kind):
        raise TypeError(f"expected {kind.__name__}, found {type(data).__name__}")
    return data


def _union_reader(kinds: tuple[Any, ...]) -> Reader:
    others = [kind for kind in kinds if kind is not type(None)]
    if len(others) > 1:
        # Unions of plain JSON kinds only, as in evidence: the value is already what it was.
        return _as_it_is
    read = _reader(others[0])
    return lambda data: None if data is None else read(data)


def _dataclass_reader(kind: Any) -> Reader:
    hints = get_type_hints(kind)
    readers = {field.name: _reader(hints[field.name]) for field in dataclasses.fields(kind)}
    return lambda data: kind(**{name: readers[name](item) for name, item in data.items() if name in readers})
