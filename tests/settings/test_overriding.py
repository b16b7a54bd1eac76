import pytest

from monitor.domain.view import ViewKey
from monitor.settings.document import parse_document
from monitor.settings.overriding import RulesNotWritten, as_text, override_rules

GATE = ViewKey("gate")
RULES = {"thresholds": {"moved_excess": 3.0}, "policy": {"open_checks": 3, "window": 4}}
BLOCK = """\
# The site.
cameras:
  - name: gate  # by the road
    policy:
      # careful
      window: 3   # was 5
      min_duration: {moved: 5m}
    source: {kind: folder, path: in}
  - name: yard
"""


def written(text: str, key: ViewKey = GATE) -> str:
    return override_rules(text.encode(), key, RULES).decode()


def test_values_are_exchanged_or_added_and_every_other_byte_stays() -> None:
    assert written(BLOCK) == BLOCK.replace("window: 3 ", "window: 4 ").replace(
        "      window:", "      open_checks: 3\n      window:"
    ).replace("by the road\n", "by the road\n    thresholds:\n      moved_excess: 3\n")


@pytest.mark.parametrize(
    "text",
    [
        BLOCK,
        "cameras:\n  - {name: gate, source: {kind: folder}}\n",
        "cameras: [{name: gate}]",
        '{"cameras": [{"name": "gate", "policy": {"window": 9}}]}',
        "cameras:\n  - source: {kind: folder}\n    name: gate",
        "cameras:\n  - name: gate\n    thresholds: {}\n    policy: {window: 9, open_checks: 1}\n",
        "cameras:\n  - name: gate\n    thresholds:\n    policy:\n      close_checks: 4\n",
        "\ufeffcameras:\n  - name: gate\n",
    ],
)
def test_whatever_way_it_is_written_it_reads_as_before_with_the_rules(text: str) -> None:
    before, after = parse_document(text.encode()).data, parse_document(written(text).encode()).data
    camera = before["cameras"][0]
    for section, values in RULES.items():
        camera[section] = {**(camera.get(section) or {}), **values}
    assert after == before
    assert written(text).startswith("\ufeff") == text.startswith("\ufeff")


def test_a_view_that_is_listed_gets_rules_of_its_own_and_line_ends_stay() -> None:
    text = "cameras:\r\n  - name: ptz\r\n    views:\r\n      - name: gate\r\n      - name: yard\r\n"
    result = written(text, ViewKey("ptz", "yard"))
    assert "\n" not in result.replace("\r\n", "")
    gate, yard = parse_document(result.encode()).data["cameras"][0]["views"]
    assert gate == {"name": "gate"}
    assert yard == {"name": "yard", **RULES}


@pytest.mark.parametrize(
    "text",
    [
        "shared: &shared {window: 5}\ncameras:\n  - name: gate\n    policy: *shared\n",
        "cameras:\n  - name: yard\n",
        "cameras: &all\n  - &one {name: gate}\nother: *all\n",
    ],
)
def test_what_cannot_be_written_safely_is_left_to_people(text: str) -> None:
    with pytest.raises(RulesNotWritten, match="cannot be written into the configuration"):
        written(text)


def test_what_is_to_be_pasted_is_yaml() -> None:
    assert parse_document(as_text(GATE, RULES).encode()).data == RULES
