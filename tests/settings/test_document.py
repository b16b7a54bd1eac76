import time

import pytest

from monitor.settings.document import Malformed, parse_document


def problem_of(text: str | bytes) -> tuple[int, int, str]:
    with pytest.raises(Malformed) as caught:
        parse_document(text.encode() if isinstance(text, str) else text)
    problem = caught.value.problem_found
    return problem.line, problem.column, problem.message


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("no", "no"), ("on", "on"), ("1:30", "1:30"), ("0123", 123), ("12e3", 12000.0), ("1_000", "1_000"), ("~", None),
        ("2024-01-01", "2024-01-01"), ("true", True), ("'true'", "true"), ("0x10", "0x10"), (".5", 0.5), ("", None),
    ],
)  # fmt: skip
def test_plain_values_are_read_without_the_surprises_of_yaml_1_1(written: str, read: object) -> None:
    value = parse_document(f"key: {written}".encode()).data["key"]
    assert value == read
    assert type(value) is type(read)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a:\n\tb: 1", 2, 1, "a tab"),
        ("a: 1\nb: @x", 2, 4, "in quotes"),
        ("a: b: c", 1, 5, "a colon cannot stand here"),
        ("a: *nowhere", 1, 4, "names no anchor"),
        ("a: !secret x", 1, 4, "begins with ! in quotes"),
        ("a: 'open", 1, 4, "ends in the middle"),
        ("a: [1,\nb", 1, 4, "comma or closing bracket"),
        ("a: 1\nb: \x07", 2, 4, "control character"),
        ("? [a]\n: 1", 1, 3, "a key must be plain text"),
        ("a: 1\n---\nb: 2", 2, 1, "second document"),
        ("", 0, 0, "the file is empty"),
        ("# nothing but a comment\n", 0, 0, "the file is empty"),
        (b"a: 1\nb: \xfcber", 2, 4, "not UTF-8"),
        ("a: 1".encode("utf-16"), 1, 1, "not UTF-8"),
        ("a: " + "[" * 60 + "]" * 60, 1, 44, "levels of nesting"),
        ("[" * 100_000, 1, 42, "levels of nesting"),
    ],
)
def test_what_is_no_yaml_is_explained_at_its_place(
    text: str | bytes, line: int, column: int, words: str
) -> None:
    found_line, found_column, message = problem_of(text)
    assert words in message
    assert (found_line, found_column) == (line, column)


@pytest.mark.parametrize(
    "value", ["*hunter2", "&hunter2", "!hunter2", "@hunter2", "%hunter2", "`hunter2", '"\\hunter2"']
)
def test_a_password_that_is_no_yaml_is_not_repeated(value: str) -> None:
    try:
        message = problem_of(f"password: {value} x: y")[2]
    except AssertionError:
        pytest.fail(f"{value} was expected to be refused")
    assert "hunter2" not in message


def test_a_byte_order_mark_is_ignored() -> None:
    assert parse_document("a: 1".encode("utf-8-sig")).data == {"a": 1}


def test_a_key_that_stands_twice_is_a_problem_with_both_places() -> None:
    document = parse_document(b"a:\n  b: 1\n  c: 2\n  b: 3\n")
    (problem,) = document.problems
    assert (problem.line, problem.column, problem.path) == (4, 3, "a.b")
    assert "first on line 2" in problem.message


def test_anchors_and_merged_mappings_are_read() -> None:
    text = b"base: &base {x: 1, y: 2}\nother: &other {z: 9}\nc:\n  <<: [*base, *other]\n  y: 3\nd: *base\n"
    data = parse_document(text).data
    assert data["c"] == {"x": 1, "z": 9, "y": 3}
    assert data["d"] == {"x": 1, "y": 2}


def test_merging_anything_but_mappings_is_a_problem() -> None:
    (problem,) = parse_document(b"base: &base 5\nc:\n  <<: *base\n").problems
    assert (problem.line, problem.path) == (3, "c.<<")


def test_aliases_that_multiply_without_bound_are_refused_quickly() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 30)]
    began = time.monotonic()
    assert "without bound" in problem_of("\n".join(lines))[2]
    assert time.monotonic() - began < 5.0


def test_an_alias_of_itself_is_refused() -> None:
    assert "names no anchor" in problem_of("a: &a [*a]")[2]


def test_the_place_of_a_value_is_that_of_its_key_and_foreign_parts_are_left_out() -> None:
    document = parse_document(b"cameras:\n  - name: a\n    source:\n      url: x\n")
    assert document.place_of(("cameras", 0, "source", "http", "url")) == (
        4,
        7,
        ("cameras", 0, "source", "url"),
    )
    assert document.place_of(("cameras", 0, "source", "http")) == (3, 5, ("cameras", 0, "source"))


def test_a_large_file_is_read_in_reasonable_time() -> None:
    camera = (
        "  - {name: c, source: {kind: folder, path: /x}, masks: [{left: 0, top: 0, width: 1, height: 1}]}\n"
    )
    began = time.monotonic()
    assert len(parse_document(("cameras:\n" + camera * 5000).encode()).data["cameras"]) == 5000
    assert time.monotonic() - began < 10.0
