"""The figures as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from train.benchmark.frames.cases import ITSELF, SMEARED, WHOLE, Case
from train.benchmark.frames.damage import KINDS, VISIBLE
from train.benchmark.frames.reshaped import RESHAPED
from train.benchmark.frames.run import Figures
from train.benchmark.frames.service import Answer
from train.benchmark.tables import Table, percent

Answers = Sequence[tuple[Case, Answer]]


def as_text(figures: Figures) -> str:
    """Headings and tables, as markdown."""
    sections = {
        "Near-duplicates": near_duplicates(figures),
        "Damage, and whether the decoder tells": damage(figures.answers),
        "What damaged frames are judged": verdicts(figures.answers),
        "Rows and combs": rows_and_combs(figures),
        "Other formats": formats(figures.answers),
        "Saturation of cameras that know colours": saturation(figures),
    }
    blocks = [f"## {heading}\n\n{table.markdown()}" for heading, table in sections.items()]
    return "\n\n".join([_of_what(figures), *blocks])


def near_duplicates(figures: Figures) -> Table:
    """Live captures, and one picture encoded anew."""
    live = figures.live
    of_what = f"{live.calmest_camera}, {live.calmest_condition}".strip(", ")
    return Table(
        ("", "found", "of"),
        (
            ("consecutive live captures taken for one picture", live.taken_for_one, live.pairs),
            (f"share of cells that differ in the calmest ({of_what})", f"{percent(live.calmest)} %", ""),
            *(
                (
                    f"one picture encoded anew at {anew.quality}: taken for one",
                    anew.taken_for_one,
                    anew.pictures,
                )
                for anew in figures.anew
            ),
        ),
    )


def damage(answers: Answers) -> Table:
    """How much damage is visible, and how much of that the decoder tells."""
    whole = [answer for case, answer in answers if case.kind in (WHOLE, ITSELF)]
    lines = [("none", len(whole), 0, sum(answer.told for answer in whole), 0)]
    for kind in KINDS:
        damaged = _of(answers, kind)
        visible = [answer.told for case, answer in damaged if case.visible]
        lines.append(
            (kind, len(damaged), len(visible), sum(a.told for _, a in damaged), sum(visible)),
        )
    visibly = f"visible (by more than {VISIBLE:g} levels)"
    return Table(("damage", "frames", visibly, "told", "visible and told"), tuple(lines))


def verdicts(answers: Answers) -> Table:
    """What the service makes of visible damage, beside the same frames whole."""
    lines = [_line("none", _whole(answers, KINDS))]
    for kind in KINDS:
        visible = [(case, answer) for case, answer in _of(answers, kind) if case.visible]
        for which, told in (("told", True), ("not told", False)):
            some = [(case, answer) for case, answer in visible if answer.told is told]
            lines.append(_line(f"{kind}, visible, {which}", some))
    lines += [
        _line(f"none, those {SMEARED} below", _whole(answers, [SMEARED])),
        _line(SMEARED, _of(answers, SMEARED)),
    ]
    return Table(("damage", "frames", "verdicts"), tuple(lines))


def rows_and_combs(figures: Figures) -> Table:
    """What smears and combs are found, and how near whole pictures come to either."""
    smeared = _of(figures.answers, SMEARED)
    flattest, combed = figures.flattest, figures.most_combed
    return Table(
        ("", "found", "of"),
        (
            ("smeared frames whose rows tell", sum(case.found for case, _ in smeared), len(smeared)),
            (
                f"largest share of equal rows ({flattest.picture.camera})",
                f"{percent(flattest.flat_rows)} %",
                len(figures.material.of_fixed_cameras),
            ),
            (
                f"largest share of combed cells ({combed.picture.path.name})",
                f"{percent(combed.combed)} %",
                len(figures.material.stills),
            ),
        ),
    )


def formats(answers: Answers) -> Table:
    """What the service makes of a view in another format, beside the same frames as they came."""
    lines = [_line(kind, _of(answers, kind)) for kind in RESHAPED]
    return Table(
        ("the frame is", "frames", "verdicts"), (_line("as it came", _whole(answers, RESHAPED)), *lines)
    )


def saturation(figures: Figures) -> Table:
    """Lowest saturation by condition."""
    return Table(
        ("condition", "pictures", "lowest saturation", "taken for infrared"),
        tuple((one.condition, one.pictures, f"{one.lowest:.4f}", one.monochrome) for one in figures.colours),
    )


def _of_what(figures: Figures) -> str:
    material, grey = figures.material, figures.colourless
    which = f": {', '.join(grey.cameras)} (saturation at most {grey.highest:.4f})" if grey.cameras else ""
    return (
        f"{len(material.stills)} pictures, {len(material.of_fixed_cameras)} of {len(material.cameras)} fixed cameras; "
        f"{len(grey.cameras)} cameras without colour{which}."
    )


def _of(answers: Answers, kind: str) -> Answers:
    return [(case, answer) for case, answer in answers if case.kind == kind]


def _whole(answers: Answers, kinds: Collection[str]) -> Answers:
    """The frames to which something of these kinds was done, as they were before."""
    chosen = {case.picture for case, _ in answers if case.kind in kinds}
    return [(case, answer) for case, answer in _of(answers, WHOLE) if case.picture in chosen]


def _line(name: str, answers: Answers) -> tuple[str, int, str]:
    return name, len(answers), _counted(answers)


def _counted(answers: Iterable[tuple[Case, Answer]]) -> str:
    counts = Counter("unreadable" if answer.refused else answer.verdict for _, answer in answers)
    return ", ".join(f"{verdict} {count}" for verdict, count in counts.most_common()) or "–"
