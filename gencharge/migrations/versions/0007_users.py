"""Users: their status, preferences, saved numbers, erasure, and the indexes of their lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_INSTANT = sa.DateTime(timezone=True)
_SWITCHES = (
    "email_notification",
    "sms_notification",
    "marketing_communication",
    "recharge_reminders",
    "promotional_offers",
    "transactional_alerts",
    "data_analytics",
    "third_party_integrations",
)


def upgrade() -> None:
    op.add_column("users", sa.Column("status_since", _INSTANT))
    op.add_column("users", sa.Column("status_by", sa.Uuid()))
    op.add_column("users", sa.Column("status_reason", sa.Text()))
    op.add_column("users", sa.Column("erased_at", _INSTANT))
    # By bytes, so that a prefix is a range of the index whatever the database's language is.
    op.add_column("users", sa.Column("name_key", sa.Text(collation="C"), server_default="", nullable=False))
    op.execute("UPDATE users SET name_key = lower(name) WHERE name IS NOT NULL")
    _indexes()
    op.create_table(
        "user_preferences",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in _SWITCHES),
        sa.Column("updated_at", _INSTANT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_user_preferences"),
    )
    op.create_table(
        "saved_numbers",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("number_id", sa.Uuid(), nullable=False),
        sa.Column("phone_number", sa.Text(), nullable=False),
        sa.Column("nickname", sa.Text(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("circle", sa.Text()),
        sa.Column("service_type", sa.Text(), nullable=False),
        sa.Column("created_at", _INSTANT, server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", _INSTANT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "number_id", name="pk_saved_numbers"),
        sa.ForeignKeyConstraint(["operator"], ["operators.code"], name="fk_saved_numbers_operator_operators"),
        sa.ForeignKeyConstraint(["circle"], ["circles.code"], name="fk_saved_numbers_circle_circles"),
        sa.CheckConstraint(
            "service_type IN ('prepaid', 'postpaid')", name=op.f("ck_saved_numbers_service_type")
        ),
    )
    op.create_index(
        "uq_saved_numbers_phone_number", "saved_numbers", ["user_id", "phone_number"], unique=True
    )
    op.create_table(
        "erasures",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("erase_after", _INSTANT, nullable=False),
        sa.Column("leased_until", _INSTANT),
        sa.Column("created_at", _INSTANT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_erasures"),
    )
    op.create_index("ix_erasures_due", "erasures", ["erase_after"])


def _indexes() -> None:
    """Of the staff's lists: each order, for all users and for those with a status that few have."""
    op.create_index("ix_users_created_at", "users", ["created_at", "user_id"])
    op.create_index("ix_users_name_key", "users", ["name_key", "user_id"])
    few = sa.text("status <> 'active'")
    op.create_index(
        "ix_users_status_created_at", "users", ["status", "created_at", "user_id"], postgresql_where=few
    )
    op.create_index(
        "ix_users_status_name_key", "users", ["status", "name_key", "user_id"], postgresql_where=few
    )
    # A number and an address that are in use are in the directory; these find who had them.
    for column in ("phone_number", "email"):
        archived = sa.text(f"status = 'archived' AND {column} <> ''")
        op.create_index(f"ix_users_archived_{column}", "users", [column], postgresql_where=archived)


def downgrade() -> None:
    for table in ("erasures", "saved_numbers", "user_preferences"):
        op.drop_table(table)
    for index in (
        "archived_email",
        "archived_phone_number",
        "status_name_key",
        "status_created_at",
        "name_key",
        "created_at",
    ):
        op.drop_index(f"ix_users_{index}", "users")
    for column in ("name_key", "erased_at", "status_reason", "status_by", "status_since"):
        op.drop_column("users", column)
