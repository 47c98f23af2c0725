"""Receipts: tax invoices of delivered recharges.

A receipt is issued when it is asked for first: then it gets its number, and what an invoice may not change later is
written down (docs of `tax` say which rule asks for what). The PDF is made from that at any time, and kept in the
storage under a name that changes with what is printed, as by a refund.
"""

from __future__ import annotations

import asyncio
import hashlib
from importlib.metadata import version
from typing import Final, Self
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import telemetry
from gencharge.core.company import Company
from gencharge.core.http.web import to_json
from gencharge.core.postgres.database import Database
from gencharge.core.rooms.process import OnePerApp
from gencharge.core.stores.storage import Storage, StorageUnavailable, open_storage
from gencharge.core.values import clock
from gencharge.core.values.money import Money
from gencharge.operators import service as operators
from gencharge.payments.models import Payment
from gencharge.receipts import crud, tax
from gencharge.receipts.amount_in_words import in_words
from gencharge.receipts.errors import ReceiptNotReady
from gencharge.receipts.models import Receipt
from gencharge.receipts.pdf import render
from gencharge.receipts.schemas import ReceiptOut, SellerOut
from gencharge.recharge import service as recharges
from gencharge.recharge.models import PaymentState, Recharge, RechargeStatus
from gencharge.sessions.guards import Principal
from gencharge.users import service as users
from gencharge.wallet.models import PaymentMethod

# Raise the number when the page changes: the PDFs that are kept were made by an earlier edition.
EDITION: Final = f"1/{version('fpdf2')}"
PDF: Final = "application/pdf"
# Making one keeps a thread busy for some hundredths of a second; more at a time would slow everything else down.
_AT_A_TIME: Final = 2
_REASONS: Final = {
    PaymentState.PAYMENT_PENDING: "This one has not been paid yet.",
    PaymentState.PROCESSING: "This one is still with the operator.",
    PaymentState.UNKNOWN: "The operator has not confirmed this one yet.",
    PaymentState.FAILED: "This one failed and was refunded.",
}
log = telemetry.get_logger(__name__)


async def receipt(database: Database, seller: Company, user_id: UUID, recharge_id: UUID) -> ReceiptOut:
    """The receipt of one of the customer's recharges, issued now if it was not before.

    Raises RechargeNotFound, ReceiptNotReady.
    """

    async def unit(db: AsyncSession) -> ReceiptOut:
        return await _receipt_of(db, seller, await recharges.get(db, user_id, recharge_id))

    return await database.run(unit)


async def customers_receipt(
    database: Database, seller: Company, admin: Principal, user_id: UUID, recharge_id: UUID
) -> ReceiptOut:
    """The same for the staff. Raises RechargeNotFound, also beyond the admin's scope, and ReceiptNotReady."""

    async def unit(db: AsyncSession) -> ReceiptOut:
        return await _receipt_of(db, seller, await recharges.get_in_scope(db, admin, user_id, recharge_id))

    return await database.run(unit)


async def _receipt_of(db: AsyncSession, seller: Company, recharge: Recharge) -> ReceiptOut:
    if recharge.status in _REASONS:
        reason = _REASONS[PaymentState(recharge.status)]
        raise ReceiptNotReady(
            f"{ReceiptNotReady.title()} {reason}",
            recharge_status=recharge.status,
            failure_reason=recharge.failure_reason,
        )
    issued = await crud.get_receipt(db, recharge.user_id, recharge.id)
    if issued is None:
        issued = await _issue(db, seller, recharge)
    known = (await users.briefs(db, [recharge.user_id])).get(recharge.user_id)
    payment = await db.get(Payment, (recharge.user_id, recharge.payment_id)) if recharge.payment_id else None
    return _out(
        issued,
        recharge,
        await recharges.status_of(db, recharge),
        customer_name=known.name if known is not None else None,
        payment_reference=(payment.gateway_payment_id or payment.order_id) if payment is not None else None,
    )


async def _issue(db: AsyncSession, seller: Company, recharge: Recharge) -> Receipt:
    """A number for this recharge, under its lock: whoever asks at the same time finds the same one."""
    user_id = recharge.user_id
    await recharges.lock(db, user_id, recharge.id)
    earlier = await crud.get_receipt(db, user_id, recharge.id)
    if earlier is not None:
        return earlier
    circle = (await operators.lookup(db, recharge.phone_number, user_id)).circle
    now = clock.now()
    year, series = tax.financial_year(now), tax.series_of(user_id)
    # Last, as everybody else of the series waits from here to the end of the transaction.
    count = await crud.take_number(db, series, year)
    issued = Receipt(
        user_id=user_id,
        recharge_id=recharge.id,
        number=tax.number_of(seller.receipt_prefix, year, series, count),
        series=series,
        financial_year=year,
        issued_at=now,
        gst_percent=seller.gst_rate_percent,
        place_of_supply=tax.place_of_supply(circle, seller.company_state),
        seller_name=seller.company_name,
        seller_address=seller.company_address,
        seller_gstin=seller.company_gstin,
    )
    db.add(issued)
    await db.flush()
    return issued


def _out(
    issued: Receipt,
    recharge: Recharge,
    status: RechargeStatus,
    *,
    customer_name: str | None,
    payment_reference: str | None,
) -> ReceiptOut:
    total = Money(recharge.wallet_amount + recharge.gateway_amount)
    state = issued.seller_gstin[:2]
    parts = tax.split(total, percent=issued.gst_percent, within_state=issued.place_of_supply == state)
    return ReceiptOut(
        receipt_number=issued.number,
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
        discount=Money(recharge.discount),
        sac=tax.SAC,
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
        refunded=Money(recharge.refunded_amount),
        operator_reference=recharge.operator_reference or f"INT{recharge.id.hex[-12:].upper()}",
        channel=recharge.channel or "internal",
        status=status,
    )


def version_of(shown: ReceiptOut) -> str:
    """Of what is printed: the same words in the same edition of the layout have the same version."""
    # What the plan does by now is not printed: it would be another document each time.
    printed = {name: value for name, value in shown.__dict__.items() if name != "status"}
    return hashlib.sha256(EDITION.encode() + to_json(printed)).hexdigest()[:20]


def folder_of(issued_year: int) -> str:
    """Where the PDFs of a year are kept."""
    return f"receipts/{issued_year}/"


class Printer(OnePerApp):
    """Makes receipts as PDF, a few at a time, and keeps them."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._turns = asyncio.Semaphore(_AT_A_TIME)

    @classmethod
    def open(cls, app: FastAPI) -> Self:
        """A printer on the application's storage."""
        return cls(open_storage(app.state.settings))

    async def pdf(self, shown: ReceiptOut) -> bytes:
        """The receipt as PDF, kept or made anew: the same bytes. Also where it can't be kept."""
        year = shown.issued_at.astimezone(clock.IST).year
        key = f"{folder_of(year)}{shown.recharge_id}-{version_of(shown)}.pdf"
        try:
            kept = await self._storage.get(key)
        except StorageUnavailable:
            kept = None
        if kept is not None:
            return kept
        async with self._turns:
            made = await asyncio.to_thread(_draw, shown)
        try:
            await self._storage.put(key, made, PDF)
        except StorageUnavailable as problem:
            log.warning("receipt_not_kept", key=key, problem=problem.code(), cause=repr(problem.__cause__))
        return made


def _draw(shown: ReceiptOut) -> bytes:
    return render(shown)
