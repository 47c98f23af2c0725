"""What operators say about bills, written down for the customer who asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.bills import crud, views
from gencharge.bills.errors import BillOperatorUnavailable, NoBillDue, NumberIsPrepaid, NumberNotOfOperator
from gencharge.bills.models import Bill, BillStatus
from gencharge.bills.schemas import BillOut
from gencharge.channels.service import BillAnswer, BillVerdict, OperatorBill
from gencharge.core.errors import Problem
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id

# How long a fetched amount counts.
VALID_FOR: Final = timedelta(hours=1)
# The number is the operator's, and has nothing to pay.
NOTHING_DUE: Final = frozenset({BillVerdict.NO_BILL, BillVerdict.PAID})
_REFUSALS: Final[Mapping[BillVerdict, type[Problem]]] = {
    BillVerdict.PREPAID: NumberIsPrepaid,
    BillVerdict.NO_BILL: NoBillDue,
    BillVerdict.PAID: NoBillDue,
    BillVerdict.UNKNOWN_NUMBER: NumberNotOfOperator,
    BillVerdict.AWAY: BillOperatorUnavailable,
}


def refusal(answer: BillAnswer) -> Problem:
    """What a customer is told whose number has no bill to pay."""
    return _REFUSALS[answer.verdict]()


async def keep(
    db: AsyncSession, user_id: UUID, phone_number: str, operator: str, circle: str | None, answer: BillAnswer
) -> BillOut | None:
    """Write an operator's answer down; the bill, None if there is none to pay. Without an answer nothing changes."""
    if answer.verdict is BillVerdict.AWAY:
        return None
    fetched = answer.bill
    if fetched is not None:
        await crud.add_bill(db, new_bill(user_id, phone_number, operator, circle, fetched))
    present: Bill | None = None
    for bill in await crud.lock_bills_of_number(db, user_id, phone_number, operator):
        if fetched is not None and bill.bill_reference == fetched.bill_reference:
            present = bill
            refresh(bill, fetched)
            bill.circle = circle or bill.circle
        elif bill.status == BillStatus.DUE:
            # The operator asks for another bill now, which has what was left of this one, or for none.
            bill.status = BillStatus.CLOSED
    await db.flush()
    return None if present is None else views.bill_out(present, clock.now())


def refresh(bill: Bill, fetched: OperatorBill) -> None:
    """Take over what the operator says now. While a payment is on its way the amount stays that of before it."""
    now = clock.now()
    bill.customer_name = fetched.customer_name
    bill.due_on, bill.period_from, bill.period_to = fetched.due_on, fetched.period_from, fetched.period_to
    bill.part_payment = fetched.part_payment.value
    bill.fetched_at, bill.expires_at = now, now + VALID_FOR
    if bill.status != BillStatus.PAYING:
        bill.status = BillStatus.DUE
        bill.amount, bill.minimum = fetched.amount, fetched.minimum


def new_bill(
    user_id: UUID, phone_number: str, operator: str, circle: str | None, fetched: OperatorBill
) -> Bill:
    """A bill as it was fetched now, not written down yet."""
    now = clock.now()
    return Bill(
        user_id=user_id,
        bill_id=new_id(),
        phone_number=phone_number,
        operator=operator,
        circle=circle,
        bill_reference=fetched.bill_reference,
        customer_name=fetched.customer_name,
        amount=fetched.amount,
        minimum=fetched.minimum,
        part_payment=fetched.part_payment.value,
        due_on=fetched.due_on,
        period_from=fetched.period_from,
        period_to=fetched.period_to,
        status=BillStatus.DUE,
        fetched_at=now,
        expires_at=now + VALID_FOR,
        created_at=now,
    )
