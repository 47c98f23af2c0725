"""SQL of payments. Decides nothing. See sql/."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypedDict
from uuid import UUID

from sqlalchemy import ColumnElement, Select, TextClause, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events import events
from gencharge.core.http.paging import column_of
from gencharge.core.postgres import leases
from gencharge.core.values import clock
from gencharge.core.vault.columns import Sealed
from gencharge.payments.models import (
    GatewayEvent,
    Payment,
    PaymentOrder,
    PaymentPurpose,
    PaymentStatus,
    Refund,
)
from gencharge.payments.outcomes import AuthorizeOutcome, CaptureOutcome, FailOutcome
from gencharge.payments.schemas import PaymentQuery
from gencharge.payments.staff_schemas import StaffPaymentQuery
from gencharge.velocity.service import Limits

_LEASE = text("""
    UPDATE payments SET status = 'created', failure_reason = NULL, updated_at = statement_time(:now),
                        leased_until = statement_time(:now) + make_interval(secs => :lease),
                        next_check_at = statement_time(:now) + make_interval(secs => :lease)
    WHERE user_id = :user_id AND payment_id = :payment_id AND order_id IS NULL
      AND (leased_until IS NULL OR leased_until < statement_time(:now))
    RETURNING 1
""")
_ORDERED = text("""
    UPDATE payments SET order_id = :order_id, leased_until = NULL, updated_at = statement_time(:now),
                        next_check_at = statement_time(:now) + make_interval(secs => :pause)
    WHERE user_id = :user_id AND payment_id = :payment_id AND order_id IS NULL AND status = 'created'
    RETURNING 1
""")
_LEASE_CHECK = text("""
    UPDATE payments SET leased_until = statement_time(:now) + make_interval(secs => :lease)
    WHERE user_id = :user_id AND payment_id = :payment_id AND (leased_until IS NULL OR leased_until < statement_time(:now))
    RETURNING 1
""")
_NOT_ORDERED = text("""
    UPDATE payments SET status = 'failed', failure_reason = :reason, leased_until = NULL, next_check_at = NULL,
                        updated_at = statement_time(:now)
    WHERE user_id = :user_id AND payment_id = :payment_id AND order_id IS NULL AND status = 'created'
""")
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
_ROOM = text("""
    SELECT * FROM topup_room(p_user => :user_id, p_limits => CAST(:limits AS jsonb), p_now => statement_time(:now))
""")
_HOLD_TOPUP_BACK = text("""
    SELECT hold_topup_back(
        p_user => :user_id, p_key => :key, p_amount => :amount, p_bounds => CAST(:bounds AS bigint[]),
        p_session => CAST(:session_id AS uuid), p_context => CAST(:context AS jsonb), p_at => statement_time(:now))::text
""")


class TopupRoom(NamedTuple):
    """Paise that a customer may still load, by limit; None: there is no such limit."""

    balance: int
    monthly_load: int | None
    yearly_load: int | None


class OpenCounts(TypedDict):
    """What of a customer's payments is not final."""

    open_payments: int
    refunds_under_way: int


async def hold_topup_back(
    db: AsyncSession, *, user_id: UUID, key: str, amount: int, limits: Limits
) -> str | None:
    """`hold_topup_back`: which velocity rule a top-up of `amount` paise breaks, as JSON. Locks the wallet."""
    text: str | None = await db.scalar(
        _HOLD_TOPUP_BACK,
        {
            "user_id": user_id,
            "key": key,
            "amount": amount,
            "bounds": limits.bounds,
            "session_id": limits.session_id,
            "context": events.context_json(),
            "now": clock.pinned(),
        },
    )
    return text


async def add_payment(
    db: AsyncSession,
    *,
    user_id: UUID,
    payment_id: UUID,
    purpose: PaymentPurpose,
    reference_id: UUID | None,
    amount: int,
    currency: str,
    method: str,
    source: str,
    gateway: str,
    key: str,
    request_hash: bytes,
    lease_seconds: float,
    phone_number: str | None = None,
    service_type: str | None = None,
    operator: str | None = None,
    caller_reference: str | None = None,
    caller_metadata: Sealed | None = None,
) -> bool:
    """A payment of `amount` paise to be ordered, leased to the caller. False if its key, or a top-up's reference, was used before."""
    now = leases.instant(clock.pinned())
    leased_until = leases.after(now, lease_seconds)
    statement = insert(Payment).values(
        user_id=user_id,
        payment_id=payment_id,
        purpose=purpose.value,
        reference_id=reference_id,
        amount=amount,
        currency=currency,
        method=method,
        source=source,
        gateway=gateway,
        idempotency_key=key,
        request_hash=request_hash,
        phone_number=phone_number,
        service_type=service_type,
        operator=operator,
        caller_reference=caller_reference,
        caller_metadata=caller_metadata,
        status=PaymentStatus.CREATED.value,
        created_at=now,
        updated_at=now,
        leased_until=leased_until,
        next_check_at=leased_until,
    )
    return await db.scalar(statement.on_conflict_do_nothing().returning(Payment.payment_id)) is not None


async def lock_payment(db: AsyncSession, *, user_id: UUID, payment_id: UUID) -> Payment | None:
    """One payment, held to the end of the transaction."""
    statement = select(Payment).where(Payment.user_id == user_id, Payment.payment_id == payment_id)
    locked = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return (await db.scalars(locked)).one_or_none()


async def get_payment(db: AsyncSession, *, user_id: UUID, payment_id: UUID) -> Payment | None:
    """One payment, as it is in the database now."""
    return await db.get(Payment, (user_id, payment_id), populate_existing=True)


async def find_by_key(db: AsyncSession, *, user_id: UUID, key: str) -> Payment | None:
    """The payment that was created under an idempotency key."""
    query = select(Payment).where(Payment.user_id == user_id, Payment.idempotency_key == key)
    payment: Payment | None = await db.scalar(query.execution_options(populate_existing=True))
    return payment


async def lease_unordered(db: AsyncSession, *, user_id: UUID, payment_id: UUID, seconds: float) -> bool:
    """Lease a payment that has no order, to create one. False if it is leased already, or has an order."""
    values = {"user_id": user_id, "payment_id": payment_id, "lease": seconds, "now": clock.pinned()}
    return await db.scalar(_LEASE, values) is not None


async def lease_check(db: AsyncSession, *, user_id: UUID, payment_id: UUID, seconds: float) -> bool:
    """Lease the right to ask the gateway about a payment. False if another call holds that lease."""
    values = {"user_id": user_id, "payment_id": payment_id, "lease": seconds, "now": clock.pinned()}
    return await db.scalar(_LEASE_CHECK, values) is not None


async def set_order(
    db: AsyncSession, *, user_id: UUID, payment_id: UUID, gateway: str, order_id: str, pause: float
) -> bool:
    """Record a payment's order, and whose it is. False if the payment has one."""
    values = {"order_id": order_id, "pause": pause, "now": clock.pinned()}
    if await db.scalar(_ORDERED, values | {"user_id": user_id, "payment_id": payment_id}) is None:
        return False
    db.add(PaymentOrder(order_id=order_id, gateway=gateway, user_id=user_id, payment_id=payment_id))
    await db.flush()
    return True


async def set_not_ordered(db: AsyncSession, *, user_id: UUID, payment_id: UUID, reason: str) -> None:
    """No order was created: the payment has failed, until its key is used again."""
    values = {"reason": reason, "now": clock.pinned()}
    await db.execute(_NOT_ORDERED, values | {"user_id": user_id, "payment_id": payment_id})


async def capture(
    db: AsyncSession,
    *,
    user_id: UUID,
    payment_id: UUID,
    gateway_payment_id: str,
    amount: int,
    currency: str,
    limits: str,
) -> CaptureOutcome:
    """`capture_payment`: the gateway has the money, `amount` in paise. `limits`: the tiers' limits, as JSON."""
    outcome = await call_function(
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
    db: AsyncSession, *, user_id: UUID, payment_id: UUID, amount: int, currency: str
) -> AuthorizeOutcome:
    """`authorize_payment`: the customer authorized `amount` paise."""
    return AuthorizeOutcome(
        await call_function(
            db, _AUTHORIZE, user_id=user_id, payment_id=payment_id, amount=amount, currency=currency
        )
    )


async def fail(
    db: AsyncSession, *, user_id: UUID, payment_id: UUID, reason: str, authorized: bool = False
) -> FailOutcome:
    """`fail_payment`: close an open payment as failed. `authorized`: also if the customer has authorized it."""
    return FailOutcome(
        await call_function(
            db, _FAIL, user_id=user_id, payment_id=payment_id, reason=reason, authorized=authorized
        )
    )


async def set_charged(db: AsyncSession, *, user_id: UUID, payment_id: UUID, mandate_id: UUID) -> bool:
    """Record that an open payment is about to be charged to a mandate. False if it was before, or is not open."""
    statement = (
        update(Payment)
        .where(
            Payment.user_id == user_id,
            Payment.payment_id == payment_id,
            Payment.status == PaymentStatus.CREATED.value,
            column_of(Payment.order_id).is_not(None),
            column_of(Payment.charged_at).is_(None),
        )
        .values(mandate_id=mandate_id, charged_at=clock.now(), updated_at=clock.now())
        .returning(Payment.payment_id)
        .execution_options(synchronize_session=False)
    )
    return await db.scalar(statement) is not None


async def set_not_charged(db: AsyncSession, *, user_id: UUID, payment_id: UUID) -> None:
    """It is proven that the gateway was not asked to charge a payment: it can be charged again."""
    statement = update(Payment).where(Payment.user_id == user_id, Payment.payment_id == payment_id)
    values = {"mandate_id": None, "charged_at": None, "updated_at": clock.now()}
    await db.execute(statement.values(values).execution_options(synchronize_session=False))


async def call_function(db: AsyncSession, statement: TextClause, **values: object) -> str:
    """The outcome of one SQL function, given the context of the request and the pinned clock."""
    outcome: str = await db.scalar(
        statement, values | {"context": events.context_json(), "now": clock.pinned()}
    )
    return outcome


async def get_topup_room(db: AsyncSession, *, user_id: UUID, limits: str) -> TopupRoom:
    """`topup_room`: what may still be loaded under each limit of the customer's KYC tier."""
    row = (await db.execute(_ROOM, {"user_id": user_id, "limits": limits, "now": clock.pinned()})).one()
    return TopupRoom(row.balance_left, row.month_left, row.year_left)


def select_payments(user_id: UUID, query: PaymentQuery) -> Select[Payment]:
    """The customer's payments that match."""
    return select(Payment).where(
        Payment.user_id == user_id,
        *match_payments(Payment, query),
        *query.within(column_of(Payment.amount), column_of(Payment.created_at)),
    )


def select_all_payments(query: StaffPaymentQuery) -> Select[Payment]:
    """All customers' payments, narrowed by the filter that has an index in the list's order."""
    statement = select(Payment)
    if query.user_id is not None:
        statement = statement.where(Payment.user_id == query.user_id)
    elif query.reference is not None:
        statement = statement.where(Payment.caller_reference == query.reference)
    return statement.where(*query.between(column_of(Payment.created_at)))


def match_payments(
    entity: type[Payment], query: PaymentQuery | StaffPaymentQuery
) -> list[ColumnElement[bool]]:
    """The conditions of all filters but amounts and dates, on payments or an alias of them."""
    equal = {
        entity.status: query.status,
        entity.purpose: query.purpose,
        entity.method: query.payment_method,
        entity.reference_id: query.recharge_id,
        entity.caller_reference: query.reference,
    }
    return [column == value for column, value in equal.items() if value is not None]


async def list_events(db: AsyncSession, *, order_id: str) -> Sequence[GatewayEvent]:
    """The webhooks about an order, oldest first, the first hundred."""
    query = select(GatewayEvent).where(GatewayEvent.order_id == order_id)
    query = query.order_by(GatewayEvent.received_at, GatewayEvent.event_id)
    return (await db.scalars(query.limit(100))).all()


async def count_open(db: AsyncSession, *, user_id: UUID) -> OpenCounts:
    """How many payments are open, and how many refunds are pending."""
    open_ = select(func.count()).where(
        Payment.user_id == user_id,
        Payment.status.in_((PaymentStatus.CREATED, PaymentStatus.AUTHORIZED)),
    )
    pending = select(func.count()).where(
        Refund.user_id == user_id, column_of(Refund.next_attempt_at).is_not(None)
    )
    return OpenCounts(
        open_payments=int(await db.scalar(open_) or 0), refunds_under_way=int(await db.scalar(pending) or 0)
    )
