import re

import pytest

from monitor.domain.state import Change
from tests.docs import sources
from tests.docs.pages import ROOT, headings_of, prose_of, rows_of, spans_of

RUNBOOK = ROOT / "docs/runbook.md"
NO_MESSAGES = {"Runbook", "How it is used", "What the log says", "A fault of the program"}
CHAPTERS = {"Configuration", "Cameras", "Addresses and TLS", "Database and disk", "References and incidents"}
CHAPTERS |= {"Finding and adding cameras", "Networks", "Alerts", "Reports", "Trying things out"}


def test_every_error_that_the_program_raises_is_explained() -> None:
    raised = sources.error_classes() & sources.raised_names()
    assert len(raised) > 40
    explained = set(spans_of(RUNBOOK))
    assert sorted(raised - explained) == []


def test_every_error_that_is_explained_exists() -> None:
    named = {span for span in spans_of(RUNBOOK) if re.fullmatch(r"(?:[A-Z][a-z]+){2,}", span)}
    assert sorted(named - sources.error_classes() - {"MonitorError"}) == []


@pytest.mark.parametrize("heading", [h for h in headings_of(RUNBOOK) if h not in NO_MESSAGES | CHAPTERS])
def test_every_heading_is_the_beginning_of_a_message(heading: str) -> None:
    # Errors of the database begin with its name; the rest stands in a table of its own.
    beginnings = (heading, heading.removeprefix("…: "))
    assert any(message.startswith(beginnings) for message in sources.messages())


def test_every_loud_event_of_the_log_is_explained() -> None:
    explained = {
        span for row in rows_of(RUNBOOK, "What the log says") for span in re.findall(r"`([^`]+)`", row[0])
    }
    expected = sources.loud_events() | {f"view.{change.value}" for change in Change}
    assert len(sources.loud_events()) > 15
    assert sorted(expected - explained) == []
    known = expected | sources.messages() | {"source.…"}
    assert sorted(explained - known) == []


def test_every_heading_says_what_to_do() -> None:
    chapters = re.split(r"^### ", prose_of(RUNBOOK), flags=re.MULTILINE)[1:]
    assert [chapter.splitlines()[0] for chapter in chapters if "**Do:**" not in chapter] == []
