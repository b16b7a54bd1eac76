"""Secrets in a configuration: where they may come from, and that nothing ever shows them."""

import json
from pathlib import Path

import pytest

from monitor.settings import SettingsError, diff, display, json_schema, markdown, resolve, secrets_of
from tests.settings.conftest import Load

# Needs escaping in URLs, JSON, YAML, HTML, and Python, each in its own way.
CANARY = 'c4n@ry/"it\'s" <ü>%41+\\end'
SIGNING_KEY = "whsec_" + "QUJD" * 10


def camera(**source: object) -> str:
    return json.dumps(
        {"cameras": [{"name": "gate", "source": {"kind": "http", "url": "http://x/s.jpg", **source}}]}
    )


def password_in(settings: object) -> str:
    return settings.cameras[0].source.password.get_secret_value()  # type: ignore[attr-defined, no-any-return]


def test_a_secret_may_be_written_as_it_is(load: Load) -> None:
    settings = load(camera(username="u", password=CANARY))
    assert password_in(settings) == CANARY


def test_a_secret_may_come_from_the_environment(load: Load) -> None:
    settings = load(camera(username="u", password={"env": "GATE"}), GATE=CANARY)
    assert password_in(settings) == CANARY


def test_a_secret_may_come_from_a_file_without_its_last_line_break(load: Load, tmp_path: Path) -> None:
    file = tmp_path / "gate.secret"
    file.write_text(CANARY + "\r\n", encoding="utf-8")
    file.chmod(0o600)
    settings = load(camera(username="u", password={"file": "gate.secret"}))
    assert password_in(settings) == CANARY
    assert settings.origin.secret_files == (file,)
    assert settings.origin.warnings == ()


def test_a_secret_file_that_everybody_can_read_is_warned_about(load: Load, tmp_path: Path) -> None:
    file = tmp_path / "gate.secret"
    file.write_text(CANARY)
    file.chmod(0o644)
    (warning,) = load(camera(username="u", password={"file": str(file)})).origin.warnings
    assert f"chmod o-r {file}" in warning


def test_credentials_are_taken_out_of_an_address(load: Load) -> None:
    settings = load(camera(url="http://adm%40in:p%2Fss%C3%BC@cam.example:8080/s.jpg?x=1"))
    source = settings.cameras[0].source
    assert source.url == "http://cam.example:8080/s.jpg?x=1"  # type: ignore[union-attr]
    assert source.username == "adm@in"  # type: ignore[union-attr]
    assert password_in(settings) == "p/ssü"
    assert {"p/ssü", "p%2Fss%C3%BC"} <= secrets_of(settings)


def test_an_address_from_the_environment_is_split_as_well(load: Load) -> None:
    settings = load(camera(url={"env": "URL"}), URL="http://u:pass-word@cam.example/")
    assert settings.cameras[0].source.url == "http://cam.example/"  # type: ignore[union-attr]
    assert password_in(settings) == "pass-word"


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ({"env": "NOPE"}, "the environment variable NOPE is not set"),
        ({"env": "EMPTY"}, "the environment variable EMPTY is empty"),
        ({"file": "none"}, "cannot be read (No such file or directory)"),
        ({"file": "blank"}, "is empty"),
        ({"file": "binary"}, "is not UTF-8 text"),
        ({"file": "large"}, "larger than 64 KiB"),
        ({"file": "/"}, "cannot be read (Is a directory)"),
        ({"env": "A", "file": "b"}, "expected text, {env: NAME} or {file: /path/to/secret}"),
        ({"environment": "A"}, "expected text, {env: NAME} or {file: /path/to/secret}"),
        (["a"], "expected text, {env: NAME}"),
        (20251122, "in quotes"),
        ("", "the secret is empty"),
    ],
)
def test_a_secret_that_cannot_be_had_is_a_problem_at_its_place(
    load: Load, tmp_path: Path, password: object, words: str
) -> None:
    (tmp_path / "blank").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "large").write_text("x" * 70_000)
    with pytest.raises(SettingsError) as caught:
        load(camera(username="u", password=password), EMPTY="")
    (problem,) = caught.value.problems
    assert problem.path == "cameras[0].source.password"
    assert words in problem.message
    assert "20251122" not in str(caught.value)


@pytest.mark.parametrize("extra", [{"username": "other"}, {"password": "other"}])
def test_credentials_both_in_and_beside_the_address_are_refused(load: Load, extra: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="keep one of the two") as caught:
        load(camera(url="http://u:hunter2@cam/", **extra))
    assert "hunter2" not in str(caught.value)


def everything_secret(load: Load) -> object:
    text = json.dumps(
        {
            "cameras": [
                {
                    "name": "a",
                    "source": {
                        "kind": "http",
                        "url": "http://x/",
                        "username": "u",
                        "password": {"env": "CANARY"},
                    },
                },
                {"name": "b", "source": {"kind": "http", "url": "http://x/", "token": CANARY}},
                {"name": "c", "source": {"kind": "http", "url": "http://x/?user=u&pwd=query%2Dcanary"}},
                {"name": "d", "source": {"kind": "http", "url": "http://u:url-canary@x/"}},
                {"name": "e", "source": {"kind": "http", "url": {"env": "ADDRESS"}}},
            ],
            "database": {"url": "postgresql://u:database-canary@db/monitor"},
            "notifiers": [
                {"name": "n", "kind": "webhook", "url": "https://h/hook-canary", "secrets": [SIGNING_KEY]}
            ],
        }
    )
    return load(text, CANARY=CANARY, ADDRESS="http://x/address-canary/snap")


CANARIES = (
    CANARY,
    json.dumps(CANARY)[1:-1],
    "query-canary",
    "query%2Dcanary",
    "url-canary",
    "address-canary",
    "database-canary",
    "hook-canary",
    SIGNING_KEY,
)


def test_nothing_secret_is_in_anything_that_is_shown(load: Load) -> None:
    settings = everything_secret(load)
    secrets = secrets_of(settings)  # type: ignore[arg-type]
    shown = json.dumps(display(settings, secrets), ensure_ascii=False)
    shown += json.dumps(display(resolve(settings), secrets), ensure_ascii=False)  # type: ignore[arg-type]
    for texts in (shown, repr(resolve(settings)), json.dumps(json_schema()), markdown()):  # type: ignore[arg-type]
        for canary in CANARIES:
            assert canary not in texts
    assert shown.count("[secret]") >= 8


def test_all_secrets_are_known_to_the_redaction(load: Load) -> None:
    secrets = secrets_of(everything_secret(load))  # type: ignore[arg-type]
    assert {CANARY, f"u:{CANARY}", "query-canary", "url-canary", "database-canary", SIGNING_KEY} <= secrets
    assert "http://x/address-canary/snap" in secrets
    assert "https://h/hook-canary" in secrets


def test_what_is_not_secret_is_not_redacted(load: Load) -> None:
    settings = load(camera(username="operator")[:-1] + ', "database": {"url": "sqlite:////srv/monitor.db"}}')
    assert secrets_of(settings) == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        f"cameras: [{json.dumps(CANARY)}]",
        f"cameras: [{{name: a, source: {json.dumps('http://u:' + CANARY + '@x/')}}}]",
        f"cameras: [{{name: a, source: {{kind: http, url: 'http://x/', password: [{json.dumps(CANARY)}]}}}}]",
        f"cameras: [{{name: a, source: {{kind: http, url: {json.dumps('ftp://u:' + CANARY + '@x')}}}}}]",
        f"cameras: [{{name: a, source: {{kind: http, url: 'http://x/', passwrd: {json.dumps(CANARY)}}}}}]",
        f"cameras: []\ndatabase: {json.dumps('postgresql://u:' + CANARY + '@x/y')}",
        f"cameras: []\ndatabase: {{url: {json.dumps('oracle://u:' + CANARY + '@x/y')}}}",
        f"cameras: []\nnotifiers: [{{name: n, kind: webhook, url: 'https://x', secrets: [{json.dumps(CANARY)}]}}]",
        f"cameras: []\nnotifiers: [{{name: n, kind: webhook, url: {json.dumps('x' + CANARY)}, secrets: x}}]",
        f"cameras: []\nservice: {{workers: {json.dumps(CANARY)}}}",
        f"cameras: []\ndatabase: {{url: '{CANARY}",
    ],
)
def test_an_error_never_repeats_a_secret(load: Load, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(text)
    for canary in (CANARY, json.dumps(CANARY)[1:-1], "c4n"):
        assert canary not in str(caught.value) + repr(caught.value)


def test_a_changed_secret_is_a_changed_camera(load: Load) -> None:
    old = load(camera(username="u", password={"env": "GATE"}), GATE="before")
    new = load(camera(username="u", password={"env": "GATE"}), GATE="after!")
    assert diff(old, new).changed == ("gate",)


def test_a_token_says_how_to_log_in(load: Load) -> None:
    assert load(camera(token="abcdef")).cameras[0].source.auth == "bearer"  # type: ignore[union-attr]
    for wrong in ({"token": "abcdef", "auth": "basic"}, {"auth": "bearer"}):
        with pytest.raises(SettingsError, match="belong together"):
            load(camera(**wrong))
