"""Top-ups: what the customer's KYC tier allows, and the payment that brings it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.http.idempotency import Answered, fingerprint
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.payments import crud
from gencharge.payments.context import PaymentContext
from gencharge.payments.errors import TopupLimitExceeded
from gencharge.payments.models import PaymentPurpose
from gencharge.payments.orders_service import open_payment
from gencharge.payments.schemas import TopUp, TopUpOut
from gencharge.wallet import service as wallet

_SAID: Final = {
    "balance": "Your wallet can hold {left} more",
    "month": "You can add {left} more this month",
    "year": "You can add {left} more this financial year",
}
_NAMES: Final = {"balance": "balance", "month": "monthly_load", "year": "yearly_load"}


async def top_up(context: PaymentContext, user_id: UUID, wanted: TopUp, *, key: str) -> Answered[TopUpOut]:
    """Open a payment into the wallet. The limits are looked at now, and again when the money comes.

    Raises WalletNotFound, TopupLimitExceeded, and what open_payment raises.
    """
    # Keys of different purposes are kept apart.
    key = f"topup:{key}"

    async def look(db: AsyncSession) -> None:
        if await crud.find_by_key(db, user_id, key) is None:
            await wallet.available(db, user_id)
            await check_limits(context, db, user_id, wanted.amount)

    await context.database.run(look)
    opened = await open_payment(
        context,
        user_id,
        payment_id=new_id(),
        purpose=PaymentPurpose.TOPUP,
        reference_id=None,
        amount=Money(wanted.amount.paise),
        method=wanted.payment_method.value,
        source=wanted.source.value,
        key=key,
        request_hash=fingerprint(wanted),
    )
    payment = opened.answer
    topup = TopUpOut(
        payment_id=payment.payment_id,
        status=payment.status,
        amount=payment.amount,
        currency=payment.currency,
        gateway=payment.gateway,
        order_id=payment.order_id,
        key_id=payment.key_id,
        checkout_url=payment.checkout_url,
    )
    return Answered(topup, replayed=opened.replayed)


async def check_limits(context: PaymentContext, db: AsyncSession, user_id: UUID, amount: Money) -> None:
    """Raises TopupLimitExceeded with the tightest limit, and how much is still possible under it."""
    room = await crud.get_room(db, user_id, context.limits)
    left, limit = min((paise, name) for name, paise in room.items() if paise is not None)
    if amount.paise > left:
        possible = Money(max(0, left))
        said = _SAID[limit].format(left=f"Rs {possible}")
        raise TopupLimitExceeded(
            f"{said}. A full KYC raises the limit.", limit=_NAMES[limit], possible=possible
        )
