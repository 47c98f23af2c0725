"""Wallets, the ledger, and adjustments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_INSTANT = sa.DateTime(timezone=True)
_NOW = sa.func.now()
# History is written once: not even the application's own role may change it.
_HISTORY = "REVOKE UPDATE, DELETE, TRUNCATE ON transfers FROM gencharge_app"
# A wallet is never deleted by the application either; its row is what CHECKs guard.
_WALLETS = "REVOKE DELETE, TRUNCATE ON wallets FROM gencharge_app"
# A request stays what was asked for; only what was decided about it is written later.
_REQUESTS = (
    "REVOKE UPDATE, DELETE, TRUNCATE ON adjustments FROM gencharge_app",
    "GRANT UPDATE (status, decided_by, decided_at, decision_note) ON adjustments TO gencharge_app",
    "REVOKE UPDATE, DELETE, TRUNCATE ON adjustment_keys FROM gencharge_app",
)


def upgrade() -> None:
    op.create_table(
        "wallets",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("posted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("held", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", _INSTANT, server_default=_NOW, nullable=False),
        sa.Column("updated_at", _INSTANT, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_wallets"),
        sa.CheckConstraint("posted - held >= 0", name=op.f("ck_wallets_available")),
        sa.CheckConstraint("held >= 0", name=op.f("ck_wallets_held")),
        # Half-empty pages keep the updates of a busy wallet on their page (heap-only tuples).
        postgresql_with={"fillfactor": "50"},
    )
    _create_transfers()
    _create_adjustments()
    _index_the_lists()
    for statement in (_HISTORY, _WALLETS, *_REQUESTS):
        op.execute(statement)


def _create_transfers() -> None:
    op.create_table(
        "transfers",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("debit", sa.Text(), nullable=False),
        sa.Column("credit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.SmallInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("reference_id", sa.Uuid()),
        sa.Column("phone_number", sa.Text()),
        sa.Column("service_type", sa.Text()),
        sa.Column("source", sa.Text()),
        sa.Column("payment_method", sa.Text()),
        sa.Column("created_at", _INSTANT, server_default=_NOW, nullable=False),
        sa.Column("operator", sa.Text()),
        sa.PrimaryKeyConstraint("user_id", "id", name="pk_transfers"),
        sa.CheckConstraint("amount > 0", name=op.f("ck_transfers_amount")),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_transfers_accounts")),
    )
    op.create_index("uq_transfers_key", "transfers", ["user_id", "key", "code"], unique=True)
    op.create_index("ix_transfers_history", "transfers", ["user_id", "created_at", "id"])


def _create_adjustments() -> None:
    op.create_table(
        "adjustments",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("adjustment_id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text()),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", _INSTANT, server_default=_NOW, nullable=False),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("decided_by", sa.Uuid()),
        sa.Column("decided_at", _INSTANT),
        sa.Column("decision_note", sa.Text()),
        sa.PrimaryKeyConstraint("user_id", "adjustment_id", name="pk_adjustments"),
        sa.CheckConstraint("direction IN ('credit', 'debit')", name=op.f("ck_adjustments_direction")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_adjustments_amount")),
        sa.CheckConstraint(
            "status IN ('pending', 'approved', 'rejected', 'cancelled', 'expired')",
            name=op.f("ck_adjustments_status"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('approved', 'rejected') OR decided_by IS DISTINCT FROM requested_by"
            " AND decided_by IS NOT NULL",
            name=op.f("ck_adjustments_four_eyes"),
        ),
        sa.CheckConstraint(
            "(status = 'pending') = (decided_at IS NULL)", name=op.f("ck_adjustments_decided")
        ),
    )
    op.create_index("ix_adjustments_all", "adjustments", ["requested_at", "adjustment_id"])
    op.create_index("ix_adjustments_of_status", "adjustments", ["status", "requested_at", "adjustment_id"])
    op.create_index(
        "ix_adjustments_of_admin", "adjustments", ["requested_by", "requested_at", "adjustment_id"]
    )
    op.create_table(
        "adjustment_keys",
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("adjustment_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("requested_by", "idempotency_key", name="pk_adjustment_keys"),
    )


def _index_the_lists() -> None:
    """The staff's lists. Every recharge from the wallet writes most of these: they are the price of a support desk."""
    op.create_index("ix_transfers_all", "transfers", ["created_at", "id"])
    op.create_index(
        "ix_transfers_of_number",
        "transfers",
        ["phone_number", "created_at", "id"],
        postgresql_where=sa.text("phone_number IS NOT NULL"),
    )
    op.create_index(
        "ix_transfers_of_reference",
        "transfers",
        ["reference_id"],
        postgresql_where=sa.text("reference_id IS NOT NULL"),
    )
    # The everyday codes (recharge, hold, capture, release) fill a page from the order of all; the others would not.
    op.create_index(
        "ix_transfers_of_rare_code",
        "transfers",
        ["code", "created_at", "id"],
        postgresql_where=sa.text("code NOT IN (3, 5, 6, 7)"),
    )


def downgrade() -> None:
    raise RuntimeError("the first release has nothing before it: restore a backup instead")
