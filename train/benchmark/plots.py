"""Plots of the report as PNG files, each a figure of its own: no window system, no global state of matplotlib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from train.benchmark.geometry import AXES, FOUND
from train.metrics.classification import Confusion
from train.metrics.detection import Roc
from train.metrics.reliability import Reliability

DPI = 130
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Colours that people with any colour vision tell apart (Okabe and Ito); black and grey are kept for what is given."""
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (7, 2)))
MARKERS = "osD^vP"
REST = ("#A8A8A8", "#7C7C7C")
GIVEN = "#444444"
MOST_CONFIDENT_MARKER = 160.0
"""Area of the marker of a bin that holds all of a method's verdicts, square points."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a method is drawn, the same in every plot."""

    colour: str
    dash: Any
    marker: str
    width: float
    highlighted: bool


def looks(methods: Sequence[str]) -> Mapping[str, Look]:
    """The first six in colours of their own, the very first the thickest; the others thin and grey."""
    found = {}
    for index, method in enumerate(methods):
        if index < len(PALETTE):
            width = 2.6 if index == 0 else 1.5
            found[method] = Look(PALETTE[index], DASHES[index], MARKERS[index], width, highlighted=True)
        else:
            rest = index - len(PALETTE)
            grey, dash = REST[rest % len(REST)], DASHES[rest // len(REST) % len(DASHES)]
            found[method] = Look(grey, dash, "", 0.9, highlighted=False)
    return found


def plot_roc(curves: Mapping[str, Roc], styles: Mapping[str, Look], path: Path) -> None:
    """Share of changes found against the share of false alarms, on a logarithmic scale: few are all one can bear."""
    figure, axes = _blank(8.6, 4.8)
    fewest = min(
        float(curve.false_positive_rate[curve.false_positive_rate > 0][0]) for curve in curves.values()
    )
    left = min(0.1, 10 ** np.floor(np.log10(fewest)))
    for method, curve in curves.items():
        # A logarithm has no zero: the curve enters at the left edge, at the height that it has there.
        shown = curve.false_positive_rate > left
        rate = np.concatenate([[left], curve.false_positive_rate[shown]])
        share = np.concatenate([[curve.true_positive_rate_at(left)], curve.true_positive_rate[shown]])
        _line(axes, rate, share, method, styles[method], steps=True, note=f"AUC {curve.auc:.3f}")
    chance = np.geomspace(left, 1, 200)
    axes.plot(chance, chance, color=GIVEN, linewidth=0.8, linestyle=":", label="chance", zorder=1)
    axes.set(xscale="log", xlim=(left, 1), ylim=(0, 1.01))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value * 100:g}"))
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=""))
    axes.set_xlabel("same views above the threshold (%)")
    axes.set_ylabel("changed views above the threshold (%)")
    axes.set_title("Score of change: the same view against any change", fontsize=11)
    _legend_beside(figure, axes, styles)
    _save(figure, path)


def plot_detection(
    by_axis: Mapping[str, Mapping[str, list[tuple[float, float]]]], styles: Mapping[str, Look], path: Path
) -> None:
    """Share of pairs reported as changed against the displacement, one panel an axis; size 0 is the same view."""
    figure = Figure(figsize=(11.5, 4.4), layout="constrained")
    panels = figure.subplots(1, len(AXES), sharey=True)
    for panel, axis in zip(panels, AXES, strict=True):
        for method, curve in by_axis[axis.name].items():
            if curve:
                sizes, shares = np.array(curve).T
                _line(panel, sizes, shares, method, styles[method], marked=True)
        panel.axhline(
            FOUND, color=GIVEN, linewidth=0.8, linestyle=":", label=f"{FOUND * 100:.0f} %", zorder=1
        )
        panel.set(ylim=(-0.02, 1.03), xlabel=f"{axis.name} ({axis.unit})")
        # Small displacements are what methods differ in; a root, unlike a logarithm, has room for none at all.
        panel.set_xscale("function", functions=(lambda size: np.sqrt(np.maximum(size, 0)), np.square))
        panel.set_xlim(left=0)
        panel.set_xticks(sorted({size for curve in by_axis[axis.name].values() for size, _ in curve}))
        panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
        panel.yaxis.set_major_formatter(PercentFormatter(1, symbol=""))
        _calm(panel)
    panels[0].set_ylabel("reported as any change (%)")
    figure.suptitle("Detection against displacement (at 0: false alarms on the same view)", fontsize=11)
    _legend_beside(figure, panels[0], styles)
    _save(figure, path)


def plot_confusion(found: Confusion, method: str, path: Path) -> None:
    """What was said of each truth: colour is the share of the truth's pairs, numbers are per cent of them."""
    truths = [index for index, count in enumerate(found.counts.sum(axis=1)) if count]
    said = [index for index, count in enumerate(found.counts.sum(axis=0)) if count or index in truths]
    shares = found.shares[np.ix_(truths, said)]
    figure = Figure(figsize=(2.6 + 0.72 * len(said), 1.9 + 0.46 * len(truths)), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for y, row in enumerate(shares):
        for x, share in enumerate(row):
            if share > 0:
                right = truths[y] == said[x]
                text = "100" if share == 1 else "<0.1" if share < 0.0005 else f"{min(share * 100, 99.9):.1f}"
                colour = "white" if share > 0.65 else "black"
                weight = "bold" if right else "normal"
                axes.text(x, y, text, ha="center", va="center", fontsize=9, color=colour, fontweight=weight)
    sums = found.counts.sum(axis=1)
    axes.set_xticks(range(len(said)), [_words(found.labels[i]) for i in said], rotation=40, ha="right")
    axes.set_yticks(range(len(truths)), [f"{_words(found.labels[i])} ({sums[i]})" for i in truths])
    axes.set_xticks(np.arange(-0.5, len(said)), minor=True)
    axes.set_yticks(np.arange(-0.5, len(truths)), minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    axes.set_xlabel("said")
    axes.set_ylabel("truth (pairs)")
    axes.set_title(f"{method}: per cent of each truth", fontsize=11)
    _save(figure, path)


def plot_reliability(found: Mapping[str, Reliability], styles: Mapping[str, Look], path: Path) -> None:
    """Share of right verdicts against their confidence; large markers hold many of a method's verdicts."""
    figure, axes = _blank(8.6, 4.8)
    axes.plot([0, 1], [0, 1], color=GIVEN, linewidth=0.8, linestyle=":", label="ideal", zorder=1)
    for method, each in found.items():
        look = styles[method]
        _line(axes, each.confidence, each.right, method, look, note=f"error {each.expected_error:.3f}")
        if look.highlighted:
            area = 6 + MOST_CONFIDENT_MARKER * each.counts / each.counts.sum()
            axes.scatter(
                each.confidence,
                each.right,
                s=area,
                c=look.colour,
                marker=look.marker,
                zorder=3,
                clip_on=False,
            )
    axes.set(
        xlim=(0, 1), ylim=(0, 1), xlabel="confidence in the verdict (%)", ylabel="verdicts that are right (%)"
    )
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=""))
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=""))
    axes.set_title("Reliability of the confidence (abstentions left out)", fontsize=11)
    _legend_beside(figure, axes, styles)
    _save(figure, path)


def _blank(width_in: float, height_in: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    axes = figure.add_subplot()
    _calm(axes)
    return figure, axes


def _calm(axes: Axes) -> None:
    axes.grid(color="#E4E4E4", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _line(
    axes: Axes,
    x: Any,
    y: Any,
    method: str,
    look: Look,
    steps: bool = False,
    marked: bool = False,
    note: str = "",
) -> None:
    axes.plot(
        x,
        y,
        color=look.colour,
        linestyle=look.dash,
        linewidth=look.width,
        marker=look.marker if marked else "",
        markersize=4.5,
        drawstyle="steps-post" if steps else "default",
        zorder=2.5 if look.highlighted else 1.5,
        label=f"{method}\n{note}".strip(),
    )


def _legend_beside(figure: Figure, axes: Axes, styles: Mapping[str, Look]) -> None:
    """Right of the plot, where it covers nothing."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", frameon=False, fontsize=9, handlelength=3.2)


def _words(verdict: str) -> str:
    return verdict.replace("_", " ")


def _save(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure)
    figure.savefig(path, dpi=DPI, format="png", metadata={"Software": None})
