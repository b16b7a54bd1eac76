"""`monitor tune`: rules for one view that keep its false alarms within a budget, out of its own history."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.errors import Refusal
from monitor.cli.invocation import Invocation, pass_run

if TYPE_CHECKING:
    from monitor.cli.screen import Screen
    from monitor.domain.budget import Budget
    from monitor.domain.tuning import Outcome, Proposal, Rules
    from monitor.domain.view import ViewSpec
    from monitor.usecases.look_back import History


@click.command()
@click.argument("camera")
@click.option(
    "--budget", "text", required=True, metavar="N/PERIOD", help="False alarms, like 1/year or 2/month."
)
@click.option("--since", default="90d", show_default=True, metavar="SPAN", help="How far to look back.")
@click.option("--apply", "is_applied", is_flag=True, help="Write the proposal into the configuration.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_run
def tune(run: Invocation, camera: str, text: str, since: str, is_applied: bool, as_json: bool) -> None:
    """Propose thresholds and insistence for CAMERA (`name` or `name/view`) that keep its false alarms within a budget.

    Every check of its history counts as of a normal view, but for those in incidents that nobody labelled wrong. The
    most sensitive rules are proposed of which that history shows, with 95 % confidence, that they keep the budget.

    Example: monitor tune gate --budget 1/year
    """
    from monitor.cli.replay_history import span_of, specs_of
    from monitor.cli.screen import Screen
    from monitor.domain.budget import Budget
    from monitor.domain.tuning import Rules, candidates
    from monitor.usecases.look_back import read_history
    from monitor.usecases.tune import tune as try_rules
    from monitor.wiring.site import open_site

    screen, budget, back = Screen(run, as_json), Budget.parse(text), span_of(since)
    with open_site(run.settings, sync=False) as site:
        specs = specs_of(site, (camera,))
        if len(specs) != 1:
            names = ", ".join(str(spec.key) for spec in specs)
            raise Refusal(
                f"{camera} has several views." if specs else f"Nothing was recorded of {camera} yet.",
                f"Name one of them: {names}." if specs else f"`monitor enroll {camera}` begins.",
            )
        (spec,) = specs
        history = read_history(spec.key, site.store, site.clock.now() - back)
    present = Rules(spec.thresholds, spec.policy)
    with screen.progress("Trying rules", sum(1 for _ in candidates(present))) as advance:
        outcomes, proposal = try_rules(history, present, budget, timedelta(seconds=spec.interval_s), advance)
    if as_json:
        screen.json(_as_json(spec, history, budget, outcomes, proposal), indent=2)
    else:
        _show(screen, spec, history, budget, outcomes, proposal)
    if is_applied:
        _apply(run, screen, spec, proposal, present)


def _show(
    screen: Screen,
    spec: ViewSpec,
    history: History,
    budget: Budget,
    outcomes: list[Outcome],
    proposal: Proposal,
) -> None:
    present = outcomes[0].rules
    widest = max(outcome.rate.at_most() for outcome in outcomes) or 1.0
    shown = [outcome for outcome in outcomes if _is_worth_a_row(outcome, present, proposal)]
    screen.table(
        ["rules", "false", "a year", "95 % bounds", "", "smallest move", "checks", "lost"],
        [_row(outcome, present, budget, widest, outcome is proposal.outcome) for outcome in shown],
    )
    screen.say()
    _say_what_history_shows(screen, history, budget, outcomes[0])
    chosen = proposal.outcome
    if chosen is None:
        screen.say(f"No rules tried here keep {budget}; look at the incidents, masks may help more.", "bad")
        return
    word = "shown to keep" if proposal.is_shown else "has kept, which is too little time to show it,"
    changes = chosen.rules.beyond(present)
    if not changes:
        screen.say(
            f"The present rules are the proposal: {word} {budget}.", "good" if proposal.is_shown else "doubt"
        )
        return
    from monitor.settings.overriding import as_text

    screen.say(f"Proposed, {word} {budget}:", "strong" if proposal.is_shown else "doubt")
    screen.say(as_text(spec.key, changes))


def _is_worth_a_row(outcome: Outcome, present: Rules, proposal: Proposal) -> bool:
    """One thing changed at a time makes the curve; of the combinations the proposed one."""
    return len(outcome.rules.beyond(present)) <= 1 or outcome is proposal.outcome


def _row(
    outcome: Outcome, present: Rules, budget: Budget, widest: float, is_proposed: bool
) -> list[tuple[str, str]]:
    rate, shift = outcome.rate, outcome.smallest_shift
    mood = "good" if rate.shows(budget) else "doubt" if rate.fits(budget) else "bad"
    return [
        (_name(outcome, present) + (" ←" if is_proposed else ""), "strong" if is_proposed else ""),
        (str(rate.episodes), ""),
        (_figure(rate.expected()), mood),
        (f"{_figure(rate.at_least())} – {_figure(rate.at_most())}", mood),
        (_bar(outcome, budget, widest), mood),
        ("–" if shift is None else f"{shift * 100:.1f} %", ""),
        (f"{outcome.rules.policy.open_checks} of {outcome.rules.policy.window}", ""),
        (str(outcome.lost), "bad" if outcome.lost else ""),
    ]


def _name(outcome: Outcome, present: Rules) -> str:
    changes = outcome.rules.beyond(present)
    parts = [f"{name} {value:g}" for values in changes.values() for name, value in values.items()]
    return ", ".join(parts) or "as they are"


def _figure(value: float) -> str:
    return "?" if value == float("inf") else f"{value:.3g}" if value < 1000 else f"{value:.0f}"


WIDTH = 24
"""Characters of a bar."""


def _bar(outcome: Outcome, budget: Budget, widest: float) -> str:
    """Expected (`█`), up to the upper bound (`░`), and where the budget ends (`|`); the scale is of square roots."""

    def place(value: float) -> int:
        return min(WIDTH, round(WIDTH * (value / widest) ** 0.5)) if widest < float("inf") else 0

    full, bound = place(outcome.rate.expected()), place(outcome.rate.at_most())
    cells = ["█"] * full + ["░"] * (bound - full) + [" "] * (WIDTH - bound)
    if budget.a_year <= widest:
        cells.insert(place(budget.a_year), "|")
    return "".join(cells).rstrip()


def _say_what_history_shows(screen: Screen, history: History, budget: Budget, present: Outcome) -> None:
    from monitor.domain.budget import PERIODS

    rate, month = present.rate, PERIODS["month"]
    found = "without a false episode" if rate.episodes == 0 else f"with {rate.episodes} false episodes"
    if rate.watched <= timedelta():
        screen.say(
            f"Nothing is stored of this view that shows anything: {budget.needed / month:.1f} months are "
            f"needed to show {budget}.",
            "doubt",
        )
        return
    text = f"{rate.watched / month:.2g} camera-months {found} bound {_figure(rate.at_most(month))} a month"
    if rate.shows(budget):
        screen.say(f"{text}; that shows {budget}.", "good")
    else:
        screen.say(
            f"{text}; to show {budget}, {budget.needed / month:.2g} months without one are needed.", "doubt"
        )
    if history.without_grounds:
        screen.say(
            f"{history.without_grounds} of {len(history.checks)} checks are older than the evidence kept now: "
            "other thresholds cannot change them.",
            "doubt",
        )


def _apply(run: Invocation, screen: Screen, spec: ViewSpec, proposal: Proposal, present: Rules) -> None:
    from monitor.settings.overriding import override_rules
    from monitor.settings.writing import replace_config

    changes = {} if proposal.outcome is None else proposal.outcome.rules.beyond(present)
    if not changes:
        screen.note("There is nothing to write.")
        return
    path = run.config_path
    before = path.read_bytes()
    replace_config(path, before, override_rules(before, spec.key, changes), run.environ)
    screen.note(f"Written into {path}; a running service takes it up by itself.", "good")


def _as_json(
    spec: ViewSpec, history: History, budget: Budget, outcomes: list[Outcome], proposal: Proposal
) -> dict[str, Any]:
    present = outcomes[0].rules

    def as_json(outcome: Outcome) -> dict[str, Any]:
        rate = outcome.rate
        known = rate.watched > timedelta()
        return {
            "changes": outcome.rules.beyond(present),
            "false_episodes": rate.episodes,
            "a_year": rate.expected() if known else None,
            "at_least_a_year": rate.at_least() if known else None,
            "at_most_a_year": rate.at_most() if known else None,
            "shows_budget": rate.shows(budget),
            "smallest_shift": outcome.smallest_shift,
            "incidents_lost": outcome.lost,
        }

    return {
        "camera": spec.key.camera,
        "view": spec.key.view,
        "budget": str(budget),
        "checks": len(history.checks),
        "without_evidence": history.without_grounds,
        "watched_s": outcomes[0].rate.watched.total_seconds(),
        "needed_s": budget.needed.total_seconds(),
        "proposal": None if proposal.outcome is None else as_json(proposal.outcome),
        "is_shown": proposal.is_shown,
        "outcomes": [as_json(outcome) for outcome in outcomes],
    }
