"""The figures of recharges: one row for each day (or month) in India, operator and key of a cut. Amounts in paise."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, Date, DateTime, Integer, Text
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column

from gencharge.core.postgres.database import Base


class Cut(StrEnum):
    """By what recharges are told apart, beside their day and operator. Each recharge counts once in each cut that it has a key in."""

    ALL = "all"  # the key is empty
    HOUR = "hour"  # of the day in India, 00 to 23
    PLAN = "plan"  # plan_id
    CIRCLE = "circle"  # of the number, as it was known at the sale; `unknown` if it was not
    PLAN_TYPE = "plan_type"
    CATEGORY = "category"
    PAYMENT_METHOD = "payment_method"
    SOURCE = "source"
    CHANNEL = "channel"  # that delivered it or was tried last; `internal`: the operator's own system
    OFFER = "offer"  # offer_id
    FAILURE = "failure"  # why it failed
    WAIT = "wait"  # seconds from queueing it to the delivery over an operator's API, as one of WAITS
    CHANNEL_WAIT = "channel_wait"  # the channel and the same, as `jio-api:5`


# The upper bounds of the keys of Cut.WAIT, in seconds; what took longer has the key `more`.
WAITS: Final = (1, 2, 5, 10, 30, 60, 300, 900)


class PlanCut(StrEnum):
    """By what the plans that run now are told apart, beside their operator."""

    ALL = "all"  # the key is empty
    PLAN = "plan"  # plan_id
    CIRCLE = "circle"
    PLAN_TYPE = "plan_type"
    CATEGORY = "category"
    KIND = "kind"  # base or addon
    ENDS = "ends"  # the day in India on which an active plan ends, of those of the next 90 days
    # Of base plans that end within thirty days, today included:
    BASE_ENDS = "base_ends"  # the day
    ENDING_PLAN = "ending_plan"  # plan_id
    ENDING_CIRCLE = "ending_circle"


def _number() -> MappedColumn[int]:
    return mapped_column(BigInteger, server_default="0")


class _Measures:
    """What is counted of recharges."""

    # Sold: agreed, whether it was delivered or not.
    sold: Mapped[int] = _number()
    sold_price: Mapped[int] = _number()
    sold_discount: Mapped[int] = _number()
    sold_from_wallet: Mapped[int] = _number()
    sold_through_gateway: Mapped[int] = _number()
    # Delivered. The operator gets the price; the customer paid it less the discount.
    delivered: Mapped[int] = _number()
    delivered_price: Mapped[int] = _number()
    delivered_discount: Mapped[int] = _number()
    cashback: Mapped[int] = _number()
    commission: Mapped[int] = _number()
    delivery_seconds: Mapped[int] = _number()
    # Failed, and what was given back of the wallet's part and of a payment that was captured already.
    failed: Mapped[int] = _number()
    released: Mapped[int] = _number()
    # Refunds of delivered recharges, and what came back from the operator, the customer and our commission.
    refunds: Mapped[int] = _number()
    refunded_in_full: Mapped[int] = _number()
    refunded: Mapped[int] = _number()
    refunded_discount: Mapped[int] = _number()
    refunded_cashback: Mapped[int] = _number()
    refunded_commission: Mapped[int] = _number()


class RechargeFigures(_Measures, Base):
    """What became of recharges on a day in India. Each fact counts on the day on which it happened: a recharge that was sold on Monday
    and refunded on Friday is a sale of Monday and a refund of Friday."""

    __tablename__ = "recharge_figures"

    # The cut first: two years of `all` are a short stretch of the index.
    cut: Mapped[str] = mapped_column(Text, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    operator: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)

    # Today's rows change with each batch: with room on their page they change in place, and no index has to be written.
    __table_args__ = ({"postgresql_with": {"fillfactor": 50}},)


class RechargeMonthFigures(_Measures, Base):
    """The sums of `recharge_figures` by calendar month, for long periods. A month is here whole, or not at all: it comes some time
    after its end, and goes when something more is counted on one of its days, until it is summed again."""

    __tablename__ = "recharge_month_figures"

    cut: Mapped[str] = mapped_column(Text, primary_key=True)
    # Its first day.
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    operator: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)


class ActivePlanFigures(Base):
    """How many plans run (`active`) and wait (`queued`), at `counted_at`. All rows are counted at one instant."""

    __tablename__ = "active_plan_figures"

    operator: Mapped[str] = mapped_column(Text, primary_key=True)
    cut: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    active: Mapped[int] = mapped_column(BigInteger)
    queued: Mapped[int] = mapped_column(BigInteger)
    counted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class CustomerArea(StrEnum):
    """What is counted of customers each night."""

    COHORTS = "cohorts"  # by the month of the first recharge (key) and months after it (part)
    SEGMENTS = "segments"  # by segment
    RENEWALS = "renewals"  # plans that ended (`customers`), and those that were renewed (`recharges`)


class CustomerFigures(Base):
    """Customers by what they did, at `counted_at`. All rows are counted at one instant."""

    __tablename__ = "customer_figures"

    area: Mapped[str] = mapped_column(Text, primary_key=True)
    # Empty: of all operators together.
    operator: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    part: Mapped[int] = mapped_column(Integer, primary_key=True)
    customers: Mapped[int] = mapped_column(BigInteger)
    recharges: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    counted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class AreaFigures(Base):
    """How often something happened on a day in India, by area, cut and key, and what it came to in paise. A fact `now` is no
    happening but what there was when that day was counted last."""

    __tablename__ = "area_figures"

    area: Mapped[str] = mapped_column(Text, primary_key=True)
    cut: Mapped[str] = mapped_column(Text, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    fact: Mapped[str] = mapped_column(Text, primary_key=True)
    # Empty where the area's rows belong to no operator.
    operator: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)


class AreaCount(Base):
    """When an area was counted last, and when that changed anything. Its row is the lock for counting the area."""

    __tablename__ = "area_counts"

    area: Mapped[str] = mapped_column(Text, primary_key=True)
    counted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


MEASURES: Final = tuple(column.name for column in RechargeFigures.__table__.columns if not column.primary_key)
