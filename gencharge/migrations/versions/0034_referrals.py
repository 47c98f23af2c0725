"""Referral rewards. Customers who were referred before this have none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.create_table(
        "referral_rewards",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("reward_id", sa.Uuid(), nullable=False),
        sa.Column("friend_id", sa.Uuid(), nullable=False),
        sa.Column("referrer_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True)),
        sa.Column("hold_reasons", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True)),
        sa.Column("recharge_id", sa.Uuid()),
        sa.Column("netted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("taken_back", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("earned_at", sa.DateTime(timezone=True)),
        sa.Column("paid_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("waits_for", sa.Text()),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("user_id", "reward_id", name="pk_referral_rewards"),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_referral_rewards_{name}"))
            for name, condition in {
                "amount": "amount > 0",
                "side": "side IN ('referrer', 'friend')",
                "state": "state IN ('pending', 'earned', 'paid', 'reversed', 'cancelled')",
                "held": "held_at IS NULL OR state IN ('pending', 'earned')",
                "parts": "netted BETWEEN 0 AND amount AND taken_back BETWEEN 0 AND amount",
                "earned": "state NOT IN ('earned', 'paid') OR recharge_id IS NOT NULL",
                "paid": "state <> 'paid' OR paid_at IS NOT NULL",
            }.items()
        ),
    )
    op.create_index("uq_referral_rewards_friend", "referral_rewards", ["user_id", "friend_id"], unique=True)
    op.create_index("ix_referral_rewards_of_user", "referral_rewards", ["user_id", "created_at", "reward_id"])
    op.create_index("ix_referral_rewards_all", "referral_rewards", ["created_at", "reward_id"])
    due = sa.text("state = 'earned' AND held_at IS NULL")
    op.create_index("ix_referral_rewards_due", "referral_rewards", ["due_at"], postgresql_where=due)
    op.create_table(
        "referral_accounts",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("owed", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_referral_accounts"),
        sa.CheckConstraint("owed >= 0", name=op.f("ck_referral_accounts_owed")),
    )
    op.create_table(
        "referral_marks",
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("friend_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("mark", "friend_id", name="pk_referral_marks"),
    )
    op.create_index("ix_referral_marks_created_at", "referral_marks", ["created_at"])
    op.create_index("ix_referral_marks_friend_id", "referral_marks", ["friend_id"])


def downgrade() -> None:
    for table in ("referral_marks", "referral_accounts", "referral_rewards"):
        op.drop_table(table)
