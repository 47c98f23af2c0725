"""Campaigns and who is in them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, DateTime, ForeignKey, Index, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base


class CampaignState(StrEnum):
    """How far a campaign has come."""

    SCHEDULED = "scheduled"  # its customers are chosen when it starts
    RUNNING = "running"  # they have been chosen
    CANCELLED = "cancelled"  # nobody more is chosen


class CampaignStatus(StrEnum):
    """The status of a campaign, as the staff see it."""

    SCHEDULED = "scheduled"
    SELECTING = "selecting"  # it has started, and its customers are being chosen
    RUNNING = "running"
    ENDED = "ended"
    CANCELLED = "cancelled"


class Campaign(Base):
    """An offer for a target group, for a time."""

    __tablename__ = "campaigns"

    campaign_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offers.offer_id"))
    # A `Target`.
    target: Mapped[dict[str, Any]] = mapped_column(JSONB)
    # How many of a hundred are left out, to compare with.
    control_percent: Mapped[int] = mapped_column(SmallInteger)
    # What its uses of the offer may cost beside the offer's own budget; null: as much as the offer's.
    budget_paise: Mapped[int | None] = mapped_column(BigInteger)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    state: Mapped[str] = mapped_column(Text)
    # The last customer who was looked at while the target group is chosen, in the order of ids.
    looked_at: Mapped[UUID | None]
    selected_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_by: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("state IN ('scheduled', 'running', 'cancelled')", name="state"),
        CheckConstraint("control_percent BETWEEN 0 AND 50", name="control_percent"),
        CheckConstraint("ends_at > starts_at", name="window"),
        CheckConstraint("budget_paise > 0", name="budget"),
        CheckConstraint("state <> 'running' OR selected_at IS NOT NULL", name="selected"),
        Index("ix_campaigns_all", "created_at", "campaign_id"),
        Index("ix_campaigns_of_state", "state", "starts_at"),
    )


class CampaignMember(Base):
    """A customer of a campaign's target group. Never changed."""

    __tablename__ = "campaign_members"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    campaign_id: Mapped[UUID] = mapped_column(primary_key=True)
    # Left out, to compare with: not told of the offer.
    is_control: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (Index("ix_campaign_members_of_campaign", "campaign_id"),)


class CampaignFigures(Base):
    """What a group of a campaign did from its start to its end, or to `counted_at`. Amounts in paise."""

    __tablename__ = "campaign_figures"

    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaigns.campaign_id"), primary_key=True)
    is_control: Mapped[bool] = mapped_column(Boolean, primary_key=True)
    customers: Mapped[int] = mapped_column(BigInteger)
    recharged: Mapped[int] = mapped_column(BigInteger)
    recharges: Mapped[int] = mapped_column(BigInteger)
    paise: Mapped[int] = mapped_column(BigInteger)
    uses: Mapped[int] = mapped_column(BigInteger)
    cost: Mapped[int] = mapped_column(BigInteger)
    shown: Mapped[int] = mapped_column(BigInteger)
    counted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
