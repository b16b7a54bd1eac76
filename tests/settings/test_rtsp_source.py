from typing import Any

import pytest

from monitor.settings import SettingsError, resolve
from tests.settings.conftest import Load

CAMERA = "cameras:\n  - name: gate\n    source:\n      kind: rtsp\n"


def options_of(load: Load, more: str) -> dict[str, Any]:
    (plan,) = resolve(load(CAMERA + more))
    found = dict(plan.options)
    return {**found, "password": found["password"].get_secret_value()}


def test_credentials_leave_the_address(load: Load) -> None:
    found = options_of(load, "      url: rtsp://viewer:c4%40nary@192.0.2.1/a\n")
    assert found["url"] == "rtsp://192.0.2.1/a"
    assert found["username"] == "viewer"
    assert found["password"] == "c4@nary"


@pytest.mark.parametrize("second", ["viewer:c4nary@192.0.2.1/b", "192.0.2.1/b"])
def test_the_substream_may_repeat_the_credentials_or_not(load: Load, second: str) -> None:
    text = f"      url: rtsp://viewer:c4nary@192.0.2.1/a\n      substream_url: rtsp://{second}\n"
    found = options_of(load, text)
    assert found["substream_url"] == "rtsp://192.0.2.1/b"
    assert found["password"] == "c4nary"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("      url: http://192.0.2.1/c4nary\n", "rtsp:// or rtsps://"),
        ("      url: rtsp://a:c4nary@h/\n      substream_url: rtsp://b:c4nary@h/\n", "also beside it"),
        ("      url: rtsp://h/\n      password: c4nary\n", "no username"),
    ],
)
def test_what_cannot_work_is_refused_without_showing_secrets(load: Load, more: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(CAMERA + more)
    assert said in str(caught.value)
    assert "c4nary" not in str(caught.value)
