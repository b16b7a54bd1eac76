"""`monitor replay --history`: what would have been reported by other rules, and what missed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import click

from monitor.cli.errors import Refusal
from monitor.cli.invocation import Invocation, pass_run

if TYPE_CHECKING:
    from monitor.cli.screen import Screen
    from monitor.domain.episodes import Episode
    from monitor.domain.view import Rectangle, ViewSpec
    from monitor.settings.supposing import Supposed
    from monitor.usecases.look_back import Compare, Hindsight
    from monitor.wiring.site import Site

HISTORY = "--history"


@click.command("replay --history")
@click.argument("cameras", nargs=-1, metavar="[CAMERA]...")
@click.option("--since", default="30d", show_default=True, metavar="SPAN", help="How far to look back.")
@click.option(
    "--set",
    "supposed",
    multiple=True,
    metavar="KEY=VALUE",
    help="A rule that is to be another, like thresholds.moved_excess=2.0; may be repeated.",
)
@click.option(
    "--mask",
    "masks",
    multiple=True,
    metavar="LEFT,TOP,WIDTH,HEIGHT",
    help="Leave this part of the picture out, in fractions, beside the view's own masks; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_run
def replay_history(
    run: Invocation,
    cameras: tuple[str, ...],
    since: str,
    supposed: tuple[str, ...],
    masks: tuple[str, ...],
    as_json: bool,
) -> None:
    """Judge the stored history of each CAMERA (`name` or `name/view`; all, where none is named) again by other rules.

    Without --set, the rules are those of the present configuration, which then may have been others. Nothing is
    written, and nobody is told.

    Example: monitor replay --history gate --since 30d --set thresholds.moved_excess=2 --set policy.open_checks=3
    """
    from monitor.cli.screen import Screen
    from monitor.settings.supposing import suppose
    from monitor.wiring.site import open_site

    screen = Screen(run, as_json)
    rules, parts = suppose(supposed), tuple(map(_mask, masks))
    with open_site(run.settings, sync=False) as site:
        specs = specs_of(site, cameras)
        found = [(spec, _look(site, spec, rules, parts, span_of(since))) for spec in specs]
    if as_json:
        screen.json([_as_json(spec, hindsight) for spec, hindsight in found], indent=2)
        return
    _show(screen, found, since)


def specs_of(site: Site, cameras: tuple[str, ...]) -> list[ViewSpec]:
    """The views asked for, with the limits that count for them today."""
    from monitor.settings import resolve
    from monitor.wiring.sight import read_limits

    known = {row.spec.key for row in site.store.views.all()}
    wanted = site.cameras.select(list(cameras)) if cameras else known
    plans = resolve(site.settings, read_limits(site.settings.bundle))
    return [spec for plan in plans for spec in plan.views if spec.key in known and spec.key in wanted]


def _look(
    site: Site, spec: ViewSpec, rules: Supposed, masks: tuple[Rectangle, ...], since: timedelta
) -> Hindsight:
    from monitor.usecases.look_back import look_back, read_history

    history = read_history(spec.key, site.store, site.clock.now() - since)
    thresholds, policy = rules.onto(spec.thresholds, spec.policy)
    return look_back(history, thresholds, policy, _compare(site, spec, masks) if masks else None)


def _compare(site: Site, spec: ViewSpec, masks: tuple[Rectangle, ...]) -> Compare:
    from monitor.usecases.look_back import under_masks
    from monitor.wiring.sight import read_picture

    watch = replace(site.store.load_watch(spec.key), spec=spec)
    return under_masks(watch, spec.masks + masks, site.equipment(site.open_encoder()), read_picture)


def _mask(text: str) -> Rectangle:
    from monitor.domain.view import Rectangle

    try:
        left, top, width, height = map(float, text.split(","))
    except ValueError:
        left = top = width = height = -1.0
    if not (0 <= left < left + width <= 1 and 0 <= top < top + height <= 1):
        raise Refusal(
            f"{text!r} is no mask.",
            "Write four fractions of the picture: left,top,width,height, as 0,0,0.3,0.06.",
        )
    return Rectangle(left, top, width, height)


def span_of(text: str) -> timedelta:
    """How long `--since` says.

    Raises:
        Refusal: It is no duration.
    """
    from pydantic_core import PydanticCustomError

    from monitor.settings.values import parse_duration

    try:
        return timedelta(seconds=parse_duration(text))
    except PydanticCustomError as error:
        raise Refusal(f"--since {text}: {error.message()}.", "Write for example 30d, 12h or 1w.") from None


def _show(screen: Screen, found: list[tuple[ViewSpec, Hindsight]], since: str) -> None:
    checks = sum(len(hindsight.history.checks) for _, hindsight in found)
    if not checks:
        screen.say(f"Nothing was recorded in the last {since} that could be judged again.", "doubt")
        return
    rows = [row for spec, hindsight in found for row in _rows(spec, hindsight)]
    if rows:
        screen.table(["view", "", "was reported", "as", "would be reported", "as", "label"], rows)
        screen.say()
    total = {"same": 0, "gone": 0, "new": 0}
    for _, hindsight in found:
        for name in total:
            total[name] += len(getattr(hindsight.contrast, name))
    changed = sum(hindsight.changed for _, hindsight in found)
    screen.say(
        f"{checks} checks of {len(found)} views judged again, {changed} to another verdict: {total['same']} incidents "
        f"would have been reported as well, {total['gone']} not any more, and {total['new']} others instead.",
        "strong",
    )
    _show_opinions(screen, [hindsight for _, hindsight in found])
    _show_limits(screen, [hindsight for _, hindsight in found])


def _show_opinions(screen: Screen, found: list[Hindsight]) -> None:
    spared = sum(len(hindsight.spared()) for hindsight in found)
    missed = sum(len(hindsight.missed()) for hindsight in found)
    caught = sum(len(hindsight.caught()) for hindsight in found)
    if not any(hindsight.history.opinions or hindsight.history.misses for hindsight in found):
        screen.say("No incident is labelled right or wrong: which of them were true is not known.", "quiet")
        return
    screen.say(
        f"By the labels: {spared} false alarms spared, {missed} true incidents missed, {caught} that were missed then "
        "caught.",
        "bad" if missed else "good",
    )


def _show_limits(screen: Screen, found: list[Hindsight]) -> None:
    silent = sum(hindsight.history.without_grounds for hindsight in found)
    left_out = sum(hindsight.history.left_out for hindsight in found)
    pictures = [hindsight.pictures for hindsight in found if hindsight.pictures is not None]
    if silent:
        screen.say(
            f"{silent} checks are older than the evidence kept now, and were taken as they were.", "doubt"
        )
    if left_out:
        screen.say(f"{left_out} checks before the first calm one were left out.", "quiet")
    if pictures:
        checks = sum(len(hindsight.history.checks) for hindsight in found)
        screen.say(
            f"Of {checks} checks the pictures of {sum(pictures)} are kept, and were compared anew under the masks; "
            "the others were taken as they were.",
            "doubt",
        )


def _rows(spec: ViewSpec, hindsight: Hindsight) -> list[list[Any]]:
    from monitor.cli.words import moment, name

    def opinion(episode: Episode) -> str:
        right = hindsight.history.opinions.get(episode.incident_id or 0)
        return "" if right is None else "right" if right else "wrong"

    view = str(spec.key)
    rows: list[list[Any]] = []
    for then, now in hindsight.contrast.same:
        when = moment(now.opened_at) + _delay(now.opened_at - then.opened_at)
        beside = [moment(then.opened_at), name(then.cause), when, name(now.cause), opinion(then)]
        rows.append([view, "as then", *beside])
    rows += [
        [view, ("gone", "good"), moment(then.opened_at), name(then.cause), "–", "", opinion(then)]
        for then in hindsight.contrast.gone
    ]
    rows += [
        [view, ("new", "bad"), "–", "", moment(now.opened_at), name(now.cause), ""]
        for now in hindsight.contrast.new
    ]
    return sorted(rows, key=lambda row: min(time for time in (row[2], row[4]) if time != "–"))


def _delay(late: timedelta) -> str:
    from monitor.cli.words import span

    if abs(late) < timedelta(seconds=1):
        return ""
    return f" ({span(abs(late))} {'later' if late > timedelta() else 'sooner'})"


def _as_json(spec: ViewSpec, hindsight: Hindsight) -> dict[str, Any]:
    history, contrasted = hindsight.history, hindsight.contrast
    return {
        "camera": spec.key.camera,
        "view": spec.key.view,
        "checks": len(history.checks),
        "changed": hindsight.changed,
        "without_evidence": history.without_grounds,
        "left_out": history.left_out,
        "compared_anew": hindsight.pictures,
        "same": [
            {
                "then": _episode_json(then, hindsight),
                "now": _episode_json(now, hindsight),
                "later_s": (now.opened_at - then.opened_at).total_seconds(),
            }
            for then, now in contrasted.same
        ],
        "gone": [_episode_json(episode, hindsight) for episode in contrasted.gone],
        "new": [_episode_json(episode, hindsight) for episode in contrasted.new],
        "false_alarms_spared": len(hindsight.spared()),
        "true_incidents_missed": len(hindsight.missed()),
        "misses_caught": len(hindsight.caught()),
    }


def _episode_json(episode: Episode, hindsight: Hindsight) -> dict[str, Any]:
    from monitor.cli.words import instant

    return {
        "incident": episode.incident_id,
        "cause": episode.cause.value,
        "opened_at": instant(episode.opened_at),
        "closed_at": instant(episode.closed_at),
        "right": hindsight.history.opinions.get(episode.incident_id or 0),
    }


class Replay(click.Command):
    """`monitor replay`: of recorded frames or, with `--history`, of what is stored, which has options of its own."""

    modes: ClassVar[Mapping[str, click.Command]] = {HISTORY: replay_history}

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """That of the command which is meant."""
        if HISTORY not in args:
            return super().make_context(info_name, args, parent, **extra)
        others = [argument for argument in args if argument != HISTORY]
        return replay_history.make_context(f"{info_name} {HISTORY}", others, parent, **extra)
