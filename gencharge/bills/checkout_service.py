"""Paying a bill through the gateway: the operator is asked once more, then the gateway's order is opened, then the payment is placed.

    fetched -> asked again -> order opened -> placed (nothing is held) -> captured -> queued -> delivered | failed (money in the wallet)

A bill that is not what the customer saw is refused before the gateway hears of it: nothing is taken. What changes while the customer pays,
the operator refuses, and the money goes into the wallet. An order that nobody pays blocks no bill.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.bills import crud, keeping_service, payment_service
from gencharge.bills.context_service import BillsContext
from gencharge.bills.errors import BillNotFound, BillOperatorUnavailable
from gencharge.bills.models import Bill
from gencharge.bills.schemas import BillPaymentOut, PayBill
from gencharge.channels.service import BillAnswer, BillVerdict
from gencharge.core import faultpoints
from gencharge.core.errors import Problem, ReferenceAlreadyUsed
from gencharge.core.http.idempotency import Answered
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.payments import service as payments
from gencharge.payments.models import PaymentPurpose
from gencharge.payments.service import OpenPayment, PaymentContext
from gencharge.recharge import service as recharges
from gencharge.recharge.models import BillOutcome
from gencharge.recharge.service import BillSale
from gencharge.velocity.service import Limits


async def pay(
    context: BillsContext,
    gateway: PaymentContext,
    user_id: UUID,
    bill_id: UUID,
    command: PayBill,
    *,
    key: str,
    limits: Limits,
) -> Answered[BillPaymentOut]:
    """Open the gateway's payment of a bill or a part of it: at most once for a key. Not inside a transaction.

    Raises what `payment_service.pay` raises but InsufficientBalance, and GatewayUnavailable, GatewayDeclined, IdempotencyInProgress.
    """
    request_hash = payment_service.request_hash_of(command, bill_id)

    async def look(db: AsyncSession) -> tuple[Bill, BillSale | None]:
        earlier = await recharges.find_bill_payment(db, user_id, key, request_hash)
        bill = await crud.get_bill(db, user_id, bill_id)
        if bill is None:
            raise BillNotFound
        if earlier is None:
            payment_service.check_state(bill)
        db.expunge(bill)
        return bill, earlier

    known, earlier = await context.database.run(look)
    if earlier is not None:
        opened = await _open(gateway, known, command, key=key, request_hash=request_hash)
        due = recharges.due_of(opened.answer)
        return Answered(payment_service.answer_of(earlier, command, due), replayed=True)
    answer = await context.ask(known.operator, known.phone_number)
    if answer.verdict is BillVerdict.AWAY:
        raise BillOperatorUnavailable
    await faultpoints.point("bill.asked")
    problem = await context.database.run(lambda db: _check(db, known, answer, command))
    if problem is not None:
        raise problem
    opened = await _open(gateway, known, command, key=key, request_hash=request_hash)
    result: Answered[BillPaymentOut] | Problem
    try:
        result = await context.database.run(
            lambda db: _place(
                db, known, answer, command, opened.answer, key=key, request_hash=request_hash, limits=limits
            )
        )
    except ReferenceAlreadyUsed as refusal:
        # Raised, so that the payment was undone with it.
        result = refusal
    await faultpoints.point("bill.committed")
    if isinstance(result, Problem):
        await context.database.run(
            lambda db: payments.cancel(
                db, user_id, opened.answer.payment_id, f"bill refused: {result.code()}"
            )
        )
        raise result
    return result


async def _check(db: AsyncSession, known: Bill, answer: BillAnswer, command: PayBill) -> Problem | None:
    """Keep what the operator said now; why the bill can't be paid as the customer wants it, None if it can."""
    await keeping_service.keep(db, known.user_id, known.phone_number, known.operator, known.circle, answer)
    bill = await crud.lock_bill(db, known.user_id, known.bill_id)
    return BillNotFound() if bill is None else payment_service.problem_of(bill, answer, command)


async def _open(
    gateway: PaymentContext, bill: Bill, command: PayBill, *, key: str, request_hash: bytes
) -> Answered[OpenPayment]:
    return await payments.open_payment(
        gateway,
        bill.user_id,
        payment_id=new_id(),
        purpose=PaymentPurpose.RECHARGE,
        reference_id=new_id(),
        amount=Money((command.amount or command.expected_amount).paise),
        method=command.payment_method.value,
        source=command.source.value,
        key=key,
        request_hash=request_hash,
        notes={"description": f"Bill of {bill.operator}", "phone_number": bill.phone_number},
        phone_number=bill.phone_number,
        service_type="postpaid",
        operator=bill.operator,
        caller_reference=command.reference,
        caller_metadata=command.metadata,
    )


async def _place(
    db: AsyncSession,
    known: Bill,
    answer: BillAnswer,
    command: PayBill,
    opened: OpenPayment,
    *,
    key: str,
    request_hash: bytes,
    limits: Limits,
) -> Answered[BillPaymentOut] | Problem:
    bill = await crud.lock_bill(db, known.user_id, known.bill_id)
    if bill is None:
        return BillNotFound()
    # Another request with the same key may have placed it, and another payment may have begun, while the gateway was asked.
    earlier = await recharges.find_bill_payment(db, known.user_id, key, request_hash)
    due = recharges.due_of(opened)
    if earlier is not None:
        return Answered(payment_service.answer_of(earlier, command, due), replayed=True)
    problem = payment_service.problem_of(bill, answer, command)
    if problem is not None:
        return problem
    assert opened.reference_id is not None, "the payment of a bill names its recharge"
    request = payment_service.request_of(
        bill, command, opened.reference_id, key=key, request_hash=request_hash
    )
    method = command.payment_method.value
    result = await recharges.place_bill(db, request, limits, method=method, payment_id=opened.payment_id)
    if result.sale is None or result.outcome not in {BillOutcome.DONE, BillOutcome.REPLAYED}:
        return recharges.bill_refusal(result)
    if result.outcome is BillOutcome.DONE:
        # The bill stays due until the money has come.
        bill.recharge_id = result.sale.recharge_id
        await db.flush()
        await recharges.note_bill_payment(
            db,
            bill.user_id,
            result.sale.recharge_id,
            reference=command.reference,
            metadata=command.metadata,
        )
    replayed = result.outcome is BillOutcome.REPLAYED
    return Answered(payment_service.answer_of(result.sale, command, due), replayed=replayed)
