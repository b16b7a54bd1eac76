"""Which incidents a route, a silence or a maintenance window means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase

from monitor.domain.severity import Severity, severity_of
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewSpec


@dataclass(frozen=True, slots=True)
class Matter:
    """What an incident is about, as far as rules ask.

    Attributes:
        views: The views concerned; several where a recorder, a site or a pair is.
        cause: What is wrong, or was until now.
        severity: How urgent it is.
    """

    views: tuple[ViewSpec, ...]
    cause: VerdictKind
    severity: Severity

    @classmethod
    def of(cls, views: Iterable[ViewSpec], cause: VerdictKind) -> Matter:
        """What an incident of these views with this cause is about; the most urgent view says how urgent it is."""
        views = tuple(views)
        severities = (severity_of(cause, view.severities) for view in views)
        return cls(views, cause, max(severities, key=lambda one: one.rank))

    def apart(self) -> Iterator[Matter]:
        """The same for each view alone."""
        return (Matter((view,), self.cause, self.severity) for view in self.views)


@dataclass(frozen=True, slots=True)
class Matcher:
    """Fits what every list given here applies to; an empty list says nothing. Names may hold `*` and `?`.

    Attributes:
        cameras: Names of cameras.
        views: `camera/view`, or `camera` for its main view.
        sites: Names of sites.
        tags: A view has at least one of them.
        causes: Of an incident.
        severities: Of an incident.
    """

    cameras: Sequence[str] = ()
    views: Sequence[str] = ()
    sites: Sequence[str] = ()
    tags: Sequence[str] = ()
    causes: Sequence[VerdictKind] = ()
    severities: Sequence[Severity] = field(default=())

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing, and so fits everything."""
        return not any(getattr(self, each.name) for each in fields(self))

    def fits(self, matter: Matter) -> bool:
        """Whether it applies. A matter of several views is meant when one of them is."""
        return (
            (not self.causes or matter.cause in self.causes)
            and (not self.severities or matter.severity in self.severities)
            and any(self._fits_view(view) for view in matter.views)
        )

    def concerns(self, view: ViewSpec) -> bool:
        """Whether it may apply to a view, whatever is wrong there."""
        return self._fits_view(view)

    def unmet(self, matter: Matter) -> tuple[str, ...]:
        """The names of the lists that do not apply, for people who wonder why it does not fit; none where it does.

        Where each list applies to some view, and none of the views meets all of them, that is `views together`.
        """
        if self.fits(matter):
            return ()
        alone = (
            name
            for name in (each.name for each in fields(self))
            if getattr(self, name) and not Matcher(**{name: getattr(self, name)}).fits(matter)
        )
        return tuple(alone) or ("views together",)

    def fits_all(self, matter: Matter) -> bool:
        """Whether it applies to every view: what mutes one must not mute another that it does not name."""
        return all(self.fits(one) for one in matter.apart())

    def _fits_view(self, view: ViewSpec) -> bool:
        key = view.key
        return (
            _any_fits(self.cameras, (key.camera,))
            and _any_fits(self.views, (str(key), f"{key.camera}/{key.view}"))
            and _any_fits(self.sites, (view.site,))
            and _any_fits(self.tags, view.tags)
        )

    def describe(self) -> str:
        """`cameras gate*, causes moved`; `everything` where it says nothing."""
        said = [
            f"{each.name} {', '.join(map(str, getattr(self, each.name)))}"
            for each in fields(self)
            if getattr(self, each.name)
        ]
        return "; ".join(said) or "everything"


def _any_fits(patterns: Sequence[str], names: Iterable[str]) -> bool:
    return not patterns or any(fnmatchcase(name, pattern) for name in names for pattern in patterns)
