"""`monitor evidence`: what an incident rests on, as a folder or an archive to look at and to hand on."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.invocation import Invocation, pass_run
from monitor.domain.errors import MonitorError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.usecases.evidence import EvidencePack


class EvidenceNotWritten(MonitorError):
    """The evidence cannot be put where it was asked for."""


@click.command()
@click.argument("incident", type=click.IntRange(1))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR|FILE.zip",
    help="Where to write it.  [default: incident-N]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON, and write nothing.")
@pass_run
def evidence(run: Invocation, incident: int, out: Path | None, as_json: bool) -> None:
    """Write down what INCIDENT (its number is in `monitor status`) rests on: pictures, figures, and what to do.

    Example: monitor evidence 12 --out gate.zip
    """
    from monitor.cli.screen import Screen
    from monitor.usecases.evidence import pack
    from monitor.wiring.sight import evidence_tools
    from monitor.wiring.site import open_site

    with open_site(run.settings, sync=False) as site:
        found = pack(incident, evidence_tools(site.store))
    screen = Screen(run, as_json)
    found = replace(found, figures=screen.clean(found.figures))
    if as_json:
        screen.json(dict(found.figures), indent=2)
        return
    place = out or Path(f"incident-{incident}")
    _write(place, _files(found))
    screen.say(str(found.figures["title"]), "strong")
    screen.say(str(found.figures["remedy"]))
    pictures = f"{len(found.pictures)} picture{'s' * (len(found.pictures) != 1)}"
    screen.say(f"Wrote {place}: {pictures}, index.html, figures.json.")
    for name, why in found.figures["missing"].items():
        screen.note(f"The {name} picture is missing: {why}", "doubt")


def _files(pack: EvidencePack) -> Mapping[str, bytes]:
    from monitor.usecases.evidence_page import page

    figures = json.dumps(pack.figures, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    pictures = {f"{name}.jpg": content for name, content in pack.pictures.items()}
    return {"index.html": page(pack).encode(), "figures.json": figures.encode(), **pictures}


def _archive(folder: str, files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(f"{folder}/{name}", content)
    return buffer.getvalue()


def _write(place: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder, or an archive where the name ends with .zip; what is there already is left alone.

    Raises:
        EvidenceNotWritten: Something is there already, or the place cannot be written to.
    """
    if place.is_file() or (place.is_dir() and any(place.iterdir())):
        raise EvidenceNotWritten(f"{place} is there already.", "Name another place with --out, or remove it.")
    try:
        if place.suffix.lower() == ".zip":
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(_archive(place.stem, files))
            return
        place.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (place / name).write_bytes(content)
    except OSError as error:
        raise EvidenceNotWritten(
            f"{place} cannot be written ({error.strerror or type(error).__name__}).",
            "Name another place with --out.",
        ) from error
