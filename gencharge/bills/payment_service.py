"""Paying a bill: the operator is asked once more, then the money is held and the payment goes the way of a recharge.

    fetched -> asked again, outside a transaction -> held and queued -> delivered (bill paid) | failed (money back, bill due)

Nothing is taken for a bill that is not what the customer saw. What happens between the last question and the payment's arrival the
operator decides: it refuses a payment that does not fit its bill, and the money comes back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.bills import crud, keeping_service
from gencharge.bills.context_service import BillsContext
from gencharge.bills.errors import (
    BillAlreadyPaid,
    BillAmountInvalid,
    BillChanged,
    BillExpired,
    BillNotFound,
    BillOperatorUnavailable,
)
from gencharge.bills.models import Bill, BillStatus
from gencharge.bills.schemas import BillPaymentOut, PayBill
from gencharge.channels.service import BillAnswer, BillVerdict, PartPayment
from gencharge.core import faultpoints
from gencharge.core.errors import Problem, field_problem
from gencharge.core.http import references
from gencharge.core.http.idempotency import Answered, fingerprint
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.core.wording import worded
from gencharge.recharge import service as recharges
from gencharge.recharge.errors import BillPaymentPending
from gencharge.recharge.models import BillOutcome
from gencharge.recharge.service import BillPaymentRequest, BillSale, PaymentDue
from gencharge.velocity.service import Limits
from gencharge.wallet.models import PaymentMethod

# The fields of a payment that earlier releases did not have, with their defaults.
_LATER_FIELDS: Final = {**references.LATER_FIELDS, "payment_method": PaymentMethod.WALLET}


async def pay(
    context: BillsContext, user_id: UUID, bill_id: UUID, command: PayBill, *, key: str, limits: Limits
) -> Answered[BillPaymentOut]:
    """Pay a bill or a part of it from the wallet: at most once for a key. Not inside a transaction.

    Raises ReferenceAlreadyUsed, BillNotFound, BillExpired, BillAlreadyPaid, BillPaymentPending, BillChanged, BillAmountInvalid, BillOperatorUnavailable, NoBillDue
    and the other refusals of a fetch, OperatorDown, OperatorChannelUnavailable, VelocityLimitExceeded, InsufficientBalance,
    IdempotencyKeyReused.
    """
    request_hash = request_hash_of(command, bill_id)

    async def look(db: AsyncSession) -> BillSale | Bill:
        earlier = await recharges.find_bill_payment(db, user_id, key, request_hash)
        if earlier is not None:
            return earlier
        bill = await crud.get_bill(db, user_id, bill_id)
        if bill is None:
            raise BillNotFound
        check_state(bill)
        db.expunge(bill)
        return bill

    known = await context.database.run(look)
    if isinstance(known, BillSale):
        return Answered(answer_of(known, command), replayed=True)
    answer = await context.ask(known.operator, known.phone_number)
    if answer.verdict is BillVerdict.AWAY:
        raise BillOperatorUnavailable
    await faultpoints.point("bill.asked")
    # A problem is returned, so that what the operator said now is committed with it.
    result = await context.database.run(
        lambda db: _pay(db, known, answer, command, key=key, request_hash=request_hash, limits=limits)
    )
    await faultpoints.point("bill.committed")
    if isinstance(result, Problem):
        raise result
    return result


def check_state(bill: Bill) -> None:
    """Whether it can be paid at all. Raises BillAlreadyPaid, BillPaymentPending, BillExpired."""
    if bill.status == BillStatus.PAID:
        raise BillAlreadyPaid
    if bill.status == BillStatus.PAYING:
        raise BillPaymentPending
    if bill.status == BillStatus.CLOSED or bill.expires_at <= clock.now():
        raise BillExpired


async def _pay(
    db: AsyncSession,
    known: Bill,
    answer: BillAnswer,
    command: PayBill,
    *,
    key: str,
    request_hash: bytes,
    limits: Limits,
) -> Answered[BillPaymentOut] | Problem:
    await keeping_service.keep(db, known.user_id, known.phone_number, known.operator, known.circle, answer)
    bill = await crud.lock_bill(db, known.user_id, known.bill_id)
    if bill is None:
        return BillNotFound()
    # Another request with the same key may have paid since it was looked up.
    earlier = await recharges.find_bill_payment(db, known.user_id, key, request_hash)
    if earlier is not None:
        return Answered(answer_of(earlier, command), replayed=True)
    problem = problem_of(bill, answer, command)
    if problem is not None:
        return problem
    request = request_of(bill, command, new_id(), key=key, request_hash=request_hash)
    result = await recharges.pay_bill(db, request, limits)
    if result.sale is None or result.outcome not in {BillOutcome.DONE, BillOutcome.REPLAYED}:
        return recharges.bill_refusal(result)
    if result.outcome is BillOutcome.DONE:
        bill.status, bill.recharge_id = BillStatus.PAYING, result.sale.recharge_id
        await db.flush()
        await recharges.note_bill_payment(
            db,
            bill.user_id,
            result.sale.recharge_id,
            reference=command.reference,
            metadata=command.metadata,
        )
    return Answered(answer_of(result.sale, command), replayed=result.outcome is BillOutcome.REPLAYED)


def request_of(
    bill: Bill, command: PayBill, recharge_id: UUID, *, key: str, request_hash: bytes
) -> BillPaymentRequest:
    """What is to be paid of the bill."""
    return BillPaymentRequest(
        user_id=bill.user_id,
        recharge_id=recharge_id,
        key=key,
        request_hash=request_hash,
        phone_number=bill.phone_number,
        operator=bill.operator,
        circle=bill.circle,
        bill_id=bill.bill_id,
        bill_reference=bill.bill_reference,
        amount=(command.amount or command.expected_amount).paise,
        source=command.source.value,
    )


def problem_of(bill: Bill, answer: BillAnswer, command: PayBill) -> Problem | None:
    """Why the bill can't be paid as the customer wants it; None if it can."""
    if bill.status == BillStatus.PAYING:
        return BillPaymentPending()
    if bill.status == BillStatus.PAID:
        return BillAlreadyPaid()
    if answer.bill is None:
        return keeping_service.refusal(answer)
    amount = Money(bill.amount)
    if answer.bill.bill_reference != bill.bill_reference:
        return BillChanged(amount=Money(answer.bill.amount))
    if command.expected_amount != amount:
        wrong = worded("The bill is {amount} now", amount=amount)
        return BillChanged(
            amount=amount, errors=[field_problem("body.expected_amount", wrong, BillChanged.code())]
        )
    return _amount_problem(bill, command.amount or amount)


def _amount_problem(bill: Bill, paid: Money) -> Problem | None:
    amount, minimum = Money(bill.amount), Money(bill.minimum)
    if minimum <= paid <= amount:
        return None
    if bill.part_payment == PartPayment.EXACT:
        right = worded("Must be {amount}: the operator takes the whole bill only", amount=amount)
    else:
        right = worded("Must be from {minimum} to {amount}", minimum=minimum, amount=amount)
    return BillAmountInvalid(errors=[field_problem("body.amount", right, BillAmountInvalid.code())])


def request_hash_of(command: PayBill, bill_id: UUID) -> bytes:
    """Without the fields of later releases, the hash of a release that had none: a repeat stays one after an update."""
    fields = dict(command.__dict__)
    for name, default in _LATER_FIELDS.items():
        if fields[name] == default:
            del fields[name]
    return fingerprint(fields, bill_id)


def answer_of(sale: BillSale, command: PayBill, due: PaymentDue | None = None) -> BillPaymentOut:
    """The answer to the request, at first and at each replay; `due`: what the customer pays at the gateway."""
    return BillPaymentOut(
        recharge_id=sale.recharge_id,
        bill_id=sale.bill_id,
        phone_number=sale.phone_number,
        operator=sale.operator,
        amount=Money(sale.amount),
        wallet_balance=Money(sale.balance_after),
        reference=command.reference,
        metadata=command.metadata,
        created_at=sale.created_at,
        status="processing" if due is None else "payment_pending",
        payment=due,
    )


async def end_payment(db: AsyncSession, user_id: UUID, recharge_id: UUID, *, paid: int) -> None:
    """A payment has ended: `paid` paise were taken, 0 if it failed. A bill that has had another payment since is left alone.

    While a gateway collects its payment, a bill stays due.
    """
    bill = await crud.lock_bill_of_payment(db, user_id, recharge_id)
    if bill is None or bill.status not in {BillStatus.PAYING, BillStatus.DUE}:
        return
    _reduce(bill, paid)
    bill.status = BillStatus.DUE if bill.amount else BillStatus.PAID


async def count_earlier(
    db: AsyncSession, user_id: UUID, bill_id: UUID, recharge_id: UUID, *, paid: int, paid_at: datetime
) -> None:
    """A payment of this bill arrived after another one had begun: two orders at the gateway, and the first was paid. Only the operator knows
    what it asks for now, so the bill has to be fetched again before it can be paid; one that was fetched since is left alone."""
    bill = await crud.lock_bill(db, user_id, bill_id)
    if bill is None or bill.recharge_id == recharge_id or bill.fetched_at > paid_at:
        return
    if bill.status in {BillStatus.PAYING, BillStatus.DUE}:
        _reduce(bill, paid)
        bill.expires_at = min(bill.expires_at, paid_at)
        if bill.status == BillStatus.DUE and not bill.amount:
            bill.status = BillStatus.PAID


def _reduce(bill: Bill, paid: int) -> None:
    bill.amount = max(0, bill.amount - paid)
    bill.minimum = min(bill.minimum, bill.amount)


async def take_back(
    db: AsyncSession, user_id: UUID, bill_id: UUID, *, refunded: int, refunded_at: datetime
) -> None:
    """The staff gave `refunded` paise of a payment of this bill back, so it is no longer paid. Only the operator knows what it asks for
    now, so the bill has to be fetched again before it can be paid; one that was fetched since is left alone."""
    bill = await crud.lock_bill(db, user_id, bill_id)
    if bill is None or bill.status == BillStatus.CLOSED or bill.fetched_at > refunded_at:
        return
    bill.amount += refunded
    if bill.status == BillStatus.PAID:
        bill.status = BillStatus.DUE
    bill.expires_at = min(bill.expires_at, refunded_at)
