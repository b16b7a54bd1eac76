"""Programs that do everything but print one picture and end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from monitor.domain.errors import FrameFault, SourceDenied, SourceTimeout, SourceUnreachable
from monitor.sources.exec import ExecOptions
from tests.hostile.case import CANARY, WITHIN_S, HostileCase
from tests.sources.drawing import draw, encode

_JPEG = encode(draw())


@contextmanager
def _serve(body: str, mode: int) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "whole.jpg").write_bytes(_JPEG)
        (place / "half.jpg").write_bytes(_JPEG[: len(_JPEG) // 2])
        program = place / "grab"
        program.write_text(body)
        program.chmod(mode)
        yield str(program)


def _options(program: str) -> ExecOptions:
    return ExecOptions(
        (program,), working_dir=Path(program).parent, environment={"PASSWORD": f"{CANARY}:p/w &é"}
    )


def _case(
    name: str,
    script: str,
    expected: type[Exception] | None,
    said: str = "",
    *,
    mode: int = 0o755,
    within_s: float = WITHIN_S,
) -> HostileCase:
    def serve() -> AbstractContextManager[str]:
        return _serve(script if script.startswith(("#!", "\x7fELF")) else f"#!/bin/sh\n{script}\n", mode)

    return HostileCase(name, "exec", serve, _options, expected, within_s, said)


CASES = (
    _case("prints a picture", "cat whole.jpg", None),
    _case("prints a picture, and much to standard error", "cat whole.jpg; head -c 3000000 /dev/zero >&2", None),
    _case("prints a picture, and leaves a process behind", "sleep 1000 & cat whole.jpg", None),
    _case("prints a picture, and leaves one in a session of its own", "setsid sleep 1000 & cat whole.jpg", None),
    _case("reads its standard input", "cat; cat whole.jpg", None),
    _case("hangs", "sleep 1000", SourceTimeout, "did not end within"),
    _case("hangs and ignores SIGTERM", "trap '' TERM INT HUP; while :; do sleep 1000; done", SourceTimeout),
    _case("fails, and leaves a process that keeps its output open", "sleep 1000 & exit 4", SourceUnreachable, "4"),
    _case("hangs in a session of its own, ignoring SIGTERM", "trap '' TERM; setsid -w sleep 1000", SourceTimeout),
    _case("stops itself", "kill -STOP $$", SourceTimeout),
    _case("closes its output and hangs", "exec >&- 2>&-; sleep 1000", SourceTimeout),
    _case("prints a picture and hangs", "cat whole.jpg; sleep 1000", SourceTimeout),
    _case("prints a byte now and then", "while :; do printf x; sleep 0.3; done", SourceTimeout),
    _case("prints without end", "yes", FrameFault, "max_bytes"),
    _case("prints 10 GB", "head -c 10000000000 /dev/zero", FrameFault, "max_bytes"),
    _case("writes to standard error without end", "yes >&2", SourceTimeout),
    _case("forks faster than it can be counted", "while :; do sleep 1000 & done", SourceTimeout, within_s=WITHIN_S + 2),
    _case("prints nothing", ":", FrameFault, "printed nothing"),
    _case("prints a page", "echo '<html>Login</html>'", FrameFault, "HTML page"),
    _case("prints the name of a file", "echo whole.jpg", FrameFault, "text"),
    _case("prints half a picture", "cat half.jpg", FrameFault, "truncated"),
    _case("prints a picture and fails", "cat whole.jpg; exit 3", SourceUnreachable, "exit code 3"),
    _case("fails with secrets on standard error", "env >&2; echo no $PASSWORD >&2; exit 3", SourceUnreachable, "no ["),
    _case("fails with control characters", "printf '\\033[31mno\\a\\377\\n' >&2; exit 1", SourceUnreachable, "no"),
    _case("crashes", "kill -SEGV $$", SourceUnreachable, "SIGSEGV"),
    _case("is killed", "kill -KILL $$", SourceUnreachable, "SIGKILL"),
    _case("kills its parent", "kill -KILL $PPID; sleep 1000", SourceUnreachable, "was killed"),
    _case("may not be run", "cat whole.jpg", SourceDenied, "chmod", mode=0o644),
    _case("needs an interpreter that is missing", "#!/nowhere/python\n", SourceUnreachable, "is not found"),
    _case("is a binary for nothing", "\x7fELF", SourceUnreachable, "cannot be run"),
)  # fmt: skip
