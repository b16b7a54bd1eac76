"""The benchmark's report: markdown for people, CSV of every figure, plots, and the worst pairs as pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from train.benchmark import cameras, geometry, plots, scores, tables
from train.benchmark.rows import Row
from train.benchmark.tables import Results, Table
from train.benchmark.targets import Measure
from train.benchmark.worst import Find, draw_worst


@dataclass(frozen=True, slots=True)
class Section:
    """A part that another module measured.

    Attributes:
        title: Heading.
        markdown: What is beneath it.
    """

    title: str
    markdown: str


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What a report shows.

    Attributes:
        title: Heading of the whole.
        introduction: Markdown beneath it: what was measured, on what, with which command.
        ours: The method that is held against the targets and drawn boldest; the first in the rows when None.
        kinds: Rows of the protocol in the order to show them, also those without an answer; as they come when empty.
        doubtful: Camera to what is wrong with its labels; figures without these cameras stand beside, never alone.
        sections: Parts of other modules (retrieval, memory, events), shown after the cost.
        find: Gives a pair again by its id; without it no pictures are drawn.
        worst_of: Methods whose worst pairs are drawn; only `ours` when empty.
        worst_count: How many of each.
        seed: Of the bootstrap.
    """

    title: str = "Benchmark"
    introduction: str = ""
    ours: str | None = None
    kinds: Sequence[str] = ()
    doubtful: Mapping[str, str] = field(default_factory=dict)
    sections: Sequence[Section] = ()
    find: Find | None = None
    worst_of: Sequence[str] = ()
    worst_count: int = 12
    seed: int = 0


def write_report(rows: Sequence[Row], directory: Path, options: ReportOptions | None = None) -> Path:
    """Write `report.md`, `tables/*.csv`, `plots/*.png` and `worst/METHOD/*.png` beneath a directory.

    Args:
        rows: Answers of all methods.
        directory: Made if need be; files of the same names are replaced.
        options: What to show.

    Returns:
        The path of `report.md`.

    Raises:
        NothingMeasured: There are no rows, or none of a method that was asked for.
        FigureError: A score of change is not a number, or a confidence no probability.
    """
    options = options or ReportOptions()
    results = tables.gather(rows, options.ours, options.kinds, options.seed)
    for part in ("tables", "plots"):
        (directory / part).mkdir(parents=True, exist_ok=True)
    parts = [
        f"# {options.title}",
        options.introduction,
        *_warnings(results, options),
        *_kinds(results),
        *_lights(results),
        *_geometry(results, directory),
        *_cameras(results, options),
        *_scores(results, directory),
        "## Cost",
        "CPU time of one judgement on one core, encoding of the frame included, decoding of the picture not.",
        scores.cost_table(results).markdown(),
        *(text for section in options.sections for text in (f"## {section.title}", section.markdown)),
        *_worst(results, options, directory),
    ]
    for name, table in _csv_tables(results, options).items():
        table.write_csv(directory / "tables" / f"{name}.csv")
    path = directory / "report.md"
    path.write_text("\n\n".join(part.strip() for part in parts if part.strip()) + "\n", encoding="utf-8")
    return path


def _csv_tables(results: Results, options: ReportOptions) -> Mapping[str, Table]:
    return {
        "shares": tables.share_list(results),
        "displacement_errors": geometry.error_list(results),
        "detection": geometry.curve_list(results),
        "cameras": cameras.camera_list(results, options.doubtful),
        "confusion": scores.confusion_list(scores.confusions(results)),
        "cost": scores.cost_table(results),
    }


def _warnings(results: Results, options: ReportOptions) -> Iterator[str]:
    pairs = {method: {row.pair for row in results.of(method)} for method in results.methods}
    every = set().union(*pairs.values())
    cameras_seen = {row.camera for row in results.rows}
    yield (
        f"{len(every)} pairs of {len(cameras_seen)} cameras. Intervals are 95 % percentile intervals over "
        f"resampled cameras. {tables.EXACT} marks an exact one-sided bound where nothing or everything was hit: it "
        "takes pairs as independent, so it is optimistic. Abstentions (`unsure`, `dark`) are counted beside alarms; "
        "where a picture really is black, `dark` counts as right as well."
    )
    lacking = {
        method: len(every) - len(judged) for method, judged in pairs.items() if len(judged) < len(every)
    }
    if lacking:
        listed = ", ".join(f"{method} lacks {count}" for method, count in lacking.items())
        yield f"**Not all methods judged the same pairs:** {listed}. Their figures do not compare."
    if len(cameras_seen) == 1:
        yield "**One camera only:** nothing is known of others, and intervals by camera cannot be given."


def _kinds(results: Results) -> Iterator[str]:
    yield "## Targets"
    yield (
        "Shares of single frames, without debounce. “Not surely”: the figure keeps to the target, its interval does "
        "not. Targets of geometry and cost stand in those parts."
    )
    yield tables.target_table(results).markdown()
    yield "## Kinds"
    yield "Bold meets the target."
    titles = {
        Measure.RIGHT: ("Named right", "Share of pairs whose verdict is right."),
        Measure.ALARM: (
            "Reported as a change",
            "Share of pairs reported as any change: false alarms on the same view, changes found on all other kinds.",
        ),
        Measure.ABSTAINED: ("Abstained", "Share of pairs judged `unsure` or `dark`."),
    }
    for measure, (title, text) in titles.items():
        yield f"### {title}"
        yield text
        yield tables.kind_table(results, measure).markdown()


def _lights(results: Results) -> Iterator[str]:
    yield "## The same view by light"
    table = tables.light_table(results)
    if not table.rows:
        yield "No pair shows the same view."
        return
    yield "False alarms / abstentions, each with its interval. `any`: the light is not known."
    yield table.markdown()


def _geometry(results: Results, directory: Path) -> Iterator[str]:
    yield "## Geometry"
    errors = geometry.error_table(results)
    if errors.rows:
        yield (
            "Median / 90th percentile of the absolute error over the pairs in which anything was measured; the share "
            "of those stands under “measured”."
        )
        yield errors.markdown()
        yield "### Median error over all moved kinds"
        yield "Shift is the worse of dx and dy."
        yield geometry.target_table(results).markdown()
    measuring = geometry.measuring(results)
    if silent := [method for method in results.methods if method not in measuring]:
        yield f"Without any measurement: {', '.join(silent)}."
    yield "### Smallest displacement found in 95 % of the pairs"
    yield (
        "Found: reported as any change, at this size and at all larger steps of the protocol. Interpolated between "
        "steps; ≤ and > where the steps do not reach. A method with many false alarms finds small ones by chance: "
        "read it with the plot, which has the false alarms at 0."
    )
    yield geometry.smallest_table(results).markdown()
    by_axis = {axis.name: geometry.curves(results, axis) for axis in geometry.AXES}
    if any(size > 0 for curves in by_axis.values() for curve in curves.values() for size, _ in curve):
        plots.plot_detection(by_axis, plots.looks(results.methods), directory / "plots" / "detection.png")
        yield "![Share of pairs reported as changed against shift, roll and zoom](plots/detection.png)"


def _cameras(results: Results, options: ReportOptions) -> Iterator[str]:
    yield "## Cameras"
    seen = {row.camera for row in results.rows}
    doubtful = {camera: why for camera, why in options.doubtful.items() if camera in seen}
    if doubtful:
        yield f"Labels of some cameras ({cameras.DOUBTFUL}) are wrong in part; they stay in all other figures:"
        yield "\n".join(f"- `{camera}`: {why}" for camera, why in doubtful.items())
    yield cameras.headline_table(results, doubtful).markdown()
    yield f"### Where {results.methods[0]} is most often wrong"
    yield "Wrong: false alarms, and changes missed or misnamed. An abstention on the same view is not counted as wrong."
    yield cameras.worst_cameras(results, doubtful).markdown()


def _scores(results: Results, directory: Path) -> Iterator[str]:
    styles = plots.looks(results.methods)
    curves = scores.roc_curves(results)
    yield "## Score of change"
    if curves:
        yield (
            "The same view against any change, by the method's own score and whatever threshold. Pairs at the "
            "tolerance and black pictures are left out. A threshold that lets no more than 0.1 % of the same views "
            "through lets none through where there are fewer than 1,000."
        )
        yield scores.roc_table(results, curves).markdown()
        plots.plot_roc(curves, styles, directory / "plots" / "roc.png")
        yield "![ROC: changes found against false alarms](plots/roc.png)"
    else:
        yield "There are not both same and changed views, so there is no curve."
    yield "## Confusion"
    yield "Rows are the best right verdict. Pairs at the tolerance, where two verdicts are right, are left out."
    for method, matrix in scores.confusions(results).items():
        name = f"confusion_{slug(method)}.png"
        plots.plot_confusion(matrix, method, directory / "plots" / name)
        yield f"![{method}: truth against verdict](plots/{name})"
    yield "## Confidence"
    found = scores.reliabilities(results)
    if found:
        yield scores.reliability_table(found).markdown()
        plots.plot_reliability(found, styles, directory / "plots" / "reliability.png")
        yield "![Share of right verdicts against confidence](plots/reliability.png)"
    else:
        yield "No method states a confidence."


def _worst(results: Results, options: ReportOptions, directory: Path) -> Iterator[str]:
    if options.find is None:
        return
    yield "## Worst pairs"
    for method in options.worst_of or results.methods[:1]:
        if method not in results.methods:
            raise tables.NothingMeasured(
                f"No answer is of the method {method}.", f"Choose among {', '.join(results.methods)}."
            )
        folder = directory / "worst" / slug(method)
        folder.mkdir(parents=True, exist_ok=True)
        yield f"### {method}"
        worst = draw_worst(results.of(method), options.worst_count, options.find, folder)
        if not worst:
            yield "No pair was judged wrong."
        for pair in worst:
            yield f"![{pair.caption}]({pair.picture.relative_to(directory).as_posix()})"


def slug(method: str) -> str:
    """A method's name as part of a file name."""
    return re.sub(r"[^a-z0-9]+", "_", method.lower()).strip("_") or "method"
