"""Users, admins, roles and sessions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

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
    _directory()
    _users()
    _indexes_of_users()
    _preferences_and_erasures()
    _admins()
    _second_factors()
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
        sa.Column("status_since", sa.DateTime(timezone=True)),
        sa.Column("status_by", sa.Uuid()),
        sa.Column("status_reason", sa.Text()),
        sa.Column("erased_at", sa.DateTime(timezone=True)),
        # By bytes, so that a prefix is a range of the index whatever the database's language is.
        sa.Column("name_key", sa.Text(collation="C"), server_default="", nullable=False),
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


def _indexes_of_users() -> None:
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


def _preferences_and_erasures() -> None:
    op.create_table(
        "user_preferences",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in _SWITCHES),
        sa.Column("updated_at", _INSTANT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_user_preferences"),
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
        # An archived admin may outlive the role: the audit trail knows which one it was.
        sa.Column("role_id", sa.Uuid()),
        sa.Column(
            "operator_scope", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        _instant("created_at", now=True),
        _instant("updated_at", now=True),
        sa.PrimaryKeyConstraint("admin_id", name="pk_admins"),
        sa.ForeignKeyConstraint(["role_id"], ["roles.role_id"], name="fk_admins_role_id_roles"),
        sa.CheckConstraint("status IN ('active', 'blocked', 'archived')", name=op.f("ck_admins_status")),
        sa.CheckConstraint("role_id IS NOT NULL OR status = 'archived'", name=op.f("ck_admins_role")),
    )
    op.create_index("ix_admins_role_id", "admins", ["role_id"])


def _second_factors() -> None:
    op.create_table(
        "admin_second_factors",
        sa.Column("admin_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary()),
        sa.Column("pending_secret", sa.LargeBinary()),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("last_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("admin_id", name="pk_admin_second_factors"),
        sa.CheckConstraint(
            "(secret IS NULL) = (confirmed_at IS NULL)", name=op.f("ck_admin_second_factors_confirmed")
        ),
    )
    op.create_table(
        "admin_recovery_codes",
        sa.Column("admin_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("admin_id", "code_hash", name="pk_admin_recovery_codes"),
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
        sa.Column("second_factor_at", sa.DateTime(timezone=True)),
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
    raise RuntimeError("the first release has nothing before it: restore a backup instead")
