"""From the configuration to who is told, when, together with what, and why not the others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.clock import HeldClock
from monitor.domain.matcher import Matcher, Matter
from monitor.domain.silence import Silence
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey, ViewSpec
from monitor.settings import Settings, load_settings
from monitor.wiring.notify import Routing, settings_digests

# A Sunday; the window below is open from 02:30 to 04:30 in Berlin, which is 00:30 to 02:30 UTC.
NIGHT = datetime(2026, 6, 7, 1, 0, tzinfo=UTC)
CONFIG = """
defaults: {time_zone: Europe/Berlin}
sites: {north: {}, south: {}}
cameras:
  - {name: gate, site: north, source: {kind: folder, path: in/gate}}
  - {name: yard, site: south, source: {kind: folder, path: in/yard}}
maintenance:
  - {name: cleaning, cron: "30 2 * * SUN", lasts: 2h, sites: [north]}
notifiers:
  - {name: everything, kind: log}
  - name: urgent
    kind: log
    routes: [{severities: [critical]}, {cameras: ["y*"]}]
    group: {by: [site, host], wait: 10s}
    remind: {every: 4h, at_most: 2}
  - {name: off, kind: log, enabled: false}
"""
GATE = ViewSpec(ViewKey("gate"), site="north")
YARD = ViewSpec(ViewKey("yard"), site="south")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "monitor.yaml").write_text(CONFIG, encoding="utf-8")
    return load_settings(tmp_path / "monitor.yaml", {})


class Silences(list[Silence]):
    """Those that a test has added."""

    def active(self, now: datetime) -> list[Silence]:
        return [one for one in self if one.is_active(now)]

    def add(self, camera: str) -> None:
        matcher = Matcher(cameras=[camera])
        self.append(Silence(1, matcher, "ann", "cleaning", NIGHT, NIGHT, NIGHT + timedelta(days=1)))


def routing(settings: Settings, now: datetime, silences: Silences | None = None) -> Routing:
    return Routing(
        settings,
        (Silences() if silences is None else silences).active,
        HeldClock(now),
        {YARD.key: "192.0.2.20"},
    )


def moved(*views: ViewSpec) -> Matter:
    return Matter.of(views, VerdictKind.MOVED)


def test_routes_groups_and_waits_are_as_configured(settings: Settings) -> None:
    told = routing(settings, NIGHT)(moved(YARD))
    assert [(one.notifier, one.group, one.wait_s, one.held) for one in told] == [
        ("everything", "", 0.0, ""),
        ("urgent", "site south, host 192.0.2.20", 10.0, ""),
    ]


@pytest.mark.parametrize(
    ("at", "is_held"),
    [
        ("2026-06-07T00:29:59", False),
        ("2026-06-07T00:30:00", True),
        ("2026-06-07T02:29:59", True),
        ("2026-06-07T02:30:00", False),
        # In winter Berlin is an hour closer to UTC.
        ("2026-12-06T00:45:00", False),
        ("2026-12-06T01:45:00", True),
        # The night in which 02:30 does not exist: open from 03:00 on, which is 01:00 UTC, for two real hours.
        ("2026-03-29T00:59:00", False),
        ("2026-03-29T02:59:00", True),
    ],
)
def test_a_window_without_a_zone_is_in_that_of_the_defaults(
    settings: Settings, at: str, is_held: bool
) -> None:
    (told,) = routing(settings, datetime.fromisoformat(at).replace(tzinfo=UTC))(moved(GATE))
    assert bool(told.held) == is_held


def test_several_views_are_held_only_when_each_of_them_is(settings: Settings) -> None:
    silences = Silences()
    who = routing(settings, NIGHT, silences)
    assert [one.held for one in who(moved(GATE, YARD))] == ["", ""]
    silences.add("yard")
    assert all("cleaning" in one.held for one in who(moved(GATE, YARD)))


def test_it_is_explained_who_hears_of_it_and_why_not_the_others(settings: Settings) -> None:
    everything, urgent, off = routing(settings, NIGHT).explain(moved(GATE))
    assert everything.addressee is not None
    assert everything.addressee.held.startswith("maintenance until 2026-06-07 02:30 UTC: cleaning")
    assert urgent.addressee is None
    assert urgent.why_not == ("route 1: other severities", "route 2: other cameras")
    assert off.why_not == ("it is switched off in the configuration",)
    (later, *_) = routing(settings, NIGHT).explain(moved(GATE), NIGHT + timedelta(hours=3))
    assert later.addressee is not None
    assert later.addressee.held == ""


def test_a_window_or_silence_lies_over_the_views_that_it_means(settings: Settings) -> None:
    silences = Silences()
    who = routing(settings, NIGHT, silences)
    assert list(who.overlays([GATE, YARD])) == [GATE.key]
    silences.add("yard")
    assert list(who.overlays([GATE, YARD])) == [GATE.key, YARD.key]
    assert routing(settings, NIGHT + timedelta(hours=5)).overlays([GATE, YARD]) == {}


def test_reminders_are_those_of_enabled_notifiers(settings: Settings) -> None:
    reminders = routing(settings, NIGHT).reminders
    assert {name: (one.every_s, one.at_most) for name, one in reminders.items()} == {"urgent": (14_400.0, 2)}


def test_another_configuration_counts_at_once(settings: Settings, tmp_path: Path) -> None:
    who = routing(settings, NIGHT)
    text = CONFIG.replace("sites: [north]", "sites: [south]")
    (tmp_path / "monitor.yaml").write_text(text, encoding="utf-8")
    who.use(load_settings(tmp_path / "monitor.yaml", {}))
    assert who(moved(GATE))[0].held == ""
    assert who(moved(YARD))[0].held != ""


def test_a_digest_is_of_all_that_a_notifier_is_configured_with_secrets_too(tmp_path: Path) -> None:
    def digest(secret: str, **more: str) -> str:
        key = "whsec_" + secret * 32
        extra = "".join(f", {name}: {value}" for name, value in more.items())
        text = f"""
cameras: []
notifiers:
  - {{name: hook, kind: webhook, url: "https://alerts.example/", secrets: [{key}]{extra}}}
"""
        (tmp_path / "monitor.yaml").write_text(text, encoding="utf-8")
        return settings_digests(load_settings(tmp_path / "monitor.yaml", {}))["hook"]

    assert digest("A") == digest("A")
    assert len({digest("A"), digest("B"), digest("A", timeout="20s")}) == 3
