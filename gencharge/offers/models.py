"""Tables of the offers (reference tables) and the words that offers are described with."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.http.etags import Stamped
from gencharge.core.postgres.database import Base, stamp


class OfferStatus(StrEnum):
    """The state of an offer: from draft to active, and between active and inactive, never back to draft."""

    DRAFT = "draft"  # not published yet
    ACTIVE = "active"  # holds within its window
    INACTIVE = "inactive"  # taken back


class Weekday(StrEnum):
    """A day of the week in India (IST)."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


# One of the two: an amount, or hundredths of a percent with the most that they may come to.
_GAIN = (
    "(({0}_basis_points IS NULL) = ({0}_cap_paise IS NULL))"
    " AND num_nonnulls({0}_paise, {0}_basis_points) <= 1"
    " AND coalesce({0}_paise, 1) > 0 AND coalesce({0}_cap_paise, 1) > 0"
    " AND coalesce({0}_basis_points, 1) BETWEEN 1 AND 10000"
)


class OfferType(Stamped, Base):
    """A kind of offers, such as festive or loyalty."""

    __tablename__ = "offer_types"

    offer_type_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, server_default="")
    created_at: Mapped[datetime] = stamp()
    updated_at: Mapped[datetime] = stamp()

    __table_args__ = (Index("uq_offer_types_name", text("lower(name)"), unique=True),)


class Offer(Stamped, Base):
    """An offer as it is now. An empty list or NULL among the conditions means that there is no such condition."""

    __tablename__ = "offers"

    offer_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    offer_type_id: Mapped[UUID] = mapped_column(ForeignKey("offer_types.offer_type_id"))
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, server_default="")
    code: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="draft")
    is_special: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    active_from: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    active_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # Conditions: all of them must hold.
    min_amount_paise: Mapped[int | None] = mapped_column(BigInteger)
    user_types: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    new_user_only: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    sources: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    plan_groups: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), server_default="{}")
    plans: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid()), server_default="{}")
    operators: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    circles: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    payment_methods: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    weekdays: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    one_time_code: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    # Reward: a discount, a cashback, or both.
    discount_paise: Mapped[int | None] = mapped_column(BigInteger)
    discount_basis_points: Mapped[int | None] = mapped_column(Integer)
    discount_cap_paise: Mapped[int | None] = mapped_column(BigInteger)
    cashback_paise: Mapped[int | None] = mapped_column(BigInteger)
    cashback_basis_points: Mapped[int | None] = mapped_column(Integer)
    cashback_cap_paise: Mapped[int | None] = mapped_column(BigInteger)
    # Limits: NULL is none.
    total_uses: Mapped[int | None] = mapped_column(Integer)
    uses_per_user: Mapped[int | None] = mapped_column(Integer)
    budget_paise: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = stamp()
    updated_at: Mapped[datetime] = stamp()

    __table_args__ = (
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("status IN ('draft', 'active', 'inactive')", name="status"),
        CheckConstraint("active_until > active_from", name="window"),
        CheckConstraint("code ~ '^[A-Z0-9]{3,20}$'", name="code"),
        CheckConstraint("code IS NULL OR NOT one_time_code", name="one_code"),
        CheckConstraint("min_amount_paise > 0", name="min_amount"),
        CheckConstraint(_GAIN.format("discount"), name="discount"),
        CheckConstraint(_GAIN.format("cashback"), name="cashback"),
        CheckConstraint(
            "num_nonnulls(discount_paise, discount_basis_points, cashback_paise, cashback_basis_points) > 0",
            name="reward",
        ),
        CheckConstraint(
            "coalesce(total_uses, 1) > 0 AND coalesce(uses_per_user, 1) > 0 AND coalesce(budget_paise, 1) > 0",
            name="limits",
        ),
        Index("ix_offers_offer_type_id", "offer_type_id"),
        Index("uq_offers_code", "code", unique=True),
    )


class UseStatus(StrEnum):
    """Whether a use counts against the limits of its offer."""

    TAKEN = "taken"
    FREED = "freed"  # its recharge failed or was refunded in full


class OfferSlot(Base):
    """A sixteenth of the counters of an offer, so that its uses don't wait for each other. Amounts in paise.

    The bounds of all slots together are the limits of the offer; None: no such limit. See `sql/take_offer_slot.sql`. A budget beside the
    offer's own (`OfferBudget`) has slots, too: `offer_id` is then its `budget_id`.
    """

    __tablename__ = "offer_slots"

    offer_id: Mapped[UUID] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    uses: Mapped[int] = mapped_column(BigInteger, server_default="0")
    spent: Mapped[int] = mapped_column(BigInteger, server_default="0")
    max_uses: Mapped[int | None] = mapped_column(BigInteger)
    max_spent: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        CheckConstraint("uses >= 0 AND spent >= 0", name="signs"),
        {"postgresql_with": {"fillfactor": 20}},
    )


class OfferBudget(Base):
    """What a campaign may spend of an offer, beside the offer's own budget. Only the amount changes. In paise.

    It counts the uses of its one-time codes; of an offer with one code for all, the uses from `starts_at` to `ends_at`. Of such an offer
    no two budgets hold at one time.
    """

    __tablename__ = "offer_budgets"

    # The campaign's id.
    budget_id: Mapped[UUID] = mapped_column(primary_key=True)
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offers.offer_id"))
    budget_paise: Mapped[int] = mapped_column(BigInteger)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("budget_paise > 0", name="budget"),
        CheckConstraint("ends_at > starts_at", name="window"),
        Index("ix_offer_budgets_of_offer", "offer_id", "starts_at"),
    )


class OfferUse(Base):
    """What an offer gave on one recharge. Amounts in paise."""

    __tablename__ = "offer_uses"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    recharge_id: Mapped[UUID] = mapped_column(primary_key=True)
    offer_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(Integer)
    slot: Mapped[int] = mapped_column(SmallInteger)
    discount: Mapped[int] = mapped_column(BigInteger)
    cashback: Mapped[int] = mapped_column(BigInteger)
    # The one-time code that it was taken with.
    code: Mapped[str | None] = mapped_column(Text)
    # The campaign's budget that it counts against, too, and the slot there.
    budget_id: Mapped[UUID | None]
    budget_slot: Mapped[int | None] = mapped_column(SmallInteger)
    # What it costs the offer's budget now.
    cost: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text, server_default=UseStatus.TAKEN.value)
    # Of the cashback, once the recharge is delivered: what came into the wallet, and what was withheld for an earlier debt.
    paid: Mapped[int] = mapped_column(BigInteger, server_default="0")
    withheld: Mapped[int] = mapped_column(BigInteger, server_default="0")
    # With refunds: what the operator gave back of the discount, what was due back of the cashback, and what the wallet had of that.
    discount_back: Mapped[int] = mapped_column(BigInteger, server_default="0")
    due_back: Mapped[int] = mapped_column(BigInteger, server_default="0")
    taken_back: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_at: Mapped[datetime] = stamp()
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("status IN ('taken', 'freed')", name="status"),
        CheckConstraint("least(discount, cashback, cost, paid, withheld) >= 0", name="signs"),
        CheckConstraint("num_nulls(budget_id, budget_slot) IN (0, 2)", name="budget"),
        CheckConstraint("paid + withheld IN (0, cashback)", name="paid"),
        CheckConstraint(
            "discount_back BETWEEN 0 AND discount AND due_back BETWEEN 0 AND cashback"
            " AND taken_back BETWEEN 0 AND due_back",
            name="back",
        ),
        Index("ix_offer_uses_taken", "user_id", "offer_id", postgresql_where=text("status = 'taken'")),
        Index("ix_offer_uses_of_offer", "offer_id", "created_at", "recharge_id"),
    )


class OfferCode(Base):
    """A one-time code of an offer: for whom it is, and which recharge uses it now. `offer_uses` says which ones did before."""

    __tablename__ = "offer_codes"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offers.offer_id"))
    # The request or the campaign that it was made for.
    batch_id: Mapped[UUID]
    # The only customer who may use it; None: anybody who has it.
    bound_to: Mapped[UUID | None]
    used_by: Mapped[UUID | None]
    recharge_id: Mapped[UUID | None]
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = stamp()

    __table_args__ = (
        CheckConstraint("code ~ '^[A-Z0-9]{10,20}$'", name="code"),
        CheckConstraint("num_nonnulls(used_by, recharge_id, used_at) IN (0, 3)", name="use"),
        CheckConstraint("coalesce(used_by = bound_to, true)", name="bound"),
        Index("ix_offer_codes_of_offer", "offer_id", "created_at", "code"),
        Index("ix_offer_codes_of_customer", "bound_to", postgresql_where=text("bound_to IS NOT NULL")),
        # A code is read and changed by every use of it only, so its page has room for one new row.
        {"postgresql_with": {"fillfactor": 70}},
    )


class CashbackDebt(Base):
    """What a customer owes: cashback of refunded recharges that was spent already. Kept from the next cashback. In paise."""

    __tablename__ = "cashback_debts"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    owed: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (CheckConstraint("owed >= 0", name="owed"),)


class OfferVersion(Base):
    """The terms of one version of an offer that customers could see. Never changed, never deleted.

    A draft has none: it gets its first when it becomes active.
    """

    __tablename__ = "offer_versions"

    offer_id: Mapped[UUID] = mapped_column(ForeignKey("offers.offer_id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = stamp()
