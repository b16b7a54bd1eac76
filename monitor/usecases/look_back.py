"""What would have been reported by other rules: the history of a view, judged again in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitor.domain.episodes import Contrast, Episode, PastCheck, contrast, from_calm, tell_again
from monitor.domain.errors import MonitorError
from monitor.domain.frame import Frame
from monitor.domain.grounds import Grounds
from monitor.domain.incident import Scope
from monitor.domain.state import StatePolicy
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import Rectangle, ViewKey
from monitor.store import ObservationRow, Store, Watch
from monitor.usecases.observe import Equipment, compare_all

MOST_INCIDENTS, MOST_LABELS = 100_000, 1_000_000
Compare = Callable[[PastCheck], Grounds | None]


@dataclass(frozen=True, slots=True)
class History:
    """What is stored of a view, from its first calm check on.

    Attributes:
        key: The view.
        checks: In order of time.
        incidents: The view's own, that were opened in that time, in order of their beginnings.
        opinions: What people say of incidents: whether they were right, by number.
        misses: Times at which people say that something was missed, and what it was.
        left_out: Checks before the first calm one.
    """

    key: ViewKey
    checks: Sequence[PastCheck]
    incidents: Sequence[Episode]
    opinions: dict[int, bool] = field(default_factory=dict)
    misses: Sequence[tuple[datetime, VerdictKind]] = ()
    left_out: int = 0

    @property
    def without_grounds(self) -> int:
        """Checks that can only be taken as they were recorded, as they are older than what is kept now."""
        return sum(check.grounds is None for check in self.checks)


@dataclass(frozen=True, slots=True)
class Hindsight:
    """What other rules would have come to.

    Attributes:
        history: What they were applied to.
        contrast: What was reported beside what would have been.
        changed: Checks whose verdict is another now.
        pictures: Checks that were compared anew, as their picture is kept; None where that was not asked for.
    """

    history: History
    contrast: Contrast
    changed: int
    pictures: int | None = None

    def spared(self) -> tuple[Episode, ...]:
        """False alarms, by people's word, that would not have been."""
        return self._gone_that_were(right=False)

    def missed(self) -> tuple[Episode, ...]:
        """True incidents, by people's word, that would have been missed."""
        return self._gone_that_were(right=True)

    def caught(self) -> tuple[tuple[datetime, VerdictKind], ...]:
        """What was missed then, by people's word, and would have been reported."""
        return tuple(
            (at, cause)
            for at, cause in self.history.misses
            if cause is not VerdictKind.OK and any(new.covers(at) for new in self.contrast.new)
        )

    def _gone_that_were(self, *, right: bool) -> tuple[Episode, ...]:
        opinions = self.history.opinions
        return tuple(
            episode
            for episode in self.contrast.gone
            if episode.incident_id is not None and opinions.get(episode.incident_id) is right
        )


def read_history(key: ViewKey, store: Store, since: datetime) -> History:
    """Everything about a view since then that other rules need.

    Args:
        key: The view.
        store: Only read.
        since: No check before this one counts.

    Raises:
        UnknownView: The view is not in the store.
        StoreError: The database cannot be read.
    """
    rows = list(map(_past_check, store.history.onward(key, since)))
    checks = from_calm(rows)
    if not checks:
        return History(key, (), (), left_out=len(rows))
    incidents = sorted(
        (
            Episode(incident.cause, incident.opened_at, incident.resolved_at, incident.id)
            for incident in store.incidents.list(key, limit=MOST_INCIDENTS)
            if incident.scope is Scope.VIEW and incident.opened_at >= checks[0].at
        ),
        key=lambda episode: episode.opened_at,
    )
    opinions: dict[int, bool] = {}
    misses: list[tuple[datetime, VerdictKind]] = []
    times = {check.id: check.at for check in checks}
    # The oldest first: who labels again has changed their mind.
    for label in reversed(store.labels.list(limit=MOST_LABELS)):
        if label.incident_id is not None:
            opinions[label.incident_id] = label.right
        elif label.observation_id in times and not label.right and label.true_cause is not None:
            misses.append((times[label.observation_id], label.true_cause))
    return History(key, checks, incidents, opinions, tuple(misses), len(rows) - len(checks))


def look_back(
    history: History, thresholds: Thresholds, policy: StatePolicy, compare: Compare | None = None
) -> Hindsight:
    """What these rules would have come to; nothing is written anywhere.

    Args:
        history: Of a view.
        thresholds: Limits of the decision.
        policy: How insistent verdicts must be.
        compare: Compares a check's picture in another way, by other masks; None for a check that it cannot do
            that for, which is then taken as it was.
    """
    checks, pictures = history.checks, None
    if compare is not None:
        anew = [(check, compare(check)) for check in checks]
        checks = [replace(check, grounds=seen) if seen is not None else check for check, seen in anew]
        pictures = sum(seen is not None for _, seen in anew)
    verdicts = [check.judge(thresholds) for check in checks]
    changed = sum(
        verdict.kind is not check.verdict.kind for check, verdict in zip(checks, verdicts, strict=True)
    )
    episodes = tuple(tell_again(checks, verdicts, policy))
    return Hindsight(history, contrast(history.incidents, episodes), changed, pictures)


def under_masks(
    watch: Watch,
    masks: tuple[Rectangle, ...],
    equipment: Equipment,
    read_picture: Callable[[bytes, datetime], Frame],
) -> Compare:
    """What compares kept pictures with the references in use, leaving other parts out.

    Args:
        watch: The view, with its references of today: those of then may have been others.
        masks: Parts of the picture to leave out.
        equipment: The network, and the store with the pictures.
        read_picture: Makes a frame of a kept picture's bytes.
    """
    masked = replace(watch, spec=replace(watch.spec, masks=masks))

    def compare(check: PastCheck) -> Grounds | None:
        if check.image_digest is None:
            return None
        try:
            frame = read_picture(equipment.store.images.get(check.image_digest), check.at)
        except MonitorError:
            return None  # Pruned meanwhile, or damaged: as good as none.
        encoding = equipment.encoder.encode(frame)
        comparisons = compare_all(frame, encoding, masked, equipment)
        return (check.grounds or Grounds()).seen_anew(encoding.quality, comparisons) if comparisons else None

    return compare


def _past_check(row: ObservationRow) -> PastCheck:
    return PastCheck(row.id, row.checked_at, row.verdict, row.status, row.grounds, row.image_digest)
