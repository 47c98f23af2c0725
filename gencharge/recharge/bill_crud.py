"""The SQL functions that pay a bill: `recharge/sql/pay_bill_from_wallet.sql`, `pay_bill_by_gateway.sql`. Amounts in paise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.values import clock
from gencharge.core.vault.columns import Sealed
from gencharge.recharge.models import BillOutcome, BillPayment, Recharge
from gencharge.velocity.service import Limits

_PAY = text("""
    SELECT outcome, known, (sale).id, (sale).phone_number, (sale).operator, (sale).price, (sale).bill_id,
           (sale).balance_after, (sale).created_at
    FROM pay_bill_from_wallet(
        p_user => :user_id, p_id => :recharge_id, p_key => :key, p_hash => :request_hash, p_phone => :phone_number,
        p_operator => :operator, p_circle => :circle, p_bill => :bill_id, p_bill_reference => :bill_reference,
        p_amount => :amount, p_source => :source, p_context => CAST(:context AS jsonb),
        p_pinned => CAST(:now AS timestamptz), p_bounds => CAST(:bounds AS bigint[]), p_session => :session_id)
""")

_PLACE = text("""
    SELECT outcome, known, (sale).id, (sale).phone_number, (sale).operator, (sale).price, (sale).bill_id,
           (sale).balance_after, (sale).created_at
    FROM pay_bill_by_gateway(
        p_user => :user_id, p_id => :recharge_id, p_key => :key, p_hash => :request_hash, p_phone => :phone_number,
        p_operator => :operator, p_circle => :circle, p_bill => :bill_id, p_bill_reference => :bill_reference,
        p_amount => :amount, p_source => :source, p_method => :method, p_payment => :payment_id,
        p_context => CAST(:context AS jsonb), p_pinned => CAST(:now AS timestamptz),
        p_bounds => CAST(:bounds AS bigint[]), p_session => :session_id)
""")


class BillPaymentRequest(NamedTuple):
    """What is to be paid, for whom, and under which key."""

    user_id: UUID
    recharge_id: UUID
    key: str
    request_hash: bytes
    phone_number: str
    operator: str
    circle: str | None
    bill_id: UUID
    bill_reference: str
    amount: int
    source: str


@dataclass(frozen=True, slots=True)
class BillSale:
    """The payment that was made, or that its key had made before, as it was then."""

    recharge_id: UUID
    phone_number: str
    operator: str
    amount: int
    bill_id: UUID
    balance_after: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class BillResult:
    """How paying ended; `sale` is None if it was refused. `known` says which velocity rule it broke."""

    outcome: BillOutcome
    known: str | None
    sale: BillSale | None


async def set_noted(
    db: AsyncSession, user_id: UUID, recharge_id: UUID, reference: str | None, metadata: Sealed | None
) -> None:
    """Note what the caller calls a payment, and the rest. Raises IntegrityError if the caller's reference names another one."""
    statement = update(Recharge).where(Recharge.user_id == user_id, Recharge.id == recharge_id)
    values = {"caller_reference": reference, "caller_metadata": metadata}
    await db.execute(statement.values(values).execution_options(synchronize_session=False))


async def pay(db: AsyncSession, request: BillPaymentRequest, *, context: str, limits: Limits) -> BillResult:
    """`pay_bill_from_wallet`: its outcome."""
    await db.flush()
    return _result((await db.execute(_PAY, _values(request, context, limits))).one())


async def place(
    db: AsyncSession,
    request: BillPaymentRequest,
    *,
    method: str,
    payment_id: UUID,
    context: str,
    limits: Limits,
) -> BillResult:
    """`pay_bill_by_gateway`: its outcome."""
    await db.flush()
    values = _values(request, context, limits) | {"method": method, "payment_id": payment_id}
    return _result((await db.execute(_PLACE, values)).one())


def _values(request: BillPaymentRequest, context: str, limits: Limits) -> dict[str, Any]:
    return request._asdict() | {
        "context": context,
        "now": clock.pinned(),
        "bounds": None if limits.bounds is None else list(limits.bounds),
        "session_id": limits.session_id,
    }


def _result(row: Row[Any]) -> BillResult:
    outcome, known, *sale = tuple(row)
    return BillResult(BillOutcome(outcome), known, BillSale(*sale) if sale[0] is not None else None)


async def list_paid(db: AsyncSession, bill_reference: str, *, limit: int) -> Sequence[tuple[UUID, UUID]]:
    """The customers and recharges that paid a bill which its operator calls so, the newest first."""
    query = select(BillPayment.user_id, BillPayment.recharge_id)
    query = query.where(BillPayment.bill_reference == bill_reference)
    rows = await db.execute(query.order_by(BillPayment.recharge_id.desc()).limit(limit))
    return [(row.user_id, row.recharge_id) for row in rows]
