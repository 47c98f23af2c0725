"""Running what is due: the notice a day before, the recharge, its retries, and the next due date.

A step is: claim a row with a lease, sell, write the end down. The sale has the same idempotency key from every worker, so a
worker that dies between the two, or one that is so slow that its lease runs out, buys nothing twice: the next worker gets the
same recharge as the answer and writes it down. The due date moves with that, or when the last try has failed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay import bill_service, crud, debit_service, due, pricing_service
from gencharge.autopay.models import Autopay, AutopayKind, PauseReason
from gencharge.autopay.settling_service import DueAutopay, Run, announce, failed, pause, sold
from gencharge.bills.service import BillsContext
from gencharge.core import faultpoints
from gencharge.core.errors import DatabaseUnavailable, IdempotencyKeyReused, Problem
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.payments.service import PaymentContext
from gencharge.plans.errors import PlanNotFound
from gencharge.recharge import service as recharges
from gencharge.recharge.errors import (
    AmountInvalid,
    CircleMismatch,
    OperatorMismatch,
    PlanInactive,
    PriceChanged,
    ServiceTypeMismatch,
)
from gencharge.recharge.service import Market, Subscribe, SubscriptionOut
from gencharge.users import service as users
from gencharge.users.models import UserStatus
from gencharge.velocity import service as velocity
from gencharge.wallet.errors import InsufficientBalance
from gencharge.wallet.models import PaymentMethod, RequestSource

# Longer than a sale can take.
LEASE_SECONDS: Final = 60.0


async def claim(db: AsyncSession, *, limit: int) -> Sequence[DueAutopay]:
    """Lease up to `limit` autopays that a worker has to look at."""
    rows = await crud.claim(db, limit=limit, lease_seconds=LEASE_SECONDS)
    owners = await users.briefs(db, {row.user_id for row in rows}) if rows else {}
    return [
        DueAutopay(row, row.user_id in owners and owners[row.user_id].status is UserStatus.ACTIVE)
        for row in rows
    ]


async def process(
    context: PaymentContext,
    claimed: DueAutopay,
    market: Market | None = None,
    bills: BillsContext | None = None,
) -> Run:
    """Do what is to be done with a claimed autopay. Not inside a transaction. `market`: where offers are chosen from; None: no offers.
    `bills`: who is asked about a bill; an autopay of bills needs it.

    Raises DatabaseUnavailable.
    """
    row = claimed.row
    if not claimed.is_owner_active and row.recharge_id is None:
        return await pause(context.database, claimed, PauseReason.ACCOUNT_INACTIVE)
    if row.recharge_id is not None:
        return await _look(context, claimed, row.recharge_id)
    if row.kind == AutopayKind.BILL:
        assert bills is not None, "who runs an autopay of bills asks the operator"
        return await bill_service.process(bills, claimed)
    price = await pricing_service.expect(context.database, row, market)
    if clock.now() >= claimed.due_at:
        # Dearer than allowed is asked for at the highest price that is: if it was sold before, the sale says so, else it is refused.
        return await _sell(context, claimed, price=min(price, row.max_amount), market=market)
    if price > row.max_amount and not pricing_service.may_have_offer(row, market):
        return await pause(context.database, claimed, PauseReason.PRICE, price=price)
    # An offer that holds tomorrow may make it cheap enough; more than the highest amount is not taken in any case.
    return await announce(context.database, claimed, price=min(price, row.max_amount))


async def _sell(context: PaymentContext, claimed: DueAutopay, *, price: int, market: Market | None) -> Run:
    """Buy the plan at `price` paise, or at its present price if that is allowed: from the wallet, else by the mandate."""
    row, database = claimed.row, context.database
    try:
        sale = await buy(context, row, claimed.due_at, price=price, market=market)
    except IdempotencyKeyReused:
        # Sold before, at another price or by the mandate: that worker died before it wrote the sale down.
        key = due.key_of(row.autopay_id, claimed.due_at, row.cycle)
        earlier = await database.run(lambda db: recharges.show_by_key(db, row.user_id, key))
        return await sold(database, claimed, earlier.recharge_id, earlier.status, earlier.total_paid)
    except InsufficientBalance as problem:
        if row.mandate_id is None:
            return await failed(database, claimed, problem.code())
    except Problem as problem:
        return await _refused(context, claimed, problem)
    else:
        await faultpoints.point("autopay.sold")
        return await sold(database, claimed, sale.recharge_id, sale.status, sale.total_paid)
    try:
        return await debit_service.debit(context, claimed, price=price, market=market)
    except Problem as problem:
        return await _refused(context, claimed, problem)


async def _refused(context: PaymentContext, claimed: DueAutopay, problem: Problem) -> Run:
    """What follows from a refusal of the sale: another price, a pause, or a failed try."""
    row, database = claimed.row, context.database
    if isinstance(problem, DatabaseUnavailable):
        raise problem  # nothing is known: the lease runs out, and the same key finds out
    if isinstance(problem, PriceChanged):
        present = problem.extra["price"]
        if present.paise > row.max_amount:
            return await pause(database, claimed, PauseReason.PRICE, price=present.paise)
        # An offer that was counted on is gone, or the price has changed: this one is the plan's own.
        return await _sell(context, claimed, price=present.paise, market=None)
    if isinstance(problem, PlanNotFound | PlanInactive):
        return await pause(database, claimed, PauseReason.PLAN_WITHDRAWN)
    if isinstance(problem, AmountInvalid):
        return await pause(database, claimed, PauseReason.AMOUNT)
    if isinstance(problem, OperatorMismatch | ServiceTypeMismatch | CircleMismatch):
        return await pause(database, claimed, PauseReason.NUMBER_CHANGED)
    return await failed(database, claimed, problem.code())


async def buy(
    context: PaymentContext, row: Autopay, due_at: datetime, *, price: int, market: Market | None = None
) -> SubscriptionOut:
    """The recharge for a due date, at `price` paise after offers: at most one, however often this is asked for.

    Raises what `recharges.pay_from_wallet` raises.
    """
    settings = context.settings
    assert row.plan_id is not None, "it buys a plan"
    command = Subscribe(
        phone_number=row.phone_number,
        plan_id=row.plan_id,
        amount=pricing_service.amount_of(row),
        payment_method=PaymentMethod.WALLET,
        source=RequestSource(row.source),
        expected_price=Money(price),
    )
    sale = await recharges.pay_from_wallet(
        context.database,
        row.user_id,
        command,
        key=due.key_of(row.autopay_id, due_at, row.cycle),
        window_seconds=settings.duplicate_window_seconds,
        limits=velocity.limits_of(settings, None),
        market=market,
    )
    return sale.answer


async def _look(context: PaymentContext, claimed: DueAutopay, recharge_id: UUID) -> Run:
    """Look at the recharge that is under way, and charge it to the mandate if that has not been asked for yet."""
    user_id, database = claimed.row.user_id, context.database
    if claimed.row.mandate_id is not None:
        await debit_service.charge(context, claimed.row, recharge_id)
    recharge = await database.run(lambda db: recharges.show(db, user_id, recharge_id))
    reason = "payment_failed" if recharge.failure_reason == "payment_failed" else None
    return await sold(database, claimed, recharge_id, recharge.status, recharge.total_paid, reason=reason)
