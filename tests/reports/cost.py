"""What days and reports cost: `python -m tests.reports.cost [VIEWS]` prints processor time, measured on SQLite."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from sqlalchemy import insert, select

from monitor.domain.day import DayPose
from monitor.domain.displacement import Displacement
from monitor.domain.report import Period, PeriodKind
from monitor.domain.verdict import Verdict, VerdictKind
from monitor.domain.view import ViewKey, ViewSpec
from monitor.reports.kinds import FORMATS, render
from monitor.store import Store, open_store
from monitor.store import tables as t
from monitor.store.serial import to_json
from monitor.usecases.drift import sum_up_days
from monitor.usecases.report import make_report
from tests.store import builders

UNTIL = date(2026, 6, 1)
DAYS = 31
CHECKS = 1440
NOW = datetime(2026, 6, 1, 2, tzinfo=UTC)


@contextmanager
def timed(what: str) -> Iterator[None]:
    began = time.process_time()
    yield
    sys.stdout.write(f"{what}: {time.process_time() - began:.2f} s of processor time\n")


def fill(store: Store, count: int) -> None:
    """Views with a reference of real size each, and a month of days."""
    random = Random(1)
    specs = [ViewSpec(ViewKey(f"cam-{number:04d}"), site=f"site-{number % 5}") for number in range(count)]
    store.views.sync(specs, NOW - timedelta(days=100))
    reference = builders.reference(0)
    for spec in specs:
        store.gallery.add_version(
            spec.key,
            [(reference, builders.JPEG)],
            reason="first",
            author="ada",
            now=NOW - timedelta(days=100),
        )
    with store._database.write() as connection:
        rows = []
        for view_id in connection.scalars(select(t.views.c.id)).all():
            for back in range(2, DAYS + 1):
                pose = DayPose(view_id, 1400, random.gauss(0, 0.0002), random.gauss(0, 0.0002))
                figures = {"kinds": {"ok": 1400, "dark": 40}, "hours": 2**24 - 1, "poses": [to_json(pose)]}
                rows.append(
                    {
                        "view_id": view_id,
                        "day": UNTIL - timedelta(days=back),
                        "checks": CHECKS,
                        "figures": figures,
                    }
                )
        connection.execute(insert(t.drift_days), rows)


def watch_a_day(store: Store, key: ViewKey) -> None:
    """One view's checks of yesterday, a minute apart, with evidence as large as that of real ones."""
    where = Displacement(0.001, 0.001, 0.01, 1.001)
    evidence: dict[str, float | str | None] = {f"measure_{number}": number / 7 for number in range(60)}
    evidence |= {part: getattr(where, part) for part in ("dx", "dy", "roll_deg", "zoom")}
    verdict = Verdict(VerdictKind.OK, 0.9, ("so",), where, reference_id=1, evidence=evidence)
    midnight = datetime.combine(UNTIL, datetime.min.time(), UTC) - timedelta(days=1)
    for minute in range(CHECKS):
        seen = replace(
            builders.observation(0, key=key), slot=midnight + timedelta(minutes=minute), verdict=verdict
        )
        store.record(seen, (), builders.announce)


def main(count: int) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        with open_store(f"sqlite:///{folder / 'monitor.db'}", folder / "images") as store:
            fill(store, count)
            watch_a_day(store, ViewKey("cam-0000"))
            with timed(
                f"summing up one day of one view of {CHECKS} checks, and looking for others in {count}"
            ):
                assert sum_up_days(store, NOW) == 1
            with timed(f"gathering a month's report of {count} views"):
                made = make_report(
                    store, Period.before(PeriodKind.MONTH, UNTIL), NOW, recheck_after_s=180 * 86_400.0
                )
            for form in FORMATS:
                with timed(f"writing it as {form}"):
                    render(made, form)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
