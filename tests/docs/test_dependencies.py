import re
import tomllib

import pytest

from tests.docs.pages import ROOT, rows_of

PAGE = ROOT / "docs/dependencies.md"


def declared(group: str) -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] if group == "service" else project["optional-dependencies"][group]
    return sorted(re.match(r"[\w.-]+", line)[0].lower() for line in wanted)  # type: ignore[index]


@pytest.mark.parametrize(
    ("heading", "group"),
    [
        ("The service", "service"),
        ("With `[postgres]`", "postgres"),
        ("With `[reports]`", "reports"),
        ("With `[apprise]`", "apprise"),
        ("With `[train]`", "train"),
        ("With `[dev]`", "dev"),
        ("With `[fuzz]`", "fuzz"),
    ],
)
def test_the_page_lists_what_pyproject_declares_with_a_reason(heading: str, group: str) -> None:
    rows = rows_of(PAGE, heading)
    assert sorted(row[0].strip("`").lower() for row in rows) == declared(group)
    assert all(cell for row in rows for cell in row)


def test_no_group_of_dependencies_is_left_out() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(project["optional-dependencies"]) == {"postgres", "reports", "apprise", "train", "dev", "fuzz"}
