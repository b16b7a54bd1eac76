"""The names of views."""

from __future__ import annotations

import pytest

from monitor.domain.view import ViewKey


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("gate", ViewKey("gate", "main")),
        ("gate/main", ViewKey("gate")),
        ("gate/north", ViewKey("gate", "north")),
        ("gate/", ViewKey("gate")),
    ],
)
def test_a_view_is_named_by_its_camera_and_where_there_are_several_by_itself(text: str, key: ViewKey):
    assert ViewKey.parse(text) == key
    assert ViewKey.parse(str(key)) == key
