"""Templates that turn a message into the JSON of somebody else's format, rendered without trust.

A template sees plain values and a few filters. It reaches no file, no module and no attribute of Python's, and its
output, its loops and its time are bounded: a mistake in one must not stop the alerts of others.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.filters import FILTERS
from jinja2.sandbox import ImmutableSandboxedEnvironment

from monitor.notifiers.errors import BadTemplate
from monitor.notifiers.payload import to_json
from monitor.notifiers.text import cut

# No receiver takes more than this; pictures in Base64 make the largest bodies.
MAX_OUTPUT_CHARACTERS = 4_000_000
MAX_TEMPLATE_CHARACTERS = 65_536
MAX_RENDER_S = 5.0
MAX_NESTED_LOOPS = 3
MAX_RANGE = 1_000

# Those that neither pad without bound nor look into objects.
_FILTERS = (
    "abs", "batch", "capitalize", "default", "d", "dictsort", "first", "float", "int", "items", "join", "last",
    "length", "count", "list", "lower", "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "round",
    "select", "selectattr", "slice", "sort", "string", "sum", "title", "trim", "truncate", "unique", "upper",
    "urlencode",
)  # fmt: skip
_GLOBALS = ("range", "dict", "namespace")
_FOLDER = "templates"

_deadline_s: ContextVar[float] = ContextVar("deadline_s", default=float("inf"))


def built_in(name: str) -> str:
    """The text of a template that comes with the program.

    Raises:
        FileNotFoundError: There is none of this name.
    """
    file = resources.files("monitor.notifiers") / _FOLDER / f"{name}.json.j2"
    return file.read_text(encoding="utf-8")


class JsonTemplate:
    """A template, compiled.

    Args:
        text: In Jinja's language.

    Raises:
        BadTemplate: It is too long, malformed, or does what templates may not.
    """

    def __init__(self, text: str) -> None:
        if len(text) > MAX_TEMPLATE_CHARACTERS:
            raise BadTemplate(
                f"The template is longer than {MAX_TEMPLATE_CHARACTERS:,} characters.", "Shorten it."
            )
        self._template = _compiled(text)

    def render(self, values: Mapping[str, Any]) -> str:
        """The JSON for these values, compact.

        Raises:
            BadTemplate: The template fails on them, takes too long, or what it makes is no JSON or too much of it.
        """
        until = _deadline_s.set(time.monotonic() + MAX_RENDER_S)
        try:
            made = "".join(_bounded(self._template.generate(dict(values))))
        except BadTemplate:
            raise
        except TemplateError as error:
            raise BadTemplate(
                f"The template fails: {error.message}.", "See docs/alerts.md for what it may use."
            ) from None
        except Exception as error:  # noqa: BLE001 - a template can make any operation fail
            # Without the error's text, which may quote the values.
            raise BadTemplate(
                f"The template fails ({type(error).__name__}).", "See docs/alerts.md for what it may use."
            ) from None
        finally:
            _deadline_s.reset(until)
        return _compact(made)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with a clock and shorter loops."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic of numbers only: `"a" * 10**9` would take all memory."""
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if not numbers or operator == "**":
            raise BadTemplate(
                f"The template uses {operator} where it may not.", "It is for numbers; ** for none."
            )
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """An entry or attribute, while there is time."""
        _look_at_clock()
        # Plain data: an entry named `items` or `count` is meant before the dict's own method.
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """An entry, while there is time."""
        _look_at_clock()
        return super().getitem(obj, argument)

    def call(self, context: Any, obj: Any, *args: Any, **kwargs: Any) -> Any:
        """A call, while there is time."""
        _look_at_clock()
        return super().call(context, obj, *args, **kwargs)


@cache
def _environment() -> _Sandbox:
    sandbox = _Sandbox(undefined=StrictUndefined, autoescape=False)
    sandbox.filters = {name: FILTERS[name] for name in _FILTERS} | {
        "tojson": to_json,
        "cut": cut,
        "later": later,
        "slack": escape_slack,
        "slack_links": slack_links,
    }
    sandbox.globals = {name: sandbox.globals[name] for name in _GLOBALS} | {"range": _short_range}
    return sandbox


def escape_slack(text: object) -> str:
    """Text for Slack's mrkdwn, which knows three entities."""
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def slack_links(pictures: Sequence[Mapping[str, str]]) -> str:
    """Pictures with links in Slack's way of writing these."""
    return ", ".join(
        f"<{picture['url']}|Picture: {picture['name']}>" for picture in pictures if "url" in picture
    )


def later(timestamp: str, days: float = 0.0, minutes: float = 0.0) -> str:
    """An ISO timestamp moved into the future."""
    return (datetime.fromisoformat(timestamp) + timedelta(days=days, minutes=minutes)).isoformat()


def _compiled(text: str) -> Template:
    sandbox = _environment()
    try:
        tree = sandbox.parse(text)
        if _loop_depth(tree) > MAX_NESTED_LOOPS:
            raise BadTemplate(
                f"The template nests more than {MAX_NESTED_LOOPS} loops.", "Write it with fewer loops."
            )
        return sandbox.from_string(text)
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        place = f" on line {line}" if line else ""
        raise BadTemplate(f"The template is malformed{place}: {error.message}.", "Correct it.") from None
    except RecursionError:
        raise BadTemplate("The template is nested too deeply.", "Simplify it.") from None


def _loop_depth(node: nodes.Node) -> int:
    deepest = max((_loop_depth(inner) for inner in node.iter_child_nodes()), default=0)
    return deepest + isinstance(node, nodes.For)


def _bounded(chunks: Iterator[str]) -> Iterator[str]:
    size = 0
    for chunk in chunks:
        _look_at_clock()
        size += len(chunk)
        if size > MAX_OUTPUT_CHARACTERS:
            raise BadTemplate(
                f"The template makes more than {MAX_OUTPUT_CHARACTERS:,} characters.", "Let it say less."
            )
        yield chunk


def _look_at_clock() -> None:
    if time.monotonic() > _deadline_s.get():
        raise BadTemplate(f"The template takes longer than {MAX_RENDER_S:g} s.", "Simplify it.")


def _short_range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > MAX_RANGE:
        raise BadTemplate(f"The template counts further than {MAX_RANGE:,}.", "Let it count less.")
    return numbers


def _compact(text: str) -> str:
    try:
        return to_json(json.loads(text, parse_constant=_no_json))
    except (ValueError, RecursionError) as error:
        place = f" (line {error.lineno}: {error.msg})" if isinstance(error, json.JSONDecodeError) else ""
        raise BadTemplate(
            f"What the template makes is no JSON{place}.", "Write values as {{ value | tojson }}."
        ) from None


def _no_json(name: str) -> object:
    raise ValueError(name)
