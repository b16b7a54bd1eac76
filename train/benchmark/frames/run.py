"""All that is measured of frames on one split."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from train.benchmark.frames.cases import Case, cases
from train.benchmark.frames.looks import Colourless, Colours, Look, colours, look_at
from train.benchmark.frames.material import Material, take_split
from train.benchmark.frames.repeats import Anew, Live, encoded_anew, live_pairs
from train.benchmark.frames.service import Answer, ask_service
from train.data.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Figures:
    """What was found.

    Attributes:
        material: The pictures.
        live: Captures that follow each other.
        anew: The same picture encoded anew, by quality.
        answers: What the service says of whole, damaged, smeared and reshaped frames.
        flattest: The picture of a fixed camera that comes nearest to being called smeared.
        most_combed: The picture of all that comes nearest to being called combed.
        colours: Saturation by condition.
        colourless: Cameras that know no colours.
    """

    material: Material
    live: Live
    anew: Sequence[Anew]
    answers: Sequence[tuple[Case, Answer]]
    flattest: Look
    most_combed: Look
    colours: Sequence[Colours]
    colourless: Colourless


def measure_frames(
    manifest: Manifest, split: str, seed: int, bundle: Path | None, say: Callable[[str], None]
) -> Figures:
    """Measure a split; some minutes of one core for a thousand pictures of fixed cameras.

    Args:
        manifest: All pictures.
        split: `train` or `dev`.
        seed: Another one gives other damage.
        bundle: The network of the service; the shipped one when None.
        say: Told what is being done.

    Raises:
        DataError: The pictures are not what this can be measured on.
        ServiceFailed: The service's command failed.
    """
    material = take_split(manifest, split)
    say(f"looking at {len(material.stills)} pictures")
    by_path = {look.picture.path: look for look in look_at(material.stills)}
    fixed = [by_path[picture.path] for picture in material.of_fixed_cameras]
    live, anew = live_pairs(fixed), encoded_anew(fixed)
    coloured, colourless = colours(fixed)
    asked = list(cases(material, seed))
    say(f"asking the service about {len(asked)} frames")
    with tempfile.TemporaryDirectory() as folder:
        answers = ask_service(asked, Path(folder), bundle)
    return Figures(
        material,
        live,
        anew,
        answers,
        flattest=max(fixed, key=lambda look: look.flat_rows),
        most_combed=max(by_path.values(), key=lambda look: look.combed),
        colours=coloured,
        colourless=colourless,
    )
