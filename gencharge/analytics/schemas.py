"""What a customer spent, as the customer sees it. Amounts in rupees, months and years in India."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from gencharge.core.http.web import Out
from gencharge.core.values.money import SignedMoney


class SpendingSum(Out):
    """Delivered recharges that were not refunded in full."""

    recharges: int = Field(description="How many.")
    paid: SignedMoney = Field(description="What they cost, less refunds in part.")
    saved: SignedMoney = Field(description="Discounts and cashback of offers.")


class MonthSpending(SpendingSum):
    """A month."""

    month: str = Field(pattern="^[0-9]{4}-[0-9]{2}$", examples=["2026-11"])


class YearSpending(SpendingSum):
    """A year of the calendar."""

    year: int = Field(examples=[2026])


class NumberSpending(SpendingSum):
    """A number that I recharged."""

    phone_number: str = Field(examples=["+919876543210"])


class PlanSpending(SpendingSum):
    """A plan that I bought."""

    plan_id: UUID
    name: str = Field(description="As it was called when I bought it last.")


class PartSpending(SpendingSum):
    """A part of a distribution."""

    key: str = Field(examples=["JIO"])


class SpendingOut(Out):
    """My spending on recharges. Lists of numbers, plans, operators and ways of paying have the ten with most recharges."""

    total: SpendingSum
    this_month: SpendingSum
    monthly: list[MonthSpending] = Field(description="Twelve months, the present one last.")
    yearly: list[YearSpending] = Field(description="The latest year first.")
    numbers: list[NumberSpending]
    plans: list[PlanSpending]
    operators: list[PartSpending]
    payment_methods: list[PartSpending]
