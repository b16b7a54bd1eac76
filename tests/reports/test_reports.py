import csv
import io
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from monitor.reports.charts import draw
from monitor.reports.compose import compose, wilson
from monitor.reports.document import Bars, Column, Document, Line, Section, Table
from monitor.reports.errors import FormatMissing, UnknownFormat
from monitor.reports.html import svg
from monitor.reports.kinds import format_of, render
from tests.reports.samples import report

EVIL = '<script>alert("x")</script>&'


class Reader(HTMLParser):
    """Collects tags, attributes that load something, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "srcset")]

    def handle_data(self, data: str) -> None:
        self.text += data


def page(content: bytes) -> Reader:
    reader = Reader()
    reader.feed(content.decode())
    return reader


def test_the_page_says_what_the_report_says():
    read = page(render(report(), "html"))
    for text in (
        "Camera views, 2026-03-02 to 2026-03-08",
        "98.0 %",
        "10.0 h on average until it was over (median 2.0 h, 2 incidents).",
        "1 of 2 views were never checked.",
        "4 more were part of another incident",
        "flipped 180",
        "26.5 h",
        "0.60 % right",
        "2026-03-29",
        "The newest reference is 200 days old.",
        "1 of 4 judged incidents were false alarms: 25 % (5 to 70 % at 95 %).",
        "desk",
    ):
        assert text in read.text, text
    assert read.tags.count("svg") == 3
    assert read.tags.count("h2") == 10


def test_the_page_needs_nothing_from_elsewhere():
    content = render(report(), "html")
    read = page(content)
    assert read.loads == []
    assert not {"script", "link", "img", "iframe"} & set(read.tags)
    assert b"url(" not in content
    assert b"@import" not in content
    assert b'name="viewport"' in content
    assert b"@media print" in content


def test_names_are_escaped_wherever_they_stand():
    content = render(report(EVIL), "html").decode()
    assert "<script" not in content
    assert EVIL in page(content.encode()).text
    assert "<script" not in svg(Bars(EVIL, (EVIL,), (1.0,)))


def test_csv_has_one_figure_a_line():
    rows = list(csv.DictReader(io.StringIO(render(report(), "csv").decode())))
    assert {row["section"] for row in rows} >= {"Summary", "Coverage", "Drift", "False alarms"}
    assert [
        row["value"]
        for row in rows
        if (row["section"], row["subject"], row["figure"]) == ("Incidents by cause", "flipped 180", "opened")
    ] == ["3"]
    assert [row["value"] for row in rows if row["figure"] == "usable"] == ["", "0.98"]


def test_nothing_in_a_csv_file_runs_in_a_spreadsheet():
    rows = csv.reader(io.StringIO(render(report("=cmd|' /C calc'!A0"), "csv").decode()))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@"))]


def test_the_pdf_is_one_with_pages_and_the_title():
    content = render(report(), "pdf")
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    assert 1 <= len(re.findall(rb"/Type /Page\b", content)) <= 4
    assert "Camera views".encode("utf-16-be") in content or b"Camera views" in content


def test_a_pdf_survives_letters_that_its_fonts_lack():
    assert render(report("Łódź 東京 →"), "pdf").startswith(b"%PDF-")


def test_a_pdf_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "fpdf", None)
    with pytest.raises(FormatMissing, match=r"camera-view-monitor\[reports\]"):
        render(report(), "pdf")


def test_the_format_is_the_end_of_the_name():
    assert [format_of(Path(f"a.b.{end}")) for end in ("html", "PDF", "csv")] == ["html", "pdf", "csv"]
    for name in ("report", "report.docx", "html"):
        with pytest.raises(UnknownFormat, match=r"\.html, \.pdf or \.csv"):
            format_of(Path(name))


def test_every_format_tells_the_same_figures():
    """CSV and HTML are made of one document: a cell of it is in both."""
    document = compose(report())
    cells = [
        cell
        for section in document.sections
        if section.table
        for row in section.table.rows
        for cell in row[1:]
        if isinstance(cell, str)
    ]
    assert cells
    text, table = page(render(report(), "html")).text, render(report(), "csv").decode()
    assert [cell for cell in cells if cell not in text or cell not in table] == []


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"), [(0, 10, 0.0, 0.278), (5, 10, 0.237, 0.763), (10, 10, 0.722, 1.0)]
)
def test_the_bounds_of_a_share(hits: int, count: int, low: float, high: float):
    assert wilson(hits, count) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))


def test_charts_stay_in_their_box():
    drawn = draw(Bars("a", tuple("abcdefghijklmnop"), tuple(float(n) for n in range(16))))
    assert max(height for _, _, height in drawn.bars) == 15 / 20
    assert drawn.ticks == ((0.0, "0"), (0.25, "5"), (0.5, "10"), (0.75, "15"), (1.0, "20"))
    assert len(drawn.labels) == 8
    assert draw(Bars("none", ("a",), (0.0,))).bars[0][2] == 0.0
    curve = draw(Line("b", ("from", "to"), ((0.0, 0.2), (10.0, 1.5)), (1.0,)))
    assert curve.points == ((0.0, 0.1), (1.0, 0.75))
    assert curve.limits == (0.5,)


def test_a_report_of_nothing_is_one_too():
    empty = Document("t", "s", (), (Section("h", table=Table((Column("a"),), ())),))
    from monitor.reports import csv as csv_format
    from monitor.reports import html

    assert b"<h2>h</h2>" in html.render(empty)
    assert csv_format.render(empty) == b"section,subject,figure,value\r\n"
