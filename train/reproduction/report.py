"""The report of a reproduction: what was published of each design, and what it is worth here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from train.benchmark import plots, scores
from train.benchmark.pairs import KINDS
from train.benchmark.rows import Row
from train.benchmark.tables import NOTHING, Cell, Results, Table, gather, percent, share_list
from train.benchmark.targets import Measure
from train.reproduction.pictures import Drawn
from train.reproduction.run import OURS, Plan, Reproduced, label_of

RANKS = (1, 5, 10, 20)
STRANGERS = "called_same_unrelated"


def write_report(
    plan: Plan, done: Sequence[Reproduced], rows: Sequence[Row], drawn: Sequence[Drawn], command: str
) -> Path:
    """Write `report.md` with its tables as CSV beside it.

    Args:
        plan: What was reproduced.
        done: What came of it.
        rows: Answers on the benchmark's pairs; may be empty.
        drawn: Pictures beneath the plan's directory.
        command: How the report can be made again.

    Returns:
        Its path.
    """
    parts = [
        "# The five published designs",
        _introduction(plan, command),
        *_published(done),
        *_pairs(plan, done, rows),
        *_flaw(done, rows),
        *_retrieval(done),
        *_cost(done),
        *_service(done),
        *_pictures(plan, drawn),
    ]
    path = plan.out / "report.md"
    path.write_text("\n\n".join(part.strip() for part in parts if part.strip()) + "\n", encoding="utf-8")
    return path


def _introduction(plan: Plan, command: str) -> str:
    length = (
        "**A quick run**: a few dozen steps each, to see that everything works; its figures are worth little."
        if plan.quick
        else "Runs as long as the recipes say."
    )
    return f"{length} Data: `{plan.data.name}`. Made by `{command}`."


def _published(done: Sequence[Reproduced]) -> Iterator[str]:
    yield "## As published, and here"
    yield (
        "Held out: pairs of places (cameras, or pictures) that were not learned from. AUC and equal error rate are of "
        "the design's own question: upside down or not for A, the same place or not for all others."
    )
    lines: list[tuple[Cell, ...]] = []
    for one in done:
        figures, headline = one.figures, one.design.headline
        lines.append(
            (
                one.design.letter,
                one.design.title,
                one.design.published or "no figure",
                _headline(figures, headline),
                _number(figures.get("auc")),
                _share(figures.get("equal_error_rate")),
                _share(figures.get("precision")),
                _share(figures.get("recall")),
                f"{one.steps} steps, {one.minutes:.0f} min",
                one.design.differs,
            )
        )
    columns = (
        "", "design", "published", "here", "AUC", "equal error rate", "precision of same", "recall of same",
        "trained", "what differs",
    )  # fmt: skip
    yield Table(columns, tuple(lines)).markdown()


def _pairs(plan: Plan, done: Sequence[Reproduced], rows: Sequence[Row]) -> Iterator[str]:
    yield "## On the benchmark's pairs"
    if not rows:
        yield "Not measured: the data set has no fixed cameras that were held out."
        return
    yield (
        "Each by its own rule alone, as published; the default network also as the service runs it. On the same view "
        "a report is a false alarm, on all other kinds it is the change found, under whatever name. docs/training.md "
        "says what the kinds are."
    )
    results = gather(rows, next((row.method for row in rows if row.method.startswith(OURS)), None), KINDS)
    yield _reported(results).markdown()
    yield "In %; intervals stand in `shares.csv`. The service abstains on black pictures (`dark`): that is no report."
    curves = scores.roc_curves(results)
    if curves:
        yield "### By the score of change alone, whatever the threshold"
        yield scores.roc_table(results, curves).markdown()
        plots.plot_roc(curves, plots.looks(results.methods), plan.out / "roc.png")
        yield "![ROC: changes found against false alarms](roc.png)"
    share_list(results).write_csv(plan.out / "shares.csv")


def _reported(results: Results) -> Table:
    """A line a method, a column a kind: there are more methods than a page is wide."""
    kinds = [kind for kind in results.kinds if any(results.of(method, kind) for method in results.methods)]
    lines: list[tuple[Cell, ...]] = []
    for method in results.methods:
        shares = [results.share(results.of(method, kind), Measure.ALARM) for kind in kinds]
        lines.append((method, *(NOTHING if share is None else percent(share.value) for share in shares)))
    return Table(("method", *kinds), tuple(lines))


def _flaw(done: Sequence[Reproduced], rows: Sequence[Row]) -> Iterator[str]:
    asked = [one for one in done if STRANGERS in one.figures]
    if not asked:
        return
    yield "## The flaw of A, before and after"
    yield (
        "A knows two answers, so a picture of another place gets one of them by chance. With unrelated pairs as a "
        "third class it has a word for them. Share of pairs that are called the same, of held-out pictures:"
    )
    kinds = ("same", "rotated", "unrelated")
    lines: list[tuple[Cell, ...]] = [
        (label_of(one.design), *(_share(one.figures.get(f"called_same_{kind}")) for kind in kinds))
        for one in asked
    ]
    yield Table(("design", *(f"{kind}, called same" for kind in kinds)), tuple(lines)).markdown()
    strangers = [row for row in rows if row.kind == "other scene"]
    if strangers:
        yield "What each says of another scene, of the benchmark's pairs:"
        methods = [one for one in dict.fromkeys(row.method for row in strangers) if one.startswith("A")]
        verdicts = ("ok", "flipped_180", "different_scene")
        said: list[tuple[Cell, ...]] = []
        for method in methods:
            answers = [row.verdict.value for row in strangers if row.method == method]
            said.append((method, len(answers), *(_share(answers.count(v) / len(answers)) for v in verdicts)))
        yield Table(("method", "pairs", *verdicts), tuple(said)).markdown()


def _retrieval(done: Sequence[Reproduced]) -> Iterator[str]:
    asked = [one for one in done if "mean_average_precision" in one.figures]
    if not asked:
        return
    yield "## Finding places again"
    yield "Held-out pictures of up to 24 places, each looked for among all others."
    lines: list[tuple[Cell, ...]] = [
        (
            label_of(one.design),
            _share(one.figures["mean_average_precision"]),
            *(_share(one.figures.get(f"rank_{rank}")) for rank in RANKS),
        )
        for one in asked
    ]
    lines.append(("E as published, people", "78.7 %", "81.8 %", "93.9 %", "95.5 %", "97.7 %"))
    yield Table(("design", "mAP", *(f"Rank-{rank}" for rank in RANKS)), tuple(lines)).markdown()


def _cost(done: Sequence[Reproduced]) -> Iterator[str]:
    yield "## Seconds for one picture"
    yield "One thread on the CPU, one picture at a time. Published of E: 0.21 s on a CPU, 0.017 s on a GPU."
    lines: list[tuple[Cell, ...]] = [
        (
            label_of(one.design),
            f"{one.speed.torch_cpu_s:.4f}",
            "no GPU here" if one.speed.torch_gpu_s is None else f"{one.speed.torch_gpu_s:.4f}",
            f"{one.speed.onnx_cpu_s:.4f}",
            f"{one.speed.bundle_mb:.1f}",
        )
        for one in done
    ]
    yield Table(
        ("design", "torch, CPU", "torch, GPU", "as the service runs it, CPU", "bundle, MB"), tuple(lines)
    ).markdown()


def _service(done: Sequence[Reproduced]) -> Iterator[str]:
    yield "## In the service"
    yield "Set `bundle` to one of these and run `monitor references reencode`; the card says what each can tell."
    yield "\n".join(f"- `{one.bundle.name}` in `{one.bundle.parent.name}`" for one in done)


def _pictures(plan: Plan, drawn: Sequence[Drawn]) -> Iterator[str]:
    if drawn:
        yield "## Pictures"
    for one in drawn:
        yield f"![{one.caption}]({one.path.relative_to(plan.out).as_posix()})"


def _headline(figures: Mapping[str, float], headline: str) -> str:
    # Contests have fewer ways where fewer places are held out.
    name = next((name for name in figures if name.startswith(headline)), headline)
    return f"{name.replace('_', ' ')} {_share(figures.get(name))}"


def _share(value: float | None) -> str:
    return NOTHING if value is None else f"{value * 100:.1f} %"


def _number(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3f}"
