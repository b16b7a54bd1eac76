import pytest

from monitor.domain.matcher import Matcher, Matter
from monitor.domain.severity import Severity, severity_of
from monitor.domain.verdict import VerdictKind
from monitor.domain.view import ViewKey, ViewSpec

GATE = ViewSpec(ViewKey("gate-north"), site="north", tags=("perimeter", "critical"))
PTZ = ViewSpec(ViewKey("ptz", "yard"), site="south")
MOVED = Matter((GATE,), VerdictKind.MOVED, Severity.WARNING)


@pytest.mark.parametrize(
    ("matcher", "fits"),
    [
        (Matcher(), True),
        (Matcher(cameras=["gate-north"]), True),
        (Matcher(cameras=["gate-*"]), True),
        (Matcher(cameras=["GATE-*"]), False),
        (Matcher(cameras=["yard", "gate-north"]), True),
        (Matcher(views=["gate-north"]), True),
        (Matcher(views=["gate-north/main"]), True),
        (Matcher(views=["gate-north/other"]), False),
        (Matcher(sites=["north"], tags=["critical"]), True),
        (Matcher(sites=["north"], tags=["indoor"]), False),
        (Matcher(causes=[VerdictKind.MOVED, VerdictKind.FROZEN]), True),
        (Matcher(causes=[VerdictKind.FROZEN]), False),
        (Matcher(severities=[Severity.WARNING]), True),
        (Matcher(severities=[Severity.CRITICAL]), False),
    ],
)
def test_a_matcher_fits_what_every_list_applies_to(matcher: Matcher, fits: bool) -> None:
    assert matcher.fits(MOVED) is fits


def test_a_matter_of_several_views_is_meant_when_one_is_and_muted_only_when_all_are() -> None:
    both = Matter((GATE, PTZ), VerdictKind.OFFLINE, Severity.CRITICAL)
    assert Matcher(cameras=["ptz"]).fits(both)
    assert not Matcher(cameras=["ptz"]).fits_all(both)
    assert not Matcher(sites=["south"]).fits_all(both)
    assert not Matcher(tags=["perimeter"]).fits_all(both)
    assert Matcher(cameras=["ptz", "gate-north"]).fits_all(both)
    assert Matcher(cameras=["ptz", "gate-north"], causes=[VerdictKind.OFFLINE]).fits_all(both)


def test_a_matcher_says_what_it_means() -> None:
    assert Matcher().describe() == "everything"
    assert Matcher(cameras=["gate*"], causes=[VerdictKind.MOVED]).describe() == "cameras gate*; causes moved"


def test_a_severity_is_the_usual_one_unless_chosen() -> None:
    assert severity_of(VerdictKind.OBSTRUCTED) is Severity.CRITICAL
    assert severity_of(VerdictKind.OBSTRUCTED, {VerdictKind.OBSTRUCTED: Severity.INFO}) is Severity.INFO
    assert Severity.INFO.rank < Severity.WARNING.rank < Severity.CRITICAL.rank
