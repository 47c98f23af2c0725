"""What reconciliation does with a recharge once a statement has shown how it stands.

Thin verbs over the ends of a recharge: the same locks, the same proofs, the same events as everywhere else. Each is
harmless when it comes second.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.channels import service as fulfilment
from gencharge.channels.service import Answer, Verdict
from gencharge.core.events import events
from gencharge.core.values import clock
from gencharge.delivery import crud
from gencharge.delivery import service as delivery
from gencharge.recharge.models import PaymentState, Recharge, RechargeRefund

_OPEN: Final = {PaymentState.PROCESSING, PaymentState.UNKNOWN}
# Used only where an answer says that the operator is still at it.
_ASK_AGAIN_SECONDS: Final = [600.0]


async def apply_answer(db: AsyncSession, reference: str, answer: Answer) -> bool:
    """Let an operator's answer about a reference count. False where nobody knows the reference."""
    channels = await fulfilment.load_channels(db)
    return await delivery.apply(db, reference, answer, channels=channels, check_seconds=_ASK_AGAIN_SECONDS)


async def settle_delivered(db: AsyncSession, reference: str, operator_reference: str | None) -> str:
    """The operator's statement shows that it delivered this: its held money goes to the operator, the plan starts.

    Returns 'delivered', 'already', 'given_up' where the recharge had failed and its money is back, 'not_found'.
    """
    known = await crud.get_reference(db, reference)
    if known is None:
        return "not_found"
    before = await crud.lock_recharge(db, known.user_id, known.recharge_id)
    if before not in _OPEN:
        return "given_up" if before == PaymentState.FAILED else "already"
    await apply_answer(db, reference, Answer(Verdict.DELIVERED, operator_reference))
    return "delivered"


async def fail_and_release(db: AsyncSession, reference: str, reason: str) -> str:
    """The operator's statement shows that nothing came of this: its held money goes back to the wallet.

    Returns 'failed', 'already', 'delivered' where it had been delivered (nothing is changed), 'not_found'.
    """
    known = await crud.get_reference(db, reference)
    if known is None:
        return "not_found"
    before = await crud.lock_recharge(db, known.user_id, known.recharge_id)
    if before not in _OPEN:
        return "already" if before == PaymentState.FAILED else "delivered"
    attempt = await crud.get_attempt(db, known.user_id, known.recharge_id, known.attempt)
    if attempt.outcome is None:
        attempt.outcome, attempt.reason, attempt.ended_at = "refused", reason, clock.now()
    return await delivery.fail(db, known.user_id, known.recharge_id, reason=reason)


async def take_back(
    db: AsyncSession, user_id: UUID, recharge_id: UUID, *, refund_id: UUID, reason: str, by: UUID
) -> int | None:
    """Give all that is left of a delivered recharge back to the wallet: how many paise; None where it is not delivered.

    Once for a `refund_id`; zero where it was taken back before.
    """
    status = await crud.lock_recharge(db, user_id, recharge_id)
    if status == PaymentState.REFUNDED:
        return 0
    if status != PaymentState.DELIVERED:
        return None
    recharge = await db.get_one(Recharge, (user_id, recharge_id), populate_existing=True)
    left = recharge.wallet_amount + recharge.gateway_amount - recharge.refunded_amount
    outcome = await crud.refund(
        db,
        user_id,
        recharge_id,
        amount=left,
        key=str(refund_id),
        reason=reason,
        context=events.context_json(),
    )
    if outcome == "replayed":
        return 0
    assert outcome == "refunded", f"it was looked at under its lock: {outcome}"
    db.add(
        RechargeRefund(
            user_id=user_id,
            refund_id=refund_id,
            recharge_id=recharge_id,
            amount=left,
            destination="wallet",
            reason=reason,
            requested_by=by,
            idempotency_key=f"reconciliation:{refund_id}",
            request_hash=b"",
            created_at=clock.now(),
        )
    )
    return left
