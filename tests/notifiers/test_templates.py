"""Templates are rendered without trust: what they may not do, and that they end."""

from __future__ import annotations

import json
import time

import pytest

from monitor.notifiers import templates
from monitor.notifiers.errors import BadTemplate
from monitor.notifiers.templates import JsonTemplate, built_in


def rendered(text: str, **values: object) -> object:
    return json.loads(JsonTemplate(text).render(values))


def nested(depth: int, inner: str) -> str:
    """Loops within loops, each of a thousand turns."""
    begin = "".join(f"{{% for n{level} in range(1000) %}}" for level in range(depth))
    return begin + inner + "{% endfor %}" * depth


def test_values_become_json_whatever_they_hold() -> None:
    nasty = '"\\\n\u2028</script>{{ 7 * 7 }}'
    assert rendered("[{{ value | tojson }}]", value=nasty) == [nasty]


def test_entries_are_meant_before_methods_of_the_same_name() -> None:
    assert rendered("{{ values.items | tojson }}", values={"items": [1], "keys": 2}) == [1]


def test_a_text_is_cut_to_a_length() -> None:
    assert rendered("{{ letters | cut(4) | tojson }}", letters="abcdefg") == "abc…"
    assert rendered("{{ letters | cut(7) | tojson }}", letters="abcdefg") == "abcdefg"


def test_a_time_is_moved() -> None:
    moved = rendered("{{ at | later(days=1, minutes=2) | tojson }}", at="2026-03-04T05:06:07+00:00")
    assert moved == "2026-03-05T05:08:07+00:00"


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() | string | tojson }}",
        "{{ value.__class__ | string | tojson }}",
        "{{ value | attr('__class__') | string | tojson }}",
        "{{ cut.__globals__ | string | tojson }}",
        "{{ self.__init__.__globals__ | string | tojson }}",
        "{{ lipsum.__globals__ | string | tojson }}",
        "{{ cycler | string | tojson }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}{}",
        "{{ unknown | tojson }}",
        "{{ value.unknown | tojson }}",
        "{{ value.append(1) }}",
        "{{ 'a' * 10 ** 9 }}",
        "{{ 2 ** 10 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ 'a' | center(1000000000) }}",
        "{{ range(1000000) | list | tojson }}",
        "{{ 1 / 0 }}",
        nested(4, "1"),
        "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
        nested(3, "1234567890"),
        "{{ " + "(" * 500 + "1" + ")" * 500 + " }}",
        "{{ 1",
        "{% for x in value %}",
        "no JSON",
        "[NaN]",
        "[1, 2",
        "",
        " " * 70_000 + "1",
    ],
)
def test_what_a_template_may_not_do_ends_in_an_explained_refusal(text: str) -> None:
    began_s = time.monotonic()
    with pytest.raises(BadTemplate) as caught:
        rendered(text, value=["canary"])
    assert time.monotonic() - began_s < 10.0
    assert "canary" not in str(caught.value)
    assert caught.value.remedy


def test_a_template_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "MAX_RENDER_S", 0.2)
    slow = nested(3, "") + "1"
    began_s = time.monotonic()
    with pytest.raises(BadTemplate, match="takes longer"):
        rendered(slow)
    assert time.monotonic() - began_s < 3.0


def test_the_place_of_a_mistake_is_named() -> None:
    with pytest.raises(BadTemplate, match="line 3"):
        JsonTemplate("{\n\n{{ 1 + }}")


@pytest.mark.parametrize("name", ["slack", "teams", "pagerduty", "alertmanager"])
def test_the_built_in_ones_begin_with_whose_format_it_is(name: str) -> None:
    assert built_in(name).startswith("{#-")
