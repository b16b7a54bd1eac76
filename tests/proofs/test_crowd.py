"""A small version of `python -m tests.proofs crowd`."""

from __future__ import annotations

from pathlib import Path

from tests.proofs.__main__ import database
from tests.proofs.crowd import TOGETHER, change_all


def test_views_that_change_at_once_are_one_message(tmp_path: Path) -> None:
    with database("sqlite", tmp_path) as url:
        crowd = change_all(url, tmp_path, views=200)
    assert crowd.complaints == ()
    assert (crowd.messages, crowd.alerts) == (1, {"site incident.opened": 1})
    assert (crowd.end_messages, crowd.end_alerts) == (1, {"site incident.resolved": 1})
    assert crowd.incidents == 200


def test_views_that_change_one_after_another_within_the_window_are_one_message_as_well(
    tmp_path: Path,
) -> None:
    with database("sqlite", tmp_path) as url:
        crowd = change_all(url, tmp_path, views=100, over_s=TOGETHER.window_s)
    assert crowd.complaints == ()
    assert (crowd.messages, crowd.end_messages) == (1, 1)


def test_a_site_that_changes_more_slowly_is_told_in_groups(tmp_path: Path) -> None:
    with database("sqlite", tmp_path) as url:
        crowd = change_all(url, tmp_path, views=60, over_s=600.0)
    assert crowd.complaints == ()
    assert crowd.alerts == {"view incident.opened": 60}
    assert 1 < crowd.messages <= 22
