"""A report as PDF, drawn by fpdf2 with the fonts that every reader has: no system packages, no browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.reports.charts import draw
from monitor.reports.document import Chart, Document, Table, is_numeric, shown
from monitor.reports.errors import FormatMissing

if TYPE_CHECKING:  # an extra, which may be missing
    from fpdf import FPDF

MARGIN_MM = 14.0
CHART_MM = (170.0, 42.0)
# A heading stays with the first row of its table.
HEADING_AND_ROW_MM = 34.0
INK, SOFT, LINE, ACCENT, BAD = (28, 39, 51), (91, 107, 123), (200, 208, 216), (33, 102, 172), (178, 24, 43)
# The built-in fonts know Latin letters only; a few signs have a near one, others become question marks.
_SIGNS = str.maketrans({"–": "-", "—": "-", "…": "...", "“": '"', "”": '"', "’": "'", "≥": ">=", "≤": "<="})


def render(document: Document) -> bytes:
    """The file.

    Raises:
        FormatMissing: fpdf2 is not installed.
    """
    try:
        from fpdf import FPDF
    except ImportError:
        raise FormatMissing(
            "PDF reports need a package that is not installed.",
            "Install it with: pip install 'camera-view-monitor[reports]', or write .html, which prints well.",
        ) from None

    class Pages(FPDF):
        """Numbered pages."""

        def footer(self) -> None:
            self.set_y(-10)
            self.set_font("helvetica", size=8)
            self.set_text_color(*SOFT)
            self.cell(0, 5, f"{self.page_no()} / {{nb}}", align="R")

    pdf = Pages(format="A4")
    pdf.set_title(_latin(document.title))
    pdf.set_margins(MARGIN_MM, MARGIN_MM)
    pdf.set_auto_page_break(True, MARGIN_MM)
    pdf.add_page()
    _text(pdf, document.title, 18, INK, bold=True)
    _text(pdf, document.subtitle, 9, SOFT)
    pdf.ln(3)
    _figures(pdf, document.figures)
    for section in document.sections:
        if pdf.will_page_break(HEADING_AND_ROW_MM):
            pdf.add_page()
        pdf.ln(5)
        _text(pdf, section.heading, 13, INK, bold=True)
        pdf.set_draw_color(*LINE)
        pdf.line(pdf.l_margin, pdf.get_y() + 0.5, pdf.w - pdf.r_margin, pdf.get_y() + 0.5)
        pdf.ln(2)
        for sentence in section.sentences:
            _text(pdf, sentence, 9.5, INK)
        for chart in section.charts:
            _chart(pdf, chart)
        if section.table is not None:
            pdf.ln(1.5)
            _table(pdf, section.table)
    return bytes(pdf.output())


def _latin(text: str) -> str:
    return text.translate(_SIGNS).encode("latin-1", "replace").decode("latin-1")


def _text(pdf: FPDF, text: str, size: float, colour: tuple[int, int, int], *, bold: bool = False) -> None:
    pdf.set_font("helvetica", style="B" if bold else "", size=size)
    pdf.set_text_color(*colour)
    pdf.multi_cell(0, size * 0.5, _latin(text), new_x="LMARGIN", new_y="NEXT", align="L")


def _figures(pdf: FPDF, figures: tuple[tuple[str, str], ...]) -> None:
    gap = 2.5
    width = (pdf.epw - gap * (len(figures) - 1)) / len(figures)
    top = pdf.get_y()
    for index, (value, words) in enumerate(figures):
        left = pdf.l_margin + index * (width + gap)
        pdf.set_fill_color(242, 245, 248)
        pdf.rect(left, top, width, 15, style="F", round_corners=True, corner_radius=1.5)
        pdf.set_xy(left + 2, top + 2)
        pdf.set_font("helvetica", style="B", size=13)
        pdf.set_text_color(*INK)
        pdf.cell(width - 4, 6, _latin(value))
        pdf.set_xy(left + 2, top + 8.5)
        pdf.set_font("helvetica", size=7)
        pdf.set_text_color(*SOFT)
        pdf.cell(width - 4, 4, _latin(words))
    pdf.set_xy(pdf.l_margin, top + 16)


def _table(pdf: FPDF, table: Table) -> None:
    from fpdf.fonts import FontFace

    pdf.set_font("helvetica", size=8.5)
    pdf.set_text_color(*INK)
    pdf.set_draw_color(*LINE)
    # Cells are filled with the colour of what was drawn last.
    pdf.set_fill_color(255, 255, 255)
    texts = [
        [_latin(shown(cell, column.unit)) for cell, column in zip(row, table.columns, strict=True)]
        for row in table.rows
    ]
    names = [_latin(column.name) for column in table.columns]
    # A sixth more than plain letters need, as the first row is bold.
    widths = [
        min(60.0, max(10.0, *(1.17 * pdf.get_string_width(row[index]) for row in [names, *texts])) + 4)
        for index in range(len(names))
    ]
    numeric = [is_numeric(table, index) for index in range(len(names))]
    with pdf.table(
        col_widths=tuple(widths),
        width=pdf.epw,
        align="L",
        line_height=4.6,
        borders_layout="HORIZONTAL_LINES",
        text_align=tuple("RIGHT" if right else "LEFT" for right in numeric),
        headings_style=FontFace(emphasis="BOLD", color=SOFT),
        padding=(0.6, 2, 0.6, 0),
    ) as drawn:
        for row in [names, *texts]:
            drawn.row(row)


def _chart(pdf: FPDF, chart: Chart) -> None:
    drawing = draw(chart)
    width, height = CHART_MM
    if pdf.will_page_break(height + 12):
        pdf.add_page()
    pdf.ln(2)
    _text(pdf, drawing.title, 8.5, INK, bold=True)
    left, bottom = pdf.l_margin + 9, pdf.get_y() + height
    inner = width - 9
    pdf.set_font("helvetica", size=7)
    pdf.set_text_color(*SOFT)
    pdf.set_line_width(0.15)
    for at, text in drawing.ticks:
        y = bottom - at * (height - 3)
        pdf.set_draw_color(*LINE)
        pdf.line(left, y, left + inner, y)
        pdf.set_xy(pdf.l_margin, y - 1.5)
        pdf.cell(8, 3, _latin(text), align="R")
    for at, text in drawing.labels:
        pdf.set_xy(left + at * inner - 12, bottom + 0.8)
        pdf.cell(24, 3, _latin(text), align="C")
    pdf.set_fill_color(*ACCENT)
    for at, share, value in drawing.bars:
        if value > 0:
            pdf.rect(
                left + at * inner,
                bottom - value * (height - 3),
                share * inner,
                value * (height - 3),
                style="F",
            )
    pdf.set_draw_color(*BAD)
    for value in drawing.limits:
        y = bottom - value * (height - 3)
        with pdf.local_context():
            pdf.set_dash_pattern(dash=1.5, gap=1)
            pdf.line(left, y, left + inner, y)
    if len(drawing.points) > 1:
        pdf.set_draw_color(*ACCENT)
        pdf.set_line_width(0.5)
        pdf.polyline([(left + at * inner, bottom - value * (height - 3)) for at, value in drawing.points])
    pdf.set_line_width(0.2)
    pdf.set_xy(pdf.l_margin, bottom + 5)
