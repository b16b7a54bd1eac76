"""The whole benchmark: methods over the pairs of a split, retrieval, cost and events, into one report."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.domain.errors import MonitorError
from monitor.vision.bundle import load_bundle, shipped_bundle_path
from monitor.vision.encoder import NetworkEncoder
from monitor.vision.network import Network
from train.benchmark import cost_tables, event_tables, retrieval_tables
from train.benchmark.classical import CLASSICAL
from train.benchmark.comparator import COMPARATOR, Comparator, NetworkOnly, method_name
from train.benchmark.cost import measure_cost
from train.benchmark.descriptors import BASELINES, bundle_descriptor
from train.benchmark.events import replay_events
from train.benchmark.method import Pair
from train.benchmark.pairs import KINDS, KNOWN_DOUBTFUL, count_pairs, pairs
from train.benchmark.recorded import RECORDED_KINDS, recorded_pairs
from train.benchmark.report import ReportOptions, Section, write_report
from train.benchmark.retrieval import NothingToFind, arrange, look_up
from train.benchmark.row_file import read_rows
from train.benchmark.rows import Row
from train.benchmark.run import Build, run
from train.benchmark.series import UnfitSeries
from train.benchmark.watching import ServiceEye
from train.benchmark.worst import rank_wrong
from train.data.manifest import Manifest
from train.data.sampling import PairingRules
from train.data.splits import Pool

OURS = ("comparator", "network")
"""Methods that a bundle gives: the service's whole comparison, and the network's word alone."""
METHODS = (*OURS, *CLASSICAL)
TITLES = {"retrieval": "Retrieval", "cost": "Cost by stage, and memory", "events": "Events"}
SECTIONS = tuple(TITLES)
WORST = 24
"""Wrong answers of our comparator that are drawn for people to look at."""


class UnfitPlan(MonitorError):
    """A benchmark was asked for that cannot be run."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured.

    Attributes:
        split: Name of the split, for the report.
        bundles: Bundle files; the shipped one when empty. The first is "ours".
        methods: Of `METHODS`.
        per_camera: References of each fixed camera.
        seed: Of the pairs.
        sections: Of `SECTIONS`.
        workers: Processes that judge pairs.
        command: How the report can be made again.
    """

    split: str
    bundles: Sequence[Path] = ()
    methods: Sequence[str] = METHODS
    per_camera: int = 12
    seed: int = 0
    sections: Sequence[str] = SECTIONS
    workers: int = 2
    command: str = ""


def benchmark(
    plan: Plan, manifest: Manifest, pool: Pool, rules: PairingRules, out: Path, say: Callable[[str], None]
) -> Path:
    """Measure everything in the plan; a run that was killed goes on with what is missing.

    Args:
        plan: What to measure.
        manifest: For the pairs as recorded.
        pool: The split's pictures.
        rules: Which frames of a camera may meet.
        out: Directory of the report; `rows.csv` in it holds every answer.
        say: Told of the progress.

    Returns:
        The path of `report.md`.

    Raises:
        UnfitPlan: No such method or section, or the directory holds pairs of another plan.
        DataError: The split has too few views.
    """
    _check(plan)
    out.mkdir(parents=True, exist_ok=True)
    _claim(out, plan, manifest)
    drawn = functools.partial(_all_pairs, plan, manifest, pool, rules)
    builds = [build for key in plan.methods for build in _builds(key, plan)]
    total = count_pairs(pool, plan.per_camera) + sum(1 for _ in _recorded(plan, manifest))
    run(builds, drawn(), out / "rows.csv", say, plan.workers, total)
    rows = read_rows(out / "rows.csv")
    ours = _ours(plan, {row.method for row in rows})
    options = ReportOptions(
        title=f"Benchmark on {plan.split}",
        introduction=_introduction(plan, manifest, pool, total),
        ours=ours,
        kinds=(*KINDS, *RECORDED_KINDS),
        doubtful={camera: why for camera, why in KNOWN_DOUBTFUL.items() if camera in pool.cameras},
        sections=list(_sections(plan, pool, out, say)),
        find=_finder(rows, ours, drawn),
        worst_count=WORST,
    )
    return write_report(rows, out, options)


def _check(plan: Plan) -> None:
    for named, known, what in (
        (plan.methods, METHODS, "method"),
        (plan.sections, SECTIONS, "section"),
    ):
        unknown = [name for name in named if name not in known]
        if unknown:
            raise UnfitPlan(f"No such {what}: {', '.join(unknown)}.", f"There are {', '.join(known)}.")
    if not plan.methods:
        raise UnfitPlan("No method is to be measured.", f"There are {', '.join(METHODS)}.")


def _claim(out: Path, plan: Plan, manifest: Manifest) -> None:
    """Rows of other pairs must not be mixed with these."""
    asked = {
        "split": plan.split,
        "per_camera": plan.per_camera,
        "seed": plan.seed,
        "data": manifest.fingerprint,
    }
    path = out / "plan.json"
    if path.is_file() and json.loads(path.read_text()) != asked:
        raise UnfitPlan(
            f"{out} holds a benchmark of other pairs or other data.",
            "Give another directory with --out, or delete this one.",
        )
    path.write_text(json.dumps(asked, indent=1) + "\n")


def _bundles(plan: Plan) -> Sequence[Path]:
    return plan.bundles or (shipped_bundle_path(),)


def _builds(key: str, plan: Plan) -> Iterator[Build]:
    if key in CLASSICAL:
        yield CLASSICAL[key]
    for bundle in _bundles(plan) if key in OURS else ():
        if key == "network":
            yield functools.partial(NetworkOnly, bundle)
        else:
            yield functools.partial(Comparator, bundle)


def _ours(plan: Plan, measured: Collection[str]) -> str | None:
    """The comparator of the first bundle, whatever the file holds of others."""
    name = method_name(COMPARATOR, load_bundle(_bundles(plan)[0]).id)
    return name if name in measured else None


def _recorded(plan: Plan, manifest: Manifest) -> Iterator[Pair]:
    """Pairs as recorded; none for the validation cameras, which are part of the train split."""
    return recorded_pairs(manifest, plan.split) if plan.split in ("train", "dev") else iter(())


def _all_pairs(
    plan: Plan, manifest: Manifest, pool: Pool, rules: PairingRules, kinds: Sequence[str] | None = None
) -> Iterator[Pair]:
    drawn = pairs(pool, rules, plan.per_camera, plan.seed, kinds)
    return itertools.chain(drawn, _recorded(plan, manifest))


def _finder(
    rows: Sequence[Row], ours: str | None, drawn: Callable[..., Iterator[Pair]]
) -> Callable[[str], Pair] | None:
    """Gives the pairs that are drawn again; others of their kinds are passed over once, not kept."""
    if ours is None:
        return None
    worst = rank_wrong([row for row in rows if row.method == ours], WORST)
    wanted, kinds = {row.pair for row in worst}, {row.kind for row in worst}
    again = drawn(kinds=[kind for kind in KINDS if kind in kinds]) if wanted else iter(())
    found = {pair.id: pair for pair in again if pair.id in wanted}
    return found.__getitem__


def _sections(plan: Plan, pool: Pool, out: Path, say: Callable[[str], None]) -> Iterator[Section]:
    (out / "tables").mkdir(exist_ok=True)
    measures = {"retrieval": _retrieval, "cost": _cost, "events": _events}
    for name in plan.sections:
        say(name)
        try:
            markdown = measures[name](plan, pool, out / "tables")
        except (NothingToFind, UnfitSeries) as error:
            markdown = f"Not measured. {error}"
        yield Section(TITLES[name], markdown)


def _retrieval(plan: Plan, pool: Pool, tables: Path) -> str:
    arrangement = arrange(pool)
    bundles = [bundle_descriptor(load_bundle(path)) for path in _bundles(plan)]
    found = look_up(arrangement, [*bundles, *BASELINES])
    retrieval_tables.lookup_rows(found).write_csv(tables / "retrieval.csv")
    return retrieval_tables.as_markdown(arrangement, found, KNOWN_DOUBTFUL)


def _cost(plan: Plan, pool: Pool, tables: Path) -> str:
    others = [CLASSICAL[key]() for key in plan.methods if key in CLASSICAL]
    cost = measure_cost(pool, _bundles(plan)[0], others)
    cost_tables.cost_rows(cost).write_csv(tables / "cost.csv")
    return cost_tables.as_markdown(cost)


def _events(plan: Plan, pool: Pool, tables: Path) -> str:
    bundle = load_bundle(_bundles(plan)[0])
    eye = ServiceEye(NetworkEncoder(Network(bundle, threads=1)), bundle.card.thresholds)
    events = replay_events(pool, eye)
    event_tables.untouched_rows(events).write_csv(tables / "events_untouched.csv")
    event_tables.case_rows(events).write_csv(tables / "events_faults.csv")
    return event_tables.as_markdown(events)


def _introduction(plan: Plan, manifest: Manifest, pool: Pool, total: int) -> str:
    what = (
        f"{total} pairs of {len(pool.cameras)} fixed cameras and of recordings, split `{plan.split}`, data "
        f"`{manifest.fingerprint}`, {plan.per_camera} references a camera, seed {plan.seed}. One frame each: no "
        "debounce, no memory, no masks."
    )
    return f"{what}\n\nMade by `{plan.command}`." if plan.command else what
