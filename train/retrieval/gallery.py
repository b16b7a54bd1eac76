"""A gallery: the pictures of a folder with title, style and features, embedded once and stored."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.domain.errors import MonitorError
from train.preparation.pictures import find_pictures
from train.retrieval.embed import Embedder, Floats, NothingToEmbed, Skipped
from train.retrieval.gallery_store import GalleryStore, Row
from train.retrieval.gallery_table import write_gallery_table

STORE_FOLDER = ".gallery"
PORTION = 256
"""Pictures whose features are stored together; a kill loses no more than these."""
DATABASE, TABLE = "gallery.sqlite", "gallery.csv"
TITLE_FILES = ("gallery.csv", "manifest.csv")
"""Where titles and styles are looked for in the gallery's folder; the first that is there counts."""


class GalleryError(MonitorError):
    """The gallery's folder or its list of titles cannot be used."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture of a gallery.

    Attributes:
        path: Of the file.
        title: For people.
        style: Kind or class.
        digest: SHA-256 of the file, hex.
    """

    path: Path
    title: str
    style: str
    digest: str


@dataclass(frozen=True, slots=True)
class Gallery:
    """A folder as it is now.

    Attributes:
        bundle_id: What made the features.
        entries: N pictures, by path.
        vectors: (N, D) L2-normalised embeddings.
        raw: (N, D) embeddings before the normalisation, if the bundle gives them.
        embedded: How many pictures were new or changed, or not yet embedded by this bundle.
        dropped: How many stored pictures are gone from the folder.
        skipped: Pictures that cannot be read.
    """

    bundle_id: str
    entries: tuple[Entry, ...]
    vectors: Floats
    raw: Floats | None
    embedded: int
    dropped: int
    skipped: tuple[Skipped, ...]


def open_gallery(
    directory: Path,
    embedder: Embedder,
    store: Path | None = None,
    on_start: Callable[[int], Callable[[], object]] = lambda _: lambda: None,
) -> Gallery:
    """Bring the stored gallery of a folder up to date: embed what is new or changed, drop what is gone.

    A picture is known by the digest of its file, so that one which was only moved or renamed is not embedded again.
    Features of other bundles stay stored. Beside the database, `gallery.csv` is written anew for a spreadsheet.

    Args:
        directory: Folder tree of pictures.
        embedder: The bundle to embed with.
        store: Folder of the stored features; None for `.gallery` in the directory.
        on_start: Told how many pictures are to be embedded; what it returns is called after each.

    Raises:
        PreparationError: There is no such folder, or no picture in it.
        NothingToEmbed: None of them can be read.
        GalleryError: The list of titles cannot be used, or the store is the folder of pictures itself.
        StoreError: The stored gallery is damaged, or cannot be written.
    """
    paths = find_pictures(directory)
    folder = store or directory / STORE_FOLDER
    if folder.resolve() == directory.resolve():
        raise GalleryError(
            f"{folder} is the gallery itself: its {TABLE} would take the place of yours.",
            "Give another folder with --store.",
        )
    entries, unreadable = _entries(directory, paths)
    stored, bundle_id = GalleryStore(folder / DATABASE), embedder.bundle.id
    known = stored.known_digests(bundle_id)
    fresh = {entry.digest: entry.path for entry in entries if entry.digest not in known}
    unfit = _embed_into(stored, embedder, fresh, on_start(len(fresh)))
    kept = [entry for entry in entries if entry.digest not in unfit]
    skipped = [*unreadable, *(Skipped(e.path, unfit[e.digest]) for e in entries if e.digest in unfit)]
    if not kept:
        raise NothingToEmbed(
            f"No picture in {directory} can be read: {skipped[0].reason}", "Look at the files."
        )
    rows = [Row(e.path.relative_to(directory).as_posix(), e.title, e.style, e.digest) for e in kept]
    dropped = stored.replace_pictures(rows)
    vectors, raw = stored.read_features(bundle_id, [entry.digest for entry in kept])
    state = hashlib.sha256(repr((bundle_id, rows)).encode()).hexdigest()
    if stored.read_note(TABLE) != state or not (folder / TABLE).is_file():
        write_gallery_table(folder / TABLE, bundle_id, rows, vectors if raw is None else raw)
        stored.write_note(TABLE, state)
    return Gallery(
        bundle_id, tuple(kept), vectors, raw, len(fresh) - len(unfit), dropped, tuple(sorted(skipped))
    )


def digest_of(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _entries(directory: Path, paths: Sequence[Path]) -> tuple[list[Entry], list[Skipped]]:
    told = _read_titles(directory)
    entries, skipped = [], []
    for path in paths:
        title, style = told.get(path.relative_to(directory).as_posix(), ("", ""))
        try:
            digest = digest_of(path)
        except OSError as error:
            skipped.append(Skipped(path, f"Cannot read {path}: {error.strerror}."))
            continue
        parent = path.absolute().parent.name
        entries.append(Entry(path, title or path.stem, style or parent, digest))
    return entries, skipped


def _read_titles(directory: Path) -> Mapping[str, tuple[str, str]]:
    """Title and style by relative path, either empty where a list does not say."""
    path = next((directory / name for name in TITLE_FILES if (directory / name).is_file()), None)
    if path is None:
        return {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            if "path" not in (reader.fieldnames or ()):
                raise GalleryError(
                    f"{path} has no column 'path'.",
                    "Its columns are path, title and style, with commas between.",
                )
            return {row["path"]: (row.get("title") or "", row.get("style") or "") for row in reader}
    except (UnicodeDecodeError, csv.Error) as error:
        raise GalleryError(
            f"{path} is not a CSV file in UTF-8: {error}.", "Save it from the spreadsheet as CSV UTF-8."
        ) from error


def _embed_into(
    stored: GalleryStore, embedder: Embedder, fresh: Mapping[str, Path], on_done: Callable[[], object]
) -> dict[str, str]:
    """Embed pictures given by digest, and store them a portion at a time; why some could not be, by digest."""
    unfit: dict[str, str] = {}
    items = list(fresh.items())
    for start in range(0, len(items), PORTION):
        portion = items[start : start + PORTION]
        embedded = embedder.embed([path for _, path in portion], on_done)
        digests = {path: digest for digest, path in portion}
        raw = [None] * len(embedded.paths) if embedded.raw is None else list(embedded.raw)
        rows = zip(embedded.paths, zip(embedded.vectors, raw, strict=True), strict=True)
        stored.add_features(embedder.bundle.id, {digests[path]: row for path, row in rows})
        unfit |= {digests[skip.path]: skip.reason for skip in embedded.skipped}
    return unfit
