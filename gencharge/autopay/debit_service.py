"""The part of a run that a mandate pays, because the wallet does not cover the price.

A debit goes through states that are written down each: the notice of a day before, the sale with its order at the gateway, the note
of the sale, the charge. The charge is asked for only once the autopay names the sale, and at most once for its payment
(`payments.mandates_service`); what became of it is asked, never guessed. A payment that fails, fails its recharge, and only a retry
of the autopay makes another one.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.autopay import due, pricing_service
from gencharge.autopay.models import Autopay, PauseReason, RunOutcome
from gencharge.autopay.settling_service import CHECK_AGAIN, DueAutopay, Run, announce, pause, settle, sold
from gencharge.core import faultpoints, telemetry
from gencharge.core.errors import IdempotencyInProgress, IdempotencyKeyReused
from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.mandates import service as mandates
from gencharge.mandates.errors import MandateAmountExceeded, MandateNotActive, MandateNotFound
from gencharge.mandates.models import Mandate
from gencharge.payments import service as payments
from gencharge.payments.models import Payment, PaymentStatus
from gencharge.payments.service import PaymentContext
from gencharge.recharge import service as recharges
from gencharge.recharge.errors import PriceChanged
from gencharge.recharge.models import PaymentState, Recharge
from gencharge.recharge.service import Market, Subscribe
from gencharge.velocity import service as velocity
from gencharge.wallet.models import PaymentMethod, RequestSource

log = telemetry.get_logger(__name__)


async def debit(context: PaymentContext, claimed: DueAutopay, *, price: int, market: Market | None) -> Run:
    """Sell the plan and charge the whole of what it costs to the mandate, as soon as that is allowed.

    `price` in paise is what the wallet would have paid; with offers, the mandate may pay another price. Raises what
    `recharges.pay_through_gateway` raises: nothing was sold.
    """
    row, database, now = claimed.row, context.database, clock.now()
    if market is not None:
        price = await _price(database, row, market)
        if price > row.max_amount:
            raise PriceChanged(price=Money(price))
    peak_hours = context.settings.mandate_peak_times
    if row.noticed_due != claimed.due_at or row.noticed_price is None or price > row.noticed_price:
        # No notice came in time, or it named a lower price: the owner gets a day to leave this one out.
        again_at = due.allowed_at(now + due.NOTICE_BEFORE, peak_hours)
        return await announce(database, claimed, outcome=RunOutcome.DEFERRED, price=price, again_at=again_at)
    assert row.noticed_at is not None, "written with its price"
    earliest = due.allowed_at(max(now, row.noticed_at + due.NOTICE_BEFORE), peak_hours)
    if earliest > now:
        return await settle(database, claimed, RunOutcome.DEFERRED, {"wake_at": earliest})
    try:
        mandate = await database.run(lambda db: _chargeable(db, row, price))
    except (MandateNotActive, MandateNotFound):
        return await pause(database, claimed, PauseReason.MANDATE_ENDED)
    except MandateAmountExceeded:
        return await pause(database, claimed, PauseReason.MANDATE_LIMIT, price=price)
    try:
        sale = await _sell(context, claimed, PaymentMethod(mandate.method), price, market)
    except IdempotencyInProgress:
        return await settle(database, claimed, RunOutcome.DEFERRED, {"wake_at": now + CHECK_AGAIN})
    except IdempotencyKeyReused:
        # An order was opened at another price, and the sale was never written: nothing can be paid by it. Another key is free.
        values = {"cycle": row.cycle + 1, "wake_at": now}
        return await settle(database, claimed, RunOutcome.DEFERRED, values)
    await faultpoints.point("autopay.ordered")
    run = await sold(database, claimed, sale.recharge_id, sale.status, sale.total_paid)
    if run.outcome is RunOutcome.PENDING:
        await charge(context, row, sale.recharge_id)
    return run


async def _price(database: Database, row: Autopay, market: Market) -> int:
    """What the mandate would pay now. One that is gone is found out later."""
    assert row.mandate_id is not None, "asked for with a mandate only"
    mandate_id = row.mandate_id
    try:
        mandate = await database.run(lambda db: mandates.get(db, row.user_id, mandate_id))
    except MandateNotFound:
        return min(row.price, row.max_amount)
    return await pricing_service.expect(database, row, market, method=PaymentMethod(mandate.method))


async def _chargeable(db: AsyncSession, row: Autopay, price: int) -> Mandate:
    assert row.mandate_id is not None, "asked for with a mandate only"
    return await mandates.get_chargeable(db, row.user_id, row.mandate_id, Money(price))


async def _sell(
    context: PaymentContext, claimed: DueAutopay, method: PaymentMethod, price: int, market: Market | None
) -> recharges.SubscriptionOut:
    row, settings = claimed.row, context.settings
    assert row.plan_id is not None, "it buys a plan"
    command = Subscribe(
        phone_number=row.phone_number,
        plan_id=row.plan_id,
        amount=pricing_service.amount_of(row),
        payment_method=method,
        source=RequestSource(row.source),
        expected_price=Money(price),
    )
    sale = await recharges.pay_through_gateway(
        context,
        row.user_id,
        command,
        key=due.key_of(row.autopay_id, claimed.due_at, row.cycle),
        window_seconds=settings.duplicate_window_seconds,
        limits=velocity.limits_of(settings, None),
        market=market,
    )
    return sale.answer


async def charge(context: PaymentContext, row: Autopay, recharge_id: UUID) -> None:
    """Charge a recharge that waits for its payment to the mandate, unless that was asked for before.

    In the peak hours it waits. If the mandate has ended, or the payment has failed without the recharge, the recharge fails.
    """
    user_id, database = row.user_id, context.database

    async def read(db: AsyncSession) -> tuple[Recharge, Payment | None]:
        recharge = await recharges.get(db, user_id, recharge_id)
        if recharge.payment_id is None:
            return recharge, None
        return recharge, await payments.get_payment(db, user_id, recharge.payment_id)

    recharge, payment = await database.run(read)
    if payment is None or recharge.status != PaymentState.PAYMENT_PENDING:
        return
    if payment.status == PaymentStatus.FAILED:
        # Its event was handed out before the sale was written.
        await database.run(lambda db: recharges.fail(db, user_id, recharge_id, reason="payment_failed"))
        return
    now = clock.now()
    if payment.charged_at is not None or due.allowed_at(now, context.settings.mandate_peak_times) > now:
        return
    assert row.mandate_id is not None, "asked for with a mandate only"
    try:
        outcome = await mandates.charge(
            context, user_id, row.mandate_id, payment.payment_id, Money(payment.amount)
        )
    except (MandateNotActive, MandateNotFound, MandateAmountExceeded):
        await database.run(lambda db: payments.cancel(db, user_id, payment.payment_id, "mandate_ended"))
        return
    log.info("autopay_charged", autopay_id=str(row.autopay_id), outcome=outcome.value)
    await faultpoints.point("autopay.charged")
