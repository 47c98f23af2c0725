"""Queries for payments by what alone is known of them, and for what their callers noted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.paging import column_of
from gencharge.payments.models import Payment, PaymentOrder, PaymentPurpose, Refund


async def find_by_id(
    db: AsyncSession, payment_id: UUID, *, after: datetime, before: datetime
) -> Payment | None:
    """The payment with this id, of any customer, if it was made between the instants."""
    query = select(Payment).where(Payment.created_at.between(after, before), Payment.payment_id == payment_id)
    payment: Payment | None = await db.scalar(query)
    return payment


async def find_topup_by_reference(db: AsyncSession, user_id: UUID, reference: str) -> Payment | None:
    """The customer's top-up that they call so."""
    query = select(Payment).where(
        Payment.user_id == user_id,
        Payment.caller_reference == reference,
        Payment.purpose == PaymentPurpose.TOPUP,
    )
    payment: Payment | None = await db.scalar(query)
    return payment


async def list_by_reference(db: AsyncSession, reference: str, *, limit: int) -> Sequence[Payment]:
    """The last payments that their callers call so, of all customers, the newest first."""
    query = select(Payment).where(Payment.caller_reference == reference)
    query = query.order_by(Payment.created_at.desc(), Payment.payment_id.desc())
    return (await db.scalars(query.limit(limit))).all()


async def list_by_gateway(db: AsyncSession, reference: str, *, limit: int) -> Sequence[Payment]:
    """The last payments that the gateway or a bank calls so, of all customers, the newest first.

    Each name by its own index, and sorted here: in one statement with an order PostgreSQL walks through all payments by their instant.
    """
    rows = {
        (row.user_id, row.payment_id): row
        for column in (Payment.gateway_payment_id, Payment.bank_reference)
        for row in await db.scalars(select(Payment).where(column == reference))
    }
    return sorted(rows.values(), key=lambda row: (row.created_at, row.payment_id), reverse=True)[:limit]


async def list_refunded(db: AsyncSession, refund_id: UUID) -> Sequence[Payment]:
    """The payment that a refund with this id gives back."""
    return (await db.scalars(_refunded_by(Refund.refund_id == refund_id))).all()


async def list_refunded_by_gateway(db: AsyncSession, reference: str) -> Sequence[Payment]:
    """The payments of which the gateway calls a refund so."""
    return (await db.scalars(_refunded_by(Refund.gateway_refund_id == reference))).all()


def _refunded_by(condition: ColumnElement[bool]) -> Select[Payment]:
    same = (Refund.user_id == Payment.user_id, Refund.payment_id == Payment.payment_id)
    return select(Payment).join(Refund, and_(*same)).where(condition)


async def set_bank_reference(
    db: AsyncSession, user_id: UUID, payment_id: UUID, gateway_payment_id: str, bank_reference: str
) -> None:
    """Note what the bank calls a payment, unless it is noted or another payment of the order counts."""
    statement = update(Payment).where(
        Payment.user_id == user_id,
        Payment.payment_id == payment_id,
        Payment.gateway_payment_id == gateway_payment_id,
        Payment.bank_reference.is_(None),
    )
    values = {"bank_reference": bank_reference}
    await db.execute(statement.values(values).execution_options(synchronize_session=False))


async def list_noted(db: AsyncSession, keys: Collection[tuple[UUID, UUID]]) -> Sequence[Payment]:
    """Those of these payments (`user_id`, `payment_id`) that have a reference or metadata."""
    if not keys:
        return []
    query = select(Payment).where(tuple_(Payment.user_id, Payment.payment_id).in_(keys), _noted())
    return (await db.scalars(query)).all()


async def forget_noted(db: AsyncSession, user_id: UUID) -> None:
    """Delete what a customer called their payments, and what they noted."""
    statement = update(Payment).where(Payment.user_id == user_id, _noted())
    values = {"caller_reference": None, "caller_metadata": None}
    await db.execute(statement.values(values).execution_options(synchronize_session=False))


def _noted() -> ColumnElement[bool]:
    return column_of(Payment.caller_reference).is_not(None) | column_of(Payment.caller_metadata).is_not(None)


async def get_order(db: AsyncSession, order_id: str) -> PaymentOrder | None:
    """Whose payment an order of the gateway is."""
    return await db.get(PaymentOrder, order_id)
