"""Operators, circles, connections, saved numbers, plan groups and plans."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

_INSTANT = sa.DateTime(timezone=True)
# What was sold stays as it was sold: the application may add versions, not change them.
_HISTORY = "REVOKE UPDATE, DELETE, TRUNCATE ON plan_versions FROM gencharge_app"


def _instants(*names: str) -> list[sa.Column[object]]:
    return [
        sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)
        for name in names
    ]


def upgrade() -> None:
    op.create_table(
        "catalogue_state",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_catalogue_state"),
    )
    _create_operators()
    _create_saved_numbers()
    _create_plans()
    op.execute(_HISTORY)


def _create_operators() -> None:
    op.create_table(
        "operators",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="up", nullable=False),
        sa.Column("channel", sa.Text(), server_default="internal", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("sort_order", sa.Integer(), server_default="0", nullable=False),
        *_instants("created_at", "updated_at"),
        sa.PrimaryKeyConstraint("code", name="pk_operators"),
        sa.CheckConstraint("status IN ('up', 'degraded', 'down')", name=op.f("ck_operators_status")),
        sa.CheckConstraint("channel IN ('internal', 'api')", name=op.f("ck_operators_channel")),
    )
    op.create_table(
        "circles",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_circles"),
        sa.CheckConstraint("category IN ('Metro', 'A', 'B', 'C')", name=op.f("ck_circles_category")),
    )
    op.create_table(
        "connections",
        sa.Column("phone_number", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("circle", sa.Text()),
        sa.Column("service_type", sa.Text(), nullable=False),
        *_instants("updated_at"),
        sa.PrimaryKeyConstraint("phone_number", "user_id", name="pk_connections"),
        sa.CheckConstraint(
            "service_type IN ('prepaid', 'postpaid')", name=op.f("ck_connections_service_type")
        ),
        sa.ForeignKeyConstraint(["operator"], ["operators.code"], name="fk_connections_operator_operators"),
        sa.ForeignKeyConstraint(["circle"], ["circles.code"], name="fk_connections_circle_circles"),
    )
    op.create_index("ix_connections_user_id_phone_number", "connections", ["user_id", "phone_number"])


def _create_saved_numbers() -> None:
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


def _create_plans() -> None:
    op.create_table(
        "plan_groups",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("sort_order", sa.Integer(), server_default="0", nullable=False),
        *_instants("created_at", "updated_at"),
        sa.PrimaryKeyConstraint("group_id", name="pk_plan_groups"),
    )
    op.create_index("uq_plan_groups_name", "plan_groups", [sa.text("lower(name)")], unique=True)
    op.create_table(
        "plans",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("circles", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("plan_type", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("price_paise", sa.BigInteger(), nullable=False),
        sa.Column("validity_count", sa.Integer()),
        sa.Column("validity_unit", sa.Text(), nullable=False),
        sa.Column("benefits", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("is_addon", sa.Boolean(), nullable=False),
        sa.Column("most_popular", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("criteria", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("active_from", sa.DateTime(timezone=True)),
        sa.Column("active_until", sa.DateTime(timezone=True)),
        *_instants("created_at", "updated_at"),
        # Raised by every change, also by one that makes no version: with it an editor sees whether somebody else was faster.
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("plan_id", name="pk_plans"),
        sa.ForeignKeyConstraint(["operator"], ["operators.code"], name="fk_plans_operator_operators"),
        sa.ForeignKeyConstraint(["group_id"], ["plan_groups.group_id"], name="fk_plans_group_id_plan_groups"),
        sa.CheckConstraint("price_paise > 0", name=op.f("ck_plans_price")),
        sa.CheckConstraint("version > 0", name=op.f("ck_plans_version")),
        sa.CheckConstraint("plan_type IN ('prepaid', 'postpaid')", name=op.f("ck_plans_plan_type")),
        sa.CheckConstraint(
            "category IN ('unlimited', 'data_addon', 'talktime', 'roaming', 'postpaid_rental')",
            name=op.f("ck_plans_category"),
        ),
        sa.CheckConstraint("status IN ('draft', 'active', 'inactive')", name=op.f("ck_plans_status")),
        sa.CheckConstraint(
            "CASE validity_unit WHEN 'base_plan' THEN validity_count IS NULL"
            " WHEN 'day' THEN validity_count IS NOT NULL AND validity_count > 0"
            " WHEN 'month' THEN validity_count IS NOT NULL AND validity_count > 0 ELSE false END",
            name=op.f("ck_plans_validity"),
        ),
        sa.CheckConstraint(
            "is_addon = (category IN ('data_addon', 'talktime', 'roaming') OR validity_unit = 'base_plan')",
            name=op.f("ck_plans_is_addon"),
        ),
        sa.CheckConstraint("active_until > active_from", name=op.f("ck_plans_window")),
    )
    op.create_index("ix_plans_group_id", "plans", ["group_id"])
    # No foreign key: a draft may be deleted, but its history stays.
    op.create_table(
        "plan_versions",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("snapshot", postgresql.JSONB(), nullable=False),
        *_instants("created_at"),
        # The admin who made the version; NULL if the sample data or the command line did.
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("plan_id", "version", name="pk_plan_versions"),
    )


def downgrade() -> None:
    raise RuntimeError("the first release has nothing before it: restore a backup instead")
