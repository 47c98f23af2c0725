"""Autopays of postpaid bills: how they are set up, and what a worker does with one that is due.

The operator is asked a day before the due date for the notice, on the due date for the payment, and once more by the payment itself.
The payment has the idempotency key of the due date, as a sale has, so a worker that was cut off pays nothing twice. It is looked up
after the operator was asked: an operator that says "paid" because of our own payment was told of it by a sale that is on the books.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay import due, service, settling_service, terms
from gencharge.autopay.events import AutopayAnnounced, AutopaySkipped
from gencharge.autopay.models import (
    AttemptOutcome,
    Autopay,
    AutopayKind,
    AutopayPaymentMethod,
    AutopayStatus,
    AutopayTag,
    IntervalUnit,
    PauseReason,
    RunOutcome,
)
from gencharge.autopay.schemas import AutopayOut, BillAutopayCreate, Interval
from gencharge.autopay.settling_service import DueAutopay, Run, failed, pause, settle, sold
from gencharge.bills import service as bills
from gencharge.bills.errors import (
    BillAlreadyPaid,
    BillChanged,
    NoBillDue,
    NumberIsPrepaid,
    NumberNotOfOperator,
)
from gencharge.bills.service import BillOut, BillsContext, FetchBill, PayBill
from gencharge.core import faultpoints
from gencharge.core.errors import DatabaseUnavailable, IdempotencyKeyReused, Problem
from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.core.values.clock import IST
from gencharge.core.values.money import Money, PositiveMoney
from gencharge.recharge import service as recharges
from gencharge.recharge.errors import RechargeNotFound
from gencharge.velocity import service as velocity
from gencharge.wallet.models import RequestSource

_NAME: Final = "Postpaid bill"
_A_MONTH: Final = Interval(n=1, unit=IntervalUnit.MONTH)
# The first run, if its owner names no date: on the day before the bill is due.
_MORNING: Final = time(9)
NOTHING_DUE: Final = "no_bill_due"


async def create(context: BillsContext, user_id: UUID, command: BillAutopayCreate) -> AutopayOut:
    """Set an autopay of a number's bills up. The operator must know the number as postpaid. Not inside a transaction.

    Raises what `bills.find_number` raises, AutopayAlreadyExists, AutopayLimitExceeded, AutopayDateInvalid, AutopayAmountInvalid.
    """
    if command.next_due_at is not None:
        terms.check_date(command.next_due_at)
    asked = FetchBill(phone_number=command.phone_number, operator=command.operator, circle=command.circle)
    number = await bills.find_number(context, user_id, asked)
    price = Money(0) if number.bill is None else number.bill.amount
    terms.check_bill(Money(command.max_amount.paise), price)
    every = None if command.tag is AutopayTag.ONETIME else command.every or _A_MONTH

    async def unit(db: AsyncSession) -> AutopayOut:
        await service.lock_place(db, user_id)
        return await service.add(
            db,
            user_id,
            kind=AutopayKind.BILL.value,
            phone_number=command.phone_number,
            plan_name=_NAME,
            operator=number.operator,
            tag=command.tag.value,
            payment_method=AutopayPaymentMethod.WALLET.value,
            source=command.source.value,
            price=price.paise,
            max_amount=command.max_amount.paise,
            every=every,
            first_due=command.next_due_at or terms.first_due(_morning_before(number.bill), every),
        )

    return await context.database.run(unit)


def _morning_before(bill: BillOut | None) -> datetime | None:
    """Nine in the morning in India on the day before the bill is due."""
    return None if bill is None else datetime.combine(bill.due_on - timedelta(days=1), _MORNING, IST)


async def process(context: BillsContext, claimed: DueAutopay) -> Run:
    """Announce an autopay of bills, or pay the bill. Its payment is not under way. Not inside a transaction.

    Raises DatabaseUnavailable.
    """
    try:
        bill = await _ask(context, claimed.row)
        if clock.now() < claimed.due_at:
            return await _announce(context.database, claimed, bill)
        try:
            return await _run(context, claimed, bill)
        except BillChanged:
            # The operator has issued another bill, or a part was paid, since it was asked a moment ago.
            return await _run(context, claimed, await _ask(context, claimed.row))
    except DatabaseUnavailable:
        raise  # nothing is known: the lease runs out, and the same key finds out
    except (NumberIsPrepaid, NumberNotOfOperator) as problem:
        return await _end(context.database, claimed, problem)
    except Problem as problem:
        if clock.now() < claimed.due_at:
            return await _announce(context.database, claimed, None)
        return await _end(context.database, claimed, problem)


async def _ask(context: BillsContext, row: Autopay) -> BillOut | None:
    return await bills.look_again(context, row.user_id, row.phone_number, row.operator)


async def _announce(database: Database, claimed: DueAutopay, bill: BillOut | None) -> Run:
    """Tell the owner what will be paid, if that is known already. A bill above the highest amount pauses it now: they have a day to decide."""
    row = claimed.row
    if bill is not None and bill.amount.paise > row.max_amount:
        return await pause(database, claimed, PauseReason.PRICE, price=bill.amount.paise)
    if row.noticed_due == claimed.due_at:
        return await settle(database, claimed, RunOutcome.ANNOUNCED, {"wake_at": claimed.due_at})
    amount = 0 if bill is None else bill.amount.paise
    announced = AutopayAnnounced(
        user_id=str(row.user_id),
        autopay_id=str(row.autopay_id),
        phone_number=row.phone_number,
        plan_name=row.plan_name,
        due_at=claimed.due_at.isoformat(),
        price_paise=amount,
        max_amount_paise=row.max_amount,
        payment_method=row.payment_method,
        kind=row.kind,
    )
    values = {
        "noticed_due": claimed.due_at,
        "noticed_at": clock.now(),
        "noticed_price": amount,
        "price": amount or row.price,
        "wake_at": claimed.due_at,
    }
    return await settle(database, claimed, RunOutcome.ANNOUNCED, values, event=announced)


async def _run(context: BillsContext, claimed: DueAutopay, bill: BillOut | None) -> Run:
    """Pay the bill in full, once. Raises a refusal of the payment."""
    row, database = claimed.row, context.database
    earlier = await _earlier(database, claimed)
    if earlier is not None:
        return earlier
    if bill is None:
        return await _skip(database, claimed)
    if bill.amount.paise > row.max_amount:
        return await pause(database, claimed, PauseReason.PRICE, price=bill.amount.paise)
    command = PayBill(expected_amount=PositiveMoney(bill.amount.paise), source=RequestSource(row.source))
    try:
        paid = await bills.pay(
            context,
            row.user_id,
            bill.bill_id,
            command,
            key=due.key_of(row.autopay_id, claimed.due_at, row.cycle),
            limits=velocity.limits_of(context.settings, None),
        )
    except IdempotencyKeyReused:
        # Another worker has just paid it, for another amount.
        earlier = await _earlier(database, claimed)
        if earlier is None:
            raise
        return earlier
    await faultpoints.point("autopay.sold")
    payment = paid.answer
    now = await database.run(lambda db: recharges.show(db, row.user_id, payment.recharge_id))
    return await sold(database, claimed, now.recharge_id, now.status, now.total_paid)


async def _earlier(database: Database, claimed: DueAutopay) -> Run | None:
    """Write a payment down that was made for this due date before; None if there is none."""
    row = claimed.row
    key = due.key_of(row.autopay_id, claimed.due_at, row.cycle)
    try:
        payment = await database.run(lambda db: recharges.show_by_key(db, row.user_id, key))
    except RechargeNotFound:
        return None
    return await sold(database, claimed, payment.recharge_id, payment.status, payment.total_paid)


async def _end(database: Database, claimed: DueAutopay, problem: Problem) -> Run:
    """What follows from a refusal: nothing to pay, a pause, or a failed try; none of these if another worker has paid by now."""
    earlier = await _earlier(database, claimed)
    if earlier is not None:
        return earlier
    if isinstance(problem, BillAlreadyPaid | NoBillDue):
        return await _skip(database, claimed)
    if isinstance(problem, NumberIsPrepaid | NumberNotOfOperator):
        return await pause(database, claimed, PauseReason.NUMBER_CHANGED)
    return await failed(database, claimed, problem.code())


async def _skip(database: Database, claimed: DueAutopay) -> Run:
    """Nothing is due: on to the next due date. A onetime autopay ends with that."""
    row = claimed.row
    values = settling_service.next_due(claimed, AutopayStatus.COMPLETED)
    following: datetime | None = values["next_due"]
    skipped = AutopaySkipped(
        user_id=str(row.user_id),
        autopay_id=str(row.autopay_id),
        phone_number=row.phone_number,
        operator=row.operator,
        reason=NOTHING_DUE,
        due_at=claimed.due_at.isoformat(),
        next_due=None if following is None else following.isoformat(),
    )
    return await settle(
        database,
        claimed,
        RunOutcome.SKIPPED,
        values,
        event=skipped,
        attempt=AttemptOutcome.SKIPPED,
        reason=NOTHING_DUE,
    )
