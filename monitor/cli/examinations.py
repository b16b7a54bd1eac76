"""What `monitor doctor` looks at: each examination says how it went and, where it went badly, what to do."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import text as sql

from monitor.clock import SystemClock
from monitor.domain.errors import MonitorError
from monitor.domain.frame import Frame
from monitor.net.address import AddressPolicy
from monitor.settings import Settings, resolve
from monitor.settings.channels import NotifierSettings
from monitor.store import open_store
from monitor.store.engine import Database
from monitor.wiring.notify import open_channel
from monitor.wiring.sight import describe_limits, open_encoder

# The program is younger than this: a clock that shows less has lost its battery.
FIRST_SANE_YEAR = 2025
LAST_SANE_YEAR = 2100
SKEW_WARNING_S, SKEW_FAILURE_S = 2.0, 60.0
LITTLE_SPACE_BYTES, NO_SPACE_BYTES = 2 * 2**30, 200 * 2**20
REACH_TIMEOUT_S = 5.0


class Level(StrEnum):
    """How an examination went."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One line of the doctor's report.

    Attributes:
        area: What was looked at: `database`, `camera gate`, …
        level: How it went.
        text: What was found.
        advice: What to do, empty where nothing is to be done.
    """

    area: str
    level: Level
    text: str
    advice: str = ""


Examination = Callable[[], Diagnosis]


def guarded(area: str, examine: Examination) -> Diagnosis:
    """The examination's finding; an error is a finding, too."""
    try:
        return examine()
    except MonitorError as error:
        return Diagnosis(area, Level.FAIL, error.problem, error.remedy)
    except Exception as error:  # noqa: BLE001 - whatever breaks one examination must not keep the others from being made
        return Diagnosis(area, Level.FAIL, f"The examination broke down ({type(error).__name__}: {error}).")


def configuration(settings: Settings) -> Diagnosis:
    """Whether the configuration gives warnings, and watches anything."""
    where = settings.origin.file
    if settings.origin.warnings:
        return Diagnosis("configuration", Level.WARN, f"{where}: {' '.join(settings.origin.warnings)}")
    if not settings.cameras:
        return Diagnosis(
            "configuration", Level.WARN, f"{where} has no cameras.", "Add some under `cameras:`."
        )
    silent = "" if settings.notifiers else "; it has no notifiers, so nobody is told of incidents"
    count = len(settings.cameras)
    level = Level.WARN if silent else Level.OK
    advice = "Add one under `notifiers:`." if silent else ""
    return Diagnosis("configuration", level, f"{where}: {count} camera{'s' * (count != 1)}{silent}.", advice)


def database(settings: Settings) -> Diagnosis:
    """Whether the database can be opened, and what is in it."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    started_s = time.perf_counter()
    with open_store(settings.database_url.get_secret_value(), settings.data_dir / "images") as store:
        store.ping()
        rows = store.views.all()
        where = store.where
    took_ms = (time.perf_counter() - started_s) * 1000
    enrolled = sum(1 for row in rows if row.reference_count)
    return Diagnosis(
        "database", Level.OK, f"{where}: {len(rows)} views, {enrolled} enrolled; opened in {took_ms:.0f} ms."
    )


def clock(settings: Settings) -> Diagnosis:
    """Whether the clock is plausible, agrees with the database server's, and knows time zones."""
    now = datetime.now(UTC)
    if not FIRST_SANE_YEAR <= now.year <= LAST_SANE_YEAR:
        return Diagnosis(
            "clock", Level.FAIL, f"The clock says {now:%Y-%m-%d %H:%M} UTC.", "Set it; use NTP or chrony."
        )
    for zone in sorted({"Europe/Berlin", *(plan.time_zone for plan in resolve(settings))}):
        try:
            ZoneInfo(zone)
        except (OSError, ValueError):
            return Diagnosis(
                "clock", Level.FAIL, f"The time zone {zone} is not known here.", "Install the package tzdata."
            )
    skew_s = _database_skew_s(settings)
    if skew_s is None:
        return Diagnosis("clock", Level.OK, f"{now:%Y-%m-%d %H:%M:%S} UTC; time zones are known.")
    text = f"{now:%Y-%m-%d %H:%M:%S} UTC, {abs(skew_s):.1f} s {'before' if skew_s > 0 else 'behind'} the database's."
    if abs(skew_s) < SKEW_WARNING_S:
        return Diagnosis("clock", Level.OK, text)
    level = Level.FAIL if abs(skew_s) > SKEW_FAILURE_S else Level.WARN
    return Diagnosis("clock", level, text, "Set both clocks by NTP or chrony.")


def _database_skew_s(settings: Settings) -> float | None:
    """Seconds by which our clock is ahead of the database server's; None for a database without a clock."""
    url = settings.database_url.get_secret_value()
    if url.startswith("sqlite"):
        return None
    server = Database(url)
    try:
        with server.read() as connection:
            connection.execute(sql("SELECT 1"))  # opening the connection is not part of the measurement
            before = datetime.now(UTC)
            theirs: datetime = connection.execute(sql("SELECT clock_timestamp()")).scalar_one()
            after = datetime.now(UTC)
    finally:
        server.close()
    return (before + (after - before) / 2 - theirs).total_seconds()


def disk(settings: Settings) -> Diagnosis:
    """Whether there is space for pictures, and whether it can be written to."""
    folder = settings.data_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
            file.write(b"\0" * 4096)
            file.flush()
            os.fsync(file.fileno())
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Diagnosis(
            "disk",
            Level.FAIL,
            f"{folder} cannot be written ({error.strerror or type(error).__name__}).",
            "Give the account that runs the monitor the right to write there, or set `data_dir`.",
        )
    text = f"{folder}: {free / 2**30:.1f} GiB free."
    advice = "Make room, move `data_dir`, or shorten `retention`."
    if free < NO_SPACE_BYTES:
        return Diagnosis("disk", Level.FAIL, text, advice)
    return (
        Diagnosis("disk", Level.WARN, text, advice)
        if free < LITTLE_SPACE_BYTES
        else Diagnosis("disk", Level.OK, text)
    )


def bundle(settings: Settings) -> Diagnosis:
    """Whether the network loads, and sees: one forward pass; and whether the references were encoded by it."""
    encoder = open_encoder(settings.bundle, settings.service.encoder_threads, settings.service.encoder_batch)
    pixels = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    frame = Frame(pixels, datetime.now(UTC), "", 640, 480)
    encoder.encode(frame)
    started_s = time.perf_counter()
    encoding = encoder.encode(frame)
    took_ms = (time.perf_counter() - started_s) * 1000
    length = float(np.linalg.norm(encoding.embedding))
    if not abs(length - 1) < 1e-3:
        return Diagnosis(
            "network",
            Level.FAIL,
            f"{encoder.bundle_id} gives embeddings of length {length:.3f}, not 1.",
            "Use another bundle.",
        )
    text = f"{encoder.bundle_id}: a picture takes {took_ms:.0f} ms. {describe_limits(settings.bundle)}"
    if stale := _encoded_by_others(settings, encoder.bundle_id):
        text += f" Another network encoded {stale} reference{'s' * (stale != 1)}: nothing is judged by them."
        return Diagnosis("network", Level.FAIL, text, "Run `monitor references reencode`.")
    return Diagnosis("network", Level.OK, text)


def _encoded_by_others(settings: Settings, bundle_id: str) -> int:
    """Number of active references that this bundle cannot be asked about."""
    url, images = settings.database_url.get_secret_value(), settings.data_dir / "images"
    # What is wrong with the database has a line of its own.
    with suppress(MonitorError), open_store(url, images, migrate=False) as store:
        return len(store.gallery.needing_reencode(bundle_id))
    return 0


def notifier(channel: NotifierSettings) -> Diagnosis:
    """Whether a notifier's receiver can be reached; nothing is sent to it."""
    area = f"notifier {channel.name}"
    open_channel(channel, SystemClock())
    if not channel.enabled:
        return Diagnosis(area, Level.WARN, "It is switched off.", "Set `enabled: true` to use it.")
    if channel.kind == "log":
        return Diagnosis(area, Level.OK, "It writes to the log of `monitor run`.")
    if channel.kind == "apprise":
        return Diagnosis(
            area,
            Level.OK,
            f"Apprise understands its addresses; `monitor alerts test {channel.name}` sends through them.",
        )
    parts = urlsplit(channel.url.get_secret_value())
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return _reach(area, parts.hostname or "", port, allow_private=channel.allow_private)


def _reach(area: str, host: str, port: int, *, allow_private: bool) -> Diagnosis:
    """Connect and hang up. The receiver's name is not shown: with some services it is a secret."""
    policy = AddressPolicy(allow_loopback=allow_private, allow_private=allow_private)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        return Diagnosis(
            area, Level.FAIL, f"The receiver's name is not known ({error.strerror}).", "Check `url` and DNS."
        )
    objections = [policy.objection(str(entry[4][0])) for entry in found]
    if all(objections):
        return Diagnosis(
            area,
            Level.FAIL,
            f"The receiver is {objections[0]}, which is refused.",
            "Set `allow_private: true` if that is meant; link-local addresses always stay refused.",
        )
    address = next(entry[4] for entry, objection in zip(found, objections, strict=True) if not objection)
    started_s = time.perf_counter()
    try:
        socket.create_connection((str(address[0]), port), REACH_TIMEOUT_S).close()
    except OSError as error:
        reason = error.strerror or "no answer in time"
        return Diagnosis(
            area,
            Level.FAIL,
            f"The receiver cannot be reached ({reason}).",
            "Check `url`, the receiver, and the way to it.",
        )
    took_ms = (time.perf_counter() - started_s) * 1000
    return Diagnosis(
        area, Level.OK, f"The receiver can be reached ({took_ms:.0f} ms); --send-test tries it fully."
    )


def examine_all(
    examinations: Sequence[tuple[str, Examination]], workers: int, advance: Callable[[], None]
) -> Iterator[Diagnosis]:
    """Every examination's finding in the order given; they are made at the same time."""

    def examine(one: tuple[str, Examination]) -> Diagnosis:
        finding = guarded(*one)
        advance()
        return finding

    with ThreadPoolExecutor(workers, thread_name_prefix="examine") as pool:
        yield from pool.map(examine, examinations)
