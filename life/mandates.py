"""Customers who let their bank be charged: a mandate, and a wallet that fills itself up. Each act may be repeated."""

from __future__ import annotations

from typing import Final

from gencharge.autopay import topups_service
from gencharge.autopay.errors import AutoTopupNotFound
from gencharge.autopay.loop import TopupRunner
from gencharge.autopay.topups_schemas import AutoTopupSet
from gencharge.core.values import clock
from gencharge.mandates import service as mandates
from gencharge.mandates.loop import MandateChecks
from gencharge.mandates.models import MandateStatus
from gencharge.mandates.schemas import MandateCreate, MandateQuery
from gencharge.seed import user_id_of
from life.customers import pay_order, take_webhooks
from life.steps import ApproveMandate, FillWalletUp, SetAutoTopup
from life.world import World, acting

# A mandate is active some moments after its first rupee was paid, once the gateway was asked.
_ASKED_AFTER_SECONDS: Final = 120


async def approve_mandate(world: World, step: ApproveMandate) -> None:
    """A mandate that the customer approves at the gateway, and that is active two minutes later."""
    user_id = user_id_of(step.customer)
    command = MandateCreate.model_validate(
        {"payment_method": "upi", "max_amount": step.max_rupees, "source": "app"}
    )
    with acting("user", user_id, step.customer):
        asked = (await mandates.create(world.payments, user_id, command, key=step.key)).answer
        if asked.status is not MandateStatus.PENDING:
            return  # lived before
        await pay_order(world, asked.order_id, "upi", "succeed")
    with clock.later(seconds=_ASKED_AFTER_SECONDS):
        await world.checks.drain()
        await MandateChecks(world.payments).drain()


async def set_auto_topup(world: World, step: SetAutoTopup) -> None:
    """The wallet fills itself up by the customer's active mandate."""
    user_id, database = user_id_of(step.customer), world.stores.database
    try:
        await database.run(lambda db: topups_service.show(db, user_id))
    except AutoTopupNotFound:
        pass
    else:
        return  # lived before
    query = MandateQuery(status=MandateStatus.ACTIVE)
    [mandate, *_] = (await database.run(lambda db: mandates.list_mandates(db, user_id, query))).items
    command = AutoTopupSet.model_validate(
        {
            "threshold": step.below_rupees,
            "amount": step.rupees,
            "monthly_max": step.monthly_rupees,
            "mandate_id": str(mandate.mandate_id),
            "source": "app",
        }
    )
    with acting("user", user_id, step.customer):
        await database.run(lambda db: topups_service.put(db, user_id, command))


async def fill_up(world: World, step: FillWalletUp) -> None:
    """A worker looks at the wallets that fill themselves up: it announces a charge, asks for it, or writes down how it ended."""
    del step
    await TopupRunner(world.payments).drain()
    await take_webhooks(world)
