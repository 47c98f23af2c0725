"""Builders for tests of mandates: customers who ask for one and approve it at the sandbox's gateway."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from gencharge.core.stores.stores import Stores
from gencharge.core.values import clock
from gencharge.core.values.ids import new_id
from gencharge.core.vault.vault import Vault
from gencharge.mandates import crud
from gencharge.mandates import service as mandates
from gencharge.mandates.loop import MandateChecks
from gencharge.mandates.models import Mandate
from gencharge.mandates.schemas import MandateCreate, MandateCreated
from gencharge.payments.context import PaymentContext
from gencharge.payments.loop import PaymentChecks
from gencharge.payments.service import ask_gateway
from tests.make.outside import Outside
from tests.make.payments import pay


async def ask_for_mandate(
    context: PaymentContext, user_id: UUID, *, key: str | None = None, **fields: Any
) -> MandateCreated:
    """A mandate of up to Rs 500 a charge that waits for its approval."""
    command = MandateCreate.model_validate({"payment_method": "upi", "max_amount": 500, **fields})
    return (await mandates.create(context, user_id, command, key=key or str(uuid4()))).answer


async def make_mandate(
    context: PaymentContext, outside: Outside, user_id: UUID, **fields: Any
) -> MandateCreated:
    """A mandate that its owner has approved, and that we know to be active."""
    mandate = await ask_for_mandate(context, user_id, **fields)
    await approve(context, outside, user_id, mandate)
    return mandate


async def approve(context: PaymentContext, outside: Outside, user_id: UUID, mandate: MandateCreated) -> None:
    """The owner approves it in the checkout; the gateway is asked about the rupee and the mandate."""
    pay(outside, mandate.order_id)
    await ask_gateway(context, user_id, mandate.payment_id)
    await wake(context, user_id, mandate.mandate_id)
    await check_due(context)


async def wake(context: PaymentContext, user_id: UUID, mandate_id: UUID) -> None:
    """The mandate is due to be looked at, as after a webhook."""
    await context.database.run(lambda db: crud.check_at(db, user_id, mandate_id, clock.now()))


async def check_due(context: PaymentContext) -> None:
    """Let a worker ask about payments and mandates that are due."""
    await PaymentChecks(context).drain()
    await MandateChecks(context).drain()


async def mandate_of(stores: Stores, user_id: UUID, mandate_id: UUID) -> Mandate:
    """The mandate as it is stored."""

    async def unit(db: AsyncSession) -> Mandate:
        row = await db.get_one(Mandate, (user_id, mandate_id), populate_existing=True)
        db.expunge(row)
        return row

    return await stores.database.run(unit)


async def token_of(stores: Stores, user_id: UUID, mandate_id: UUID) -> tuple[str, str]:
    """The gateway's ids of the customer and of the token."""

    async def unit(db: AsyncSession) -> tuple[str, str]:
        row = await db.get_one(Mandate, (user_id, mandate_id))
        vault = Vault.of(db)
        return await vault.show(row, Mandate.customer), await vault.show(row, Mandate.token)

    return await stores.database.run(unit)


async def revoke_at_bank(context: PaymentContext, stores: Stores, user_id: UUID, mandate_id: UUID) -> str:
    """The customer revokes a mandate at the bank: its token."""
    customer, token = await token_of(stores, user_id, mandate_id)
    await context.gateway.cancel_mandate(customer, token)
    return token


async def add_mandate(
    stores: Stores, user_id: UUID, *, max_amount: int = 50_000, status: str = "active"
) -> UUID:
    """A mandate that no gateway knows."""
    mandate_id, now = new_id(), clock.now()

    async def unit(db: AsyncSession) -> None:
        vault, key = Vault.of(db), (user_id, mandate_id)
        await crud.add_mandate(
            db,
            user_id=user_id,
            mandate_id=mandate_id,
            payment_id=new_id(),
            order_id=f"order_{mandate_id.hex[-14:]}",
            gateway="razorpay",
            method="upi",
            status=status,
            max_amount=max_amount,
            expires_at=now + timedelta(days=365),
            customer=await vault.seal(Mandate.customer, key, f"cust_{mandate_id.hex[-14:]}"),
            token=await vault.seal(Mandate.token, key, f"token_{mandate_id.hex[-14:]}"),
            created_at=now,
            updated_at=now,
        )

    await stores.database.run(unit)
    return mandate_id
