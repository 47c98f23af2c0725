"""Postpaid numbers with a bill at the sandbox, and what a customer asks for."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from gencharge import wiring
from gencharge.bills import crud
from gencharge.bills import payment_service as payments
from gencharge.bills import service as bills
from gencharge.bills.context_service import BillsContext
from gencharge.bills.schemas import BillOut, BillPaymentOut, FetchBill, PayBill
from gencharge.channels.service import OperatorBill, PartPayment
from gencharge.core.events.relay import Relay
from gencharge.core.http.idempotency import Answered
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.recharge import service as recharges
from gencharge.recharge.bill_crud import BillPaymentRequest
from gencharge.recharge.models import DeliverOutcome
from gencharge.velocity.service import NO_LIMITS, Limits
from tests.make.outside import Outside


def put_bill(
    outside: Outside,
    *,
    phone_number: str | None = None,
    paise: int = 500_00,
    days: int = 10,
    reference: str | None = "B1",
    **more: Any,
) -> str:
    """A postpaid number of Jio with this bill, due in so many days: the number, in E.164."""
    number = phone_number or f"+919{random.randrange(10**9):09d}"
    today = clock.now().astimezone(clock.IST).date()
    body = {
        "phone_number": number.removeprefix("+91"),
        "operator": "JIO",
        "bill_reference": reference,
        "amount_paise": paise,
        "part_payment": "any",
        "due_on": (today + timedelta(days=days)).isoformat(),
        "period_from": "2026-10-01",
        "period_to": "2026-10-31",
    }
    outside.control("PUT", "/sandbox/bills", body | more)
    return number


async def pay(
    context: BillsContext,
    user_id: UUID,
    bill: BillOut,
    *,
    key: str | None = None,
    limits: Limits = NO_LIMITS,
    **fields: object,
) -> Answered[BillPaymentOut]:
    """Pay a bill as it was fetched, in full unless `amount` (rupees) says otherwise."""
    command = PayBill.model_validate({"expected_amount": str(bill.amount), **fields})
    return await payments.pay(context, user_id, bill.bill_id, command, key=key or str(uuid4()), limits=limits)


async def read(stores: Stores, user_id: UUID, bill: BillOut) -> BillOut:
    """The bill as it is now, once what happened has been announced."""
    await Relay(stores, wiring.LISTENERS).drain()
    return await stores.database.run(lambda db: bills.show(db, user_id, bill.bill_id))


async def fetch(context: BillsContext, user_id: UUID, phone_number: str, **more: Any) -> BillOut:
    """Ask for the number's bill, at Jio unless `operator` says otherwise."""
    fields = {"phone_number": phone_number, "operator": "JIO", **more}
    return await bills.fetch(context, user_id, FetchBill.model_validate(fields))


async def make_bill(
    stores: Stores, user_id: UUID, *, operator: str = "JIO", phone_number: str = "+919000008001"
) -> UUID:
    """A bill of Rs 500 of a number that the customer fetched: its id. No operator is asked."""
    fetched = OperatorBill("B1", "A***", 500_00, 1_00, PartPayment.ANY, date(2026, 12, 1), None, None)
    bill = bills.new_bill(user_id, phone_number, operator, None, fetched)
    await stores.database.run(lambda db: crud.add_bill(db, bill))
    return bill.bill_id


async def pay_directly(stores: Stores, user_id: UUID, paise: int, *, circle: str | None = None) -> UUID:
    """A bill of Jio that was paid and delivered without an operator being asked; the recharge's id. Jio takes bills over a channel."""
    request = BillPaymentRequest(
        user_id=user_id,
        recharge_id=new_id(),
        key=str(uuid4()),
        request_hash=b"1",
        phone_number="+919000008002",
        operator="JIO",
        circle=circle,
        bill_id=new_id(),
        bill_reference=str(uuid4()),
        amount=paise,
        source="web",
    )
    result = await stores.database.run(lambda db: recharges.pay_bill(db, request, NO_LIMITS))
    assert result.sale is not None, result.outcome
    outcome = await stores.database.run(
        lambda db: recharges.deliver(
            db, user_id, request.recharge_id, operator_reference="R", channel="jio-a", commission=0
        )
    )
    assert outcome is DeliverOutcome.DELIVERED
    return request.recharge_id
