"""What incidents and alerts need to be trusted: timelines, silences, held and grouped deliveries, drift, evidence.

Revises: 0002
Created: 2026-11-28 22:40:00
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notifier_states",
        sa.Column("notifier", sa.String(length=200), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_detail", sa.Text(), nullable=False),
        sa.Column("last_delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_reason", sa.Text(), nullable=False),
        sa.Column("settings_digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("notifier", name=op.f("pk_notifier_states")),
    )
    op.create_table(
        "report_runs",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("period_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", "period_end", name=op.f("pk_report_runs")),
    )
    op.create_table(
        "silences",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("matcher", sa.JSON(), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expired_by", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silences")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_silences_ends_at"), "silences", ["ends_at"], unique=False)
    op.create_table(
        "drift_days",
        sa.Column("view_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["view_id"], ["views.id"], name=op.f("fk_drift_days_view_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("view_id", "day", name=op.f("pk_drift_days")),
    )
    op.create_table(
        "incident_entries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("incident_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("author", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incidents.id"],
            name=op.f("fk_incident_entries_incident_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_entries")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_incident_entries_incident_id"), "incident_entries", ["incident_id"], unique=False
    )
    op.create_table(
        "reminders",
        sa.Column("incident_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("notifier", sa.String(length=200), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_reminders_incident_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("incident_id", "notifier", name=op.f("pk_reminders")),
    )
    op.add_column(
        "deliveries", sa.Column("group_key", sa.String(length=400), server_default="", nullable=False)
    )
    op.add_column("deliveries", sa.Column("batch", sa.String(length=100), nullable=True))
    op.add_column("deliveries", sa.Column("held_reason", sa.Text(), server_default="", nullable=False))
    op.create_index(op.f("ix_deliveries_batch"), "deliveries", ["batch"], unique=False)
    op.add_column(
        "incidents", sa.Column("severity", sa.String(length=20), server_default="warning", nullable=False)
    )
    op.add_column(
        "incidents",
        sa.Column("parent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
    )
    op.add_column("incidents", sa.Column("reopened", sa.Integer(), server_default="0", nullable=False))
    op.add_column("incidents", sa.Column("worst", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("incidents", sa.Column("latest_digest", sa.String(length=64), nullable=True))
    op.create_index(op.f("ix_incidents_latest_digest"), "incidents", ["latest_digest"], unique=False)
    op.create_index(op.f("ix_incidents_parent_id"), "incidents", ["parent_id"], unique=False)
    op.add_column("observations", sa.Column("evidence", sa.LargeBinary(), nullable=True))
    op.add_column("views", sa.Column("site", sa.String(length=200), server_default="", nullable=False))
    op.add_column("views", sa.Column("status", sa.String(length=40), server_default="", nullable=False))
    op.add_column("views", sa.Column("status_since", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        op.f("ix_views_site_status_status_since"), "views", ["site", "status", "status_since"], unique=False
    )
    _fill_views()
    _begin_timelines()


def downgrade() -> None:
    # What was held has never been sent, and the version before would not send it either.
    op.execute("DELETE FROM deliveries WHERE status IN ('held', 'dropped')")
    op.drop_index(op.f("ix_views_site_status_status_since"), table_name="views")
    op.drop_column("views", "status_since")
    op.drop_column("views", "status")
    op.drop_column("views", "site")
    op.drop_column("observations", "evidence")
    op.drop_index(op.f("ix_incidents_parent_id"), table_name="incidents")
    op.drop_index(op.f("ix_incidents_latest_digest"), table_name="incidents")
    op.drop_column("incidents", "latest_digest")
    op.drop_column("incidents", "worst")
    op.drop_column("incidents", "reopened")
    op.drop_column("incidents", "parent_id")
    op.drop_column("incidents", "severity")
    op.drop_index(op.f("ix_deliveries_batch"), table_name="deliveries")
    op.drop_column("deliveries", "held_reason")
    op.drop_column("deliveries", "batch")
    op.drop_column("deliveries", "group_key")
    op.drop_table("reminders")
    op.drop_index(op.f("ix_incident_entries_incident_id"), table_name="incident_entries")
    op.drop_table("incident_entries")
    op.drop_table("drift_days")
    op.drop_index(op.f("ix_silences_ends_at"), table_name="silences")
    op.drop_table("silences")
    op.drop_table("report_runs")
    op.drop_table("notifier_states")


def _fill_views() -> None:
    """What the new columns repeat of `spec` and `state`, which the next check of each view would write."""
    connection = op.get_bind()
    for row in connection.execute(sa.text("SELECT id, spec, state FROM views")).all():
        spec, state = _plain(row.spec), _plain(row.state)
        connection.execute(
            sa.text("UPDATE views SET site = :site, status = :status WHERE id = :id"),
            {"id": row.id, "site": spec.get("site", "default"), "status": state.get("status", "unenrolled")},
        )


def _begin_timelines() -> None:
    """Incidents of before have a beginning and perhaps an end; what happened in between was not written down."""
    op.execute(
        "INSERT INTO incident_entries (incident_id, at, kind, author, text, data) "
        "SELECT id, opened_at, 'opened', '', '', '{}' FROM incidents ORDER BY id"
    )
    op.execute(
        "INSERT INTO incident_entries (incident_id, at, kind, author, text, data) "
        "SELECT id, resolved_at, 'resolved', '', '', '{}' FROM incidents WHERE resolved_at IS NOT NULL ORDER BY id"
    )


def _plain(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(value) if isinstance(value, str) else value
    return found
