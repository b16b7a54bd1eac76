"""What no field can check alone: names used twice, names that nothing bears, policies that can never be met.

The checks on names work on the file's plain data and not on the settings, so that they report together with
everything else even where the settings cannot be built.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from monitor.settings.findings import Keys, did_you_mean
from monitor.settings.models import Settings
from monitor.settings.resolution import resolve_camera

DEFAULT_SITE = "default"

Finding = tuple[Keys, str]


def check_names(data: Any) -> Iterator[Finding]:
    """Names used twice, and sites and cameras that are named but do not exist."""
    cameras = _entries(data, "cameras")
    yield from _repeated(("cameras",), cameras, "camera")
    for index, camera in cameras:
        yield from _repeated(("cameras", index, "views"), _entries(camera, "views"), "view")
    notifiers = _entries(data, "notifiers")
    yield from _repeated(("notifiers",), notifiers, "notifier")
    reports = _entries(data, "reports")
    yield from _repeated(("reports",), reports, "report")

    sites = data.get("sites") if isinstance(data, Mapping) else None
    known_sites = {DEFAULT_SITE, *(sites if isinstance(sites, Mapping) else ())}
    known_cameras = {camera["name"] for _, camera in cameras if isinstance(camera.get("name"), str)}
    for index, camera in cameras:
        yield from _unknown(
            ("cameras", index, "site"), camera.get("site", DEFAULT_SITE), known_sites, "sites"
        )
    known = {"sites": known_sites, "cameras": known_cameras}
    known_notifiers = {one["name"] for _, one in notifiers if isinstance(one.get("name"), str)}
    for index, report in reports:
        for key, named, where in (("sites", known_sites, "sites"), ("to", known_notifiers, "notifiers")):
            names = report.get(key)
            for position, name in enumerate(names if isinstance(names, list) else ()):
                yield from _unknown(("reports", index, key, position), name, named, where)
    for index, notifier in notifiers:
        for number, route in _entries(notifier, "routes"):
            yield from _unknown_in(("notifiers", index, "routes", number), route, known)
    windows = _entries(data, "maintenance")
    yield from _repeated(("maintenance",), windows, "window")
    for index, window in windows:
        yield from _unknown_in(("maintenance", index), window, known)


def check_policies(settings: Settings) -> Iterator[Finding]:
    """Policies that could never raise an alert, as they result from all levels together."""
    for index, camera in enumerate(settings.cameras):
        try:
            plans = resolve_camera(settings, camera)
        except ValueError as error:
            yield ("cameras", index), f"the rules of this camera contradict each other: {error}"
            continue
        policies = {spec.key.view: spec.policy for plan in plans for spec in plan.views}
        for view, policy in policies.items():
            if policy.open_checks > policy.window:
                counts = f"policy.open_checks is {policy.open_checks} and policy.window only {policy.window}"
                yield ("cameras", index), f"view {view}: {counts}; no alert could ever be raised"


def check_links(settings: Settings) -> Iterator[Finding]:
    """Notifiers that are to link pictures which nothing would serve."""
    if settings.alerts.text_only or (settings.web.enabled and settings.web.public_url is not None):
        return
    for index, channel in enumerate(settings.notifiers):
        if getattr(channel, "pictures", "none") == "link":
            yield (
                ("notifiers", index, "pictures"),
                "links to pictures need `web.enabled: true` and `web.public_url`",
            )


def _entries(data: Any, key: str) -> list[tuple[int, Mapping[str, Any]]]:
    value = data.get(key) if isinstance(data, Mapping) else None
    return [
        (index, entry)
        for index, entry in enumerate(value if isinstance(value, list) else ())
        if isinstance(entry, Mapping)
    ]


def _repeated(path: Keys, entries: list[tuple[int, Mapping[str, Any]]], what: str) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for index, entry in entries:
        name = entry.get("name")
        if isinstance(name, str) and first.setdefault(name, index) != index:
            place = f"{path[-1]}[{first[name]}]"
            yield (*path, index, "name"), f"there is another {what} named {name}: {place}; names must differ"


def _unknown_in(path: Keys, rule: Mapping[str, Any], known: Mapping[str, set[str]]) -> Iterator[Finding]:
    """Names in a rule that nothing bears; a pattern must fit at least one."""
    for key, names_known in known.items():
        names = rule.get(key)
        for position, name in enumerate(names if isinstance(names, list) else ()):
            if not isinstance(name, str) or not any(fnmatchcase(one, name) for one in names_known):
                yield from _unknown((*path, key, position), name, names_known, key)


def _unknown(path: Keys, name: Any, known: set[str], where: str) -> Iterator[Finding]:
    if isinstance(name, str) and name not in known:
        yield path, f"'{name}' is not among the {where}{did_you_mean(name, known)}"
