"""A small version of `python -m tests.proofs crowd`."""

from __future__ import annotations

from pathlib import Path

from tests.proofs.__main__ import database
from tests.proofs.crowd import change_all


def test_five_hundred_views_that_change_at_once_are_one_message(tmp_path: Path) -> None:
    with database("sqlite", tmp_path) as url:
        crowd = change_all(url, tmp_path, views=500)
    assert crowd.complaints == ()
    assert (crowd.messages, crowd.alerts) == (1, {"site incident.opened": 1})
    assert crowd.end_alerts == {"site incident.resolved": 1}
    assert crowd.incidents == 500
