"""Reconciliation: runs and the differences that they found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "reconciliation_runs",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("counterparty", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("statement_sha256", sa.Text()),
        sa.Column("rows_theirs", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_ours", sa.Integer(), server_default="0", nullable=False),
        sa.Column("matched", sa.Integer(), server_default="0", nullable=False),
        sa.Column("theirs_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ours_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("difference_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("carried_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("charges_paise", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("differences", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("started_at", _INSTANT, server_default=sa.func.now(), nullable=False),
        sa.Column("finished_at", _INSTANT),
        sa.Column("superseded_at", _INSTANT),
        sa.PrimaryKeyConstraint("run_id", name="pk_reconciliation_runs"),
        sa.CheckConstraint(
            "status IN ('running', 'matched', 'differences', 'failed')",
            name=op.f("ck_reconciliation_runs_status"),
        ),
        sa.CheckConstraint("source IN ('api', 'file')", name=op.f("ck_reconciliation_runs_source")),
        sa.CheckConstraint(
            "(status = 'running') = (finished_at IS NULL)", name=op.f("ck_reconciliation_runs_finished")
        ),
    )
    op.create_index("ix_reconciliation_runs_all", "reconciliation_runs", ["started_at", "run_id"])
    op.create_index(
        "ix_reconciliation_runs_of_day", "reconciliation_runs", ["counterparty", "day", "started_at"]
    )
    _create_differences()


def _create_differences() -> None:
    op.create_table(
        "reconciliation_differences",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("difference_id", sa.Uuid(), nullable=False),
        sa.Column("counterparty", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("recharge_id", sa.Uuid()),
        sa.Column("payment_id", sa.Uuid()),
        sa.Column("refund_id", sa.Uuid()),
        sa.Column("ours_paise", sa.BigInteger()),
        sa.Column("theirs_paise", sa.BigInteger()),
        sa.Column(
            "detail",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("proposed_resolution", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("resolution", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("resolved_by", sa.Uuid()),
        sa.Column("resolved_at", _INSTANT),
        sa.PrimaryKeyConstraint("run_id", "difference_id", name="pk_reconciliation_differences"),
        sa.CheckConstraint(
            "status IN ('open', 'claimed', 'resolved', 'superseded')",
            name=op.f("ck_reconciliation_differences_status"),
        ),
        sa.CheckConstraint(
            "status <> 'resolved' OR resolution IS NOT NULL AND note IS NOT NULL",
            name=op.f("ck_reconciliation_differences_resolved"),
        ),
    )
    table = "reconciliation_differences"
    op.create_index("ix_reconciliation_differences_of_day", table, ["counterparty", "day"])
    op.create_index("ix_reconciliation_differences_of_reference", table, ["reference"])
    op.create_index(
        "ix_reconciliation_differences_open",
        table,
        ["run_id"],
        postgresql_where=sa.text("status IN ('open', 'claimed')"),
    )
    # What was found stays written down: differences end by their status, never by being removed.
    op.execute(
        "REVOKE DELETE, TRUNCATE ON reconciliation_runs, reconciliation_differences FROM gencharge_app"
    )


def downgrade() -> None:
    raise RuntimeError("the first release has nothing before it: restore a backup instead")
