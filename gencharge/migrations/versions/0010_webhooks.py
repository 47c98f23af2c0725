"""Webhooks that we send: endpoints, what is to be sent to them, each attempt."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0010"
down_revision = "0009"

_INSTANT = sa.DateTime(timezone=True)
_NOW = sa.func.now()


def upgrade() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("events", ARRAY(sa.Text()), nullable=False),
        sa.Column("operators", ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary()),
        sa.Column("previous_valid_until", _INSTANT),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("disabled_at", _INSTANT),
        sa.Column("disabled_reason", sa.Text()),
        sa.Column("created_at", _INSTANT, server_default=_NOW, nullable=False),
        sa.Column("updated_at", _INSTANT, server_default=_NOW, nullable=False),
        sa.PrimaryKeyConstraint("endpoint_id", name="pk_webhook_endpoints"),
        sa.CheckConstraint("is_active = (disabled_at IS NULL)", name=op.f("ck_webhook_endpoints_disabled")),
        sa.CheckConstraint(
            "(previous_secret IS NULL) = (previous_valid_until IS NULL)",
            name=op.f("ck_webhook_endpoints_previous"),
        ),
    )
    _create_deliveries()
    _create_attempts()


def _create_deliveries() -> None:
    table = "webhook_deliveries"
    op.create_table(
        table,
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", _INSTANT),
        sa.Column("leased_until", _INSTANT),
        sa.Column("expires_at", _INSTANT, nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("completed_at", _INSTANT),
        sa.PrimaryKeyConstraint("endpoint_id", "delivery_id", name="pk_webhook_deliveries"),
        sa.CheckConstraint(
            "status IN ('pending', 'delivered', 'failed', 'discarded')",
            name=op.f("ck_webhook_deliveries_status"),
        ),
        sa.CheckConstraint(
            "(next_attempt_at IS NOT NULL) = (status = 'pending')", name=op.f("ck_webhook_deliveries_due")
        ),
    )
    pending = sa.text("status = 'pending'")
    op.create_index("uq_webhook_deliveries_event", table, ["endpoint_id", "event_id"], unique=True)
    op.create_index(
        "ix_webhook_deliveries_due", table, ["endpoint_id", "next_attempt_at"], postgresql_where=pending
    )
    op.create_index("ix_webhook_deliveries_expiring", table, ["expires_at"], postgresql_where=pending)
    op.create_index("ix_webhook_deliveries_id", table, ["delivery_id"])
    op.create_index("ix_webhook_deliveries_all", table, ["created_at", "delivery_id"])
    op.create_index("ix_webhook_deliveries_of_endpoint", table, ["endpoint_id", "created_at", "delivery_id"])
    op.create_index(
        "ix_webhook_deliveries_not_delivered",
        table,
        ["status", "created_at", "delivery_id"],
        postgresql_where=sa.text("status <> 'delivered'"),
    )


def _create_attempts() -> None:
    op.create_table(
        "webhook_attempts",
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.SmallInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("started_at", _INSTANT, nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("response_status", sa.Integer()),
        sa.Column("response", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("endpoint_id", "delivery_id", "attempt", name="pk_webhook_attempts"),
    )
    op.create_index("ix_webhook_attempts_started", "webhook_attempts", ["started_at"])
    # What was sent stays as it was sent, until the purge.
    op.execute("REVOKE UPDATE, TRUNCATE ON webhook_attempts FROM gencharge_app")


def downgrade() -> None:
    raise RuntimeError("the first release has nothing before it: restore a backup instead")
