from monitor.settings import Changes, diff
from tests.settings.conftest import Load

BASE = """
sites: {north: {interval: 2m}}
cameras:
  - {name: a, site: north, source: {kind: folder, path: /a}}
  - {name: b, source: {kind: folder, path: /b}}
  - {name: c, source: {kind: folder, path: /c}}
notifiers: [{name: log, kind: log}]
"""


def test_the_same_file_changes_nothing(load: Load) -> None:
    changes = diff(load(BASE), load(BASE))
    assert changes == Changes()
    assert not changes


def test_cameras_are_told_apart_as_added_removed_and_changed(load: Load) -> None:
    new = BASE.replace("name: c", "name: d").replace("path: /b", "path: /elsewhere")
    changes = diff(load(BASE), load(new))
    assert (changes.added, changes.removed, changes.changed) == (("d",), ("c",), ("b",))
    assert changes


def test_a_rule_of_a_site_changes_its_cameras(load: Load) -> None:
    assert diff(load(BASE), load(BASE.replace("2m", "3m"))).changed == ("a",)


def test_a_rule_said_elsewhere_with_the_same_effect_changes_nothing(load: Load) -> None:
    new = BASE.replace("{interval: 2m}", "{}").replace("name: a,", "name: a, interval: 120,")
    assert not diff(load(BASE), load(new))


def test_notifiers_are_compared_by_name(load: Load) -> None:
    new = BASE.replace(
        "{name: log, kind: log}", "{name: log, kind: log, enabled: false}, {name: two, kind: log}"
    )
    assert diff(load(BASE), load(new)).notifiers == ("log", "two")


def test_what_needs_a_restart_is_named(load: Load) -> None:
    new = (
        BASE
        + "service: {workers: 3}\ndata_dir: /elsewhere\nretention: {images: 1d}\nlogging: {level: debug}\n"
    )
    changes = diff(load(BASE), load(new))
    assert changes.needs_restart == ("data_dir", "database", "service", "logging")
    assert changes.live == ("retention",)
    assert changes.changed == ()
