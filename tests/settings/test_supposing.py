import pytest

from monitor.domain.state import StatePolicy
from monitor.domain.thresholds import Thresholds
from monitor.domain.verdict import VerdictKind
from monitor.settings.supposing import BadSupposition, suppose


def test_keys_and_values_are_those_of_the_file() -> None:
    texts = ["thresholds.moved_excess=2", "policy.open_checks=3", "policy.min_duration.moved=5m"]
    thresholds, policy = suppose(texts).onto(Thresholds(confidence=0.7), StatePolicy(window=4))
    assert thresholds == Thresholds(confidence=0.7, moved_excess=2.0)
    assert (policy.open_checks, policy.window) == (3, 4)
    assert policy.min_duration_s[VerdictKind.MOVED] == 300.0
    assert policy.min_duration_s[VerdictKind.OFFLINE] == 120.0


def test_nothing_supposed_changes_nothing() -> None:
    assert suppose([]).onto(Thresholds(), StatePolicy()) == (Thresholds(), StatePolicy())


@pytest.mark.parametrize(
    ("text", "objection"),
    [
        ("moved_excess=2", "says nothing of thresholds or policy"),
        ("thresholds.moved_excess", "says nothing of thresholds or policy"),
        ("thresholds=2", "says nothing of thresholds or policy"),
        (
            "thresholds.moved_exces=2",
            "There is no thresholds.moved_exces. Of thresholds there are: .*moved_excess",
        ),
        ("thresholds.moved_excess=much", "thresholds.moved_excess cannot be that"),
        ("policy.open_checks=0", "policy.open_checks cannot be that"),
        ("policy.open_checks.moved=2", "policy.open_checks cannot be that"),
        ("policy.min_duration.stolen=2m", "cannot be that"),
        ("policy.open_checks=[", "cannot be read"),
        ("policy.frozen_after=10m", "cannot be judged by another policy.frozen_after"),
    ],
)
def test_what_cannot_be_is_refused(text: str, objection: str) -> None:
    with pytest.raises(BadSupposition, match=objection):
        suppose([text])


def test_a_value_below_a_value_is_refused() -> None:
    with pytest.raises(BadSupposition, match="cannot be that"):
        suppose(["policy.open_checks=2", "policy.open_checks.moved=3"])
