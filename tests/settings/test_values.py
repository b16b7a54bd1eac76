import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from monitor.settings.values import format_duration, parse_duration, parse_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30), ("5m", 300), ("1h30m", 5400), ("1h 30m", 5400), ("90d", 7_776_000), ("1.5s", 1.5),
        ("250ms", 0.25), ("2w", 1_209_600), (45, 45), (0.5, 0.5), (0, 0),
    ],
)  # fmt: skip
def test_a_duration_is_read_as_seconds(text: object, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "5", "m", "5 minutes", "-5s", -1, True, None, "1h-5m", [30], float("nan"), 1e12]
)
def test_anything_else_is_no_duration(text: object) -> None:
    with pytest.raises(PydanticCustomError, match="expected a duration"):
        parse_duration(text)


@given(st.integers(0, 10**9).map(lambda milliseconds: milliseconds / 1000))
def test_a_formatted_duration_reads_back_as_itself(seconds: float) -> None:
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("seconds", "text"), [(60, "1m"), (90, "90s"), (3600, "1h"), (86_400, "1d"), (0.5, "0.5s"), (0, "0s")]
)
def test_durations_are_shown_in_the_largest_whole_unit(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("10MB", 10_000_000),
        ("10 MiB", 10 * 2**20),
        ("500kb", 500_000),
        ("1.5GB", 1_500_000_000),
        (1024, 1024),
        ("7", 7),
    ],
)
def test_a_size_is_read_as_bytes(text: object, count: int) -> None:
    assert parse_size(text) == count


@pytest.mark.parametrize("text", ["", "ten", "10XB", -1, True, None, 1.5])
def test_anything_else_is_no_size(text: object) -> None:
    with pytest.raises(PydanticCustomError, match="expected a size"):
        parse_size(text)
