import contextlib
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from monitor.domain.errors import SourceError, SourceTimeout, SourceUnreachable
from monitor.sources.errors import InvalidOption
from monitor.sources.exec import ExecOptions, ExecSource
from tests.sources.drawing import draw, encode, looks_like

JPEG = encode(draw())
ROOT = Path(__file__).parents[2]
GRAB_FOR_EVER = """
import signal, sys
from monitor.clock import SystemClock
from monitor.sources.exec import ExecOptions, ExecSource
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
ExecSource(ExecOptions(("sh", "-c", sys.argv[1])), SystemClock()).grab(60)
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "picture.jpg").write_bytes(JPEG)
    return tmp_path


def run(folder: Path, clock, script: str, *, timeout_s: float = 5, **options):
    made = ExecOptions(("sh", "-c", script), working_dir=folder, **options)
    return ExecSource(made, clock).grab(timeout_s)


def said(folder: Path, clock, script: str, **options) -> str:
    """What a script wrote to standard error, as far as an error quotes it."""
    with pytest.raises(SourceUnreachable) as caught:
        run(folder, clock, f"{{ {script} ; }} >&2; exit 9", **options)
    return caught.value.problem.partition("exit code 9: ")[2].removesuffix(".")


def wait_for(path: Path) -> str:
    until_s = time.monotonic() + 10
    while not (path.exists() and path.read_text().endswith("\n")):
        assert time.monotonic() < until_s
        time.sleep(0.01)
    return path.read_text().strip()


def is_running(pid: str) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def test_gives_the_picture_that_a_program_prints(folder, clock):
    frame = ExecSource(ExecOptions(("cat", "picture.jpg"), working_dir=folder), clock).grab(5)
    assert looks_like(frame.pixels)
    assert frame.captured_at == clock.now()
    assert frame.encoded == JPEG


def test_arguments_arrive_as_they_are(folder, clock):
    arguments = ("a b", "$HOME", "*", "'\"", "; rm -rf x", "", "ä")
    script = 'printf "%s|" "$@" >&2; exit 9'
    with pytest.raises(SourceUnreachable) as caught:
        ExecSource(ExecOptions(("sh", "-c", script, "sh", *arguments)), clock).grab(5)
    assert "".join(f"{argument}|" for argument in arguments) in caught.value.problem


def test_a_program_beside_the_working_folder_is_found(folder, clock):
    program = folder / "grab"
    program.write_text("#!/bin/sh\ncat picture.jpg\n")
    program.chmod(0o755)
    assert ExecSource(ExecOptions(("./grab",), working_dir=folder), clock).grab(5).encoded == JPEG


def test_its_environment_is_path_home_lang_and_what_is_configured(folder, clock, monkeypatch):
    monkeypatch.setenv("MONITOR_DATABASE_URL", "postgresql://u:canary@h/d")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("HOME", "/")
    names = said(folder, clock, "env | cut -d= -f1 | sort | tr '\\n' ' '", environment={"CAMERA": "gate"})
    # The shell itself adds PWD, some also SHLVL and _.
    assert set(names.split()) - {"PWD", "OLDPWD", "SHLVL", "_"} == {"CAMERA", "HOME", "LANG", "PATH"}
    assert said(folder, clock, "echo $LANG $HOME") == "C.UTF-8 /"


def test_values_of_the_environment_never_come_out(folder, clock):
    secret = "s3cret ä&/'\""
    made = ExecOptions(("sh",), environment={"PASSWORD": secret})
    assert secret not in repr(made)
    for script in (
        'echo "$PASSWORD"',
        'printf %s "$PASSWORD"; yes | head -c 200000',
        "env",
        "printf '%s' \"$PASSWORD\" | base64",
    ):
        text = said(folder, clock, script, environment={"PASSWORD": secret})
        assert "s3cret" not in text
        assert "czNjcmV0" not in text
    program = ExecSource(ExecOptions((f"/opt/{secret}",), environment={"PASSWORD": secret}), clock)
    with pytest.raises(SourceUnreachable) as caught:
        program.grab(5)
    assert "s3cret" not in str(caught.value)


def test_first_and_last_words_on_standard_error_are_quoted(folder, clock):
    assert said(folder, clock, "echo; echo one; echo two; echo three") == "one … three"
    assert len(said(folder, clock, "yes | tr -d '\\n' | head -c 100000")) < 500


def test_it_has_no_input_no_core_dumps_and_default_signals(folder, clock):
    old = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        text = said(
            folder, clock, "wc -c; ulimit -c; grep -E 'Sig(Ign|Blk)' /proc/self/status | tr -s '\\t\\n' ' '"
        )
    finally:
        signal.signal(signal.SIGTERM, old)
    assert text.startswith("0 … ")
    blocked, ignored = (int(mask, 16) for mask in re.findall("Sig(?:Blk|Ign): ([0-9a-f]{16})", text))
    # Those that the C library keeps for itself (32, 33) no program can set; whoever started us may ignore them.
    settable = sum(1 << number - 1 for number in signal.valid_signals())
    assert (blocked & settable, ignored & settable) == (0, 0)
    assert said(folder, clock, "ulimit -c") == "0"


def test_it_holds_none_of_our_files_open(folder, clock):
    with (folder / "ours").open("w") as ours:
        os.set_inheritable(ours.fileno(), True)
        open_files = said(folder, clock, "for fd in /proc/$$/fd/*; do readlink $fd | tr '\\n' ' '; done")
    assert open_files.startswith("/dev/null pipe:[")
    # The shell may hold what it has put aside for the redirection.
    assert [name for name in open_files.split() if not name.startswith("pipe:[")] == ["/dev/null"]


@pytest.mark.parametrize("start", ["./leave &", "setsid ./leave &", "(setsid sh -c 'setsid ./leave &' &);"])
def test_what_it_leaves_behind_is_ended(folder, clock, start):
    (folder / "leave").write_text("#!/bin/sh\necho $$ > pid\nexec sleep 1000\n")
    (folder / "leave").chmod(0o755)
    script = f"{start} while [ ! -s pid ]; do sleep 0.01; done; cat picture.jpg"
    assert run(folder, clock, script).encoded == JPEG
    assert not is_running(wait_for(folder / "pid"))


def test_the_limit_ends_all_of_it(folder, clock):
    (folder / "hang").write_text(
        "#!/bin/sh\ntrap '' TERM INT HUP\necho $$ >> $1\nwhile :; do sleep 1000; done\n"
    )
    (folder / "hang").chmod(0o755)
    started_s = time.monotonic()
    with pytest.raises(SourceTimeout):
        run(folder, clock, "./hang one & setsid ./hang two & ./hang three", timeout_s=1.5)
    assert time.monotonic() - started_s < 5.0
    pids = [wait_for(folder / name) for name in ("one", "two", "three")]
    assert not any(is_running(pid) for pid in pids)


def test_it_may_tidy_up_when_its_time_is_over(folder, clock):
    with pytest.raises(SourceTimeout, match="tidied"):
        run(
            folder,
            clock,
            "trap 'echo tidied >&2; echo x > tidied; exit' TERM; while :; do sleep 0.01; done",
            timeout_s=1,
        )
    assert wait_for(folder / "tidied") == "x"


@pytest.mark.parametrize(
    "kind", ["./hang one & ./hang two", "setsid ./hang one & setsid ./hang two & sleep 100"]
)
def test_nothing_survives_the_death_of_the_process_that_grabs(folder, kind):
    (folder / "hang").write_text("#!/bin/sh\ntrap '' TERM\necho $$ > $1\nwhile :; do sleep 1000; done\n")
    (folder / "hang").chmod(0o755)
    grabber = subprocess.Popen([sys.executable, "-c", GRAB_FOR_EVER, f"cd {folder}; {kind}"], cwd=ROOT)
    try:
        pids = [wait_for(folder / name) for name in ("one", "two")]
        assert all(is_running(pid) for pid in pids)
    finally:
        grabber.kill()
        grabber.wait()
    until_s = time.monotonic() + 5
    while any(is_running(pid) for pid in pids):
        assert time.monotonic() < until_s
        time.sleep(0.02)


def test_nothing_survives_the_death_of_the_warden(folder, clock):
    script = (
        "echo $PPID > warden; sh -c 'echo $$ > pid; exec sleep 1000' & sleep 0.1; kill -9 $PPID; sleep 1000"
    )
    with pytest.raises(SourceUnreachable, match="was killed"):
        run(folder, clock, script)
    assert not is_running(wait_for(folder / "warden"))
    time.sleep(0.05)
    assert not is_running(wait_for(folder / "pid"))


def children() -> set[str]:
    """Of this process, zombies among them; other tests of this process may have some of their own."""
    return {
        child
        for task in Path("/proc/self/task").iterdir()
        for child in (task / "children").read_text().split()
    }


def test_grabs_leave_no_process_and_no_descriptor(folder, clock):
    source = ExecSource(ExecOptions(("cat", "picture.jpg"), working_dir=folder), clock)
    source.grab(5)
    before, born = len(list(Path("/proc/self/fd").iterdir())), children()
    for _ in range(20):
        source.grab(5)
    # Others of this process open and close some meanwhile; a leak would be twenty and more.
    assert len(list(Path("/proc/self/fd").iterdir())) < before + 20
    assert children() <= born


def test_no_free_descriptor_is_an_error_of_a_source(folder, clock):
    held = []
    try:
        with contextlib.suppress(OSError):
            while True:
                held.append(os.open(os.devnull, os.O_RDONLY))
        with pytest.raises(SourceError, match="No process can be started"):
            run(folder, clock, "cat picture.jpg")
    finally:
        for fd in held:
            os.close(fd)


def test_a_working_folder_that_is_missing_is_named(folder, clock):
    with pytest.raises(SourceUnreachable, match="gone does not exist"):
        run(folder / "gone", clock, "cat picture.jpg")


def test_options_travel_to_another_process():
    made = ExecOptions(("grab",), environment={"A": "b"})
    assert pickle.loads(pickle.dumps(made)) == made


@pytest.mark.parametrize(
    "wrong",
    [
        {"command": "grab --now"}, {"command": ()}, {"command": ("",)}, {"command": ("a\0b",)},
        {"command": ("a",), "environment": {"A=B": "c"}}, {"command": ("a",), "environment": {"": "c"}},
        {"command": ("a",), "environment": {"A": "c\0"}},
    ],
)  # fmt: skip
def test_refuses_options_that_cannot_work(wrong):
    with pytest.raises(InvalidOption):
        ExecOptions(**wrong)
