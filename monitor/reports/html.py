"""A report as one page of HTML: nothing from elsewhere, readable on a telephone, printable."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from monitor.reports.charts import Drawing, draw
from monitor.reports.document import Chart, Document, is_numeric, shown

WIDTH, HEIGHT = 640, 190
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 26, 24


def render(document: Document) -> bytes:
    """The page."""
    pages = Environment(
        loader=PackageLoader("monitor.reports"),
        autoescape=select_autoescape(["html", "j2"], default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = pages.get_template("report.html.j2")
    return page.render(document=document, shown=shown, is_numeric=is_numeric, svg=svg).encode()


def svg(chart: Chart) -> Markup:
    """A chart as inline SVG; its texts are escaped."""
    drawing = draw(chart)
    inner_width, inner_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(share: float) -> str:
        return f"{LEFT + share * inner_width:.1f}"

    def y(share: float) -> str:
        return f"{HEIGHT - BOTTOM - share * inner_height:.1f}"

    strokes = [_frame(drawing)]
    for height, text in drawing.ticks:
        strokes.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(height)}" y2="{y(height)}"/>'
        )
        strokes.append(f'<text x="{LEFT - 6}" y="{y(height)}" dy="4" text-anchor="end">{escape(text)}</text>')
    for at, text in drawing.labels:
        strokes.append(f'<text x="{x(at)}" y="{HEIGHT - 7}" text-anchor="middle">{escape(text)}</text>')
    for left, width, height in drawing.bars:
        strokes.append(
            f'<rect class="bar" x="{x(left)}" y="{y(height)}" width="{width * inner_width:.1f}" '
            f'height="{height * inner_height:.1f}"/>'
        )
    strokes += [
        f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(height)}" y2="{y(height)}"/>'
        for height in drawing.limits
    ]
    if drawing.points:
        curve = " ".join(f"{x(at)},{y(value)}" for at, value in drawing.points)
        strokes.append(f'<polyline class="curve" points="{curve}"/>')
    return Markup("".join([*strokes, "</svg>"]))  # noqa: S704 - every text in it was escaped above


def _frame(drawing: Drawing) -> str:
    title = escape(drawing.title)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">'
        f'<text class="title" x="0" y="14">{title}</text>'
    )
