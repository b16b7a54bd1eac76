"""`monitor enroll`: make what a camera shows, or pictures from files, the references of its views."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.errors import BAD_NEWS
from monitor.cli.invocation import Invocation, pass_run

if TYPE_CHECKING:
    from monitor.cli.screen import Screen
    from monitor.domain.frame import Frame
    from monitor.domain.view import ViewKey
    from monitor.usecases.enroll import Enrolment
    from monitor.vision.encoder import NetworkEncoder
    from monitor.wiring.site import Site

PAUSE_S = 1.0
# Sources whose next picture does not depend on how long one waits for it.
UNHURRIED = ("folder", "video")


@dataclass(frozen=True, slots=True)
class Wish:
    """How views are to be enrolled; see the command's options."""

    frames: int
    pictures: tuple[Path, ...]
    add: bool
    force: bool
    author: str
    reason: str


@click.command()
@click.argument("camera", required=False)
@click.argument("more_pictures", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE]...")
@click.option("--view", "view", metavar="NAME", help="One view of a camera that has several.")
@click.option(
    "--image",
    "pictures",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE...",
    help="Pictures to take instead of the camera's; several may follow.",
)
@click.option(
    "--frames",
    type=click.IntRange(1, 50),
    default=3,
    show_default=True,
    help="Frames to grab, a second apart.",
)
@click.option("--all", "everything", is_flag=True, help="Every view that is not enrolled yet.")
@click.option("--again", is_flag=True, help="With --all: those that are enrolled, too.")
@click.option("--add", "--keep", "add", is_flag=True, help="Keep the present references beside the new ones.")
@click.option("--force", is_flag=True, help="Enroll in spite of findings that speak against it.")
@click.option("--by", "author", metavar="NAME", help="Who enrolls.  [default: your account]")
@click.option("--reason", default="enrolled", show_default=True, help="Why, for the list of versions.")
@pass_run
def enroll(
    run: Invocation,
    camera: str | None,
    more_pictures: tuple[Path, ...],
    view: str | None,
    pictures: tuple[Path, ...],
    frames: int,
    everything: bool,
    again: bool,
    add: bool,
    force: bool,
    author: str | None,
    reason: str,
) -> None:
    """Take reference pictures of CAMERA's views, and say what cannot be detected there.

    The pictures come from the camera, or from files with --image. They must be lit, sharp, structured and agree
    with each other. Earlier references rest and can be restored with `monitor references rollback`; --add keeps
    them in use, for a second light such as infrared.

    Example: monitor enroll gate --add --image night1.jpg night2.jpg
    """
    from monitor.cli.screen import Screen
    from monitor.cli.words import author_name
    from monitor.wiring.site import open_site

    _check_usage(camera, more_pictures, view, pictures, everything=everything, again=again)
    screen = Screen(run)
    wish = Wish(frames, (*pictures, *more_pictures), add, force, author or author_name(), reason)
    with open_site(run.settings, newest_only=True) as site:
        if everything:
            keys = [spec.key for spec in site.cameras.specs if spec.enabled]
            keys = keys if again else _without_enrolled(keys, site, screen)
        else:
            keys = site.cameras.select([f"{camera}/{view}" if view else str(camera)])
        encoder = site.open_encoder()
        if len(keys) == 1 and not everything:
            _show(_enroll(keys[0], site, encoder, wish), screen)
        elif _enroll_all(keys, site, encoder, wish, screen):
            raise SystemExit(BAD_NEWS)


def _check_usage(
    camera: str | None,
    more_pictures: Sequence[Path],
    view: str | None,
    pictures: Sequence[Path],
    *,
    everything: bool,
    again: bool,
) -> None:
    if everything and (camera or view or pictures):
        raise click.UsageError(
            "--all takes every camera's own pictures: leave out CAMERA, --view and --image."
        )
    if not everything and camera is None:
        raise click.UsageError("Name a camera, or use --all.")
    if again and not everything:
        raise click.UsageError("--again goes with --all; a camera that is named is always enrolled again.")
    if more_pictures and not pictures:
        raise click.UsageError(
            f"What is {more_pictures[0]} for? Pictures go behind --image, and cameras are enrolled one by one."
        )


def _without_enrolled(keys: Sequence[ViewKey], site: Site, screen: Screen) -> list[ViewKey]:
    enrolled = {row.spec.key for row in site.store.views.all() if row.reference_count}
    waiting = [key for key in keys if key not in enrolled]
    if len(waiting) < len(keys):
        screen.say(
            f"{_views(len(keys) - len(waiting))} enrolled already and left alone (--again takes them too)."
        )
    return waiting


def _enroll_all(
    keys: Sequence[ViewKey], site: Site, encoder: NetworkEncoder, wish: Wish, screen: Screen
) -> int:
    """Several at a time, for most of it is waiting for cameras; one that fails does not stop the others."""
    from monitor.domain.errors import MonitorError

    done, failed = 0, []
    with screen.progress("Enrolling", len(keys)) as advance, _pool(site.settings.service.workers) as pool:
        waiting: dict[Future[Enrolment], ViewKey] = {
            pool.submit(_enroll, key, site, encoder, wish): key for key in keys
        }
        for future in as_completed(waiting):
            try:
                _show(future.result(), screen)
                done += 1
            except MonitorError as error:
                failed.append(waiting[future])
                screen.say(f"{waiting[future]}: not enrolled. {error}", "bad")
            advance()
    screen.say(f"{_views(done)} enrolled, {len(failed)} failed.", "bad" if failed else "good")
    if failed:
        screen.say(f"Failed: {', '.join(map(str, sorted(failed)))}. Repeat with `monitor enroll --all`.")
    return len(failed)


def _enroll(key: ViewKey, site: Site, encoder: NetworkEncoder, wish: Wish) -> Enrolment:
    from monitor.usecases.accept import new_normal
    from monitor.usecases.enroll import enroll as enroll_view

    watch = site.store.load_watch(key)
    frames = _frames(key, site, wish)
    incident = watch.open_incident
    return enroll_view(
        key,
        frames,
        site.enrolment_tools(encoder),
        author=wish.author,
        reason=wish.reason,
        keep=[reference.id for reference in watch.references] if wish.add else (),
        force=wish.force,
        # The view starts anew with its new references, and so ends an incident that was about the old ones.
        resolution=None
        if incident is None
        else new_normal(
            incident,
            watch.spec,
            author=wish.author,
            comment="The view was enrolled anew.",
            now=site.clock.now(),
            addressing=site.routing,
        ),
    )


def _frames(key: ViewKey, site: Site, wish: Wish) -> list[Frame]:
    from monitor.sources.pictures import load_picture
    from monitor.usecases.enroll import grab_distinct

    if wish.pictures:
        return [load_picture(path) for path in wish.pictures]
    plan = site.cameras.plan(key)
    wait: Callable[[], None] = (
        (lambda: None) if plan.source_kind in UNHURRIED else (lambda: time.sleep(PAUSE_S))
    )
    return grab_distinct(site.cameras.source(key), wish.frames, plan.timeout_s, wait)


def _show(done: Enrolment, screen: Screen) -> None:
    from monitor.cli.words import name

    count = f"{done.references} new reference{'s' if done.references > 1 else ''}"
    kept = f" beside {done.kept} earlier" if done.kept else ""
    screen.say(f"{done.key}: enrolled with {count}{kept} (version {done.version}).", "good")
    told = [name(kind) for kind in done.self_test.told]
    if done.self_test.smallest_shift is not None:
        told.append(f"moves from {done.self_test.smallest_shift * 100:g} % of the view on")
    if told:
        screen.say(f"  Told apart here: {', '.join(told)}.", "quiet")
    for finding in done.findings:
        screen.say(f"  {finding.text}", "doubt")


@contextmanager
def _pool(workers: int) -> Iterator[ThreadPoolExecutor]:
    """A pool that does not begin what still waits when it is left early (Ctrl-C)."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix="look")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _views(count: int) -> str:
    return "1 view" if count == 1 else f"{count} views"
