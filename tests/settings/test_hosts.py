"""Hosts as configured, up to what the service makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.domain.view import ViewKey
from monitor.settings import Settings, diff, load_settings, resolve
from monitor.wiring.hosts import host_plans

CAMERAS = """
cameras:
  - {name: a, source: {kind: http, url: "http://NVR.example:8080/1.jpg"}}
  - {name: b, source: {kind: http, url: "http://user:secret@nvr.example/2.jpg"}}
  - {name: c, source: {kind: http, url: "https://[fd12::5]/3.jpg"}, policy: {min_duration: {offline: 30s}}}
  - {name: d, source: {kind: folder, path: upload}}
  - {name: e, source: {kind: http, url: "http://nvr.example/5.jpg"}, enabled: false}
"""


def read(tmp_path: Path, more: str = "") -> Settings:
    path = tmp_path / "monitor.yaml"
    path.write_text(CAMERAS + more, encoding="utf-8")
    return load_settings(path, {})


def test_cameras_are_put_together_by_the_host_in_their_address(tmp_path: Path) -> None:
    settings = read(tmp_path)
    plans = {plan.name: plan for plan in host_plans(resolve(settings), 4, settings.hosts)}
    assert set(plans) == {"nvr.example", "fd12::5"}
    nvr = plans["nvr.example"]
    assert nvr.views == (ViewKey("a"), ViewKey("b"))
    assert nvr.endpoints == {ViewKey("a"): ("nvr.example", 8080), ViewKey("b"): ("nvr.example", 80)}
    assert (nvr.limit, nvr.report_after_s, nvr.has_breaker) == (4, 120.0, True)
    assert plans["fd12::5"].endpoints == {ViewKey("c"): ("fd12::5", 443)}
    assert plans["fd12::5"].report_after_s == 30.0


@pytest.mark.parametrize("name", ["NVR.Example", "nvr.example"])
def test_a_host_may_have_a_limit_of_its_own_and_no_breaker(tmp_path: Path, name: str) -> None:
    settings = read(
        tmp_path, f"hosts:\n  {name}: {{limit: 1, breaker: false}}\n  '[fd12::5]': {{limit: 9}}\n"
    )
    plans = {plan.name: plan for plan in host_plans(resolve(settings), 4, settings.hosts)}
    assert (plans["nvr.example"].limit, plans["nvr.example"].has_breaker) == (1, False)
    assert (plans["fd12::5"].limit, plans["fd12::5"].has_breaker) == (9, True)


def test_hosts_are_taken_over_by_a_reload_their_general_limit_by_a_restart(tmp_path: Path) -> None:
    before = read(tmp_path)
    changes = diff(before, read(tmp_path, "hosts:\n  nvr.example: {limit: 1}\nservice: {per_host: 2}\n"))
    assert changes.live == ("hosts",)
    assert changes.needs_restart == ("service",)
