"""No credential comes out of the program, in any encoding: all that its processes wrote is searched for canaries."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from monitor.domain.view import ViewKey
from tests.e2e.canaries import Canary, Onlooker, files_under, sightings
from tests.e2e.conftest import SimulatedPlace
from tests.e2e.program import Daemon, Ended, look_into, monitor, write_config
from tests.net.hostile_server import Asked, Behaviour, HostileServer, answer, raw, serving

USER = Canary.plain("user", may_be_shown=True)
PASSWORD = Canary.odd("password")
PASSWORD_IN_URL = Canary.odd("passwordinurl")
TOKEN = Canary.plain("token")
PATH = Canary.plain("path", may_be_shown=True)
QUERY = Canary.plain("query")
HOOK = Canary.plain("hook")
CANARIES = (USER, PASSWORD, PASSWORD_IN_URL, TOKEN, PATH, QUERY, HOOK)
ROUNDS = 2


def told(asked: Asked) -> str:
    """All that the request held, and the credentials in it in plain."""
    _, _, credentials = asked.headers.get("authorization", "").partition(" ")
    try:
        plain = base64.b64decode(credentials, validate=True).decode("latin-1")
    except ValueError:
        plain = credentials
    return f"{asked.target} {json.dumps(asked.headers)} {plain}".replace("\r", "").replace("\n", "")


def echo(connection: Any, asked: Asked) -> None:
    answer(
        f"<html><pre>{told(asked)}".encode(), headers=f"Content-Type: text/html\r\nX-Asked: {told(asked)}"
    )(connection, asked)


def echo_reason(connection: Any, asked: Asked) -> None:
    answer(told(asked).encode(), f"500 {told(asked)}")(connection, asked)


def echo_basic(connection: Any, asked: Asked) -> None:
    answer(b"", "401 No", f'WWW-Authenticate: Basic realm="{told(asked)}"')(connection, asked)


def echo_digest(connection: Any, asked: Asked) -> None:
    realm = PASSWORD.value.replace('"', "")
    answer(b"", "401 No", f'WWW-Authenticate: Digest realm="{realm}", nonce="{PASSWORD.marker}", qop="auth"')(
        connection, asked
    )


def echo_redirect(connection: Any, asked: Asked) -> None:
    answer(b"", "302 Found", f"Location: http://x:{quote(told(asked), safe='')}@127.0.0.1/{TOKEN.value}")(
        connection, asked
    )


def echo_cut(connection: Any, asked: Asked) -> None:
    answer(b"\xff\xd8\xff\xfe" + told(asked).encode(), length=10_000)(connection, asked)


def echo_garbage(connection: Any, asked: Asked) -> None:
    raw(f"{told(asked)}\r\n\r\n".encode())(connection, asked)


def echo_rtsp(connection: Any, asked: Asked) -> None:
    realm = told(asked).replace('"', "")
    connection.sendall(
        f"RTSP/1.0 401 {realm}\r\nCSeq: {asked.headers.get('cseq', '')}\r\n"
        f'WWW-Authenticate: Basic realm="{realm}"\r\n\r\n'.encode()
    )


ECHOES: dict[str, Behaviour] = {
    "page": echo, "reason": echo_reason, "basic": echo_basic, "digest": echo_digest, "redirect": echo_redirect,
    "cut": echo_cut, "garbage": echo_garbage,
}  # fmt: skip


@dataclass(frozen=True)
class Stage:
    """Where the cameras are.

    Attributes:
        server: Gives good pictures at first, then repeats all that it is asked.
        folder: Holds a picture at first, and a file of canaries later.
        video: A file that is a video at first.
    """

    server: HostileServer
    folder: Path
    video: Path

    def live(self) -> str:
        """The address of a stream, with secrets in its path and query."""
        return f"rtsp://127.0.0.1:{self.server.port}/{PATH.value}?pwd={QUERY.value}"

    def url(self, echo: str, userinfo: str = "") -> str:
        """The address of an echo, with secrets in its path and query."""
        return f"http://{userinfo}127.0.0.1:{self.server.port}/{echo}/{PATH.value}?size=1&pwd={QUERY.value}"


Source = dict[str, Any]


def http(at: Stage, echo: str) -> Source:
    return {
        "kind": "http",
        "url": at.url(echo),
        "username": USER.value,
        "password": {"env": "CANARY_PASSWORD"},
    }


def in_url(at: Stage, echo: str) -> Source:
    secret = quote(PASSWORD_IN_URL.value, safe="")
    return {"kind": "http", "url": at.url(echo, f"{USER.value}:{secret}@")}


def token(at: Stage, echo: str) -> Source:
    return {"kind": "http", "url": at.url(echo), "token": {"file": str(at.folder.parent / "token")}}


def printing(at: Stage) -> Source:
    """Prints the folder's first picture while there is no second one; then all that it was given."""
    script = f"if [ -e {at.folder}/2.jpg ]; then env >&2; env; else cat {at.folder}/1.jpg; fi"
    environment = {"CAMERA_PASSWORD": {"env": "CANARY_PASSWORD"}}
    return {"kind": "exec", "command": ["/bin/sh", "-c", script], "environment": environment}


# A new kind of source is one line here: a name and what the configuration says.
SOURCES: dict[str, Callable[[Stage], Source]] = {
    **{f"http-{echo}": lambda at, echo=echo: http(at, echo) for echo in ECHOES},
    "in-url-page": lambda at: in_url(at, "page"),
    "in-url-digest": lambda at: in_url(at, "digest"),
    "token-page": lambda at: token(at, "page"),
    "token-reason": lambda at: token(at, "reason"),
    "closed": lambda at: {**http(at, "page"), "url": f"http://127.0.0.1:1/{PATH.value}?token={QUERY.value}"},
    "mjpeg": lambda at: {**http(at, "page"), "kind": "mjpeg"},
    "rtsp": lambda at: {**http(at, "page"), "kind": "rtsp", "url": at.live()},
    "exec": printing,
    "folder": lambda at: {"kind": "folder", "path": str(at.folder)},
    "video": lambda at: {"kind": "video", "path": str(at.video)},
}


NEVER_WELL = {"closed", "rtsp"}


@pytest.fixture
def stage(tmp_path: Path, place: SimulatedPlace) -> Any:
    picture = place.picture("gate")
    folder, video = tmp_path / "pictures", tmp_path / "yard.mp4"
    folder.mkdir()
    (folder / "1.jpg").write_bytes(picture)
    (tmp_path / "token").write_text(TOKEN.value)
    _record(video)
    good = answer(picture)
    with serving({f"/{echo}/{PATH.value}": good for echo in ECHOES}) as server:
        server.behaviours[f"rtsp://127.0.0.1:{server.port}/{PATH.value}"] = echo_rtsp
        yield Stage(server, folder, video)


def _record(path: Path) -> None:
    import av

    from tests.sources.drawing import draw

    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for _ in range(10):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(draw(320, 240), format="rgb24")))
        container.mux(stream.encode())


def go_odd(stage: Stage) -> None:
    """From now on every camera repeats what it knows."""
    for name, behaviour in ECHOES.items():
        stage.server.behaviours[f"/{name}/{PATH.value}"] = behaviour
    secrets = " ".join(canary.value for canary in CANARIES).encode()
    (stage.folder / "2.jpg").write_bytes(secrets)
    stage.video.write_bytes(secrets)


def test_a_canary_is_found_in_every_form() -> None:
    for canary in (PASSWORD, TOKEN):
        for written in (
            canary.value, quote(canary.value), json.dumps(canary.value), escape(canary.value),
            repr(canary.value), canary.value.upper(), canary.value.encode().hex(),
            *(base64.b64encode(f"{'x' * n}:{canary.value}".encode()).decode() for n in range(3)),
        ):  # fmt: skip
            assert sightings([canary], [("log", f"before {written} after".encode())]), written
        assert sightings([canary], [("log", b"nothing of it")]) == []


def test_no_credential_comes_out_of_any_process_in_any_encoding(
    tmp_path: Path,
    stage: Stage,
    start: Callable[..., Daemon],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CANARY_PASSWORD", PASSWORD.value)
    config = write_config(
        tmp_path,
        cameras=[{"name": name, "source": source(stage)} for name, source in SOURCES.items()],
        notifiers=[
            {"name": "room", "kind": "webhook", "url": f"http://127.0.0.1:{stage.server.port}/page/{PATH.value}?token="
             f"{HOOK.value}", "secrets": ["whsec_" + base64.b64encode(b"k" * 32).decode()], "allow_private": True},
            {"name": "log", "kind": "log"},
        ],
        logging={"format": "json", "level": "debug"},
    )  # fmt: skip
    outputs: list[tuple[str, Ended]] = []

    def say(*arguments: str) -> None:
        command = " ".join(arguments)
        outputs.append(
            (command, monitor("--config", config, "--log-level", "debug", *arguments, timeout_s=180))
        )

    with Onlooker() as onlooker:
        say("enroll", "--all", "--force", "--frames", "1")
        go_odd(stage)
        daemon = start(config).started()
        watched = [ViewKey(name) for name in SOURCES if name not in NEVER_WELL]
        with look_into(config) as store:
            daemon.until(
                lambda: min(len(store.history.observations(key)) for key in watched) >= ROUNDS,
                f"{ROUNDS} checks of each",
            )
            daemon.until(store.incidents.open, "an incident to be told")
            say("status")
            say("status", "--json")
            say("check", "--json", "--evidence")
            for name in ("http-page", "in-url-digest", "token-reason"):
                say("history", name, "--json")
            say("doctor", "--json", "--send-test")
            say("config", "validate")
            say("config", "show", "--json")
            say("config", "show")
            say("alerts", "list", "--json")
            say("references", "list", "http-page")
        assert daemon.stop() == 0

    # The secrets were on their way, or nothing was shown by all this.
    given = [asked.headers.get("authorization", "") for asked in stage.server.asked]
    assert any(TOKEN.value in each for each in given)
    assert any(PASSWORD.seen_in(base64.b64decode(each[6:])) for each in given if each.startswith("Basic "))
    assert any(
        asked.target.startswith("rtsp:") and "authorization" in asked.headers for asked in stage.server.asked
    )
    assert any(QUERY.value in asked.target for asked in stage.server.asked)
    # What is said of them is said without them.
    assert {line["subject"] for line in daemon.lines("source.")} >= {str(key.camera) for key in watched}
    assert any("monitor" in line.decode() for line in onlooker.seen)

    ours = [config, stage.folder.parent / "token", stage.folder / "2.jpg", stage.video]
    places = [*files_under(tmp_path, without=ours), *(("a command line", line) for line in onlooker.seen)]
    shown_config = [command for command, _ in outputs if command.startswith("config show")]
    for command, ended in outputs:
        assert ended.code in (0, 1), (command, ended.errors)
        if command not in shown_config:
            places.append((command, (ended.output + ended.errors).encode()))
    assert sightings(CANARIES, places) == []
    hidden = [canary for canary in CANARIES if not canary.may_be_shown]
    assert sightings(hidden, [(command, ended.output.encode()) for command, ended in outputs]) == []
