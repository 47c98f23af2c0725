"""Offer types and offers."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

_GAIN = (
    "(({0}_basis_points IS NULL) = ({0}_cap_paise IS NULL))"
    " AND num_nonnulls({0}_paise, {0}_basis_points) <= 1"
    " AND coalesce({0}_paise, 1) > 0 AND coalesce({0}_cap_paise, 1) > 0"
    " AND coalesce({0}_basis_points, 1) BETWEEN 1 AND 10000"
)
# What customers could see stays as it was: the application may add versions, not change them.
_HISTORY = "REVOKE UPDATE, DELETE, TRUNCATE ON offer_versions FROM gencharge_app"


def _instants(*names: str) -> list[sa.Column[object]]:
    return [
        sa.Column(name, sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)
        for name in names
    ]


def _sets(kind: type[sa.Uuid[UUID]] | type[sa.Text], *names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, postgresql.ARRAY(kind()), server_default="{}", nullable=False) for name in names]


def _gain(kind: str) -> list[sa.Column[object]]:
    return [
        sa.Column(f"{kind}_paise", sa.BigInteger()),
        sa.Column(f"{kind}_basis_points", sa.Integer()),
        sa.Column(f"{kind}_cap_paise", sa.BigInteger()),
    ]


def upgrade() -> None:
    op.create_table(
        "offer_types",
        sa.Column("offer_type_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        *_instants("created_at", "updated_at"),
        sa.PrimaryKeyConstraint("offer_type_id", name="pk_offer_types"),
    )
    op.create_index("uq_offer_types_name", "offer_types", [sa.text("lower(name)")], unique=True)
    _create_offers()
    op.create_index("ix_offers_offer_type_id", "offers", ["offer_type_id"])
    op.create_index("uq_offers_code", "offers", ["code"], unique=True)
    op.create_table(
        "offer_versions",
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("snapshot", postgresql.JSONB(), nullable=False),
        *_instants("created_at"),
        sa.PrimaryKeyConstraint("offer_id", "version", name="pk_offer_versions"),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.offer_id"], name="fk_offer_versions_offer_id_offers"),
    )
    op.execute(_HISTORY)
    # Writers of offers lock this row before they look, so it is there before the first of them.
    op.execute("INSERT INTO catalogue_state (id, version) VALUES ('offers', 0)")


def _create_offers() -> None:
    op.create_table(
        "offers",
        sa.Column("offer_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("offer_type_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("is_special", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("active_from", sa.DateTime(timezone=True)),
        sa.Column("active_until", sa.DateTime(timezone=True)),
        sa.Column("min_amount_paise", sa.BigInteger()),
        sa.Column("new_user_only", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        *_sets(sa.Uuid, "plan_groups", "plans"),
        *_sets(sa.Text, "user_types", "sources", "operators", "circles", "payment_methods", "weekdays"),
        *_gain("discount"),
        *_gain("cashback"),
        sa.Column("total_uses", sa.Integer()),
        sa.Column("uses_per_user", sa.Integer()),
        sa.Column("budget_paise", sa.BigInteger()),
        *_instants("created_at", "updated_at"),
        sa.PrimaryKeyConstraint("offer_id", name="pk_offers"),
        sa.ForeignKeyConstraint(
            ["offer_type_id"], ["offer_types.offer_type_id"], name="fk_offers_offer_type_id_offer_types"
        ),
        sa.CheckConstraint("version > 0", name=op.f("ck_offers_version")),
        sa.CheckConstraint("status IN ('draft', 'active', 'inactive')", name=op.f("ck_offers_status")),
        sa.CheckConstraint("active_until > active_from", name=op.f("ck_offers_window")),
        sa.CheckConstraint("code ~ '^[A-Z0-9]{3,20}$'", name=op.f("ck_offers_code")),
        sa.CheckConstraint("min_amount_paise > 0", name=op.f("ck_offers_min_amount")),
        sa.CheckConstraint(_GAIN.format("discount"), name=op.f("ck_offers_discount")),
        sa.CheckConstraint(_GAIN.format("cashback"), name=op.f("ck_offers_cashback")),
        sa.CheckConstraint(
            "num_nonnulls(discount_paise, discount_basis_points, cashback_paise, cashback_basis_points) > 0",
            name=op.f("ck_offers_reward"),
        ),
        sa.CheckConstraint(
            "coalesce(total_uses, 1) > 0 AND coalesce(uses_per_user, 1) > 0 AND coalesce(budget_paise, 1) > 0",
            name=op.f("ck_offers_limits"),
        ),
    )


def downgrade() -> None:
    raise RuntimeError("the first release has nothing before it: restore a backup instead")
