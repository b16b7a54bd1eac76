"""Cost for the report: whole checks side by side, the stages of ours, memory and size."""

from __future__ import annotations

from dataclasses import astuple, fields

from train.benchmark.cost import BARE, CHECK, Cost, CostRow, Situation
from train.benchmark.tables import Cell, Table


def as_markdown(cost: Cost) -> str:
    """The report's part."""
    memory = cost.memory
    measured = (
        f"Processor time of one thread, milliseconds, median (p90), over {cost.cameras} cameras; grabbing and decoding "
        "are not in it. All rows were measured in turns in one run. The bare session is one pass of the encoder on a "
        "prepared picture, nothing else."
    )
    settled = (
        f"Of the still views, {cost.settled:.0%} were settled by the first look at the gradients, without head and "
        "alignment: a stage that a check did not need is not in its row. Stages by themselves were timed on their own; "
        "what a comparison took beyond its upright stages went to other orientations."
    )
    sizes = (
        f"The bundle's file has {cost.bundle_mb:.2f} MB. A fresh process that compares pictures of 1920 × 1080 has "
        f"{memory.imported_mib:.0f} MiB with the libraries imported, {memory.loaded_mib:.0f} MiB with the bundle "
        f"loaded, and {memory.peak_mib:.0f} MiB at its peak."
    )
    return "\n\n".join([measured, checks(cost).markdown(), settled, stages(cost).markdown(), sizes])


def checks(cost: Cost) -> Table:
    """Whole judgements of everybody, by situation; what the bare session takes stands first."""
    whole = [row for row in cost.rows if row.stage == CHECK or row.subject == BARE]
    subjects = sorted(
        {row.subject for row in whole}, key=lambda name: (name != BARE, name != cost.subject, name)
    )
    return _by_situation("method", {name: [row for row in whole if row.subject == name] for name in subjects})


def stages(cost: Cost) -> Table:
    """The stages of our check."""
    ours = [row for row in cost.rows if row.subject == cost.subject]
    order = sorted({row.stage for row in ours}, key=_place)
    return _by_situation("stage", {name: [row for row in ours if row.stage == name] for name in order})


def cost_rows(cost: Cost) -> Table:
    """One row a subject, stage and situation, for the CSV."""
    rows = [astuple(row) for row in cost.rows]
    names = tuple(field.name for field in fields(CostRow))
    return Table(names, tuple(tuple(str(v) if isinstance(v, str) else v for v in row) for row in rows))


def _by_situation(heading: str, groups: dict[str, list[CostRow]]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name, some in groups.items():
        known = {row.situation: f"{row.median_ms:.2f} ({row.p90_ms:.2f})" for row in some}
        rows.append((name, *(known.get(situation) for situation in Situation)))
    return Table((heading, *(situation.value for situation in Situation)), tuple(rows))


def _place(stage: str) -> tuple[int, int, str]:
    """Encode, compare, decide, check; each whole before its parts."""
    whole, _, part = stage.partition(": ")
    parts = (
        "",
        "picture to input",
        "network",
        "quality",
        "glance",
        "head",
        "alignment",
        "other orientations",
    )
    return ("encode", "compare", "decide", CHECK).index(whole), parts.index(part), stage
