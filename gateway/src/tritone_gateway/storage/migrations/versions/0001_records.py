"""Records, background jobs and deliveries of webhooks."""

from __future__ import annotations

from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    store = op.create_table("store", sa.Column("folder", sa.String(36), primary_key=True))
    op.bulk_insert(store, [{"folder": str(uuid4())}])
    _records()
    _jobs()
    _deliveries()


def _records() -> None:
    op.create_table(
        "records",
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(3), nullable=False),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("transcript", sa.Text(), nullable=False),
        sa.Column("written_text", sa.Text()),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("duration_s", sa.Double()),
        sa.Column("inference_time_s", sa.Double()),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("audio_size", sa.BigInteger(), nullable=False),
        sa.Column("audio_digest", sa.String(64), nullable=False),
        sa.Column("audio_path", sa.String(100), nullable=False),
        sa.Column("audio_suffix", sa.String(8), nullable=False),
        sa.Column("audio_type", sa.String(40), nullable=False),
        sa.Column("audio_encrypted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("uuid", name=op.f("pk_records")),
    )
    listed = ["owner", "kind", "created_at", "state"]
    op.create_index(op.f("ix_records_owner_kind_created_at_state"), "records", listed)
    op.create_index(op.f("ix_records_state"), "records", ["state"])
    op.create_index(op.f("ix_records_created_at"), "records", ["created_at"])
    op.create_index(op.f("ix_records_audio_path"), "records", ["audio_path"])


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("record_uuid", sa.Uuid(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("expected_s", sa.Double()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worker", sa.Uuid()),
        sa.Column("callback", sa.Text()),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("record_uuid", name=op.f("pk_jobs")),
        sa.ForeignKeyConstraint(
            ["record_uuid"], ["records.uuid"], name=op.f("fk_jobs_record_uuid"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_jobs_due_at"), "jobs", ["due_at"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("record_uuid", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worker", sa.Uuid()),
        sa.PrimaryKeyConstraint("uuid", name=op.f("pk_deliveries")),
        sa.ForeignKeyConstraint(
            ["record_uuid"], ["records.uuid"], name=op.f("fk_deliveries_record_uuid"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_deliveries_due_at"), "deliveries", ["due_at"])
    op.create_index(op.f("ix_deliveries_record_uuid"), "deliveries", ["record_uuid"])


def downgrade() -> None:
    """Take back."""
    for table in ("deliveries", "jobs", "records", "store"):
        op.drop_table(table)
