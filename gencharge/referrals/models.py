"""Referral rewards, and what tells of accounts that belong together. Amounts in paise."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.postgres.database import Base


class RewardSide(StrEnum):
    """Whose reward it is."""

    REFERRER = "referrer"  # of the customer whose code was used
    FRIEND = "friend"  # of the new customer who used it


class RewardState(StrEnum):
    """How far a reward has come."""

    PENDING = "pending"  # the new customer has registered and not recharged yet
    EARNED = "earned"  # the new customer's first recharge was delivered
    PAID = "paid"  # it is in the wallet, less what was owed
    REVERSED = "reversed"  # that recharge was refunded
    CANCELLED = "cancelled"  # the account was closed before it was paid, or the staff rejected it


class RewardStatus(StrEnum):
    """The status of a reward, as customers and staff see it."""

    PENDING = "pending"
    HELD = "held"
    EARNED = "earned"
    PAID = "paid"
    REVERSED = "reversed"
    CANCELLED = "cancelled"


class HoldReason(StrEnum):
    """Why a reward is held for the staff to look at."""

    SHARED_DEVICE = "shared_device"  # both sign in with the same device from the same address
    DEVICE_REUSED = "device_reused"  # another referred customer registered with that device from that address
    ADDRESS_BURST = "address_burst"  # many referred customers registered from that address within a day
    RING = "ring"  # the new customer referred the referrer, directly or through others
    NOT_NEW = "not_new"  # the new customer had recharged before registering with the code
    RECHARGED_REFERRER = "recharged_referrer"  # the first recharge was for the referrer's own number
    MONTHLY_LIMIT = "monthly_limit"  # more rewards than REFERRAL_REWARDS_PER_MONTH
    TOTAL_LIMIT = "total_limit"  # more rewards than REFERRAL_REWARDS_TOTAL
    STAFF = "staff"  # an admin held it


class WaitReason(StrEnum):
    """Why an earned reward can't be paid yet. It is tried again."""

    WALLET_LIMIT = "wallet_limit"  # the wallet would hold more than the KYC tier allows
    ACCOUNT_BLOCKED = "account_blocked"


class ReferralReward(Base):
    """What one customer is to get for one referral. A referral has a reward for each side that gets something."""

    __tablename__ = "referral_rewards"

    # Who gets it.
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    reward_id: Mapped[UUID] = mapped_column(primary_key=True)
    # The new customer, and the one who referred them: one of the two is `user_id`.
    friend_id: Mapped[UUID]
    referrer_id: Mapped[UUID]
    side: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text)
    # Not null: held, and why. A reward that the staff released is not checked again.
    held_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    hold_reasons: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    released_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # The new customer's recharge that it was earned by.
    recharge_id: Mapped[UUID | None]
    # Of `amount`, what paid for rewards that were reversed after they had been spent; the rest came into the wallet.
    netted: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # What a reversal took out of the wallet; the rest of `amount` is owed.
    taken_back: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # When the new customer registered.
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    earned_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    paid_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # When an earned reward is to be paid, or tried again; and why it could not be paid the last time.
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    waits_for: Mapped[str | None] = mapped_column(Text)
    leased_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("side IN ('referrer', 'friend')", name="side"),
        CheckConstraint("state IN ('pending', 'earned', 'paid', 'reversed', 'cancelled')", name="state"),
        CheckConstraint("held_at IS NULL OR state IN ('pending', 'earned')", name="held"),
        CheckConstraint("netted BETWEEN 0 AND amount AND taken_back BETWEEN 0 AND amount", name="parts"),
        CheckConstraint("state NOT IN ('earned', 'paid') OR recharge_id IS NOT NULL", name="earned"),
        CheckConstraint("state <> 'paid' OR paid_at IS NOT NULL", name="paid"),
        Index("uq_referral_rewards_friend", "user_id", "friend_id", unique=True),
        Index("ix_referral_rewards_of_user", "user_id", "created_at", "reward_id"),
        # The staff's list, over all customers.
        Index("ix_referral_rewards_all", "created_at", "reward_id"),
        Index(
            "ix_referral_rewards_due", "due_at", postgresql_where=text("state = 'earned' AND held_at IS NULL")
        ),
    )

    @property
    def status(self) -> RewardStatus:
        """The status that is shown."""
        return RewardStatus.HELD if self.held_at is not None else RewardStatus(self.state)


class ReferralAccount(Base):
    """What a customer owes for rewards that were reversed after they had been spent. Its row is the lock for their rewards."""

    __tablename__ = "referral_accounts"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    owed: Mapped[int] = mapped_column(BigInteger, server_default="0")

    __table_args__ = (CheckConstraint("owed >= 0", name="owed"),)


class ReferralMark(Base):
    """That a referred customer registered with a device or from an address. The mark is an HMAC; kept for 90 days.

    The row of a mark whose `friend_id` is SYSTEM_USER_ID is the lock for it.
    """

    __tablename__ = "referral_marks"

    mark: Mapped[str] = mapped_column(Text, primary_key=True)
    friend_id: Mapped[UUID] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index("ix_referral_marks_created_at", "created_at"),
        Index("ix_referral_marks_friend_id", "friend_id"),
    )
