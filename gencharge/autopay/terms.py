"""The terms of an autopay: whether its date, its highest amount and its interval make sense."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gencharge.autopay import due
from gencharge.autopay.errors import AutopayAmountInvalid, AutopayDateInvalid, AutopayIntervalInvalid
from gencharge.autopay.models import AutopayTag, IntervalUnit
from gencharge.autopay.schemas import AutopayCreate, Interval
from gencharge.core.errors import field_problem
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.core.wording import worded
from gencharge.plans.models import PlanSnapshot, ValidityUnit

# How far ahead a due date may be.
AHEAD: Final = timedelta(days=366)


def check_date(instant: datetime) -> None:
    """Raises AutopayDateInvalid unless the instant lies ahead, and within a year."""
    if not clock.now() < instant <= clock.now() + AHEAD:
        problem = field_problem(
            "body.next_due_at", "Must lie ahead, and within a year", AutopayDateInvalid.code()
        )
        raise AutopayDateInvalid(errors=[problem])


def check_amount(max_amount: Money, payable: Money) -> None:
    """Raises AutopayAmountInvalid if what is to be paid now is more than the highest amount."""
    if payable > max_amount:
        problem = field_problem(
            "body.max_amount",
            worded("Must be at least {payable}, what the plan costs now", payable=payable),
            AutopayAmountInvalid.code(),
        )
        raise AutopayAmountInvalid(errors=[problem], price=payable)


def check_bill(max_amount: Money, bill: Money) -> None:
    """Raises AutopayAmountInvalid if the present bill is more than the highest amount."""
    if bill > max_amount:
        problem = field_problem(
            "body.max_amount",
            worded("Must be at least {bill}, the present bill", bill=bill),
            AutopayAmountInvalid.code(),
        )
        raise AutopayAmountInvalid(errors=[problem], price=bill)


def interval_of(command: AutopayCreate, plan: PlanSnapshot) -> Interval | None:
    """How often it runs: as asked for, or the plan's validity; None if it is onetime. Raises AutopayIntervalInvalid."""
    if command.tag is AutopayTag.ONETIME:
        return None
    if command.every is not None:
        return command.every
    if plan.validity_unit is ValidityUnit.BASE_PLAN or plan.validity_count is None:
        problem = field_problem(
            "body.every",
            "This plan ends with the base plan: say how often to buy it, such as {n: 28, unit: day}",
            AutopayIntervalInvalid.code(),
        )
        raise AutopayIntervalInvalid(errors=[problem])
    return Interval(n=min(plan.validity_count, 366), unit=IntervalUnit(plan.validity_unit.value))


def first_due(suggested: datetime | None, every: Interval | None) -> datetime:
    """When it is due first, if its owner does not say: at `suggested`, if that lies ahead and within a year, else after one interval."""
    assert every is not None, "a onetime autopay names its date"
    now = clock.now()
    if suggested is not None and now < suggested <= now + AHEAD:
        return suggested
    return due.occurrence(now, every.n, every.unit, 1)
