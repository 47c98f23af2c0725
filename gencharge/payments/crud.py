"""SQL of payments. Decides nothing. See sql/."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, TextClause, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events import events
from gencharge.core.http.paging import column_of
from gencharge.core.values import clock
from gencharge.payments.models import (
    GatewayEvent,
    Payment,
    PaymentOrder,
    PaymentStatus,
    Refund,
    RefundStatus,
)
from gencharge.payments.outcomes import AuthorizeOutcome, CaptureOutcome, FailOutcome, RefundEnd, RefundStart
from gencharge.payments.schemas import PaymentQuery, StaffPaymentQuery

_NOW: Final = "coalesce(CAST(:now AS timestamptz), clock_timestamp())"
_LEASE = text(f"""
    UPDATE payments SET status = 'created', failure_reason = NULL, updated_at = {_NOW},
                        leased_until = {_NOW} + make_interval(secs => :lease),
                        next_check_at = {_NOW} + make_interval(secs => :lease)
    WHERE user_id = :user_id AND payment_id = :payment_id AND order_id IS NULL
      AND (leased_until IS NULL OR leased_until < {_NOW})
    RETURNING 1
""")  # noqa: S608 - composed of constants
_ORDERED = text(f"""
    UPDATE payments SET order_id = :order_id, leased_until = NULL, updated_at = {_NOW},
                        next_check_at = {_NOW} + make_interval(secs => :pause)
    WHERE user_id = :user_id AND payment_id = :payment_id AND order_id IS NULL AND status = 'created'
    RETURNING 1
""")  # noqa: S608 - composed of constants
_LEASE_CHECK = text(f"""
    UPDATE payments SET leased_until = {_NOW} + make_interval(secs => :lease)
    WHERE user_id = :user_id AND payment_id = :payment_id AND (leased_until IS NULL OR leased_until < {_NOW})
    RETURNING 1
""")  # noqa: S608 - composed of constants
_NOT_ORDERED = text(f"""
    UPDATE payments SET status = 'failed', failure_reason = :reason, leased_until = NULL, next_check_at = NULL,
                        updated_at = {_NOW}
    WHERE user_id = :user_id AND payment_id = :payment_id AND order_id IS NULL AND status = 'created'
""")  # noqa: S608 - composed of constants
_CAPTURE = text("""
    SELECT capture_payment(
        p_user => :user_id, p_payment => :payment_id, p_gateway_payment => :gateway_payment_id, p_amount => :amount,
        p_currency => :currency, p_limits => CAST(:limits AS jsonb), p_context => CAST(:context AS jsonb),
        p_pinned => CAST(:now AS timestamptz))
""")
_AUTHORIZE = text("""
    SELECT authorize_payment(
        p_user => :user_id, p_payment => :payment_id, p_amount => :amount, p_currency => :currency,
        p_context => CAST(:context AS jsonb), p_pinned => CAST(:now AS timestamptz))
""")
_FAIL = text("""
    SELECT fail_payment(
        p_user => :user_id, p_payment => :payment_id, p_reason => :reason, p_authorized => :authorized,
        p_context => CAST(:context AS jsonb), p_pinned => CAST(:now AS timestamptz))
""")
_BEGIN_REFUND = text("""
    SELECT begin_refund(
        p_user => :user_id, p_payment => :payment_id, p_refund => :refund_id, p_amount => :amount, p_key => :key,
        p_hash => :request_hash, p_reason => :reason, p_by => :requested_by, p_context => CAST(:context AS jsonb),
        p_pinned => CAST(:now AS timestamptz))
""")
_END_REFUND = text("""
    SELECT end_refund(
        p_user => :user_id, p_refund => :refund_id, p_paid => :paid, p_gateway_refund => :gateway_refund_id,
        p_reason => :reason, p_context => CAST(:context AS jsonb), p_pinned => CAST(:now AS timestamptz))
""")
_ROOM = text(f"""
    SELECT * FROM topup_room(p_user => :user_id, p_limits => CAST(:limits AS jsonb), p_now => {_NOW})
""")  # noqa: S608 - a constant


async def add_payment(db: AsyncSession, **values: Any) -> bool:
    """A payment that is about to be ordered, leased for `lease` seconds. False where its key was used before."""
    lease = func.make_interval(0, 0, 0, 0, 0, 0, values.pop("lease"))
    now = func.coalesce(clock.pinned(), func.clock_timestamp())
    instants = {
        "created_at": now,
        "updated_at": now,
        "leased_until": now + lease,
        "next_check_at": now + lease,
    }
    statement = insert(Payment).values(status="created", **instants, **values).on_conflict_do_nothing()
    return await db.scalar(statement.returning(Payment.payment_id)) is not None


async def get_payment(db: AsyncSession, user_id: UUID, payment_id: UUID) -> Payment | None:
    """One payment, as it is in the database now."""
    return await db.get(Payment, (user_id, payment_id), populate_existing=True)


async def find_by_key(db: AsyncSession, user_id: UUID, key: str) -> Payment | None:
    """The payment that was made under an idempotency key."""
    query = select(Payment).where(Payment.user_id == user_id, Payment.idempotency_key == key)
    found: Payment | None = await db.scalar(query.execution_options(populate_existing=True))
    return found


async def lease_unordered(db: AsyncSession, user_id: UUID, payment_id: UUID, seconds: float) -> bool:
    """Take a payment without an order, to make one. False where somebody else is at it, or has made it."""
    values = {"user_id": user_id, "payment_id": payment_id, "lease": seconds, "now": clock.pinned()}
    return await db.scalar(_LEASE, values) is not None


async def lease_check(db: AsyncSession, user_id: UUID, payment_id: UUID, seconds: float) -> bool:
    """Take the right to ask the gateway about a payment. False where somebody asks, or did so a moment ago."""
    values = {"user_id": user_id, "payment_id": payment_id, "lease": seconds, "now": clock.pinned()}
    return await db.scalar(_LEASE_CHECK, values) is not None


async def set_order(
    db: AsyncSession, user_id: UUID, payment_id: UUID, *, gateway: str, order_id: str, pause: float
) -> bool:
    """Write an order down, and whose it is. False where the payment has one."""
    values = {"order_id": order_id, "pause": pause, "now": clock.pinned()}
    if await db.scalar(_ORDERED, values | {"user_id": user_id, "payment_id": payment_id}) is None:
        return False
    db.add(PaymentOrder(order_id=order_id, gateway=gateway, user_id=user_id, payment_id=payment_id))
    await db.flush()
    return True


async def set_not_ordered(db: AsyncSession, user_id: UUID, payment_id: UUID, reason: str) -> None:
    """There is no order: the payment has failed, until its key is used again."""
    values = {"reason": reason, "now": clock.pinned()}
    await db.execute(_NOT_ORDERED, values | {"user_id": user_id, "payment_id": payment_id})


async def capture(
    db: AsyncSession,
    user_id: UUID,
    payment_id: UUID,
    *,
    gateway_payment_id: str,
    amount: int,
    currency: str,
    limits: str,
) -> CaptureOutcome:
    """`capture_payment`: the gateway has the money, `amount` in paise. `limits`: the tiers' limits, as JSON."""
    outcome = await _call(
        db,
        _CAPTURE,
        user_id=user_id,
        payment_id=payment_id,
        gateway_payment_id=gateway_payment_id,
        amount=amount,
        currency=currency,
        limits=limits,
    )
    return CaptureOutcome(outcome)


async def authorize(
    db: AsyncSession, user_id: UUID, payment_id: UUID, *, amount: int, currency: str
) -> AuthorizeOutcome:
    """`authorize_payment`: the customer agreed to `amount` paise."""
    return AuthorizeOutcome(
        await _call(db, _AUTHORIZE, user_id=user_id, payment_id=payment_id, amount=amount, currency=currency)
    )


async def fail(
    db: AsyncSession, user_id: UUID, payment_id: UUID, *, reason: str, authorized: bool = False
) -> FailOutcome:
    """`fail_payment`: give an open payment up. `authorized`: also if the customer had agreed to it."""
    return FailOutcome(
        await _call(db, _FAIL, user_id=user_id, payment_id=payment_id, reason=reason, authorized=authorized)
    )


async def begin_refund(
    db: AsyncSession,
    user_id: UUID,
    payment_id: UUID,
    *,
    refund_id: UUID,
    amount: int,
    key: str,
    request_hash: bytes,
    reason: str,
    requested_by: str,
) -> RefundStart:
    """`begin_refund`: set `amount` paise aside, to go back to the payment's source."""
    outcome = await _call(
        db,
        _BEGIN_REFUND,
        user_id=user_id,
        payment_id=payment_id,
        refund_id=refund_id,
        amount=amount,
        key=key,
        request_hash=request_hash,
        reason=reason,
        requested_by=requested_by,
    )
    return RefundStart(outcome)


async def end_refund(
    db: AsyncSession,
    user_id: UUID,
    refund_id: UUID,
    *,
    paid: bool,
    gateway_refund_id: str | None,
    reason: str | None = None,
) -> RefundEnd:
    """`end_refund`: the gateway has paid it out, or it is proven that it can't."""
    outcome = await _call(
        db,
        _END_REFUND,
        user_id=user_id,
        refund_id=refund_id,
        paid=paid,
        gateway_refund_id=gateway_refund_id,
        reason=reason,
    )
    return RefundEnd(outcome)


async def _call(db: AsyncSession, statement: TextClause, **values: object) -> str:
    """The outcome of one SQL function, with the event's context and the clock's pin."""
    outcome: str = await db.scalar(
        statement, values | {"context": events.context_json(), "now": clock.pinned()}
    )
    return outcome


async def get_room(db: AsyncSession, user_id: UUID, limits: str) -> dict[str, int | None]:
    """`topup_room`: paise that may still be loaded, by limit: balance, month, year; None: no such limit."""
    row = (await db.execute(_ROOM, {"user_id": user_id, "limits": limits, "now": clock.pinned()})).one()
    return {"balance": row.balance_left, "month": row.month_left, "year": row.year_left}


async def find_refund(db: AsyncSession, user_id: UUID, key: str) -> Refund | None:
    """The refund that was made under an idempotency key."""
    query = select(Refund).where(Refund.user_id == user_id, Refund.idempotency_key == key)
    found: Refund | None = await db.scalar(query.execution_options(populate_existing=True))
    return found


async def list_refunds(db: AsyncSession, user_id: UUID, payment_id: UUID) -> Sequence[Refund]:
    """The refunds of a payment, oldest first."""
    query = (
        select(Refund)
        .where(Refund.user_id == user_id, Refund.payment_id == payment_id)
        .order_by(Refund.created_at, Refund.refund_id)
    )
    return (await db.scalars(query.execution_options(populate_existing=True))).all()


async def sum_refunds(db: AsyncSession, payment: Payment) -> int:
    """Paise of the payment's own amount that went back, or are on their way."""
    query = select(func.coalesce(func.sum(Refund.amount), 0)).where(
        Refund.user_id == payment.user_id,
        Refund.payment_id == payment.payment_id,
        Refund.status != RefundStatus.FAILED,
        Refund.gateway_payment_id == payment.gateway_payment_id,
    )
    return int(await db.scalar(query) or 0)


def select_payments(user_id: UUID, wanted: PaymentQuery) -> Select[Payment]:
    """The customer's payments that match."""
    return select(Payment).where(
        Payment.user_id == user_id,
        *match_payments(Payment, wanted),
        *wanted.within(column_of(Payment.amount), column_of(Payment.created_at)),
    )


def select_all_payments(wanted: StaffPaymentQuery) -> Select[Payment]:
    """All customers' payments, as far as one index answers it in the list's order."""
    query = select(Payment)
    if wanted.user_id is not None:
        query = query.where(Payment.user_id == wanted.user_id)
    return query.where(*wanted.between(column_of(Payment.created_at)))


def match_payments(entity: Any, wanted: PaymentQuery | StaffPaymentQuery) -> list[ColumnElement[bool]]:
    """The conditions of the filters, but amounts and dates, on payments or an alias of them."""
    equal = {
        entity.status: wanted.status,
        entity.purpose: wanted.purpose,
        entity.method: wanted.payment_method,
        entity.reference_id: wanted.recharge_id,
    }
    return [column == value for column, value in equal.items() if value is not None]


async def list_events(db: AsyncSession, order_id: str) -> Sequence[GatewayEvent]:
    """The webhooks about an order, oldest first, the first hundred."""
    query = select(GatewayEvent).where(GatewayEvent.order_id == order_id)
    return (
        await db.scalars(query.order_by(GatewayEvent.received_at, GatewayEvent.event_id).limit(100))
    ).all()


async def count_open(db: AsyncSession, user_id: UUID) -> dict[str, int]:
    """How many payments are open, and how many refunds are under way."""
    open_ = select(func.count()).where(
        Payment.user_id == user_id,
        Payment.status.in_((PaymentStatus.CREATED, PaymentStatus.AUTHORIZED)),
    )
    moving = select(func.count()).where(
        Refund.user_id == user_id, column_of(Refund.next_attempt_at).is_not(None)
    )
    return {
        "open_payments": int(await db.scalar(open_) or 0),
        "refunds_under_way": int(await db.scalar(moving) or 0),
    }


async def list_all_refunds(db: AsyncSession, user_id: UUID) -> Sequence[Refund]:
    """All refunds of a customer's payments, oldest first."""
    query = select(Refund).where(Refund.user_id == user_id).order_by(Refund.created_at, Refund.refund_id)
    return (await db.scalars(query)).all()
