import pytest

from monitor.domain.angles import FieldOfView, Lens
from monitor.domain.state import StatePolicy
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import Rectangle, ViewKey, ViewSpec
from monitor.settings import CameraPlan, resolve
from tests.settings.conftest import Load

LAYERED = """
defaults:
  interval: 2m
  timeout: 9s
  tags: [all]
  labels: {owner: facilities, floor: "0"}
  masks: [{left: 0, top: 0, width: 0.5, height: 0.1}]
  policy: {window: 5, tolerance: {zoom: 0.03}, min_duration: {moved: 3m}}
sites:
  north:
    time_zone: Europe/Berlin
    interval: 3m
    tags: [outdoor]
    policy: {open_checks: 3, tolerance: {roll_deg: 2}}
  empty:
cameras:
  - name: ptz
    site: north
    interval: 4m
    tags: [ptz, all]
    labels: {floor: "1"}
    source: {kind: http, url: "http://x/1", max_bytes: 5MB}
    policy: {close_checks: 4, min_duration: {blurred: 1h}}
    views:
      - {name: gate, interval: 5m, masks: [], policy: {open_checks: 4}}
      - {name: yard, enabled: false}
      - {name: roof, source: {kind: folder, path: /roof}}
  - name: plain
    source: {kind: folder, path: /plain, time_zone: Asia/Tokyo}
  - {name: bare, site: empty, timeout: 1s, source: {kind: video, path: /v.mp4, position: 1m30s}}
"""


@pytest.fixture
def plans(load: Load) -> tuple[CameraPlan, ...]:
    return resolve(load(LAYERED))


@pytest.fixture
def specs(plans: tuple[CameraPlan, ...]) -> dict[str, ViewSpec]:
    return {str(spec.key): spec for plan in plans for spec in plan.views}


def test_each_source_is_a_plan_with_the_views_seen_through_it(plans: tuple[CameraPlan, ...]) -> None:
    seen = [(plan.camera, plan.source_kind, [spec.key.view for spec in plan.views]) for plan in plans]
    assert seen == [
        ("ptz", "http", ["gate", "yard"]),
        ("ptz", "folder", ["roof"]),
        ("plain", "folder", ["main"]),
        ("bare", "video", ["main"]),
    ]


def test_the_nearest_level_counts(specs: dict[str, ViewSpec]) -> None:
    assert {name: spec.interval_s for name, spec in specs.items()} == {
        "ptz/gate": 300.0, "ptz/yard": 240.0, "ptz/roof": 240.0, "plain": 120.0, "bare": 120.0,
    }  # fmt: skip
    assert [name for name, spec in specs.items() if not spec.enabled] == ["ptz/yard"]


def test_masks_are_replaced_and_can_be_taken_away(specs: dict[str, ViewSpec]) -> None:
    assert specs["ptz/gate"].masks == ()
    assert specs["ptz/yard"].masks == (Rectangle(0.0, 0.0, 0.5, 0.1),)


def test_tags_and_labels_add_up(specs: dict[str, ViewSpec]) -> None:
    assert specs["ptz/gate"].tags == ("all", "outdoor", "ptz")
    assert specs["ptz/gate"].labels == {"owner": "facilities", "floor": "1"}
    assert specs["plain"].tags == ("all",)


def test_the_field_of_view_is_that_of_the_nearest_level(load: Load) -> None:
    text = """
    defaults: {field_of_view: {horizontal: 92, vertical: 54}}
    cameras:
      - {name: usual, source: {kind: folder, path: x}}
      - name: ptz
        source: {kind: folder, path: x}
        views: [{name: near}, {name: far, field_of_view: {vertical: 6.5}}]
      - {name: dome, field_of_view: {horizontal: 180, lens: fisheye}, source: {kind: folder, path: x}}
    """
    found = [spec.field_of_view for plan in resolve(load(text)) for spec in plan.views]
    usual, tele = FieldOfView(92, 54), FieldOfView(None, 6.5)
    assert found == [usual, usual, tele, FieldOfView(180, None, Lens.FISHEYE)]


def test_policies_are_merged_key_by_key(specs: dict[str, ViewSpec]) -> None:
    policy, built_in = specs["ptz/gate"].policy, StatePolicy()
    assert (policy.open_checks, policy.window, policy.close_checks) == (4, 5, 4)
    assert (policy.tolerance.zoom, policy.tolerance.roll_deg) == (0.03, 2.0)
    assert policy.tolerance.shift_fov == built_in.tolerance.shift_fov
    expected = {**built_in.min_duration_s, VerdictKind.MOVED: 180.0, VerdictKind.BLURRED: 3600.0}
    assert policy.min_duration_s == expected
    assert specs["plain"].policy.open_checks == built_in.open_checks


def test_time_limits_come_from_the_camera_or_the_service(load: Load, plans: tuple[CameraPlan, ...]) -> None:
    assert [plan.timeout_s for plan in plans] == [9.0, 9.0, 9.0, 1.0]
    text = "service: {grab_timeout: 4s}\ncameras: [{name: a, source: {kind: folder, path: x}}]"
    assert resolve(load(text))[0].timeout_s == 4.0


def test_times_are_read_in_the_sites_zone_unless_the_source_has_its_own(
    plans: tuple[CameraPlan, ...],
) -> None:
    zones = {str(plan.views[0].key): plan.options.get("time_zone") for plan in plans}
    assert zones == {
        "ptz/gate": "Europe/Berlin",
        "ptz/roof": "Europe/Berlin",
        "plain": "Asia/Tokyo",
        "bare": None,
    }
    assert plans[0].time_zone == "Europe/Berlin"


def test_options_hold_only_what_was_said(plans: tuple[CameraPlan, ...]) -> None:
    assert dict(plans[0].options) == {
        "url": "http://x/1",
        "max_bytes": 5_000_000,
        "time_zone": "Europe/Berlin",
    }
    assert plans[3].options["position_s"] == 90.0
    with pytest.raises(TypeError):
        plans[0].options["url"] = "http://other"  # type: ignore[index]


def test_without_any_rules_the_built_in_defaults_hold(load: Load) -> None:
    (plan,) = resolve(load("cameras: [{name: a, source: {kind: folder, path: x}}]"))
    assert plan.views == (ViewSpec(key=ViewKey("a")),)
