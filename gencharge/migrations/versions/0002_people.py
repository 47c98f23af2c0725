"""Users, admins, roles and sessions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _directory()
    _users()
    _admins()
    _sessions()
    op.create_table(
        "sign_in_failures",
        sa.Column("phone_number", sa.Text(), nullable=False),
        sa.Column("consecutive", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True)),
        _instant("updated_at"),
        sa.PrimaryKeyConstraint("phone_number", name="pk_sign_in_failures"),
    )


def _directory() -> None:
    for table, key in (("phone_directory", "phone_number"), ("email_directory", "email")):
        op.create_table(
            table,
            sa.Column(key, sa.Text(), nullable=False),
            sa.Column("kind", sa.Text(), nullable=False),
            sa.Column("owner_id", sa.Uuid(), nullable=False),
            sa.PrimaryKeyConstraint(key, name=f"pk_{table}"),
            sa.CheckConstraint("kind IN ('user', 'admin')", name=op.f(f"ck_{table}_kind")),
        )


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("phone_number", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("user_type", sa.Text(), server_default="prepaid", nullable=False),
        sa.Column("referral_code", sa.Text(), nullable=False),
        sa.Column("referred_by", sa.Uuid()),
        sa.Column("kyc_tier", sa.Text(), server_default="small", nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True)),
        _instant("created_at", now=True),
        _instant("updated_at", now=True),
        sa.PrimaryKeyConstraint("user_id", name="pk_users"),
        sa.CheckConstraint(
            "status IN ('active', 'blocked', 'deactivated', 'archived')", name=op.f("ck_users_status")
        ),
        sa.CheckConstraint("user_type IN ('prepaid', 'postpaid')", name=op.f("ck_users_user_type")),
        sa.CheckConstraint("kyc_tier IN ('small', 'full')", name=op.f("ck_users_kyc_tier")),
    )
    op.create_table(
        "referral_codes",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_referral_codes"),
    )


def _admins() -> None:
    op.create_table(
        "roles",
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("permissions_version", sa.Integer(), server_default="1", nullable=False),
        _instant("created_at", now=True),
        _instant("updated_at", now=True),
        sa.PrimaryKeyConstraint("role_id", name="pk_roles"),
        sa.UniqueConstraint("name", name="uq_roles_name"),
    )
    op.create_table(
        "role_permissions",
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("permission", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("role_id", "permission", name="pk_role_permissions"),
        sa.ForeignKeyConstraint(
            ["role_id"], ["roles.role_id"], name="fk_role_permissions_role_id_roles", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "admins",
        sa.Column("admin_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone_number", sa.Text(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column(
            "operator_scope", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        _instant("created_at", now=True),
        _instant("updated_at", now=True),
        sa.PrimaryKeyConstraint("admin_id", name="pk_admins"),
        sa.ForeignKeyConstraint(["role_id"], ["roles.role_id"], name="fk_admins_role_id_roles"),
        sa.CheckConstraint("status IN ('active', 'blocked', 'archived')", name=op.f("ck_admins_status")),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        _instant("created_at"),
        _instant("last_used_at"),
        _instant("expires_at"),
        _instant("absolute_expires_at"),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_reason", sa.Text()),
        sa.PrimaryKeyConstraint("user_id", "session_id", name="pk_sessions"),
        sa.CheckConstraint("kind IN ('user', 'admin')", name=op.f("ck_sessions_kind")),
    )
    op.create_index(
        "ix_sessions_revoked_at",
        "sessions",
        ["revoked_at"],
        postgresql_where=sa.text("revoked_at IS NOT NULL"),
    )
    op.create_index("ix_sessions_absolute_expires_at", "sessions", ["absolute_expires_at"])
    op.create_table(
        "refresh_tokens",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        _instant("issued_at", now=True),
        _instant("expires_at"),
        sa.Column("rotated_at", sa.DateTime(timezone=True)),
        sa.Column("successor_seed", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("user_id", "token_hash", name="pk_refresh_tokens"),
        sa.ForeignKeyConstraint(
            ["user_id", "session_id"],
            ["sessions.user_id", "sessions.session_id"],
            name="fk_refresh_tokens_user_id_sessions",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_refresh_tokens_user_id_session_id", "refresh_tokens", ["user_id", "session_id"])


def _instant(name: str, *, now: bool = False) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.func.now() if now else None, nullable=False
    )


def downgrade() -> None:
    for table in (
        "sign_in_failures",
        "refresh_tokens",
        "sessions",
        "admins",
        "role_permissions",
        "roles",
        "referral_codes",
        "users",
        "email_directory",
        "phone_directory",
    ):
        op.drop_table(table)
