"""Pictures for the report: what E looks at, how its embeddings lie, and what D finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from train.checkpoint import read_checkpoint
from train.data.manifest import Picture
from train.data.splits import Pool
from train.recipes.opening import load_network
from train.reproduction.run import Reproduced
from train.retrieval.activation_drawing import draw_activations
from train.retrieval.embed import Embedder
from train.retrieval.gallery import Entry, digest_of
from train.retrieval.map_drawing import draw_map
from train.retrieval.projection import Method, project_embeddings
from train.retrieval.search import Distance, Hit, distances
from train.retrieval.sheet import draw_sheet

MOST_OF_EACH = 12
"""Pictures of one camera on the map and in the gallery; some cameras have hundreds."""
FEWEST = 4
TOP = 5
LOOKED_AT = 4


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture of the report: its file, and what it shows."""

    path: Path
    caption: str


def draw_pictures(done: Sequence[Reproduced], pool: Pool, out: Path) -> list[Drawn]:
    """Draw what there is to draw with the designs that were trained; nothing without fixed cameras.

    The pictures show those of the data set, which are not ours to redistribute: they stay in the report's directory.
    """
    shown = [picture for frames in pool.cameras.values() for picture in _spread(frames)]
    if len(shown) < FEWEST:
        return []
    out.mkdir(parents=True, exist_ok=True)
    drawn: list[Drawn] = []
    for one in done:
        if one.settings.network == "osnet_triplet":
            drawn += [_attention(one, pool, out), _map(one, shown, out)]
        if one.settings.network == "mobilenet_retrieval":
            drawn += [_found(one, shown, out, distance) for distance in Distance]
    return drawn


def _spread(frames: Sequence[Picture]) -> list[Picture]:
    places = np.linspace(0, len(frames) - 1, min(MOST_OF_EACH, len(frames))).round().astype(int)
    return [frames[place] for place in dict.fromkeys(places.tolist())]


def _attention(one: Reproduced, pool: Pool, out: Path) -> Drawn:
    checkpoint = read_checkpoint(one.bundle.parent / "checkpoint.pt", one.settings)
    paths = [frames[-1].path for frames in list(pool.cameras.values())[:LOOKED_AT]]
    sheets, _ = draw_activations(load_network(one.settings, checkpoint), paths, out)
    return Drawn(sheets[0], f"{one.design.title}: where the last feature map is strong")


def _map(one: Reproduced, shown: Sequence[Picture], out: Path) -> Drawn:
    embedded = Embedder(one.bundle).embed([picture.path for picture in shown])
    labels = {picture.path: picture.camera for picture in shown}
    title = f"{one.design.title}, t-SNE of {len(embedded.paths)} embeddings, coloured by camera"
    places = project_embeddings(embedded.vectors, Method.TSNE)
    path = out / "map.png"
    draw_map(places, embedded.paths, [labels[p] for p in embedded.paths], title, path)
    return Drawn(path, title)


def _found(one: Reproduced, shown: Sequence[Picture], out: Path, distance: Distance) -> Drawn:
    query, *others = shown
    embedder = Embedder(one.bundle)
    asked, known = embedder.embed([query.path]), embedder.embed([picture.path for picture in others])
    names = {picture.path: picture for picture in others}
    away = distances((asked.vectors, asked.raw), (known.vectors, known.raw), distance)[0]
    nearest = [int(place) for place in np.argsort(away, kind="stable")[:TOP]]
    hits = [
        Hit(rank, _entry(names[known.paths[place]]), float(away[place]))
        for rank, place in enumerate(nearest, 1)
    ]
    path = out / f"found_{distance.value}.png"
    draw_sheet(query.path, hits, distance, path)
    return Drawn(path, f"{one.design.title}: the nearest {len(hits)} by {distance.value} distance")


def _entry(picture: Picture) -> Entry:
    return Entry(picture.path, picture.path.stem, picture.camera, digest_of(picture.path))
