"""How a bill is shown."""

from __future__ import annotations

from datetime import datetime

from gencharge.bills.models import Bill, BillStatus
from gencharge.bills.schemas import BillOut
from gencharge.channels.models import PartPayment
from gencharge.core.values import clock
from gencharge.core.values.money import Money


def bill_out(bill: Bill, now: datetime) -> BillOut:
    """A bill as its customer sees it at `now`."""
    return BillOut(
        bill_id=bill.bill_id,
        status=BillStatus(bill.status),
        phone_number=bill.phone_number,
        operator=bill.operator,
        circle=bill.circle,
        customer_name=bill.customer_name,
        amount=Money(bill.amount),
        minimum=Money(bill.minimum),
        part_payment=PartPayment(bill.part_payment),
        due_on=bill.due_on,
        is_overdue=bill.status == BillStatus.DUE and bill.due_on < now.astimezone(clock.IST).date(),
        period_from=bill.period_from,
        period_to=bill.period_to,
        fetched_at=bill.fetched_at,
        expires_at=bill.expires_at,
        recharge_id=bill.recharge_id,
    )
