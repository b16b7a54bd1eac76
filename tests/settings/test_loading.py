# ruff: noqa: E501 - in the table of wrong configurations one line is one case
from pathlib import Path

import pytest

from monitor.settings import ConfigNotFound, SettingsError, example_text, find_config, load_settings
from tests.settings.conftest import Load

CAMERA = "cameras:\n  - name: gate\n    source: {kind: folder, path: in}\n"


def test_the_example_is_valid(load: Load) -> None:
    settings = load(example_text())
    assert [camera.name for camera in settings.cameras] == ["gate"]
    assert settings.origin.warnings == ()


def test_the_parts_of_the_example_that_are_commented_out_are_valid_too(load: Load) -> None:
    shown = []
    for line in example_text().splitlines():
        indent, mark, rest = line.partition("# ")
        is_setting = (
            mark
            and not indent.strip()
            and (rest.lstrip().startswith(("- ", "#")) or ": " in rest or rest.endswith(":"))
        )
        shown.append(
            indent + rest if is_setting and not rest[:1].isupper() and "monitor config" not in rest else line
        )
    text = "\n".join(line for line in shown if not line.startswith("yaml-language-server"))
    signing_key = "whsec_" + "A" * 32
    settings = load(
        text,
        MONITOR_DATABASE_URL="postgresql://monitor@db.example/monitor",
        YARD_PASSWORD="long enough",
        DOCK_PASSWORD="long enough",
        MONITOR_WEBHOOK_SECRET=signing_key,
        SLACK_URL="https://hooks.slack.example/services/x",
        MAIL_URL="mailtos://user:password@mail.example?to=ops@example.com",
    )
    assert [camera.name for camera in settings.cameras] == [
        "gate",
        "yard",
        "quay",
        "dock",
        "desk",
        "attic",
        "ptz",
    ]
    assert [notifier.kind for notifier in settings.notifiers] == ["log", "webhook", "webhook", "apprise"]
    assert settings.defaults.policy is not None
    assert settings.service.workers == 8


# Text, key path, line, column, words in the message.
WRONG = [
    ("camera: []\n", "camera", 1, 1, "did you mean cameras?"),
    ("{}\n", "cameras", 1, 1, "this key is missing"),
    ("- a\n", "", 1, 1, "found a list, expected keys and values"),
    ("cameras: gate\n", "cameras", 1, 1, "expected a list"),
    ("cameras:\n", "cameras", 1, 1, "found nothing, expected a list"),
    ("cameras: [gate]\n", "cameras[0]", 1, 11, "expected keys and values"),
    ("cameras:\n  - source: {kind: folder, path: in}\n", "cameras[0].name", 2, 5, "this key is missing"),
    (CAMERA + "    intervall: 5m\n", "cameras[0].intervall", 4, 5, "did you mean interval?"),
    (CAMERA + "    interval: soon\n", "cameras[0].interval", 4, 5, "found 'soon', expected a duration such as 30s"),
    (CAMERA + "    interval: 0\n", "cameras[0].interval", 4, 5, "more than 0"),
    (CAMERA + "    interval: 200ms\n", "cameras[0].interval", 4, 5, "at least 1"),
    (CAMERA + "    enabled: yes\n", "cameras[0].enabled", 4, 5, "expected true or false"),
    (CAMERA + "    tags: night\n", "cameras[0].tags", 4, 5, "found text, expected a list"),
    (CAMERA + "    tags: [a, 5]\n", "cameras[0].tags[1]", 4, 15, "found 5, expected text; put a number"),
    (CAMERA + "    site: nord\nsites: {north: {}}\n", "cameras[0].site", 4, 5, "did you mean north?"),
    (CAMERA + "  - name: gate\n    source: {kind: folder, path: b}\n", "cameras[1].name", 4, 5, "another camera named gate: cameras[0]"),
    (CAMERA + "    views: [{name: a}, {name: a}]\n", "cameras[0].views[1].name", 4, 25, "another view named a"),
    (CAMERA + "    masks: [{left: 0.5, top: 0, width: 0.6, height: 0.1}]\n", "cameras[0].masks[0]", 4, 13, "inside the picture"),
    (CAMERA + "    field_of_view: {lens: fisheye}\n", "cameras[0].field_of_view", 4, 5, "degrees in `horizontal`"),
    (CAMERA + "    field_of_view: {horizontal: 170}\n", "cameras[0].field_of_view", 4, 5, "`lens: fisheye`"),
    (CAMERA + "    field_of_view: {vertical: 0}\n", "cameras[0].field_of_view.vertical", 4, 21, "more than 0"),
    (CAMERA + "    masks: [{left: 12, top: 0, width: 0.6, height: 0.1}]\n", "cameras[0].masks[0].left", 4, 14, "found 12, expected at most 1"),
    (CAMERA + "    time_zone: Europe/Berln\n", "cameras[0].time_zone", 4, 5, "did you mean Europe/Berlin?"),
    (CAMERA + "    policy: {open_check: 2}\n", "cameras[0].policy.open_check", 4, 14, "did you mean open_checks?"),
    (CAMERA + "    policy: {open_checks: 2.5}\n", "cameras[0].policy.open_checks", 4, 14, "expected a whole number"),
    (CAMERA + "    policy: {open_checks: 5}\n", "cameras[0]", 2, 5, "no alert could ever be raised"),
    (CAMERA + "    policy: {tolerance: {zoom: 0}}\n", "cameras[0].policy.tolerance.zoom", 4, 26, "more than 0"),
    (CAMERA + "    policy: {min_duration: {blured: 5m}}\n", "cameras[0].policy.min_duration.blured", 4, 29, "did you mean blurred?"),
    (CAMERA + "    thresholds: {nonsense: 1}\n", "cameras[0].thresholds.nonsense", 4, 18, "unknown key"),
    ("cameras:\n  - name: a/b\n    source: {kind: folder, path: in}\n", "cameras[0].name", 2, 5, "expected a name"),
    ("cameras:\n  - name: 7\n    source: {kind: folder, path: in}\n", "cameras[0].name", 2, 5, "in quotes"),
    ("cameras:\n  - name: a\n    source: {kind: foldr, path: in}\n", "cameras[0].source.kind", 3, 14, "did you mean folder?"),
    ("cameras:\n  - name: a\n    source: {path: in}\n", "cameras[0].source", 3, 5, "the key kind is missing"),
    ("cameras:\n  - name: a\n    source: {kind: folder, pth: in}\n", "cameras[0].source.pth", 3, 28, "did you mean path?"),
    ("cameras:\n  - name: a\n    source: {kind: folder, pth: in}\n", "cameras[0].source.path", 3, 5, "this key is missing"),
    ("cameras:\n  - name: a\n    source: {kind: folder, path: in, time_format: '%Q'}\n", "cameras[0].source.time_format", 3, 38, "strptime codes"),
    ("cameras:\n  - name: a\n    source: {kind: folder, path: in, time_format: '%H%H'}\n", "cameras[0].source.time_format", 3, 38, "strptime codes"),
    ("cameras:\n  - name: a\n    source: {kind: folder, path: in, mode: old}\n", "cameras[0].source.mode", 3, 38, "found 'old', expected newest or all"),
    ("cameras:\n  - name: a\n    source: {kind: http, url: 'ftp://x/y'}\n", "cameras[0].source.url", 3, 26, "http:// or https://"),
    ("cameras:\n  - name: a\n    source: {kind: http, url: 'http://x/', max_bytes: lots}\n", "cameras[0].source.max_bytes", 3, 44, "a size such as"),
    ("cameras:\n  - name: a\n    source: {kind: http, url: 'http://x/', password: p}\n", "cameras[0].source", 3, 5, "no username"),
    (CAMERA + "notifiers: [{name: a, kind: log}, {name: a, kind: log}]\n", "notifiers[1].name", 4, 36, "another notifier"),
    (CAMERA + "notifiers: [{name: a, kind: mail}]\n", "notifiers[0].kind", 4, 23, "expected log, webhook"),
    (CAMERA + "notifiers: [{name: a, kind: log, routes: [{cameras: [gat]}]}]\n", "notifiers[0].routes[0].cameras[0]", 4, 54, "did you mean gate?"),
    (CAMERA + "notifiers: [{name: a, kind: log, routes: [{causes: [move]}]}]\n", "notifiers[0].routes[0].causes[0]", 4, 53, "did you mean moved?"),
    (CAMERA + "notifiers: [{name: a, kind: webhook, url: 'https://x/', secrets: []}]\n", "notifiers[0]", 4, 13, "needs a signing key"),
    (CAMERA + "notifiers: [{name: a, kind: webhook, url: 'https://x/', template: pagerduty}]\n", "notifiers[0]", 4, 13, "needs the receiver's `key`"),
    (CAMERA + "notifiers: [{name: a, kind: webhook, url: 'https://x/', template: slack, pictures: attach}]\n", "notifiers[0]", 4, 13, "no room for pictures"),
    (CAMERA + "notifiers: [{name: a, kind: webhook, url: 'https://x/', template: slick}]\n", "notifiers[0].template", 4, 57, "one of standard, slack"),
    (CAMERA + "notifiers: [{name: a, kind: webhook, url: 'https://x/', template: {file: none}}]\n", "notifiers[0].template", 4, 57, "cannot be read"),
    (CAMERA + "notifiers: [{name: a, kind: webhook, url: 'https://x/', template: slack, headers: {'a b': x}}]\n", "notifiers[0].headers.a b", 4, 84, "a header's name"),
    (CAMERA + "notifiers: [{name: a, kind: webhook, url: 'https://x/', template: slack, pictures: link}]\n", "notifiers[0].pictures", 4, 74, "`web.public_url`"),
    (CAMERA + "notifiers: [{name: a, kind: apprise, urls: []}]\n", "notifiers[0].urls", 4, 38, "at least 1"),
    (CAMERA + "web: {listen: '8480'}\n", "web.listen", 4, 7, "an address and a port"),
    (CAMERA + "web: {listen: '127.0.0.1:99999'}\n", "web.listen", 4, 7, "an address and a port"),
    (CAMERA + "web: {public_url: 'https://x/?a=1'}\n", "web.public_url", 4, 7, "without ? or #"),
    (CAMERA + "web: {link_key: abc}\n", "web.link_key", 4, 7, "64 hexadecimal digits"),
    (CAMERA + "database: {url: 'mysql://x/y'}\n", "database.url", 4, 12, "expected sqlite:///"),
    (CAMERA + "service: {workers: 0}\n", "service.workers", 4, 11, "expected at least 1"),
    (CAMERA + "service: {workers: '8'}\n", "service.workers", 4, 11, "expected a whole number"),
    (CAMERA + "logging: {level: loud}\n", "logging.level", 4, 11, "expected debug, info, warning or error"),
    (CAMERA + "sites: {n/w: {}}\n", "sites.n/w", 4, 9, "expected a name"),
    (CAMERA + "data_dir: 5\n", "data_dir", 4, 1, "expected a path"),
    (CAMERA + "maintenance:\n  - {name: a, cron: every night, lasts: 2h}\n", "maintenance[0].cron", 5, 15, "no cron expression that ever comes true"),
    (CAMERA + "maintenance:\n  - {name: a, cron: 0 2 * * *}\n", "maintenance[0]", 5, 5, "expected either cron and lasts, or from and to"),
    (CAMERA + "maintenance:\n  - {name: a, from: 2026-06-01T08:00, to: 2026-06-01T08:00}\n", "maintenance[0]", 5, 5, "must end after it begins"),
    (CAMERA + "maintenance:\n  - {name: a, from: 2026-06-01T08:00Z, to: 2026-06-02T08:00}\n", "maintenance[0].from", 5, 15, "expected a local time such as"),
    (CAMERA + "maintenance:\n  - {name: a, cron: 0 2 * * *, lasts: 2h, cameras: [gaet]}\n", "maintenance[0].cameras[0]", 5, 53, "did you mean gate?"),
    (CAMERA + "maintenance:\n  - {name: a, cron: 0 2 * * *, lasts: 2h, sites: ['n*']}\n", "maintenance[0].sites[0]", 5, 51, "not among the sites"),
    (CAMERA + "notifiers:\n  - {name: log, kind: log, group: {by: [colour]}}\n", "notifiers[0].group.by[0]", 5, 41, "expected site, camera, cause, severity, host, or tag:NAME or label:NAME"),
    (CAMERA + "notifiers:\n  - {name: log, kind: log, remind: {every: 5s}}\n", "notifiers[0].remind.every", 5, 37, "at least 60"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "path", "line", "column", "words"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_said_with_its_path_place_and_remedy(
    load: Load, text: str, path: str, line: int, column: int, words: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(text)
    found = [problem for problem in caught.value.problems if problem.path == path]
    assert found, caught.value
    assert words in found[0].message
    assert (found[0].line, found[0].column) == (line, column)


def test_everything_wrong_is_said_at_once_and_in_the_order_of_the_file(load: Load) -> None:
    text = (
        "cameras:\n  - name: gate\n    sauce: 1\n    source: {kind: http, url: 'http://x/', password: {env: NOPE}}\n"
        "  - name: gate\n    interval: x\n    source: {kind: folder, path: {}}\n    name: other\nlogging: {level: 5}\n"
    )
    with pytest.raises(SettingsError) as caught:
        load(text)
    lines = [problem.line for problem in caught.value.problems]
    assert lines == sorted(lines)
    assert {(problem.line, problem.path) for problem in caught.value.problems} >= {
        (3, "cameras[0].sauce"),
        (4, "cameras[0].source.password"),
        (5, "cameras[1].name"),
        (6, "cameras[1].interval"),
        (7, "cameras[1].source.path"),
        (8, "cameras[1].name"),
        (9, "logging.level"),
    }
    assert "problems" in str(caught.value)
    assert "monitor config validate" in caught.value.remedy


def test_a_missing_or_unreadable_file_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path / "none.yaml", {})
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path, {})


def test_settings_cannot_be_changed(load: Load) -> None:
    settings = load(CAMERA)
    with pytest.raises(ValueError, match="frozen"):
        settings.bundle = Path("x")  # type: ignore[misc]


def test_relative_paths_start_at_the_file_and_not_at_the_working_folder(load: Load, tmp_path: Path) -> None:
    settings = load(CAMERA + "bundle: nets/a\ndatabase: {url: 'sqlite:///data/x.db'}\n")
    assert settings.cameras[0].source.path == tmp_path / "in"  # type: ignore[union-attr]
    assert settings.data_dir == tmp_path / "monitor-data"
    assert settings.bundle == tmp_path / "nets/a"
    assert settings.database_url.get_secret_value() == f"sqlite:///{tmp_path}/data/x.db"


def test_without_an_address_the_database_is_a_file_in_the_data_folder(load: Load) -> None:
    settings = load(CAMERA + "data_dir: /srv/m\nbundle: default\n")
    assert settings.database_url.get_secret_value() == "sqlite:////srv/m/monitor.db"
    assert settings.bundle is None


def test_the_file_is_looked_for_in_the_documented_order(tmp_path: Path) -> None:
    here, system, named, asked = (
        tmp_path / "here",
        tmp_path / "system.yaml",
        tmp_path / "named",
        tmp_path / "asked",
    )
    here.mkdir()
    environ = {"MONITOR_CONFIG": str(named)}
    for path in (asked, named, here / "monitor.yaml", system):
        path.write_text("x")
    assert find_config(asked, environ, here, system) == asked
    assert find_config(None, environ, here, system) == named
    assert find_config(None, {}, here, system) == here / "monitor.yaml"
    (here / "monitor.yaml").unlink()
    assert find_config(None, {}, here, system) == system
    system.unlink()
    with pytest.raises(ConfigNotFound, match="monitor init"):
        find_config(None, {}, here, system)


def test_a_file_that_was_asked_for_is_not_replaced_by_another(tmp_path: Path) -> None:
    (tmp_path / "monitor.yaml").write_text("x")
    with pytest.raises(ConfigNotFound, match="MONITOR_CONFIG"):
        find_config(None, {"MONITOR_CONFIG": "/none.yaml"}, tmp_path)
    with pytest.raises(ConfigNotFound, match="--config"):
        find_config(Path("/none.yaml"), {}, tmp_path)
