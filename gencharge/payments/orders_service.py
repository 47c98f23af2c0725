"""Opening a payment: commit the intent, ask the gateway for an order, record the order.

An order whose id never arrived can't be paid, so a call without an answer costs nothing: a retry with the same key looks for
that order by the payment's own id before it creates another one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core import faultpoints, telemetry
from gencharge.core.errors import (
    IdempotencyInProgress,
    IdempotencyKeyReused,
    Problem,
    ReferenceAlreadyUsed,
    field_problem,
)
from gencharge.core.events.events import emit
from gencharge.core.http import references
from gencharge.core.http.idempotency import Answered
from gencharge.core.values.money import Money
from gencharge.core.vault.columns import Sealed
from gencharge.core.vault.vault import Vault
from gencharge.payments import crud, search_crud
from gencharge.payments.context import PaymentContext
from gencharge.payments.errors import GatewayDeclined, GatewayUnavailable
from gencharge.payments.events import PaymentCreated
from gencharge.payments.gateway import CallFailed, CallRefused, CallUnknown, GatewayOrder, MandateRequest
from gencharge.payments.models import Payment, PaymentPurpose, PaymentStatus

CURRENCY: Final = "INR"
log = telemetry.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OpenPayment:
    """A payment that the customer can make now."""

    payment_id: UUID
    reference_id: UUID | None
    gateway: str
    order_id: str
    key_id: str
    amount: Money
    currency: str
    checkout_url: str | None
    status: PaymentStatus


async def open_payment(
    context: PaymentContext,
    user_id: UUID,
    *,
    payment_id: UUID,
    purpose: PaymentPurpose,
    reference_id: UUID | None,
    amount: Money,
    method: str,
    source: str,
    key: str,
    request_hash: bytes,
    notes: Mapping[str, str] = MappingProxyType({}),
    phone_number: str | None = None,
    service_type: str | None = None,
    operator: str | None = None,
    mandate: MandateRequest | None = None,
    refuse: Callable[[AsyncSession], Awaitable[Problem | None]] | None = None,
    caller_reference: str | None = None,
    caller_metadata: dict[str, str] | None = None,
) -> Answered[OpenPayment]:
    """Ask the gateway for an order of `amount`. Not inside a transaction: it commits before and after the call.

    `notes` say on the gateway's pages what is paid: `description`, and the `phone_number` that is recharged.
    `phone_number`, `service_type` and `operator` are those of the recharge; the ledger's row keeps them. `mandate`: what the payment is to register.
    `refuse` is asked in the transaction that would add the payment: what it returns is raised once what it wrote is committed.

    The same key and hash again give the same payment, whatever its state, and finish what an earlier attempt left
    undone. `caller_reference` and `caller_metadata`: what the caller calls it, and noted. Raises ReferenceAlreadyUsed (of a top-up),
    IdempotencyKeyReused, IdempotencyInProgress, GatewayUnavailable and GatewayDeclined (nothing was charged).
    """
    # Longer than finding an order and creating one can take together.
    lease_seconds = 2 * context.settings.payment_timeout_seconds + 5

    async def intend(db: AsyncSession) -> tuple[Payment, bool] | Problem:
        if refuse is not None and (refusal := await refuse(db)) is not None:
            return refusal
        is_new = await crud.add_payment(
            db,
            user_id=user_id,
            payment_id=payment_id,
            purpose=purpose,
            reference_id=reference_id,
            amount=amount.paise,
            currency=CURRENCY,
            method=method,
            source=source,
            gateway=context.gateway.name,
            key=key,
            request_hash=request_hash,
            lease_seconds=lease_seconds,
            phone_number=phone_number,
            service_type=service_type,
            operator=operator,
            caller_reference=caller_reference,
            caller_metadata=await _sealed(db, (user_id, payment_id), caller_metadata),
        )
        payment = await _of_key(db, user_id, key, request_hash, caller_reference)
        if not is_new and payment.order_id is None:
            await _lease(db, payment, lease_seconds)
        return payment, is_new

    intent = await context.database.run(intend)
    if isinstance(intent, Problem):
        raise intent
    payment, is_new = intent
    await faultpoints.point("payment.committed")
    if payment.order_id is None:
        payment = await _order(context, payment, notes, mandate, first=is_new)
    return Answered(_opened(context, payment), replayed=not is_new)


async def _sealed(
    db: AsyncSession, identity: tuple[UUID, UUID], metadata: dict[str, str] | None
) -> Sealed | None:
    return await references.seal(Vault.of(db), Payment.caller_metadata, identity, metadata)


async def _of_key(
    db: AsyncSession, user_id: UUID, key: str, request_hash: bytes, reference: str | None
) -> Payment:
    """The payment of a key, now or before. Raises IdempotencyKeyReused, ReferenceAlreadyUsed."""
    payment = await crud.find_by_key(db, user_id=user_id, key=key)
    if payment is None and reference is not None:
        raise await reference_used(db, user_id, reference)
    if payment is None:
        raise ValueError("every key needs a new payment id")
    if payment.request_hash != request_hash:
        raise IdempotencyKeyReused
    return payment


async def reference_used(db: AsyncSession, user_id: UUID, reference: str) -> ReferenceAlreadyUsed:
    """The refusal of a top-up whose reference names another one; it names that one."""
    earlier = await search_crud.find_topup_by_reference(db, user_id, reference)
    problem = field_problem("body.reference", ReferenceAlreadyUsed.title(), ReferenceAlreadyUsed.code())
    return ReferenceAlreadyUsed(
        payment_id=earlier.payment_id if earlier is not None else None, errors=[problem]
    )


async def _lease(db: AsyncSession, payment: Payment, seconds: float) -> None:
    """Take over what an earlier request left without an order. Raises IdempotencyInProgress while that is at work."""
    is_leased = await crud.lease_unordered(
        db, user_id=payment.user_id, payment_id=payment.payment_id, seconds=seconds
    )
    if not is_leased:
        raise IdempotencyInProgress
    await db.refresh(payment)


async def _order(
    context: PaymentContext,
    payment: Payment,
    notes: Mapping[str, str],
    mandate: MandateRequest | None,
    *,
    first: bool,
) -> Payment:
    try:
        order = await _find_or_create(context, payment, notes, mandate, first=first)
    except CallFailed as error:
        refused = isinstance(error, CallRefused)
        reason = "gateway_refused" if refused else "gateway_unavailable"
        log.warning("order_not_made", payment_id=str(payment.payment_id), reason=error.reason)
        await context.database.run(
            lambda db: crud.set_not_ordered(
                db, user_id=payment.user_id, payment_id=payment.payment_id, reason=reason
            )
        )
        raise (GatewayDeclined if refused else GatewayUnavailable) from error

    async def write(db: AsyncSession) -> Payment:
        is_recorded = await crud.set_order(
            db,
            user_id=payment.user_id,
            payment_id=payment.payment_id,
            gateway=payment.gateway,
            order_id=order.order_id,
            pause=context.settings.payment_check_seconds[0],
        )
        current = await crud.get_payment(db, user_id=payment.user_id, payment_id=payment.payment_id)
        assert current is not None, "payments are never deleted"
        if is_recorded:
            await emit(db, _created(current, order))
        await faultpoints.point("order.written")
        return current

    await faultpoints.point("order.come")
    written = await context.database.run(write)
    await faultpoints.point("order.committed")
    if written.order_id is None:
        raise GatewayUnavailable  # it was closed during the call
    return written


async def _find_or_create(
    context: PaymentContext,
    payment: Payment,
    notes: Mapping[str, str],
    mandate: MandateRequest | None,
    *,
    first: bool,
) -> GatewayOrder:
    receipt = str(payment.payment_id)
    if not first:
        for order in await context.gateway.find_orders(receipt):
            if (order.amount, order.currency) == (payment.amount, payment.currency):
                return order
    order = await context.gateway.create_order(
        receipt=receipt, amount=payment.amount, currency=payment.currency, notes=notes, mandate=mandate
    )
    if (order.amount, order.currency) != (payment.amount, payment.currency):
        raise CallUnknown("the order has another amount")
    return order


def _created(payment: Payment, order: GatewayOrder) -> PaymentCreated:
    return PaymentCreated(
        user_id=str(payment.user_id),
        payment_id=str(payment.payment_id),
        purpose=payment.purpose,
        reference_id=str(payment.reference_id) if payment.reference_id else None,
        amount_paise=payment.amount,
        payment_method=payment.method,
        order_id=order.order_id,
    )


def _opened(context: PaymentContext, payment: Payment) -> OpenPayment:
    assert payment.order_id is not None, "an open payment has an order"
    return OpenPayment(
        payment_id=payment.payment_id,
        reference_id=payment.reference_id,
        gateway=payment.gateway,
        order_id=payment.order_id,
        key_id=context.gateway.key_id,
        amount=Money(payment.amount),
        currency=payment.currency,
        checkout_url=context.checkout_url(payment.order_id),
        status=PaymentStatus(payment.status),
    )
