from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import pytest
from pydantic import ValidationError

from monitor.domain.state import StatePolicy
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import VerdictKind
from monitor.settings.base import key_of
from monitor.settings.derived import derive, field_descriptions


@dataclass(frozen=True)
class Inner:
    """Inside.

    Attributes:
        depth: How deep it is, over
            two lines.
    """

    depth: float = 1.0


@dataclass(frozen=True)
class Rules:
    """Rules for a test. More text.

    Attributes:
        wait_s: How long to wait, see `rest_s`.
        inner: What is inside.
    """

    wait_s: float = 5.0
    rest_s: float | None = None
    """How long to rest."""
    share: float = 0.5
    count: int = 3
    strict: bool = False
    kind: VerdictKind = VerdictKind.OK
    names: tuple[str, ...] = ()
    by_kind_s: Mapping[VerdictKind, float] = field(default_factory=lambda: {VerdictKind.DARK: 1.0})
    inner: Inner = field(default_factory=Inner)

    def __post_init__(self) -> None:
        if self.count > 100:
            raise ValueError("too many")


def test_what_is_not_said_is_left_as_it_is() -> None:
    base = Rules(wait_s=7.0)
    assert derive(Rules).model_validate({}).onto(base) == base


def test_every_kind_of_field_can_be_set() -> None:
    written = {
        "wait": "1m", "rest": 3, "share": 1, "count": 4, "strict": True, "kind": "moved", "names": ["a"],
        "by_kind": {"blurred": "2s"}, "inner": {"depth": 2.5},
    }  # fmt: skip
    assert derive(Rules).model_validate(written).onto(Rules()) == Rules(
        wait_s=60.0, rest_s=3.0, share=1.0, count=4, strict=True, kind=VerdictKind.MOVED, names=("a",),
        by_kind_s={VerdictKind.DARK: 1.0, VerdictKind.BLURRED: 2.0}, inner=Inner(2.5),
    )  # fmt: skip


@pytest.mark.parametrize(
    "written",
    [
        {"wait_s": 1},
        {"share": "1"},
        {"share": True},
        {"share": float("inf")},
        {"count": 1.5},
        {"kind": "no"},
        {"inner": 1},
    ],
)
def test_what_does_not_fit_the_dataclass_is_refused(written: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        derive(Rules).model_validate(written)


def test_the_dataclass_has_the_last_word() -> None:
    with pytest.raises(ValueError, match="too many"):
        derive(Rules).model_validate({"count": 101}).onto(Rules())


def test_descriptions_come_from_the_docstrings() -> None:
    descriptions = field_descriptions(Rules)
    assert descriptions["wait_s"] == "How long to wait, see `rest`."
    assert descriptions["rest_s"] == "How long to rest."
    assert descriptions["share"] == "Share. Rules for a test. More text."
    assert field_descriptions(Inner)["depth"] == "How deep it is, over two lines."


def test_a_type_that_no_file_can_hold_is_refused_at_once() -> None:
    @dataclass
    class Odd:
        thing: bytes = b""

    with pytest.raises(TypeError, match=r"Odd\.thing"):
        derive(Odd)


@pytest.mark.parametrize("source", [StatePolicy, Thresholds])
def test_every_rule_of_the_domain_is_a_setting_and_explained_there(source: type) -> None:
    keys = {field.alias for field in derive(source).model_fields.values()}
    assert keys == {key_of(field.name) for field in fields(source)}
    for name, text in field_descriptions(source).items():
        assert not text.startswith(f"{key_of(name).replace('_', ' ').capitalize()}. "), (
            f"{name} lacks a docstring"
        )
