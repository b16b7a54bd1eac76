from dataclasses import dataclass, field
from typing import Any

import pytest

from monitor.logs import Complaints

HOUR_S = 3600.0


@dataclass
class RecordingLog:
    lines: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def warning(self, event: str, **fields: Any) -> None:
        self.lines.append(("warning", event, fields))

    def info(self, event: str, **fields: Any) -> None:
        self.lines.append(("info", event, fields))


@dataclass
class ManualTime:
    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def log() -> RecordingLog:
    return RecordingLog()


@pytest.fixture
def time() -> ManualTime:
    return ManualTime()


@pytest.fixture
def complaints(log: RecordingLog, time: ManualTime) -> Complaints:
    return Complaints(log, repeat_after_s=6 * HOUR_S, monotonic_s=time)


def test_a_problem_met_every_minute_is_said_once(
    complaints: Complaints, log: RecordingLog, time: ManualTime
) -> None:
    said = []
    for minute in range(60):
        time.now_s = minute * 60.0
        said.append(complaints.complain("gate", "no answer", detail=minute))
    assert said == [True] + [False] * 59
    assert log.lines == [("warning", "no answer", {"subject": "gate", "detail": 0})]


def test_a_lasting_problem_is_said_again_with_its_count(
    complaints: Complaints, log: RecordingLog, time: ManualTime
) -> None:
    for hour in range(14):
        time.now_s = hour * HOUR_S
        complaints.complain("gate", "no answer")
    assert [fields for _, _, fields in log.lines] == [
        {"subject": "gate"},
        {"subject": "gate", "times": 6, "lasting_s": 6 * HOUR_S},
        {"subject": "gate", "times": 6, "lasting_s": 12 * HOUR_S},
    ]


def test_the_end_is_said_once_and_a_new_beginning_again(
    complaints: Complaints, log: RecordingLog, time: ManualTime
) -> None:
    complaints.complain("gate", "no answer")
    time.now_s = 90.0
    assert complaints.settle("gate")
    assert not complaints.settle("gate")
    assert complaints.complain("gate", "no answer")
    assert [line[:2] for line in log.lines] == [
        ("warning", "no answer"),
        ("info", "over: no answer"),
        ("warning", "no answer"),
    ]
    assert log.lines[1][2] == {"subject": "gate", "lasted_s": 90}


def test_subjects_and_problems_are_told_apart(complaints: Complaints) -> None:
    assert complaints.complain("gate", "no answer")
    assert complaints.complain("gate", "torn picture")
    assert complaints.complain("yard", "no answer")
    assert complaints.settle("gate", "no answer")
    assert complaints.lasting() == {"gate": ("torn picture",), "yard": ("no answer",)}
    assert not complaints.settle("gate", "no answer")


def test_a_subject_that_is_gone_is_forgotten_silently(complaints: Complaints, log: RecordingLog) -> None:
    complaints.complain("gate", "no answer")
    complaints.forget("gate")
    assert complaints.lasting() == {}
    assert not complaints.settle("gate")
    assert len(log.lines) == 1
