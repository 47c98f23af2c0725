"""Reminders: what the recipient may want to do soon."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from gencharge.bills.events import BillDue
from gencharge.core.events.events import Event
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.core.values.recipient import NotificationType
from gencharge.notifications.kinds import (
    EVERYWHERE,
    NO_SMS,
    Draft,
    Kind,
    Values,
    label,
    last_day,
    money,
    phone,
)
from gencharge.notifications.models import Recipient, owner_of
from gencharge.recharge.events import PlanEnding

PLAN_ENDING: Final = Kind(
    "plan_ending",
    EVERYWHERE,
    {
        "plan": label("Jio 199", required=True),
        "number": phone(required=True),
        "until": last_day(required=True),
    },
    NotificationType.REMINDER,
)


BILL_DUE: Final = Kind(
    "bill_due",
    EVERYWHERE,
    {
        "amount": money(required=True),
        "operator": label("JIO"),
        "number": phone(required=True),
        "until": last_day(required=True),
    },
    NotificationType.REMINDER,
)
BALANCE_LOW: Final = Kind("balance_low", NO_SMS, {"balance": money(required=True)}, NotificationType.REMINDER)


def plan_ending(event: PlanEnding) -> Draft:
    """To the payer: the plan ends, and nothing follows it."""
    values: Values = {
        "plan": event.plan_name,
        "number": event.phone_number,
        "until": event.valid_until,
    }
    data: Values = {
        "recharge_id": event.recharge_id,
        "phone_number": event.phone_number,
        "plan_name": event.plan_name,
        "valid_until": event.valid_until,
        "days": event.days,
    }
    return Draft(owner_of(event), PLAN_ENDING, values, data)


def bill_due(event: BillDue) -> Draft:
    """To the customer who fetched the bill: it is not paid yet."""
    day_after = date.fromisoformat(event.due_on) + timedelta(days=1)
    values: Values = {
        "amount": event.amount_paise,
        "operator": event.operator,
        "number": event.phone_number,
        "until": clock.start_of_day(day_after).isoformat(),
    }
    data: Values = {
        "bill_id": event.bill_id,
        "phone_number": event.phone_number,
        "amount_paise": event.amount_paise,
        "due_on": event.due_on,
        "days": event.days,
    }
    return Draft(owner_of(event), BILL_DUE, values, data)


def balance_low(user_id: UUID, balance: Money) -> Draft:
    """To the owner of the wallet: a payment has just taken it below the bound."""
    return Draft(Recipient("user", user_id), BALANCE_LOW, {"balance": balance.paise}, {})


KINDS: Final = (PLAN_ENDING, BILL_DUE, BALANCE_LOW)
NOTICES: Final[dict[type[Event], Callable[[Any], Draft | None]]] = {
    PlanEnding: plan_ending,
    BillDue: bill_due,
}
