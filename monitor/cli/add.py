"""`monitor add`: write a camera into the configuration, after a look at its picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from monitor.cli.entries import Newcomer, write
from monitor.cli.errors import BAD_NEWS, Refusal
from monitor.cli.invocation import Invocation, pass_run

if TYPE_CHECKING:
    from monitor.cli.screen import Screen
    from monitor.cli.trial import Trial
    from monitor.domain.frame import Frame
    from monitor.onvif.profiles import Profile


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be added, and how; see the command's options."""

    name: str | None
    site: str | None
    profile: str | None
    everything: bool
    keep_host: bool
    yes: bool


@click.command()
@click.argument("address", required=False)
@click.option("--url", metavar="URL", help="The address of its pictures, for cameras without ONVIF.")
@click.option("--name", help="Its name in the configuration; with --all, what the names begin with.")
@click.option("--site", metavar="NAME", help="One of the configuration's sites.")
@click.option("--profile", metavar="NAME", help="Which ONVIF profile.  [default: the smallest that suffices]")
@click.option("--all", "everything", is_flag=True, help="Every video source of a recorder, as ch1, ch2, …")
@click.option("--username", metavar="NAME", help="The account at the camera.")
@click.option("--password-env", metavar="VARIABLE", help="An environment variable with its password.")
@click.option("--password-file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="A file with its password.")  # fmt: skip
@click.option("--keep-host", is_flag=True, help="Fetch pictures from the host that the device names.")
@click.option("--yes", is_flag=True, help="Ask nothing: take the defaults, or end with what is missing.")
@click.option("--enroll", is_flag=True, help="Take its references at once, as `monitor enroll` does.")
@click.pass_context
@pass_run
def add(
    run: Invocation,
    ctx: click.Context,
    address: str | None,
    url: str | None,
    name: str | None,
    site: str | None,
    profile: str | None,
    everything: bool,
    username: str | None,
    password_env: str | None,
    password_file: Path | None,
    keep_host: bool,
    yes: bool,
    enroll: bool,
) -> None:
    """Add the camera at ADDRESS (host, or address of its ONVIF service) to the configuration.

    Asks the camera what it offers, takes its snapshot address if that works and else its stream, shows a test picture,
    and writes the entry; comments and layout of the file stay. A password is asked for when one is needed, and kept in
    a file of its own.

    Example: monitor add 10.0.4.17 --name gate --username viewer
    """
    from monitor.cli.account import account_of
    from monitor.cli.screen import Screen
    from monitor.cli.trial import Trial
    from monitor.clock import SystemClock

    wish = Wish(name, site, profile, everything, keep_host, yes)
    _check_usage(address, url, wish)
    screen = Screen(run)
    _check_names(run, wish)
    account = account_of(run, username, password_env, password_file)
    trial = Trial(run, screen, SystemClock(), account, may_ask=not yes)
    trial.complete_account()
    newcomers, failed = (
        _from_url(url, wish, trial, run, screen)
        if url
        else _from_device(str(address), wish, trial, run, screen)
    )
    if newcomers and (yes or click.confirm(_question(newcomers, run), default=True, err=True)):
        shared = (wish.name or newcomers[0].name) if everything else None
        write(newcomers, run, screen, site=site, may_ask=not yes, shared_secret=shared)
        _go_on(newcomers, ctx, run, screen, enroll=enroll)
    if failed:
        raise SystemExit(BAD_NEWS)


def _check_usage(address: str | None, url: str | None, wish: Wish) -> None:
    if (address is None) == (url is None):
        raise click.UsageError("Give the camera's address, or with --url that of its pictures.")
    if url is not None and not _is_address(url):
        raise click.UsageError("That is no address of pictures: write it as http://10.0.4.17/snapshot.jpg.")
    if url is not None and (wish.profile or wish.everything or wish.keep_host):
        raise click.UsageError("--profile, --all and --keep-host are for ONVIF devices, not for --url.")
    if wish.profile and wish.everything:
        raise click.UsageError("Give one of --profile and --all.")
    if url is not None and "@" in url.partition("://")[2].partition("/")[0]:
        raise click.UsageError(
            "What stands on a command line can be read by everybody on this machine: leave user and password out of "
            "--url, and give --username; the password is asked for, or comes with --password-env or --password-file."
        )


def _is_address(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _check_names(run: Invocation, wish: Wish) -> None:
    """Before a camera is bothered: are name and site possible?"""
    taken = {camera.name for camera in run.settings.cameras}
    if wish.name is not None and not re.fullmatch(r"\w[\w.-]{0,55}", wish.name):
        raise Refusal(f"“{wish.name}” cannot be a camera's name.", "Use letters, digits, dots and dashes.")
    if not wish.everything and wish.name in taken:
        raise Refusal(f"There is a camera {wish.name} already.", "Choose another --name.")
    if wish.site is not None and wish.site not in {"default", *run.settings.sites}:
        known = ", ".join(run.settings.sites) or "none"
        raise Refusal(f"There is no site {wish.site} in the configuration.", f"Configured: {known}.")


def _from_url(
    url: str, wish: Wish, trial: Trial, run: Invocation, screen: Screen
) -> tuple[list[Newcomer], int]:
    from monitor.wiring.newcomer import camera_at

    known = camera_at(url, run.settings)
    if known:
        raise Refusal(f"Camera {known} has this address already.", "See it with `monitor config show`.")
    frame = trial.look(url)
    name = wish.name or _free_name(urlsplit(url).hostname or "camera", run)
    _show(name, frame, run, screen)
    return [Newcomer(name, url, trial.account)], 0


def _from_device(
    address: str, wish: Wish, trial: Trial, run: Invocation, screen: Screen
) -> tuple[list[Newcomer], int]:
    from monitor.cli.trial import NoTestPicture, choose

    with closing(trial.find_device(address)) as device:
        model = trial.introduce(device)
        chosen = choose(
            trial.profiles(device), wish.profile, screen, everything=wish.everything, may_ask=not wish.yes
        )
        found: list[Newcomer] = []
        failed = 0
        for number, profiles in enumerate(chosen, 1):
            name = _name(number, model or address, wish, run)
            try:
                newcomer = _try(name, device, profiles, wish, trial, run, screen)
            except NoTestPicture as error:
                if not wish.everything:
                    raise
                screen.say(f"{name}: {error}", "bad")
                failed += 1
                continue
            found += [newcomer] if newcomer else []
    return found, failed


def _try(
    name: str,
    device: Any,
    profiles: Sequence[Profile],
    wish: Wish,
    trial: Trial,
    run: Invocation,
    screen: Screen,
) -> Newcomer | None:
    """The camera behind these profiles; None where it is configured already and others are still to come."""
    from monitor.wiring.newcomer import camera_at, offers

    offer, frame = trial.first_picture(offers(device, profiles, keep_host=wish.keep_host))
    known = camera_at(offer.url, run.settings)
    if known and not wish.everything:
        raise Refusal(f"Camera {known} has this address already.", "Choose another with --profile.")
    if known:
        screen.say(f"{name}: camera {known} has this address already; left alone.", "quiet")
        return None
    screen.say(f"{name}: {offer.label}")
    _show(name, frame, run, screen)
    return Newcomer(name, offer.url, trial.account, offer.main_url)


def _name(number: int, model: str, wish: Wish, run: Invocation) -> str:
    if not wish.everything:
        return wish.name or _free_name(model, run)
    name = f"{wish.name}-ch{number}" if wish.name else f"ch{number}"
    return name if wish.name else _free_name(name, run)


def _free_name(wanted: str, run: Invocation) -> str:
    """A name like this that no camera has."""
    base = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")[:40] or "camera"
    taken = {camera.name for camera in run.settings.cameras}
    return next(
        name
        for number in range(1, len(taken) + 2)
        if (name := base if number == 1 else f"{base}-{number}") not in taken
    )


def _show(name: str, frame: Frame, run: Invocation, screen: Screen) -> None:
    """The test picture, as a file and where possible in the terminal, and what speaks against it."""
    from monitor.wiring.newcomer import findings
    from monitor.wiring.sight import picture_bytes

    folder = run.settings.data_dir / "test-pictures"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.jpg"
    path.write_bytes(picture_bytes(replace(frame, encoded=None)))
    if screen.output.is_terminal and screen.output.color_system in ("256", "truecolor"):
        from monitor.cli.picture import miniature

        screen.output.print(miniature(frame.pixels))
    screen.say(f"  test picture: {frame.native_width} × {frame.native_height}, kept in {path}", "quiet")
    for finding in findings(frame):
        screen.say(f"  {finding.text}", "doubt")


def _question(newcomers: Sequence[Newcomer], run: Invocation) -> str:
    return f"Write {', '.join(newcomer.name for newcomer in newcomers)} into {run.config_path}?"


def _go_on(
    newcomers: Sequence[Newcomer], ctx: click.Context, run: Invocation, screen: Screen, *, enroll: bool
) -> None:
    if not enroll:
        screen.say(
            f"Next: monitor enroll {newcomers[0].name}"
            if len(newcomers) == 1
            else "Next: monitor enroll --all"
        )
        return
    from monitor.cli.enroll import enroll as enroll_command

    run.__dict__.pop("settings", None)  # The configuration is another now.
    for newcomer in newcomers:
        ctx.invoke(enroll_command, camera=newcomer.name)
