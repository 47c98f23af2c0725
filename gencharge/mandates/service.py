"""Mandates as their owners ask for them, read them and revoke them, and what the rooms above do with them.

What the gateway says of a mandate is asked by the worker (`check_service`); nothing rests on a webhook that may never come.
"""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.events.events import emit
from gencharge.core.http.idempotency import Answered, fingerprint
from gencharge.core.http.paging import Order, column_of, fetch_page
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.values.money import Money
from gencharge.core.vault.vault import Vault
from gencharge.core.wording import worded
from gencharge.mandates import crud, views
from gencharge.mandates.errors import (
    MandateAmountExceeded,
    MandateLimitExceeded,
    MandateNotActive,
    MandateNotFound,
)
from gencharge.mandates.events import MandateEnded, MandateRequested
from gencharge.mandates.models import EndReason, Mandate, MandateStatus
from gencharge.mandates.schemas import MandateCreate, MandateCreated, MandateOut, MandatePage, MandateQuery
from gencharge.payments import service as payments
from gencharge.payments.models import PaymentPurpose
from gencharge.payments.service import Charge, MandateRequest, OpenPayment, PaymentContext
from gencharge.users import service as users

__all__ = ["Charge"]
MAX_LIVE: Final = 10
# No gateway registers a mandate with less; it goes into the wallet.
REGISTRATION: Final = Money.rupees(1)
# The gateway is asked for the first time after this; the capture of the rupee asks at once.
FIRST_CHECK: Final = timedelta(seconds=30)


async def create(
    context: PaymentContext, user_id: UUID, command: MandateCreate, *, key: str
) -> Answered[MandateCreated]:
    """Ask the gateway for a mandate, which the customer then approves there. Not inside a transaction.

    Raises MandateLimitExceeded, and what `payments.open_payment` raises.
    """

    async def read(db: AsyncSession) -> tuple[str, str, str | None]:
        await _check_room(db, user_id)
        user = await users.get(db, user_id)
        return user.name or "", user.phone_number, user.email if user.email_confirmed else None

    name, contact, email = await context.database.run(read)
    customer = await payments.register_customer(context, name=name, contact=contact, email=email)
    expires_at = _months_later(clock.now(), command.valid_months)
    opened = await payments.open_payment(
        context,
        user_id,
        payment_id=new_id(),
        purpose=PaymentPurpose.TOPUP,
        reference_id=None,
        amount=REGISTRATION,
        method=command.payment_method.value,
        source=command.source.value,
        key=f"mandate:{key}",
        request_hash=fingerprint(command),
        notes={"description": f"Approve charges of up to Rs {command.max_amount}"},
        mandate=MandateRequest(customer, command.max_amount.paise, int(expires_at.timestamp())),
    )
    row = await context.database.run(
        lambda db: _add(db, user_id, command, opened.answer, customer=customer, expires_at=expires_at)
    )
    return Answered(_created(row, opened.answer), replayed=opened.replayed)


async def _check_room(db: AsyncSession, user_id: UUID) -> None:
    if await crud.count_live(db, user_id) >= MAX_LIVE:
        raise MandateLimitExceeded(
            worded("You can have up to {max_live} mandates. Revoke one first.", max_live=MAX_LIVE),
            limit=MAX_LIVE,
        )


async def _add(
    db: AsyncSession,
    user_id: UUID,
    command: MandateCreate,
    opened: OpenPayment,
    *,
    customer: str,
    expires_at: datetime,
) -> Mandate:
    await users.lock(db, user_id)  # so that two requests can't both take the last place
    earlier = await crud.find_by_payment(db, user_id, opened.payment_id)
    if earlier is not None:
        return earlier
    await _check_room(db, user_id)
    mandate_id, now = new_id(), clock.now()
    await crud.add_mandate(
        db,
        user_id=user_id,
        mandate_id=mandate_id,
        payment_id=opened.payment_id,
        order_id=opened.order_id,
        gateway=opened.gateway,
        method=command.payment_method.value,
        status=MandateStatus.PENDING.value,
        max_amount=command.max_amount.paise,
        expires_at=expires_at,
        customer=await Vault.of(db).seal(Mandate.customer, (user_id, mandate_id), customer),
        created_at=now,
        updated_at=now,
        next_check_at=now + FIRST_CHECK,
    )
    requested = MandateRequested(
        user_id=str(user_id),
        mandate_id=str(mandate_id),
        payment_method=command.payment_method.value,
        max_amount_paise=command.max_amount.paise,
    )
    await emit(db, requested)
    return await get(db, user_id, mandate_id)


def _created(row: Mandate, opened: OpenPayment) -> MandateCreated:
    return MandateCreated(
        **vars(views.mandate_out(row)),
        amount=opened.amount,
        currency=opened.currency,
        gateway=opened.gateway,
        order_id=opened.order_id,
        key_id=opened.key_id,
        checkout_url=opened.checkout_url,
    )


def _months_later(instant: datetime, months: int) -> datetime:
    year, month = divmod(instant.year * 12 + instant.month - 1 + months, 12)
    day = min(instant.day, calendar.monthrange(year, month + 1)[1])
    return instant.replace(year=year, month=month + 1, day=day, microsecond=0)


async def get(db: AsyncSession, user_id: UUID, mandate_id: UUID) -> Mandate:
    """The row of one of the customer's mandates. Raises MandateNotFound, also for another customer's."""
    mandate = await crud.get_mandate(db, user_id, mandate_id)
    if mandate is None:
        raise MandateNotFound
    return mandate


async def show(db: AsyncSession, user_id: UUID, mandate_id: UUID) -> MandateOut:
    """One of the customer's mandates. Raises MandateNotFound."""
    return views.mandate_out(await get(db, user_id, mandate_id))


async def list_mandates(db: AsyncSession, user_id: UUID, query: MandateQuery) -> MandatePage:
    """A page of the customer's mandates, the newest first."""
    order = Order(column_of(Mandate.created_at), column_of(Mandate.mandate_id))
    rows, cursor, total = await fetch_page(db, crud.select_mandates(user_id, query), order, query)
    return MandatePage(items=[views.mandate_out(row) for row in rows], next_cursor=cursor, total=total)


async def revoke(db: AsyncSession, user_id: UUID, mandate_id: UUID) -> None:
    """End a mandate: it is not charged from now on, and a worker tells the gateway. Raises MandateNotFound.

    One that has ended stays as it is.
    """
    mandate = await crud.lock_mandate(db, user_id, mandate_id)
    if mandate is None:
        raise MandateNotFound
    if mandate.status != MandateStatus.ENDED:
        await end(db, mandate, EndReason.CUSTOMER)


async def close(db: AsyncSession, user_id: UUID) -> None:
    """End all mandates of an account that is closed."""
    for mandate_id in await crud.list_live_ids(db, user_id):
        mandate = await crud.lock_mandate(db, user_id, mandate_id)
        assert mandate is not None, "mandates are deleted with a closed account only"
        await end(db, mandate, EndReason.ACCOUNT_CLOSED)


async def end(db: AsyncSession, mandate: Mandate, reason: EndReason, values: Any = None) -> None:
    """A mandate can't be charged any more. What was ended here is told to the gateway; `values`: what else changes."""
    now = clock.now()
    ended: dict[str, Any] = {
        "status": MandateStatus.ENDED.value,
        "end_reason": reason.value,
        "checks": 0,
        "next_check_at": None if reason in {EndReason.BANK, EndReason.EXPIRED} else now,
        "updated_at": now,
    }
    await crud.set_values(db, mandate, ended | (values or {}))
    event = MandateEnded(
        user_id=str(mandate.user_id),
        mandate_id=str(mandate.mandate_id),
        payment_method=mandate.method,
        reason=reason.value,
    )
    await emit(db, event)


async def get_chargeable(db: AsyncSession, user_id: UUID, mandate_id: UUID, amount: Money) -> Mandate:
    """A mandate that can be charged this amount now.

    Raises MandateNotFound, MandateNotActive (also once it has expired), MandateAmountExceeded.
    """
    mandate = await get(db, user_id, mandate_id)
    if mandate.status != MandateStatus.ACTIVE or mandate.expires_at <= clock.now():
        raise MandateNotActive
    if amount.paise > mandate.max_amount:
        highest = Money(mandate.max_amount)
        raise MandateAmountExceeded(
            worded("One charge of this mandate may be at most Rs {highest}.", highest=highest),
            max_amount=highest,
        )
    return mandate


async def charge(
    context: PaymentContext, user_id: UUID, mandate_id: UUID, payment_id: UUID, amount: Money
) -> Charge:
    """Charge an open payment of `amount` to a mandate: at most once. Not inside a transaction.

    Raises MandateNotFound, MandateNotActive, MandateAmountExceeded, DatabaseUnavailable.
    """

    async def read(db: AsyncSession) -> tuple[str, str, str]:
        mandate = await get_chargeable(db, user_id, mandate_id, amount)
        vault = Vault.of(db)
        customer, token = (
            await vault.show(mandate, Mandate.customer),
            await vault.show(mandate, Mandate.token),
        )
        return customer, token, (await users.get(db, user_id)).phone_number

    customer, token, contact = await context.database.run(read)
    result = await payments.charge_mandate(
        context,
        user_id,
        payment_id,
        mandate_id=mandate_id,
        customer_id=customer,
        token_id=token,
        contact=contact,
    )
    if result is Charge.REFUSED:
        # It may have been revoked.
        await context.database.run(lambda db: crud.check_at(db, user_id, mandate_id, clock.now()))
    return result
