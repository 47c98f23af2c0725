"""What the staff do with a customer's recharge: take a delivered one back, end one that nobody can tell the end of.

Both move money, so both are done under the locks that every end of a recharge takes, once for a key, and with a reason
that the audit trail keeps. An admin who is limited to some operators finds those operators' recharges only.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels import service as fulfilment
from gencharge.core.errors import IdempotencyKeyReused, field_problem
from gencharge.core.events import events
from gencharge.core.events.events import changes, emit
from gencharge.core.http.idempotency import Answered, fingerprint
from gencharge.core.http.paging import column_of
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.delivery import crud as deliveries
from gencharge.payments import service as payments
from gencharge.recharge import crud
from gencharge.recharge import sales_service as sales
from gencharge.recharge.errors import NotUnderWay, RechargeNotFound, RefundImpossible, RefundTooLarge
from gencharge.recharge.events import RechargeResolved
from gencharge.recharge.models import PaymentState, Recharge, RechargeRefund
from gencharge.recharge.schemas import CustomerRechargeOut
from gencharge.recharge.staff_schemas import (
    Destination,
    RechargeRefundOut,
    RefundRecharge,
    Resolution,
    ResolveRecharge,
)
from gencharge.sessions.guards import Principal, within

_OPEN: Final = {PaymentState.PROCESSING, PaymentState.UNKNOWN}


async def refund(
    db: AsyncSession, admin: Principal, user_id: UUID, recharge_id: UUID, wanted: RefundRecharge, *, key: str
) -> Answered[RechargeRefundOut]:
    """Take a delivered recharge back, in part or in full: into the wallet, or on to where the payment came from.

    Raises RechargeNotFound, RefundImpossible, RefundTooLarge, IdempotencyKeyReused.
    """
    recharge = await _in_scope(db, admin, user_id, recharge_id)
    request_hash = fingerprint(wanted, recharge_id)
    await deliveries.lock_recharge(db, user_id, recharge_id)
    earlier = await crud.find_refund_by_key(db, user_id, key)
    if earlier is not None:
        if earlier.request_hash != request_hash:
            raise IdempotencyKeyReused
        return Answered(_shown(earlier), replayed=True)
    await db.refresh(recharge)
    left = recharge.wallet_amount + recharge.gateway_amount - recharge.refunded_amount
    amount = wanted.amount.paise if wanted.amount is not None else left
    to_source = wanted.destination is Destination.SOURCE
    if recharge.status != PaymentState.DELIVERED:
        raise RefundImpossible
    most = min(left, recharge.gateway_amount) if to_source else left
    if amount > most or amount == 0:
        raise _too_large(Money(max(0, most)))
    made = RechargeRefund(
        user_id=user_id,
        refund_id=new_id(),
        recharge_id=recharge_id,
        amount=amount,
        destination=wanted.destination.value,
        reason=wanted.reason,
        requested_by=admin.user_id,
        idempotency_key=key,
        request_hash=request_hash,
        created_at=clock.now(),
    )
    db.add(made)
    outcome = await deliveries.refund(
        db,
        user_id,
        recharge_id,
        amount=amount,
        key=str(made.refund_id),
        reason=wanted.reason,
        context=events.context_json(),
    )
    assert outcome == "refunded", f"it was looked at under its lock: {outcome}"
    if to_source and recharge.payment_id is not None:
        await payments.refund_to_source(
            db,
            user_id,
            recharge.payment_id,
            amount=Money(amount),
            key=f"recharge-refund:{made.refund_id}",
            request_hash=request_hash,
            reason=wanted.reason,
            requested_by=str(admin.user_id),
        )
    return Answered(_shown(made))


async def resolve(
    db: AsyncSession, admin: Principal, user_id: UUID, recharge_id: UUID, wanted: ResolveRecharge
) -> CustomerRechargeOut:
    """End a recharge whose operator does not say how it ended. Raises RechargeNotFound, NotUnderWay."""
    recharge = await _in_scope(db, admin, user_id, recharge_id)
    await deliveries.lock_recharge(db, user_id, recharge_id)
    await db.refresh(recharge)
    before = recharge.status
    if before not in _OPEN:
        raise NotUnderWay(f"The recharge is {before}; there is nothing to resolve.")
    if wanted.outcome is Resolution.DELIVERED:
        under_way = await deliveries.lock_fulfilment(db, user_id, recharge_id)
        channels = await fulfilment.load_channels(db)
        channel = channels.get(under_way.channel)
        await deliveries.deliver(
            db,
            user_id,
            recharge_id,
            operator_reference=wanted.operator_reference,
            channel=under_way.channel or "",
            commission=channel.commission_of(under_way.amount) if channel else 0,
            context=events.context_json(),
        )
    else:
        await deliveries.fail(
            db, user_id, recharge_id, reason="resolved_by_staff", context=events.context_json()
        )
    await db.refresh(recharge)
    resolved = RechargeResolved(
        user_id=str(user_id),
        recharge_id=str(recharge_id),
        operator=recharge.operator,
        reason=wanted.reason,
        changes=changes({"status": before}, {"status": recharge.status}),
    )
    await emit(db, resolved)
    return await sales.get_recharge(db, admin, user_id, recharge_id)


async def _in_scope(db: AsyncSession, admin: Principal, user_id: UUID, recharge_id: UUID) -> Recharge:
    scope = within(admin, column_of(Recharge.operator))
    found = await crud.get_recharge_in_scope(db, user_id, recharge_id, scope)
    if found is None:
        raise RechargeNotFound
    return found


def _too_large(most: Money) -> RefundTooLarge:
    return RefundTooLarge(errors=[field_problem("body.amount", f"at most {most}", "refund_too_large")])


def _shown(made: RechargeRefund) -> RechargeRefundOut:
    return RechargeRefundOut(
        refund_id=made.refund_id,
        recharge_id=made.recharge_id,
        amount=Money(made.amount),
        destination=Destination(made.destination),
        reason=made.reason,
        created_at=made.created_at,
    )
