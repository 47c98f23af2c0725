"""Builders for tests of payouts: customers with a payee whose account is closed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update

from gencharge import wiring
from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.payments.service import Razorpay, RazorpayPayouts
from gencharge.payouts import crud, service
from gencharge.payouts.context_service import SANDBOX_ACCOUNT, PayoutContext
from gencharge.payouts.loop import PayoutSender
from gencharge.payouts.models import Payout
from gencharge.payouts.schemas import PayeeOut, PayeeUpdate
from gencharge.users import lifecycle_service as lifecycle
from tests.make.money import fund
from tests.make.payments import make_payer

UPI = {"upi_address": "asha.verma@okaxis"}
BANK = {"account_number": "123456786789", "ifsc": "HDFC0001234", "account_name": "Asha Verma"}


def payout_context(stores: Stores, base: str, *, timeout_seconds: float = 5) -> PayoutContext:
    """A context whose gateway is at `base`."""
    settings = stores.settings.model_copy(
        update={"payment_gateway_url": base, "payment_timeout_seconds": timeout_seconds}
    )
    gateway = RazorpayPayouts(Razorpay(settings), SANDBOX_ACCOUNT)
    return PayoutContext(settings, stores.database, gateway)


async def set_payee(context: PayoutContext, user_id: UUID, **fields: Any) -> PayeeOut:
    return await service.set_payee(context, user_id, PayeeUpdate.model_validate(fields or UPI))


async def close_account(stores: Stores, user_id: UUID, *, payout: bool = True) -> None:
    """The owner closes the account."""
    await stores.database.run(
        lambda db: lifecycle.archive(
            db, wiring.PERSONAL_DATA, user_id, by=new_id(), reason="a test", payout=payout, keep_days=90
        )
    )


async def make_closed(
    context: PayoutContext, stores: Stores, rupees: int = 700, **payee: Any
) -> tuple[UUID, UUID]:
    """A customer with a payee, who had so much in the wallet when the account was closed: their id, and the payout's."""
    user_id = await make_payer(stores)
    await fund(stores, user_id, rupees)
    await set_payee(context, user_id, **payee)
    await close_account(stores, user_id)
    return user_id, (await payout_of(stores, user_id)).payout_id


async def payout_of(stores: Stores, user_id: UUID) -> Payout:
    """The customer's only payout."""
    [payout] = await stores.database.run(lambda db: crud.list_own(db, user_id))
    return payout


async def send_due(context: PayoutContext) -> None:
    """Let a worker do what is due."""
    await PayoutSender(context).drain()


async def wake(stores: Stores, user_id: UUID) -> None:
    """What waits is due now, and no worker has it."""
    past = clock.now() - timedelta(seconds=1)
    waiting = (Payout.user_id == user_id, Payout.next_attempt_at.is_not(None))
    await stores.database.run(
        lambda db: db.execute(update(Payout).where(*waiting).values(next_attempt_at=past, leased_until=None))
    )


def sent(context: PayoutContext) -> RazorpayPayouts:
    """The gateway."""
    assert context.gateway is not None
    return context.gateway
