"""The processes as the operating system sees them: what they inherit, what they load, when they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.grabbers.conftest import children_of, is_running, odd, until
from tests.grabbers.kinds import facts_of

ROOT = Path(__file__).parents[2]
SECRET = "Sup3r-geheim/42"


@dataclass
class Parent:
    """A running `tests.grabbers.parent`.

    Attributes:
        process: Itself.
        family: What it has started: the server, a hanging and a dedicated grabber, and what that started.
    """

    process: subprocess.Popen[str]
    family: list[int]

    def told(self) -> object:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def grab(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("grab\n")
        self.process.stdin.flush()


@pytest.fixture
def parent() -> Iterator[Parent]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.grabbers.parent"],
        env={**os.environ, "CAMERA_PASSWORD": SECRET, "MONITOR_DATABASE_URL": f"postgresql://m:{SECRET}@db/m"},
        cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    with process:
        running = Parent(process, [])
        try:
            family = running.told()
            assert isinstance(family, list)
            running.family = family
            yield running
        finally:
            process.kill()


def test_nobody_survives_a_parent_that_was_killed_not_even_in_native_code(parent):
    parent.process.kill()
    until(lambda: not any(map(is_running, parent.family)))


def test_nobody_survives_the_server(parent):
    server = parent.family[0]
    grabbers = [pid for pid in children_of(server) if children_of(pid) or pid in parent.family[1:3]]
    assert len(grabbers) == 2
    os.kill(server, signal.SIGKILL)
    until(lambda: not any(map(is_running, grabbers)))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_orders_that_are_meant_for_the_parent_disturb_no_grab(parent, number):
    parent.grab()
    assert parent.told() == "grabbing"
    os.killpg(parent.process.pid, number)
    for pid in parent.family:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"monitor.grabbers" in command:
            os.kill(pid, number)
    assert isinstance(parent.told(), int)


def test_no_secret_is_on_a_command_line_or_in_an_environment(parent):
    seen = 0
    for pid in parent.family:
        texts = [Path(f"/proc/{pid}/cmdline").read_bytes()]
        try:
            texts.append(Path(f"/proc/{pid}/environ").read_bytes())
        except PermissionError:
            continue  # grabbers hide theirs from their own account; root sees it, and so does the server's
        seen += 1
        assert not any(SECRET.encode() in text for text in texts)
    assert seen >= 1
    # Were this empty, there would be nothing to be found in any case.
    assert SECRET.encode() in Path(f"/proc/{parent.process.pid}/environ").read_bytes()


def test_grabbers_load_what_grabbing_needs_and_have_no_threads(pool):
    facts = facts_of(odd(pool).grab(10.0))
    assert facts["threads"] == 1
    loaded = set(facts["modules"])
    assert {"av", "numpy", "PIL", "pycurl", "PIL.JpegImagePlugin"} <= loaded
    heavy = {"onnxruntime", "torch", "cv2", "sqlalchemy", "pydantic", "click", "rich", "structlog", "pytest"}
    rooms = {
        "monitor.cli",
        "monitor.wiring",
        "monitor.settings",
        "monitor.store",
        "monitor.vision",
        "__mp_main__",
    }
    assert loaded & (heavy | rooms) == set()
    assert len(list(Path(f"/proc/{pool._server.pid}/task").iterdir())) == 1


def test_a_grabber_leaves_no_core_and_its_memory_is_bounded(pool):
    pid = facts_of(odd(pool).grab(10.0))["pid"]
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    (core,) = [line for line in limits if line.startswith("Max core file size")]
    (space,) = [line for line in limits if line.startswith("Max address space")]
    assert core.split()[4:6] == ["0", "0"]
    assert 256 << 20 < int(space.split()[3]) < 2 << 30


def test_a_grabber_has_no_descriptor_that_is_not_its_own(pool):
    others = [odd(pool, dedicated=True) for _ in range(2)]
    for other in others:
        other.grab(10.0)
    pid = facts_of(odd(pool).grab(10.0))["pid"]
    if os.geteuid() == 0:
        links = [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()]
        kinds = sorted(link.partition(":")[0] for link in links)
        assert kinds == ["/dev/null", "pipe", "pipe", "socket"]
    for other in others:
        other.close()
