"""Top-ups: what the customer's KYC tier allows, and the payment that brings the money."""

from __future__ import annotations

from functools import partial
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.errors import Problem
from gencharge.core.http import references
from gencharge.core.http.idempotency import Answered, fingerprint
from gencharge.core.settings import Settings
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.core.wording import worded
from gencharge.payments import crud, search_crud
from gencharge.payments.context import PaymentContext
from gencharge.payments.errors import TopupLimitExceeded
from gencharge.payments.models import PaymentPurpose
from gencharge.payments.orders_service import open_payment, reference_used
from gencharge.payments.schemas import TopUp, TopUpOut, TopUpRoom
from gencharge.users.models import KycTier
from gencharge.velocity import service as velocity
from gencharge.wallet import service as wallet

_MESSAGES: Final = {
    "balance": partial(worded, "Your wallet can hold Rs {left} more. A full KYC raises the limit."),
    "monthly_load": partial(worded, "You can add Rs {left} more this month. A full KYC raises the limit."),
    "yearly_load": partial(
        worded, "You can add Rs {left} more this financial year. A full KYC raises the limit."
    ),
}


def limits_json(settings: Settings) -> str:
    """Each KYC tier's limits in paise, as the SQL functions take them; null: there is no such limit.

    `{"small": {"balance": 1000000, "month": 1000000, "year": 12000000}, "full": {...}}`
    """
    tiers = {}
    for tier in KycTier:
        limits = wallet.limits(settings, tier)
        month, year = limits.monthly_load, limits.yearly_load
        tiers[tier.value] = {
            "balance": limits.balance.paise,
            "month": None if month is None else month.paise,
            "year": None if year is None else year.paise,
        }
    return orjson.dumps(tiers).decode()


async def top_up(
    context: PaymentContext, user_id: UUID, command: TopUp, *, key: str, session_id: UUID | None = None
) -> Answered[TopUpOut]:
    """Open a payment into the wallet. The limits are checked now, and again when the money comes.

    `session_id` is the sign-in that asks. Raises ReferenceAlreadyUsed, WalletNotFound, TopupLimitExceeded, VelocityLimitExceeded, and what
    `open_payment` raises.
    """
    # Keys of different purposes are kept apart.
    key = f"topup:{key}"

    async def check(db: AsyncSession) -> None:
        if await crud.find_by_key(db, user_id=user_id, key=key) is None:
            reference = command.reference
            if reference and await search_crud.find_topup_by_reference(db, user_id, reference) is not None:
                raise await reference_used(db, user_id, reference)
            await wallet.available(db, user_id)
            await check_limits(db, user_id, command.amount, limits=limits_json(context.settings))

    async def refuse(db: AsyncSession) -> Problem | None:
        await check(db)
        limits = velocity.limits_of(context.settings, session_id)
        if limits.bounds is None:
            return None
        amount = command.amount.paise
        text = await crud.hold_topup_back(db, user_id=user_id, key=key, amount=amount, limits=limits)
        return None if text is None else velocity.refusal(text)

    opened = await open_payment(
        context,
        user_id,
        payment_id=new_id(),
        purpose=PaymentPurpose.TOPUP,
        reference_id=None,
        amount=Money(command.amount.paise),
        method=command.payment_method.value,
        source=command.source.value,
        key=key,
        request_hash=_request_hash(command),
        notes={"description": "Wallet top-up"},
        refuse=refuse,
        caller_reference=command.reference,
        caller_metadata=command.metadata,
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
        reference=command.reference,
        metadata=command.metadata,
    )
    return Answered(topup, replayed=opened.replayed)


def _request_hash(command: TopUp) -> bytes:
    """Of a command without reference and metadata, the hash of a release that had none: a repeat stays one after an update."""
    fields = dict(command.__dict__)
    for name, default in references.LATER_FIELDS.items():
        if fields[name] == default:
            del fields[name]
    return fingerprint(fields)


async def check_topup(db: AsyncSession, settings: Settings, user_id: UUID, amount: Money) -> None:
    """Whether the wallet may take this amount now. Raises TopupLimitExceeded."""
    await check_limits(db, user_id, amount, limits=limits_json(settings))


async def room(db: AsyncSession, settings: Settings, user_id: UUID) -> TopUpRoom:
    """What of the customer's limits is left now. Raises WalletNotFound.

    What was over a limit when it was lowered leaves zero. A top-up that is not paid yet counts once its money comes.
    """
    await wallet.available(db, user_id)
    left = await crud.get_topup_room(db, user_id=user_id, limits=limits_json(settings))
    balance, month, year = (None if paise is None else Money(max(0, paise)) for paise in left)
    assert balance is not None, "every tier has a highest balance"
    possible = min(amount for amount in (balance, month, year) if amount is not None)
    return TopUpRoom(possible=possible, balance=balance, monthly_load=month, yearly_load=year)


async def check_limits(db: AsyncSession, user_id: UUID, amount: Money, *, limits: str) -> None:
    """Raises TopupLimitExceeded with the tightest limit, and how much is still possible under it."""
    room = await crud.get_topup_room(db, user_id=user_id, limits=limits)
    left, limit = min((paise, name) for name, paise in room._asdict().items() if paise is not None)
    if amount.paise > left:
        possible = Money(max(0, left))
        raise TopupLimitExceeded(_MESSAGES[limit](left=possible), limit=limit, possible=possible)
