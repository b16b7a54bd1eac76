"""Incidents that are about more than one view.

Only columns with a default are added to the table of incidents: making one of its columns optional would have SQLite
build the table anew, and dropping the old one would take every delivery and label along.

Revises: 0001
Created: 2026-11-28 22:20:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OPEN = sa.text("resolved_at IS NULL")


def upgrade() -> None:
    op.add_column(
        "incidents", sa.Column("scope", sa.String(length=20), nullable=False, server_default="view")
    )
    op.add_column("incidents", sa.Column("subject", sa.String(length=420), nullable=False, server_default=""))
    # As `ViewKey` writes itself.
    op.execute(
        "UPDATE incidents SET subject = (SELECT CASE views.view WHEN 'main' THEN views.camera "
        "ELSE views.camera || '/' || views.view END FROM views WHERE views.id = incidents.view_id)"
    )
    op.drop_index(op.f("uq_incidents_open"), "incidents")
    op.create_index(
        op.f("uq_incidents_open"),
        "incidents",
        ["scope", "subject"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_table(
        "incident_members",
        sa.Column("incident_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("view_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incidents.id"],
            name=op.f("fk_incident_members_incident_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["view_id"], ["views.id"], name=op.f("fk_incident_members_view_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("incident_id", "view_id", name=op.f("pk_incident_members")),
    )
    op.create_index(op.f("ix_incident_members_view_id"), "incident_members", ["view_id"], unique=False)


def downgrade() -> None:
    # The version before knows incidents of views only, one open at a time.
    op.execute("DELETE FROM incidents WHERE scope <> 'view'")
    op.drop_table("incident_members")
    op.drop_index(op.f("uq_incidents_open"), "incidents")
    op.drop_column("incidents", "subject")
    op.drop_column("incidents", "scope")
    op.create_index(
        op.f("uq_incidents_open"),
        "incidents",
        ["view_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
