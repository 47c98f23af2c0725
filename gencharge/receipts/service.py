"""Receipts: tax invoices of delivered recharges.

A receipt is issued at the first request. It gets its number then, and everything that an invoice may not change later is
written down (`tax` names the rules).
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.company import Company
from gencharge.core.postgres.database import Database
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.core.wording import sentences, worded
from gencharge.operators import service as operators
from gencharge.payments.models import Payment
from gencharge.receipts import crud, tax
from gencharge.receipts.amount_in_words import in_words
from gencharge.receipts.errors import ReceiptNotReady
from gencharge.receipts.models import Receipt
from gencharge.receipts.schemas import ReceiptOut, SellerOut
from gencharge.recharge import service as recharges
from gencharge.recharge.models import PaymentState, Recharge, RechargeStatus
from gencharge.users import service as users
from gencharge.wallet.models import PaymentMethod

BILLS_PREFIX: Final = tax.BILLS_PREFIX
_REASONS: Final = {
    PaymentState.PAYMENT_PENDING: worded("This one has not been paid yet."),
    PaymentState.PROCESSING: worded("This one is still with the operator."),
    PaymentState.UNKNOWN: worded("The operator has not confirmed this one yet."),
    PaymentState.FAILED: worded("This one failed and was refunded."),
}


async def get_receipt(database: Database, seller: Company, user_id: UUID, recharge_id: UUID) -> ReceiptOut:
    """The receipt of one of the customer's recharges, issued now if it was not issued before.

    Raises RechargeNotFound, ReceiptNotReady.
    """

    async def unit(db: AsyncSession) -> ReceiptOut:
        return await receipt_of(db, seller, await recharges.get(db, user_id, recharge_id))

    return await database.run(unit)


async def find_by_number(db: AsyncSession, number: str) -> Receipt | None:
    """The receipt with this number, of all customers; the newest if there are several."""
    return await crud.find_by_number(db, number)


def service_code() -> str:
    """The SAC of what we supply (Scheme of Classification of Services): mobile telephony."""
    return tax.SAC


def places_of_supply(company_state: str) -> dict[str, str]:
    """The place of supply (two digits of a state) of the numbers of each circle, for a company of this state."""
    return {circle: tax.place_of_supply(circle, company_state) for circle in tax.CIRCLES}


async def receipt_of(db: AsyncSession, seller: Company, recharge: Recharge) -> ReceiptOut:
    """The receipt of a recharge, issued now if it was not issued before. Raises ReceiptNotReady."""
    if recharge.status in _REASONS:
        reason = _REASONS[PaymentState(recharge.status)]
        raise ReceiptNotReady(
            sentences(worded(ReceiptNotReady.title()), reason),
            recharge_status=recharge.status,
            failure_reason=recharge.failure_reason,
        )
    issued = await crud.get_receipt(db, recharge.user_id, recharge.id)
    if issued is None:
        issued = await _issue(db, seller, recharge)
    customer = (await users.briefs(db, [recharge.user_id])).get(recharge.user_id)
    payment = await db.get(Payment, (recharge.user_id, recharge.payment_id)) if recharge.payment_id else None
    return _to_out(
        issued,
        recharge,
        await recharges.status_of(db, recharge),
        customer_name=customer.name if customer is not None else None,
        payment_reference=(payment.gateway_payment_id or payment.order_id) if payment is not None else None,
    )


async def _issue(db: AsyncSession, seller: Company, recharge: Recharge) -> Receipt:
    """Give this recharge its number, under its lock: concurrent requests get the same one."""
    user_id = recharge.user_id
    await recharges.lock(db, user_id, recharge.id)
    earlier = await crud.get_receipt(db, user_id, recharge.id)
    if earlier is not None:
        return earlier
    circle = (await operators.lookup(db, recharge.phone_number, user_id)).circle
    now = clock.now()
    year, is_bill = tax.financial_year(now), recharge.bill_id is not None
    series = tax.series_of_bills(user_id) if is_bill else tax.series_of(user_id)
    prefix = tax.BILLS_PREFIX if is_bill else seller.receipt_prefix
    # As late as possible: other receipts of the series wait from here to the end of the transaction.
    count = await crud.take_number(db, series=series, financial_year=year)
    issued = Receipt(
        user_id=user_id,
        recharge_id=recharge.id,
        number=tax.number_of(prefix, year, series, count),
        series=series,
        financial_year=year,
        issued_at=now,
        gst_percent=0 if is_bill else seller.gst_rate_percent,
        place_of_supply=tax.place_of_supply(circle, seller.company_state),
        seller_name=seller.company_name,
        seller_address=seller.company_address,
        seller_gstin=seller.company_gstin,
    )
    db.add(issued)
    await db.flush()
    return issued


def _to_out(
    issued: Receipt,
    recharge: Recharge,
    status: RechargeStatus,
    *,
    customer_name: str | None,
    payment_reference: str | None,
) -> ReceiptOut:
    total = Money(recharge.wallet_amount + recharge.gateway_amount)
    state = issued.seller_gstin[:2]
    is_bill = recharge.bill_id is not None
    within_state = issued.place_of_supply == state
    parts = (
        tax.no_tax() if is_bill else tax.split(total, percent=issued.gst_percent, within_state=within_state)
    )
    return ReceiptOut(
        receipt_number=issued.number,
        is_tax_invoice=not is_bill,
        recharge_id=recharge.id,
        issued_at=issued.issued_at,
        recharged_at=recharge.completed_at or recharge.created_at,
        seller=SellerOut(
            name=issued.seller_name,
            address=issued.seller_address,
            gstin=issued.seller_gstin,
            state_code=state,
        ),
        customer_name=customer_name,
        phone_number=recharge.phone_number,
        operator=recharge.operator,
        plan_name=recharge.plan_name,
        plan_type=recharge.plan_type,
        price=Money(recharge.price),
        talktime=Money(recharge.talktime) if recharge.talktime is not None else None,
        discount=Money(recharge.discount),
        sac="" if is_bill else tax.SAC,
        taxable_value=parts.taxable,
        gst=parts.tax,
        gst_percent=issued.gst_percent,
        cgst=parts.cgst,
        sgst=parts.sgst,
        igst=parts.igst,
        place_of_supply=issued.place_of_supply,
        total_paid=total,
        total_in_words=in_words(total),
        paid_from_wallet=Money(recharge.wallet_amount),
        paid_through_gateway=Money(recharge.gateway_amount),
        payment_method=PaymentMethod(recharge.payment_method),
        payment_reference=payment_reference,
        cashback=Money(recharge.cashback),
        refunded=Money(recharge.refunded_amount),
        operator_reference=recharge.operator_reference or f"INT{recharge.id.hex[-12:].upper()}",
        channel=recharge.channel or "internal",
        status=status,
    )
