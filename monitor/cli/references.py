"""`monitor references`: the pictures that views are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.errors import BAD_NEWS
from monitor.cli.invocation import Invocation, pass_run

if TYPE_CHECKING:
    from monitor.domain.view import ViewKey
    from monitor.store import GalleryEntry, GalleryVersion
    from monitor.wiring.site import Site


@click.group()
def references() -> None:
    """List, remove and restore reference pictures."""


@references.command("list")
@click.argument("camera")
@click.option("--all", "everything", is_flag=True, help="References of earlier versions, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_run
def list_references(run: Invocation, camera: str, everything: bool, as_json: bool) -> None:
    """List the references of CAMERA (or `camera/view`) and the versions of its gallery; times are UTC.

    Example: monitor references list gate --all
    """
    from monitor.cli.screen import Screen
    from monitor.wiring.site import open_site

    screen = Screen(run, as_json)
    with open_site(run.settings, sync=False) as site:
        keys, gallery = site.cameras.select([camera]), site.store.gallery
        known = {row.spec.key for row in site.store.views.all()}
        found: list[tuple[ViewKey, list[GalleryEntry], Sequence[GalleryVersion]]] = [
            (key, gallery.list(key, include_inactive=everything), gallery.versions(key))
            if key in known
            else (key, [], [])
            for key in keys
        ]
        paths = {
            entry.reference_id: _path(site, entry.image_digest)
            for _, entries, _ in found
            for entry in entries
        }
    if as_json:
        screen.json([_as_json(key, entries, versions, paths) for key, entries, versions in found], indent=2)
        return
    for key, entries, versions in found:
        if not versions:
            screen.say(f"{key} has no references yet: `monitor enroll {key}` takes some.", "doubt")
            continue
        screen.say(str(key), "strong")
        screen.table(["reference", "of", "origin", "in use", "versions", "picture"], _rows(entries, paths))
        screen.table(["version", "made", "by", "why", "references"], _version_rows(versions))


@references.command()
@click.argument("camera")
@click.argument("reference", type=click.IntRange(1))
@click.option("--force", is_flag=True, help="Remove even the last one; the view is unenrolled then.")
@click.option("--by", "author", metavar="NAME", help="Who removes it.  [default: your account]")
@pass_run
def remove(run: Invocation, camera: str, reference: int, force: bool, author: str | None) -> None:
    """Take REFERENCE out of use for CAMERA (or `camera/view`); `rollback` brings it back.

    Example: monitor references remove gate 7
    """
    from monitor.cli.screen import Screen
    from monitor.cli.words import author_name
    from monitor.wiring.site import open_site

    with open_site(run.settings) as site:
        key = _one(site, camera)
        version = site.store.gallery.remove(
            key, reference, author=author or author_name(), now=site.clock.now(), force=force
        )
        left = len(site.store.gallery.list(key))
    screen = Screen(run)
    screen.say(f"{key}: reference {reference} is out of use (version {version}); {left} left.")
    screen.say(f"Undo: monitor references rollback {key}", "quiet")


@references.command()
@click.argument("camera")
@click.option("--to", type=click.IntRange(1), help="Which version.  [default: the one before]")
@click.option("--by", "author", metavar="NAME", help="Who does it.  [default: your account]")
@pass_run
def rollback(run: Invocation, camera: str, to: int | None, author: str | None) -> None:
    """Bring an earlier version of the references of CAMERA (or `camera/view`) back into use.

    Example: monitor references rollback gate --to 2
    """
    from monitor.cli.screen import Screen
    from monitor.cli.words import author_name
    from monitor.usecases.reencode import reencode as encode_again
    from monitor.wiring.sight import read_picture
    from monitor.wiring.site import open_site

    screen = Screen(run)
    with open_site(run.settings) as site:
        key = _one(site, camera)
        version = site.store.gallery.rollback(key, to, author=author or author_name(), now=site.clock.now())
        # What comes back may have been encoded by a network of long ago.
        done = encode_again(site.store, site.open_encoder(), read_picture)
        count = len(site.store.gallery.list(key))
    screen.say(
        f"{key}: version {version} has the {count} reference{'s' if count > 1 else ''} of before again."
    )
    _tell(screen, done)
    if done.problems:
        raise SystemExit(BAD_NEWS)


@references.command()
@pass_run
def reencode(run: Invocation) -> None:
    """Encode every reference again that another network encoded; `monitor run` does so when it starts.

    Example: monitor references reencode
    """
    from monitor.cli.screen import Screen
    from monitor.usecases.reencode import reencode as encode_again
    from monitor.wiring.sight import read_picture
    from monitor.wiring.site import open_site

    screen = Screen(run)
    with open_site(run.settings) as site:
        encoder = site.open_encoder()
        done = encode_again(site.store, encoder, read_picture)
    if not done.references and not done.problems:
        screen.say(f"All references are those of {encoder.bundle_id} already.")
    _tell(screen, done)
    if done.problems:
        raise SystemExit(BAD_NEWS)


def _tell(screen: Any, done: Any) -> None:
    if done.references:
        screen.say(f"{done.references} reference{'s' if done.references > 1 else ''} encoded again.", "good")
    for problem in done.problems:
        screen.say(problem, "bad")


def _one(site: Site, camera: str) -> ViewKey:
    from monitor.domain.errors import UnknownView

    keys = site.cameras.select([camera])
    if len(keys) > 1:
        raise UnknownView(
            f"{camera} has {len(keys)} views.",
            f"Name one: {', '.join(f'{k.camera}/{k.view}' for k in keys)}.",
        )
    return keys[0]


def _path(site: Site, digest: str) -> str:
    from monitor.store import StoreError

    try:
        return str(site.store.images.path(digest))
    except StoreError:
        return "lost"


def _rows(entries: list[GalleryEntry], paths: dict[int, str]) -> list[list[Any]]:
    from monitor.cli.words import moment

    return [
        [
            str(entry.reference_id),
            moment(entry.created_at),
            entry.origin,
            ("yes", "good") if entry.active else ("no", "quiet"),
            ", ".join(map(str, entry.versions)),
            (paths[entry.reference_id], "bad" if paths[entry.reference_id] == "lost" else "quiet"),
        ]
        for entry in entries
    ]


def _version_rows(versions: Sequence[GalleryVersion]) -> list[list[Any]]:
    from monitor.cli.words import moment

    return [
        [
            (
                f"{version.number}{' (in use)' if version.active else ''}",
                "good" if version.active else "quiet",
            ),
            moment(version.created_at),
            version.author,
            version.reason,
            ", ".join(map(str, version.reference_ids)) or "none",
        ]
        for version in versions
    ]


def _as_json(
    key: ViewKey, entries: list[GalleryEntry], versions: Sequence[GalleryVersion], paths: dict[int, str]
) -> dict[str, Any]:
    from monitor.cli.words import instant

    def version(one: GalleryVersion) -> dict[str, Any]:
        return {
            "version": one.number,
            "created_at": instant(one.created_at),
            "by": one.author,
            "reason": one.reason,
            "in_use": one.active,
            "references": list(one.reference_ids),
        }

    def entry(one: GalleryEntry) -> dict[str, Any]:
        return {
            "reference": one.reference_id,
            "created_at": instant(one.created_at),
            "origin": one.origin,
            "in_use": one.active,
            "bundle": one.bundle_id,
            "versions": list(one.versions),
            "image": one.image_digest,
            "path": paths[one.reference_id],
        }

    return {
        "camera": key.camera,
        "view": key.view,
        "references": [entry(one) for one in entries],
        "versions": [version(one) for one in versions],
    }
