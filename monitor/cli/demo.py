"""`monitor demo`: the first run. A simulated site, watched for real for one simulated day and night."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.errors import BAD_NEWS
from monitor.cli.invocation import Invocation, pass_run

if TYPE_CHECKING:
    from monitor.domain.view import ViewKey
    from monitor.usecases.observe import Check

DAYLIGHT_SPEED = 30.0
DEMO_CONFIG = """\
# Written by `monitor demo` for its simulated site: a day passes in 75 seconds, so everything is quicker here.
data_dir: .
defaults:
  interval: 1s
  policy: {{recheck: 1s, default_duration: 1s, close_after: 1s}}
service: {{start_spread: 1s}}
notifiers:
  - {{name: log, kind: log}}
logging: {{level: error}}
cameras:
{cameras}
"""


@dataclass
class Findings:
    """What the daemon reported: alerts by camera, how many checks said what, and whether the day was over."""

    alerts: dict[str, list[str]] = field(default_factory=dict)
    checks: dict[str, int] = field(default_factory=dict)
    verdicts: dict[str, int] = field(default_factory=dict)
    watched_to_the_end: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


@click.command()
@click.option(
    "--dir",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Where its configuration, database and pictures go.",
)
@click.option(
    "--seconds", type=click.FloatRange(min=5), default=80.0, show_default=True, help="How long to watch."
)
@pass_run
def demo(invocation: Invocation, directory: Path, seconds: float) -> None:
    """Watch a simulated site for one simulated day and night, and show what is found.

    One camera is turned upside down and one is knocked; the others stay as they are through dusk, night, rain and
    dawn. Ends with 0 when exactly those two were reported. Ctrl-C ends it at any time.

    Example: monitor demo --dir var/demo
    """
    from monitor.simulator import DEMO_FLIPPED, DEMO_MOVED, DEMO_SPEED

    say = click.echo
    say("1/4  Drawing a simulated site of six cameras …")
    with _simulated_site() as (base, cameras):
        say(f"     It serves pictures at {base}/ (open it in a browser).")
        config = _write_config(directory, cameras)
        say(f"2/4  Wrote {config}; database and pictures go beside it.")
        invocation.config = config
        findings = Findings()
        with _opened(invocation) as (site, encoder):
            say("3/4  Enrolling what each camera should see:")
            _enroll_all(site, encoder)
            say(f"4/4  Watching. {seconds:.0f} seconds are one simulated day and night; Ctrl-C ends.")
            _set_speed(base, DEMO_SPEED)
            _watch(site, encoder, invocation, base, findings, seconds)
    _summarise(findings, config)
    # A shorter watch ends before both have happened.
    if findings.watched_to_the_end and seconds >= 60 and set(findings.alerts) != {DEMO_FLIPPED, DEMO_MOVED}:
        raise SystemExit(BAD_NEWS)


@contextmanager
def _simulated_site() -> Iterator[tuple[str, dict[str, str]]]:
    """A child process that serves the site: its address, and every camera's snapshot address."""
    child = subprocess.Popen(
        [sys.executable, "-m", "monitor", "simulate", "--speed", str(DAYLIGHT_SPEED)],
        stdout=subprocess.PIPE,
        text=True,
        # Its own group, so that Ctrl-C reaches only us and we end it in order.
        start_new_session=True,
    )
    try:
        assert child.stdout is not None
        cameras: dict[str, str] = {}
        base = ""
        for line in child.stdout:
            name, _, address = line.strip().partition(": ")
            if line.startswith("  ") and address.startswith("http"):
                cameras[name] = address
                base = address.split(f"/{name}/")[0]
            if line.startswith("Simulated time"):
                break
        if not cameras:
            raise SystemExit("The simulated site did not start; try `monitor simulate` for the reason.")
        threading.Thread(target=lambda: [None for _ in child.stdout or ()], daemon=True).start()
        yield base, cameras
    finally:
        child.terminate()
        child.wait(timeout=10)


def _write_config(directory: Path, cameras: dict[str, str]) -> Path:
    import shutil

    if directory.exists() and (directory / ".demo").exists():
        shutil.rmtree(directory)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / ".demo").touch()
    entries = "\n".join(
        f"  - {{name: {name}, source: {{kind: http, url: '{address}'}}}}" for name, address in cameras.items()
    )
    config = directory / "monitor.yaml"
    config.write_text(DEMO_CONFIG.format(cameras=entries), encoding="utf-8")
    return config


@contextmanager
def _opened(invocation: Invocation) -> Iterator[tuple[Any, Any]]:
    from monitor.wiring.site import open_site

    with open_site(invocation.settings) as site:
        yield site, site.open_encoder()


def _enroll_all(site: Any, encoder: Any) -> None:
    from monitor.usecases.enroll import enroll

    tools = site.enrolment_tools(encoder)
    for key in site.cameras.select():
        source = site.cameras.source(key)
        frames = [source.grab(10.0) for _ in range(2)]
        done = enroll(key, frames, tools, author="demo")
        told = (
            "turns and mirroring can be told" if not done.self_test.missed else "not every turn can be told"
        )
        smallest = done.self_test.smallest_shift
        moves = f"moves from {smallest * 100:g} % on" if smallest else "no moves"
        click.echo(f"     {key!s:10} enrolled: {told}, {moves}")
        for finding in done.findings:
            click.secho(f"       {finding.text}", fg="yellow")


def _watch(
    site: Any, encoder: Any, invocation: Invocation, base: str, findings: Findings, seconds: float
) -> None:
    from monitor.settings import load_settings
    from monitor.wiring.daemon import build_service

    path = invocation.config_path
    service = build_service(
        site,
        site.equipment(encoder),
        load_settings=lambda: load_settings(path, invocation.environ),
        watched=[path],
        add_secrets=invocation.redactor.add,
        listener=lambda key, check: _tell(key, check, base, findings),
    )
    over = threading.Event()
    progress = threading.Thread(
        target=_progress, args=(base, findings, seconds, over, service.stop), daemon=True
    )
    progress.start()
    try:
        service.run()
    finally:
        over.set()
        progress.join(timeout=5)


def _tell(key: ViewKey, check: Check, base: str, findings: Findings) -> None:
    from monitor.domain.advice import headline, remedy
    from monitor.domain.state import Change

    seen = check.observation
    if seen is None:
        return
    with findings.lock:
        findings.checks[str(key)] = findings.checks.get(str(key), 0) + 1
        kind = seen.verdict.kind.value
        findings.verdicts[kind] = findings.verdicts.get(kind, 0) + 1
    if seen.transition is None or seen.transition.change not in (
        Change.OPENED,
        Change.CAUSE_CHANGED,
        Change.RECOVERED,
    ):
        return
    text = headline(str(key), seen.verdict)
    with findings.lock:
        findings.alerts.setdefault(str(key), []).append(text)
    click.secho(f"     {_simulated_time(base)}  ALERT  {text}", fg="red", bold=True)
    click.echo(f"              {remedy(seen.verdict)}")


def _progress(base: str, findings: Findings, seconds: float, over: threading.Event, stop: Any) -> None:
    started = time.monotonic()
    while not over.wait(5.0):
        with findings.lock:
            done, quiet = sum(findings.checks.values()), len(findings.checks) - len(findings.alerts)
            other = {kind: count for kind, count in findings.verdicts.items() if kind != "ok"}
        left = max(0.0, seconds - (time.monotonic() - started))
        unclear = ", ".join(f"{kind} {count}" for kind, count in sorted(other.items())) or "none"
        click.echo(
            f"     {_simulated_time(base)}  {done} checks, {quiet} of {len(findings.checks)} cameras quiet; "
            f"other than ok: {unclear}; {left:.0f} s left"
        )
        if left <= 0:
            findings.watched_to_the_end = True
            stop()
            return


def _summarise(findings: Findings, config: Path) -> None:
    click.echo("")
    quiet = "quiet all day and night" if findings.watched_to_the_end else "quiet so far"
    for name in sorted(findings.checks):
        told = "; ".join(findings.alerts.get(name, ())) or quiet
        click.echo(f"  {name:10} {findings.checks[name]:4} checks   {told}")
    click.echo(f"""
Look at it again:        monitor --config {config} status
Now with your own cameras:
  monitor init                    writes a commented monitor.yaml; enter your cameras there
  monitor config validate         says what is wrong with it, all at once
  monitor doctor                  tries database, cameras and notifiers
  monitor enroll --all            takes the reference pictures
  monitor run                     watches, until stopped
(`monitor` is .venv/bin/monitor if you came here by `make run`.)""")


def _simulated_time(base: str) -> str:
    try:
        with urllib.request.urlopen(f"{base}/truth.json", timeout=2) as answer:  # noqa: S310 - our own child's address
            return str(json.load(answer)["simulated_time"])[11:16]
    except OSError:
        return "--:--"


def _set_speed(base: str, speed: float) -> None:
    body = json.dumps({"speed": speed}).encode()
    request = urllib.request.Request(  # noqa: S310 - our own child's address
        f"{base}/clock", data=body, headers={"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=5).close()  # noqa: S310
