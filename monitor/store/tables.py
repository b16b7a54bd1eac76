"""Every table. Migrations make them; a test holds both against each other."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from monitor.store.columns import UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# 1,000 cameras make half a milliard observations a year; SQLite's own integers are that wide already.
RowId = BigInteger().with_variant(Integer, "sqlite")

# One row a view, small, rewritten by every check.
views = Table(
    "views",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("camera", String(200), nullable=False),
    Column("view", String(200), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("spec", JSON, nullable=False),
    Column("state", JSON, nullable=False),
    Column("next_due_at", UtcDateTime, nullable=False),
    # The newest slot whose check has shaped the state; older ones come too late to do so.
    Column("last_slot", UtcDateTime),
    Column("last_checked_at", UtcDateTime),
    Column("last_verdict", JSON(none_as_null=True)),
    # Number of the active gallery version; 0 before enrolment.
    Column("gallery_version", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    # Out of `spec` and `state`, where neither database can count them quickly: how many views of a site are troubled?
    Column("site", String(200), nullable=False, server_default=""),
    Column("status", String(40), nullable=False, server_default=""),
    Column("status_since", UtcDateTime),
    UniqueConstraint("camera", "view"),
    Index(None, "enabled", "next_due_at"),
    Index(None, "site", "status", "status_since"),
    sqlite_autoincrement=True,
)

# What stays the same in a view's pictures; large, and so apart from the row that every check rewrites.
constancies = Table(
    "constancies",
    metadata,
    Column("view_id", ForeignKey(views.c.id, ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)

# Enrolled pictures. Never changed, never deleted: a gallery version may always be returned to.
gallery_references = Table(
    "gallery_references",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("view_id", ForeignKey(views.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("image_digest", String(64), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("origin", String(40), nullable=False),
    sqlite_autoincrement=True,
)

# A reference as one bundle sees it. Re-encoding adds a row with a new id and drops the old one, so an id
# always means the same bytes and can be cached by.
encodings = Table(
    "encodings",
    metadata,
    Column("id", RowId, primary_key=True),
    Column(
        "reference_id", ForeignKey(gallery_references.c.id, ondelete="CASCADE"), nullable=False, unique=True
    ),
    Column("bundle_id", String(200), nullable=False, index=True),
    Column("embedding", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

gallery_versions = Table(
    "gallery_versions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("view_id", ForeignKey(views.c.id, ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("reason", Text, nullable=False),
    Column("author", String(200), nullable=False),
    UniqueConstraint("view_id", "number"),
    sqlite_autoincrement=True,
)

gallery_members = Table(
    "gallery_members",
    metadata,
    Column("version_id", ForeignKey(gallery_versions.c.id, ondelete="CASCADE"), primary_key=True),
    Column(
        "reference_id", ForeignKey(gallery_references.c.id, ondelete="CASCADE"), primary_key=True, index=True
    ),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", RowId, primary_key=True),
    # What it is about: one view, or a host with all of its views; and the name of that one thing.
    Column("scope", String(20), nullable=False, server_default="view"),
    Column("subject", String(420), nullable=False, server_default=""),
    # The view, or the first of several; `incident_members` has all of them.
    Column("view_id", ForeignKey(views.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("cause", String(40), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False, index=True),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("last_seen_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime, index=True),
    Column("acknowledged_at", UtcDateTime),
    Column("acknowledged_by", String(200)),
    Column("comment", Text, nullable=False),
    Column("frame_digest", String(64), index=True),
    Column("verdict", JSON, nullable=False),
    # How many alerts there have been about it; numbers the next one.
    Column("alerts", Integer, nullable=False),
    Column("severity", String(20), nullable=False, server_default="warning"),
    # The incident that stands for this one as long as it is open: a site's, a swapped pair's.
    Column("parent_id", RowId, index=True),
    # How often it was taken up again after its end.
    Column("reopened", Integer, nullable=False, server_default="0"),
    # The worst figures seen: displacement, similarity.
    Column("worst", JSON, nullable=False, server_default="{}"),
    # The latest picture, kept while it is open; `frame_digest` is that of its cause.
    Column("latest_digest", String(64), index=True),
    # A view, or a host, is in one incident of its own at a time, whatever races.
    Index(
        "uq_incidents_open",
        "scope",
        "subject",
        unique=True,
        sqlite_where=text("resolved_at IS NULL"),
        postgresql_where=text("resolved_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)

# The views of an incident that is about several; one of a single view has no rows here.
incident_members = Table(
    "incident_members",
    metadata,
    Column("incident_id", ForeignKey(incidents.c.id, ondelete="CASCADE"), primary_key=True),
    Column("view_id", ForeignKey(views.c.id, ondelete="CASCADE"), primary_key=True, index=True),
    Column("joined_at", UtcDateTime, nullable=False),
    # When the view was out of it again, or None while it is not.
    Column("left_at", UtcDateTime),
)

# What happened to an incident, in order; only ever added to.
incident_entries = Table(
    "incident_entries",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("incident_id", ForeignKey(incidents.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("author", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("data", JSON, nullable=False),
    sqlite_autoincrement=True,
)

# Who is not to be told of what, for how long; a person's word, with its reason.
silences = Table(
    "silences",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("matcher", JSON, nullable=False),
    Column("author", String(200), nullable=False),
    Column("comment", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False, index=True),
    # When and by whom it was ended before its time.
    Column("expired_at", UtcDateTime),
    Column("expired_by", String(200)),
    sqlite_autoincrement=True,
)

# Reminders of an incident that were sent to a notifier; they have a cap.
reminders = Table(
    "reminders",
    metadata,
    Column("incident_id", ForeignKey(incidents.c.id, ondelete="CASCADE"), primary_key=True),
    Column("notifier", String(200), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
)

# How each notifier has fared lately, for people and across restarts.
notifier_states = Table(
    "notifier_states",
    metadata,
    Column("notifier", String(200), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("failing_since", UtcDateTime),
    Column("last_failed_at", UtcDateTime),
    Column("last_detail", Text, nullable=False),
    Column("last_delivered_at", UtcDateTime),
    # Its receiver answered that it is gone; with a digest of the settings it had then, so that other ones begin anew.
    Column("disabled_at", UtcDateTime),
    Column("disabled_reason", Text, nullable=False),
    Column("settings_digest", String(64), nullable=False),
)

# How far a view lay from its reference on a day: the slow drift that no single check shows.
drift_days = Table(
    "drift_days",
    metadata,
    Column("view_id", ForeignKey(views.c.id, ondelete="CASCADE"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("checks", Integer, nullable=False),
    # Medians and spreads of dx, dy, roll_deg and zoom, and the reference they were measured against.
    Column("figures", JSON, nullable=False),
)

# Reports that were made on schedule: each period once, whatever crashes.
report_runs = Table(
    "report_runs",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("period_end", UtcDateTime, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("detail", Text, nullable=False),
)

# The table that grows: one row a check. Read by view and time, pruned by time.
observations = Table(
    "observations",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("view_id", ForeignKey(views.c.id, ondelete="CASCADE"), nullable=False),
    Column("slot", UtcDateTime, nullable=False, index=True),
    Column("checked_at", UtcDateTime, nullable=False),
    Column("captured_at", UtcDateTime),
    Column("verdict", JSON, nullable=False),
    Column("status", String(40), nullable=False),
    Column("change", String(40)),
    Column("frame_digest", String(64)),
    # The kept picture, in the image store; most observations keep none.
    Column("image_digest", String(64)),
    Column("bundle_id", String(200)),
    Column("timings_ms", JSON, nullable=False),
    Column("incident_id", ForeignKey(incidents.c.id, ondelete="SET NULL")),
    Column("alerts", Integer, nullable=False),
    # What the decision was made of, so that it can be made again with other limits.
    Column("evidence", LargeBinary),
    UniqueConstraint("view_id", "slot"),
    Index(
        "ix_observations_image_digest",
        "image_digest",
        sqlite_where=text("image_digest IS NOT NULL"),
        postgresql_where=text("image_digest IS NOT NULL"),
    ),
    Index(
        "ix_observations_incident_id",
        "incident_id",
        sqlite_where=text("incident_id IS NOT NULL"),
        postgresql_where=text("incident_id IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(300), primary_key=True),
    Column("notifier", String(200), nullable=False),
    Column("incident_id", ForeignKey(incidents.c.id, ondelete="CASCADE"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("alert", JSON, nullable=False),
    Column("status", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("detail", Text, nullable=False),
    Column("lease_owner", String(200)),
    Column("leased_until", UtcDateTime),
    # Alerts of one notifier and group that are to go out together …
    Column("group_key", String(400), nullable=False, server_default=""),
    # … and, once they have been leased, do: the same ones under the same key at every attempt.
    Column("batch", String(100), index=True),
    # Why it is held, or was dropped.
    Column("held_reason", Text, nullable=False, server_default=""),
    # Counts leases; who finishes a delivery proves with it that nobody has taken it over meanwhile.
    Column("fence", Integer, nullable=False),
    UniqueConstraint("notifier", "incident_id", "sequence"),
    Index(None, "incident_id"),
    Index(None, "status", "next_attempt_at"),
)

# What people say about verdicts: the material for better thresholds and networks.
labels = Table(
    "labels",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("incident_id", ForeignKey(incidents.c.id, ondelete="CASCADE"), index=True),
    Column("observation_id", ForeignKey(observations.c.id, ondelete="CASCADE"), index=True),
    Column("correct", Boolean, nullable=False),
    Column("true_cause", String(40)),
    Column("author", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("(incident_id IS NULL) <> (observation_id IS NULL)", name="one_subject"),
    sqlite_autoincrement=True,
)
