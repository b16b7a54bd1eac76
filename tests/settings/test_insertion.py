"""A camera is written into a configuration, and nothing else in it changes."""

from __future__ import annotations

import difflib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.settings import example_text
from monitor.settings.document import Malformed, parse_document
from monitor.settings.insertion import NotInsertable, insert_camera

CAMERA: dict[str, Any] = {
    "name": "quay",
    "source": {
        "kind": "http",
        "url": "http://10.0.4.17/snap.jpg?channel=1",
        "username": "viewer",
        "password": {"file": "monitor-data/secrets/quay"},
    },
}
BLOCK = """\
  - name: quay
    source:
      kind: http
      url: http://10.0.4.17/snap.jpg?channel=1
      username: viewer
      password: {file: monitor-data/secrets/quay}
"""


def inserted(text: str, camera: dict[str, Any] = CAMERA) -> str:
    return insert_camera(text.encode(), camera).decode()


def test_the_example_gets_a_camera_and_loses_nothing() -> None:
    before, after = example_text(), inserted(example_text())
    changes = [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "-+"]
    assert sorted(changes) == sorted(["+ ", *(f"+ {line}" for line in BLOCK.splitlines())])
    assert (
        after.index("- name: gate")
        < after.index("- name: quay")
        < after.index("# A camera's snapshot address")
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "cameras: []\n",
            "cameras:\n" + BLOCK,
            id="an empty list",
        ),
        pytest.param(
            "cameras: []  # none yet\nsites: {}\n",
            "cameras:  # none yet\n" + BLOCK + "sites: {}\n",
            id="… with a comment",
        ),
        pytest.param(
            "x: 1\ncameras: [ ]",
            "x: 1\ncameras:\n" + BLOCK,
            id="… at the end of the file, without a line break",
        ),
        pytest.param(
            "cameras: &all\n  []\nx: 1\n",
            "cameras: &all\n" + BLOCK + "x: 1\n",
            id="… on a line of its own, with an anchor",
        ),
        pytest.param(
            "cameras:\n- a: 1\n- b: 2\nx: 1\n",
            None,
            id="dashes below the key",
        ),
        pytest.param(
            "cameras:\n    - a: 1\nx: 1\n",
            None,
            id="far indented",
        ),
        pytest.param(
            "cameras:\n  - a: 1",
            "cameras:\n  - a: 1\n" + BLOCK,
            id="no line break at the end",
        ),
        pytest.param(
            "cameras:\n  - a: 1  # the first\n    # b: 2\n  # - c: 3\n",
            "cameras:\n  - a: 1  # the first\n    # b: 2\n" + BLOCK + "  # - c: 3\n",
            id="comments of the last item stay with it",
        ),
        pytest.param(
            "cameras:\n  - a: 1\n\n  - a: 2\n# end\n",
            "cameras:\n  - a: 1\n\n  - a: 2\n\n" + BLOCK + "# end\n",
            id="empty lines between",
        ),
        pytest.param(
            "cameras:\n  - a: 1\n    b: 2\n",
            "cameras:\n  - a: 1\n    b: 2\n\n" + BLOCK,
            id="an item of several lines",
        ),
        pytest.param(
            "x: cameras\ny: {cameras: [1]}\ncameras:\n  - a: 1\n",
            None,
            id="the word stands elsewhere, too",
        ),
        pytest.param(
            "cameras:\n  - a: |\n      text\n\n\nx: 1\n",
            "cameras:\n  - a: |\n      text\n\n" + BLOCK + "\n\nx: 1\n",
            id="a block of text at the end",
        ),
        pytest.param(
            "cameras:\n  - a: &x 1\n  - *x\nb: *x\n",
            None,
            id="an alias as the last item",
        ),
        pytest.param(
            "cameras:\n  - {a: 1,\n     b: 2}   # two lines\nx: 1\n",
            None,
            id="braces over two lines",
        ),
        pytest.param(
            "cameras:\n  - a:\nx: 1\n",
            None,
            id="a last value that is empty",
        ),
        pytest.param(
            "---\ncameras:\n  - a: 1\n...\n",
            "---\ncameras:\n  - a: 1\n" + BLOCK + "...\n",
            id="an end mark",
        ),
        pytest.param(
            '"cameras":\n  - a: 1\n',
            None,
            id="a quoted key",
        ),
        pytest.param(
            "cameras: [{a: 1}, {b: 2}]  # in a row\n",
            None,
            id="brackets",
        ),
        pytest.param(
            "cameras: [\n  {a: 1},  # one\n  # two\n]\nx: 1\n",
            None,
            id="brackets over lines, with a comma at the end",
        ),
        pytest.param(
            "cameras: [\n  # none\n]\n",
            None,
            id="only a comment in the brackets",
        ),
        pytest.param(
            '{"cameras": []}',
            None,
            id="JSON",
        ),
        pytest.param(
            '{"cameras": [{"a": 1}], "x": 1}\n',
            None,
            id="JSON with a camera",
        ),
        pytest.param(
            "\ufeffcameras: []\n",
            "\ufeffcameras:\n" + BLOCK,
            id="a byte order mark",
        ),
        pytest.param(
            "# Übersicht ☂ 𝄞\ncameras:\n  - a: ä  # ö\n",
            "# Übersicht ☂ 𝄞\ncameras:\n  - a: ä  # ö\n" + BLOCK,
            id="signs of several bytes",
        ),
    ],
)
def test_a_camera_is_written_into_awkward_files(before: str, after: str | None) -> None:
    for newline in ("\n", "\r\n"):
        found = insert_camera(before.replace("\n", newline).encode(), CAMERA)
        read, known = parse_document(found).data, parse_document(before.encode()).data
        assert read == {**known, "cameras": [*known["cameras"], CAMERA]}
        if after is not None:
            assert found.decode() == after.replace("\n", newline)


@pytest.mark.parametrize(
    "text",
    [
        "data_dir: x\n",
        "cameras:\n",
        "- cameras\n",
        "a: &all [1]\ncameras: *all\n",
        "base: &base {cameras: [1]}\n<<: *base\n",
        "cameras:\n  - a: |+\n      text\n\n\n\nx: 1\n",
    ],
)
def test_what_cannot_be_changed_safely_is_refused(text: str) -> None:
    with pytest.raises(NotInsertable, match="by hand"):
        inserted(text)


def test_a_tab_where_spaces_belong_is_refused_as_everywhere() -> None:
    with pytest.raises(Malformed, match="tab"):
        inserted("cameras:\n\t- a: 1\n")


def test_several_can_follow_one_another() -> None:
    text = "cameras: []\n"
    for number in range(3):
        text = inserted(text, {"name": f"ch{number}", "source": {"kind": "folder", "path": "/x"}})
    assert [camera["name"] for camera in parse_document(text.encode()).data["cameras"]] == [
        "ch0",
        "ch1",
        "ch2",
    ]


@settings(max_examples=150, deadline=None)
@given(
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1),
    st.sampled_from(["cameras: []\n", "cameras:\n  - {a: 1}\n", "cameras: [{a: 1}]\n"]),
)
def test_any_text_is_read_back_as_it_was_written(value: str, text: str) -> None:
    camera = {"name": value, "source": {"kind": value, "password": {"file": value}, "port": 554}}
    try:
        written = insert_camera(text.encode(), camera)
    except NotInsertable:
        assert any(sign in value for sign in "\ufffe\uffff\u2028\u2029\x85\ufeff")
        return
    assert parse_document(written).data["cameras"][-1] == camera
