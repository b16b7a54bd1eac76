"""Settings models made from the domain's own dataclasses, so that a rule added there is a setting at once.

A derived model has the same fields, all optional: what a level of the configuration does not say is inherited
from the level above, and at last from the dataclass's own defaults.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from enum import Enum
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, GetCoreSchemaHandler, create_model
from pydantic import Field as ModelField
from pydantic_core import CoreSchema, PydanticCustomError

from monitor.domain.displacement import Tolerance
from monitor.domain.state import StatePolicy
from monitor.settings.base import SettingsModel, key_of
from monitor.settings.values import Count, Duration, Flag, Number, WholeNumber

T = TypeVar("T")

# Divided by in the domain, so none of their fields may be 0.
_POSITIVE = (Tolerance,)
# Counts of checks: at least one of each.
_COUNTED = (StatePolicy,)


class Overrides(SettingsModel):
    """Some fields of a domain dataclass; the derived models are its subclasses."""

    def onto(self, base: T) -> T:
        """The dataclass `base` with what is set here; nested dataclasses and mappings are merged key by key.

        Raises:
            ValueError: The dataclass refuses the values together.
        """
        changes: dict[str, Any] = {}
        for name in self.model_fields_set:
            value = getattr(self, name)
            current = getattr(base, name)
            if value is None:
                continue
            if isinstance(value, Overrides):
                value = value.onto(current)
            elif isinstance(value, Mapping):
                value = {**current, **value}
            changes[name] = value
        return replace(base, **changes)  # type: ignore[type-var]


@dataclass(frozen=True, slots=True)
class DerivedFrom:
    """Marks a field of type `Overrides` that is validated by the model derived from `source`."""

    source: type

    def __get_pydantic_core_schema__(self, _source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate by the derived model in place of the base class."""
        return handler.generate_schema(derive(self.source))


@cache
def derive(source: type) -> type[Overrides]:
    """The settings model of a dataclass, named after it.

    Raises:
        TypeError: A field's type has no counterpart in a configuration file.
    """
    hints = typing.get_type_hints(source)
    descriptions = field_descriptions(source)
    definitions: dict[str, Any] = {}
    for field in fields(source):
        details: dict[str, Any] = {"description": descriptions[field.name]}
        if (default := _default_of(field)) is not MISSING and not is_dataclass(default):
            details |= {"examples": [plain(default)], "json_schema_extra": {"default": plain(default)}}
        elif is_dataclass(default):
            details["examples"] = [
                {key_of(inner.name): getattr(default, inner.name) for inner in fields(default)}
            ]
        annotation = _counterpart(source, field.name, hints[field.name])
        definitions[field.name] = (annotation | None, ModelField(default=None, **details))
    return create_model(
        source.__name__, __base__=Overrides, __doc__=_summary(source), __module__=__name__, **definitions
    )


def plain(value: object) -> Any:
    """A default as it would be written in a file."""
    if isinstance(value, Mapping):
        return {plain(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list | set | frozenset):
        return [plain(inner) for inner in value]
    return value.value if isinstance(value, Enum) else value


def field_descriptions(source: type) -> dict[str, str]:
    """What each field of a dataclass means, from its docstring's `Attributes:` or from the strings below the
    fields.
    """
    found = _attributes_section(source) | _strings_below_fields(source)
    texts = {
        field.name: found.get(field.name) or _without_words(source, field.name) for field in fields(source)
    }
    return {name: re.sub(r"`(\w+)_s`", r"`\1`", text) for name, text in texts.items()}


def _counterpart(source: type, name: str, hint: Any) -> Any:
    """The type that reads such a field from a file; the unit in the field's name decides on durations."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        (hint,) = [argument for argument in arguments if argument is not type(None)]
        return _counterpart(source, name, hint)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        # Made at run time, which a type checker cannot follow.
        return types.GenericAlias(dict, (arguments[0], _counterpart(source, name, arguments[1])))
    if origin in (tuple, frozenset):
        return types.GenericAlias(tuple, (_counterpart(source, name, arguments[0]), ...))
    if is_dataclass(hint):
        return derive(typing.cast(type, hint))
    if hint is float:
        number: Any = Duration if name.endswith("_s") else Number
        return Annotated[number, AfterValidator(_above_zero)] if source in _POSITIVE else number
    simple = {int: Count if source in _COUNTED else WholeNumber, bool: Flag, str: str}
    if hint in simple:
        return simple[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    raise TypeError(f"{source.__name__}.{name}: {hint!r} cannot be written in a configuration file.")


def _above_zero(value: float) -> float:
    if value <= 0:
        raise PydanticCustomError("monitor_positive", "expected more than 0")
    return value


def _default_of(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _summary(source: type) -> str:
    return (inspect.getdoc(source) or source.__name__).partition("\n\n")[0].replace("\n", " ")


def _without_words(source: type, name: str) -> str:
    """For a field that nobody described: its name, and what the whole is about."""
    words = key_of(name).replace("_", " ")
    return f"{words[0].upper()}{words[1:]}. {_summary(source)}"


def _attributes_section(source: type) -> dict[str, str]:
    section = re.search(
        r"^Attributes:\n((?:[ ]+.*\n?|\n)+)", (inspect.getdoc(source) or "") + "\n", re.MULTILINE
    )
    if section is None:
        return {}
    entries = re.findall(r"^(\w+): (.*(?:\n[ ]+.*)*)", textwrap.dedent(section[1]), re.MULTILINE)
    return {name: re.sub(r"\s+", " ", text).strip() for name, text in entries}


def _strings_below_fields(source: type) -> dict[str, str]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(source)))
    except (OSError, TypeError):  # no source beside the byte code
        return {}
    body = typing.cast(ast.ClassDef, tree.body[0]).body
    return {
        before.target.id: inspect.cleandoc(after.value.value).replace("\n", " ")
        for before, after in pairwise(body)
        if isinstance(before, ast.AnnAssign)
        and isinstance(before.target, ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
        and isinstance(after.value.value, str)
    }
