"""Uses of offers, what is left of them, what customers owe from cashbacks; the offer on the recharge.

Drops the functions of a sale that know no offers: the ones with them take their place in the same transaction.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"

# Processes of the last release go on: they name their arguments, and the new ones have a default.
_SALES = (
    "recharge_from_wallet(uuid, uuid, text, bytea, text, uuid, text, text, boolean, boolean, integer, uuid, uuid, jsonb,"
    " timestamptz, bigint, bigint[], uuid, boolean)",
    "recharge_with_payment(uuid, uuid, text, bytea, text, uuid, text, text, boolean, boolean, integer, text, bigint, bigint,"
    " uuid, jsonb, timestamptz, bigint[], uuid)",
    "refund_recharge(uuid, uuid, bigint, text, text, jsonb, timestamptz)",
)


def _paise(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def upgrade() -> None:
    for function in _SALES:
        op.execute(f"DROP FUNCTION IF EXISTS {function}")
    op.create_table(
        "offer_slots",
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("uses", sa.BigInteger(), server_default="0", nullable=False),
        _paise("spent"),
        sa.Column("max_uses", sa.BigInteger()),
        sa.Column("max_spent", sa.BigInteger()),
        sa.PrimaryKeyConstraint("offer_id", "slot", name="pk_offer_slots"),
        sa.CheckConstraint("uses >= 0 AND spent >= 0", name=op.f("ck_offer_slots_signs")),
        # A slot is changed by every use: room on its page makes that cheap.
        postgresql_with={"fillfactor": 20},
    )
    op.create_table(
        "offer_uses",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("recharge_id", sa.Uuid(), nullable=False),
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.Column("cashback", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default="taken", nullable=False),
        *(_paise(name) for name in ("paid", "withheld", "discount_back", "due_back", "taken_back")),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("user_id", "recharge_id", name="pk_offer_uses"),
        sa.CheckConstraint("status IN ('taken', 'freed')", name=op.f("ck_offer_uses_status")),
        sa.CheckConstraint(
            "least(discount, cashback, cost, paid, withheld) >= 0", name=op.f("ck_offer_uses_signs")
        ),
        sa.CheckConstraint("paid + withheld IN (0, cashback)", name=op.f("ck_offer_uses_paid")),
        sa.CheckConstraint(
            "discount_back BETWEEN 0 AND discount AND due_back BETWEEN 0 AND cashback"
            " AND taken_back BETWEEN 0 AND due_back",
            name=op.f("ck_offer_uses_back"),
        ),
    )
    op.create_index(
        "ix_offer_uses_taken",
        "offer_uses",
        ["user_id", "offer_id"],
        postgresql_where=sa.text("status = 'taken'"),
    )
    op.create_index("ix_offer_uses_of_offer", "offer_uses", ["offer_id", "created_at", "recharge_id"])
    op.create_table(
        "cashback_debts",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("owed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_cashback_debts"),
        sa.CheckConstraint("owed >= 0", name=op.f("ck_cashback_debts_owed")),
    )
    op.add_column("recharges", sa.Column("offer_id", sa.Uuid()))
    op.add_column("recharges", _paise("cashback"))


def downgrade() -> None:
    op.drop_column("recharges", "cashback")
    op.drop_column("recharges", "offer_id")
    op.drop_table("cashback_debts")
    op.drop_table("offer_uses")
    op.drop_table("offer_slots")
