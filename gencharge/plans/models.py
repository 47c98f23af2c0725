"""Tables of the catalogue (reference tables) and the words that plans are described with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self
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
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gencharge.core.http.etags import Stamped
from gencharge.core.postgres.database import Base, stamp
from gencharge.core.rooms import timeline
from gencharge.core.values.money import Money

# A calendar month counts as this many days when validities are compared; a recharge counts the real month.
DAYS_PER_MONTH: Final = 30


class PlanType(StrEnum):
    """Who a plan is for: a prepaid or a postpaid connection."""

    PREPAID = "prepaid"
    POSTPAID = "postpaid"


class PlanCategory(StrEnum):
    """What a plan mainly gives."""

    UNLIMITED = "unlimited"
    DATA_ADDON = "data_addon"
    TALKTIME = "talktime"
    ROAMING = "roaming"
    POSTPAID_RENTAL = "postpaid_rental"


class ValidityUnit(StrEnum):
    """How validity is counted: days, calendar months (same date next month), or as long as the base plan lives."""

    DAY = "day"
    MONTH = "month"
    BASE_PLAN = "base_plan"


class PlanStatus(StrEnum):
    """Draft: not published yet. Active: on sale within its window. Inactive: taken off sale."""

    DRAFT = "draft"
    ACTIVE = "active"
    INACTIVE = "inactive"


# The columns of a plan of any amount; None of a plan with one price.
AMOUNT_COLUMNS: Final = (
    "max_price_paise",
    "price_step_paise",
    "sample_prices_paise",
    "gst_percent",
    "fee_basis_points",
    "fee_cap_paise",
)
# These run alongside a base plan instead of replacing it or queueing behind it.
ADDON_CATEGORIES: Final = frozenset({PlanCategory.DATA_ADDON, PlanCategory.TALKTIME, PlanCategory.ROAMING})


def is_addon(category: PlanCategory, validity_unit: ValidityUnit) -> bool:
    """True for a plan that runs alongside a base plan: data, talktime and roaming packs, and what ends with the base plan."""
    return category in ADDON_CATEGORIES or validity_unit is ValidityUnit.BASE_PLAN


class PlanGroup(Stamped, Base):
    """A group of plans, as the plan list shows them."""

    __tablename__ = "plan_groups"

    group_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, server_default="")
    sort_order: Mapped[int] = mapped_column(Integer, server_default="0")
    created_at: Mapped[datetime] = stamp()
    updated_at: Mapped[datetime] = stamp()

    __table_args__ = (Index("uq_plan_groups_name", text("lower(name)"), unique=True),)


class Plan(Stamped, Base):
    """A plan as it is on sale now. `price_paise` is what the customer pays, GST included."""

    __tablename__ = "plans"

    plan_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    operator: Mapped[str] = mapped_column(ForeignKey("operators.code"))
    circles: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    plan_type: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, server_default="")
    price_paise: Mapped[int] = mapped_column(BigInteger)
    # Of a plan of any amount: the highest one and the step from `price_paise`, the lowest; null of a plan with one price.
    max_price_paise: Mapped[int | None] = mapped_column(BigInteger)
    price_step_paise: Mapped[int | None] = mapped_column(BigInteger)
    # What the pages suggest.
    sample_prices_paise: Mapped[list[int] | None] = mapped_column(ARRAY(BigInteger))
    # What the operator keeps of an amount before the rest is talktime; null: the tariff does not say.
    gst_percent: Mapped[int | None] = mapped_column(SmallInteger)
    fee_basis_points: Mapped[int | None] = mapped_column(Integer)
    fee_cap_paise: Mapped[int | None] = mapped_column(BigInteger)
    validity_count: Mapped[int | None] = mapped_column(Integer)
    validity_unit: Mapped[str] = mapped_column(Text)
    benefits: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    is_addon: Mapped[bool] = mapped_column(Boolean)
    most_popular: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    group_id: Mapped[UUID] = mapped_column(ForeignKey("plan_groups.group_id"))
    criteria: Mapped[str] = mapped_column(Text, server_default="")
    status: Mapped[str] = mapped_column(Text, server_default="draft")
    active_from: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    active_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # Raised by every change; `version` only by a change of what is sold.
    revision: Mapped[int] = mapped_column(Integer, server_default="1")
    created_at: Mapped[datetime] = stamp()
    updated_at: Mapped[datetime] = stamp()

    __table_args__ = (
        CheckConstraint("price_paise > 0", name="price"),
        CheckConstraint(
            "num_nonnulls(max_price_paise, price_step_paise, sample_prices_paise) IN (0, 3)"
            " AND (max_price_paise IS NULL OR category = 'talktime' AND max_price_paise > price_paise"
            " AND price_step_paise > 0 AND (max_price_paise - price_paise) % price_step_paise = 0)",
            name="amounts",
        ),
        CheckConstraint(
            "num_nonnulls(gst_percent, fee_basis_points, fee_cap_paise) IN (0, 3)"
            " AND (gst_percent IS NULL OR max_price_paise IS NOT NULL AND gst_percent BETWEEN 0 AND 100"
            " AND fee_basis_points BETWEEN 0 AND 10000 AND fee_cap_paise >= 0)",
            name="talktime",
        ),
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("plan_type IN ('prepaid', 'postpaid')", name="plan_type"),
        CheckConstraint(
            "category IN ('unlimited', 'data_addon', 'talktime', 'roaming', 'postpaid_rental')",
            name="category",
        ),
        CheckConstraint("status IN ('draft', 'active', 'inactive')", name="status"),
        CheckConstraint(
            "CASE validity_unit WHEN 'base_plan' THEN validity_count IS NULL"
            " WHEN 'day' THEN validity_count IS NOT NULL AND validity_count > 0"
            " WHEN 'month' THEN validity_count IS NOT NULL AND validity_count > 0 ELSE false END",
            name="validity",
        ),
        CheckConstraint(
            "is_addon = (category IN ('data_addon', 'talktime', 'roaming') OR validity_unit = 'base_plan')",
            name="is_addon",
        ),
        CheckConstraint("active_until > active_from", name="window"),
        Index("ix_plans_group_id", "group_id"),
    )


class PlanVersion(Base):
    """The terms of one version of a plan, as they were sold. Never changed, never deleted, not even with its plan."""

    __tablename__ = "plan_versions"

    plan_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    snapshot: Mapped[dict[str, Any]] = mapped_column(JSONB)
    changed_by: Mapped[UUID | None] = mapped_column()
    created_at: Mapped[datetime] = stamp()


@dataclass(frozen=True, slots=True)
class TalktimeRule:
    """What the operator keeps of an amount before it credits the rest: the tax inside it, and a processing fee.

    The fee is a share of the amount with a cap, as TRAI bounds it for top-ups (Telecommunication Tariff Order, as amended:
    10 % of the price, at most Rs 3, without the tax).
    """

    gst_percent: int
    fee_basis_points: int
    fee_cap: Money

    def of(self, amount: Money) -> Money:
        """The talktime for an amount. The value without the tax is rounded to the paisa, halves up, and the fee down; never below zero.

        `plans/sql/talktime_of.sql` says the same to a sale.
        """
        gross = 100 + self.gst_percent
        value = (amount.paise * 200 + gross) // (2 * gross)
        fee = min(self.fee_cap.paise, amount.paise * self.fee_basis_points // 10_000)
        return Money(max(0, value - fee))


@dataclass(frozen=True, slots=True)
class AmountRange:
    """The amounts of a plan of any amount: from the lowest to the highest in steps, and those that the pages suggest."""

    minimum: Money
    maximum: Money
    step: Money
    samples: tuple[Money, ...]
    # None: the tariff does not say what is credited.
    talktime: TalktimeRule | None

    @classmethod
    def of(cls, plan: Plan) -> Self | None:
        """That of a row; None if the plan has one price."""
        if plan.max_price_paise is None or plan.price_step_paise is None:
            return None
        gst, fee, cap = plan.gst_percent, plan.fee_basis_points, plan.fee_cap_paise
        rule = None
        if gst is not None and fee is not None and cap is not None:
            rule = TalktimeRule(gst, fee, Money(cap))
        return cls(
            minimum=Money(plan.price_paise),
            maximum=Money(plan.max_price_paise),
            step=Money(plan.price_step_paise),
            samples=tuple(Money(paise) for paise in plan.sample_prices_paise or ()),
            talktime=rule,
        )

    def takes(self, amount: Money) -> bool:
        """True if the plan is sold for this amount."""
        in_range = self.minimum <= amount <= self.maximum
        return in_range and (amount.paise - self.minimum.paise) % self.step.paise == 0

    def terms(self) -> dict[str, Any]:
        """As JSON types, under the names of the columns."""
        rule = self.talktime
        rules = (None,) * 3 if rule is None else (rule.gst_percent, rule.fee_basis_points, rule.fee_cap.paise)
        samples = [sample.paise for sample in self.samples]
        return dict(zip(AMOUNT_COLUMNS, (self.maximum.paise, self.step.paise, samples, *rules), strict=True))


@dataclass(frozen=True, slots=True)
class PlanSnapshot:
    """The terms of a plan at one version. Instants are UTC; the price is what the customer pays, or of any amount the lowest."""

    plan_id: UUID
    version: int
    name: str
    description: str
    operator: str
    circles: frozenset[str]
    plan_type: PlanType
    category: PlanCategory
    price: Money
    validity_count: int | None
    validity_unit: ValidityUnit
    benefits: Mapping[str, Any] = field(hash=False)
    is_addon: bool
    most_popular: bool
    group_id: UUID
    group: str
    criteria: str
    status: PlanStatus
    active_from: datetime | None
    active_until: datetime | None
    # None: it has one price.
    amounts: AmountRange | None = None

    @classmethod
    def of(cls, plan: Plan, group: str, *, served: bool = True) -> Self:
        """The snapshot of a row and its group's name. A plan of an operator that is not `served` is not on sale."""
        status = PlanStatus(plan.status)
        return cls(
            plan_id=plan.plan_id,
            version=plan.version,
            name=plan.name,
            description=plan.description,
            operator=plan.operator,
            circles=frozenset(plan.circles),
            plan_type=PlanType(plan.plan_type),
            category=PlanCategory(plan.category),
            price=Money(plan.price_paise),
            validity_count=plan.validity_count,
            validity_unit=ValidityUnit(plan.validity_unit),
            benefits=plan.benefits,
            is_addon=plan.is_addon,
            most_popular=plan.most_popular,
            group_id=plan.group_id,
            group=group,
            criteria=plan.criteria,
            status=PlanStatus.INACTIVE if status is PlanStatus.ACTIVE and not served else status,
            active_from=plan.active_from,
            active_until=plan.active_until,
            amounts=AmountRange.of(plan),
        )

    def available_at(self, instant: datetime) -> bool:
        """True if the plan is on sale at `instant` (UTC): active, and within its window."""
        return timeline.is_available(self, instant)

    def sold_in(self, circle: str | None) -> bool:
        """True if the plan is sold in `circle`; None (the circle is not known) excludes nothing."""
        return not self.circles or circle is None or circle in self.circles

    @property
    def highest_price(self) -> Money:
        """The most that it can cost: its price, or the highest amount."""
        return self.price if self.amounts is None else self.amounts.maximum

    @property
    def validity_days(self) -> int | None:
        """Validity in days, for comparing plans; a month counts as 30. None if it ends with the base plan."""
        if self.validity_count is None:
            return None
        return self.validity_count * (DAYS_PER_MONTH if self.validity_unit is ValidityUnit.MONTH else 1)

    def terms(self) -> dict[str, Any]:
        """The terms as JSON types: what is kept of a sale, and in `plan_versions`. Price in paise."""
        return {
            "plan_id": str(self.plan_id),
            "version": self.version,
            "name": self.name,
            "description": self.description,
            "operator": self.operator,
            "circles": sorted(self.circles),
            "plan_type": self.plan_type.value,
            "category": self.category.value,
            "price_paise": self.price.paise,
            "validity_count": self.validity_count,
            "validity_unit": self.validity_unit.value,
            "benefits": dict(self.benefits),
            "is_addon": self.is_addon,
            "group_id": str(self.group_id),
            "group": self.group,
            "criteria": self.criteria,
            **(self.amounts.terms() if self.amounts is not None else {}),
        }
