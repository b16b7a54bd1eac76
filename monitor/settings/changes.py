"""What a new configuration changes, so that a reload touches only that."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.settings.models import Settings
from monitor.settings.resolution import CameraPlan, resolve

# What is built once, when the service starts.
_FIXED = ("data_dir", "database_url", "bundle", "service", "logging", "web")
# What a running service takes over.
_LIVE = ("retention", "hosts", "alerts", "maintenance", "report", "reports")


@dataclass(frozen=True, slots=True)
class Changes:
    """The difference between two configurations, by effect: moving a rule from cameras to their site is none.

    Attributes:
        added: Names of cameras that are new.
        removed: Names of cameras that are gone.
        changed: Names of cameras whose views, rules, source or secrets changed.
        notifiers: Names of notifiers that are new, gone or changed.
        live: Other keys that changed and take effect at once.
        needs_restart: Keys that changed but take effect only when the service is started again.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    notifiers: tuple[str, ...] = ()
    live: tuple[str, ...] = ()
    needs_restart: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return any((self.added, self.removed, self.changed, self.notifiers, self.live, self.needs_restart))


def diff(old: Settings, new: Settings) -> Changes:
    """What is different in `new`; names in the order of the files."""
    before, after = _plans_by_camera(old), _plans_by_camera(new)
    senders_before = {notifier.name: notifier for notifier in old.notifiers}
    senders_after = {notifier.name: notifier for notifier in new.notifiers}
    return Changes(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        changed=tuple(name for name in after if name in before and after[name] != before[name]),
        notifiers=tuple(
            name
            for name in senders_after | senders_before
            if senders_before.get(name) != senders_after.get(name)
        ),
        live=_differing(old, new, _LIVE),
        needs_restart=_differing(old, new, _FIXED),
    )


def _plans_by_camera(settings: Settings) -> dict[str, list[CameraPlan]]:
    plans: dict[str, list[CameraPlan]] = {}
    for plan in resolve(settings):
        plans.setdefault(plan.camera, []).append(plan)
    return plans


def _differing(old: Settings, new: Settings, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.removesuffix("_url") for name in names if getattr(old, name) != getattr(new, name))
